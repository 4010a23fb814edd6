# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that the kernel refused, in words that say how to mend it. Pure: errno in, text out."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

from lvs_agent.ipvs.diff import Change, Verb
from lvs_agent.ipvs.table import F_ONEPACKET, Forward

_SERVICE = (Verb.NEW_SERVICE, Verb.SET_SERVICE)
_DESTINATION = (Verb.NEW_DEST, Verb.SET_DEST)


@dataclass(frozen=True)
class Failure:
    """``change`` was not made; ``errno`` is the kernel's answer, ``text`` one line for the log."""

    change: Change
    errno: int
    text: str


def failure(change: Change, number: int) -> Failure:
    """The failure with its text."""
    name = errno.errorcode.get(number, str(number))
    return Failure(change, number, f"{change.describe()}: {os.strerror(number)} ({name}): {hint(change, number)}")


def hint(change: Change, number: int) -> str:
    """What it means for this change and what to do about it."""
    verb = change.verb
    if number == errno.ENOENT and verb in _SERVICE:
        return _missing_module(change)
    if number == errno.ENOENT:
        return "somebody else has removed the destination; the next reconcile sees the table as it is"
    if number == errno.ESRCH:
        return "its service is not in the kernel: making it failed above, or somebody else has removed it"
    if number == errno.EEXIST:
        return "somebody else has made it meanwhile; the next reconcile sees the table as it is"
    if number in (errno.EPERM, errno.EACCES):
        return "CAP_NET_ADMIN in this network namespace is needed"
    if number == errno.ERANGE and verb in _DESTINATION:
        return "weight and thresholds must be 0 or more, the lower threshold not above the upper one"
    if number in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT):
        return "the kernel's ip_vs was built without this address family or protocol"
    if number in (errno.EINVAL, errno.EOPNOTSUPP):
        return _invalid(change)
    if number == errno.ENOMEM:
        return "the kernel has no memory left"
    return "not expected of the kernel here"


def _missing_module(change: Change) -> str:
    modules = f"ip_vs_{change.service.scheduler}"
    if change.service.pe_name:
        modules += f" or ip_vs_pe_{change.service.pe_name}"
    return f"the kernel has no such scheduler or persistence engine: is it spelt right? try modprobe {modules}"


def _invalid(change: Change) -> str:
    destination = change.destination
    if destination is None:
        if change.service.flags & F_ONEPACKET:
            return "one-packet scheduling is for UDP and marks"
        return "the scheduler, its flags or the netmask do not go with this service"
    if destination.family != change.service.key.family and destination.forward is not Forward.TUN:
        return "a destination of another address family can only be reached by TUN"
    if destination.family != change.service.key.family:
        return "destinations of another address family and a running sync daemon exclude each other"
    return "the destination's address must be a unicast address that this host may send to"
