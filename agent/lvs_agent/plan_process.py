# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From global_defs to the manners of the VRRP process. Pure."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional, Tuple

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

    from .plan_mail import Mailing


@dataclass(frozen=True)
class ToldPipe:
    """One notify_fifo: its path, whose it is, and the script that reads it."""

    path: str
    user: Optional[str]
    group: Optional[str]
    reader: Optional[model.Script]


@dataclass(frozen=True)
class Process:
    """Manners of the VRRP process and of its scripts; None where the file says nothing.

    `after_boot`: seconds since the host booted before an instance may become MASTER. `rttime`: microseconds of
    real-time work without a wait that are worth a word. `tell_unknown`: of virtual routers not configured here too.
    """

    rt_priority: Optional[int] = None
    nice: Optional[int] = None
    cpus: Tuple[int, ...] = ()
    script_user: Optional[model.UserGroup] = None
    script_security: bool = False
    pipes: Tuple[ToldPipe, ...] = ()
    tell_states_on_reload: bool = False
    after_boot: float = 0.0
    tell_unknown: bool = False
    rttime: int = 0
    name: Optional[str] = None
    mailing: Optional[Mailing] = None


def plan(glob: model.GlobalDefs, mailing: Optional[Mailing] = None) -> Process:
    """What the file says of it."""
    return Process(
        rt_priority=glob.vrrp_rt_priority,
        nice=glob.vrrp_priority,
        cpus=glob.vrrp_cpu_affinity or (),
        script_user=glob.script_user,
        script_security=bool(glob.enable_script_security),
        pipes=tuple(
            ToldPipe(fifo.path, fifo.user, fifo.group, reader)
            for fifo, reader in (
                (glob.notify_fifo, glob.notify_fifo_script),
                (glob.vrrp_notify_fifo, glob.vrrp_notify_fifo_script),
            )
            if fifo is not None
        ),
        tell_states_on_reload=bool(glob.fifo_write_vrrp_states_on_reload),
        after_boot=glob.vrrp_delay_after_boot or 0.0,
        tell_unknown=bool(glob.log_unknown_vrids),
        rttime=glob.vrrp_rlimit_rttime or 0,
        name=glob.vrrp_process_name,
        mailing=mailing,
    )


def plan_bfd(glob: model.GlobalDefs) -> Process:
    """The manners of the BFD process."""
    return Process(
        rt_priority=glob.bfd_rt_priority,
        nice=glob.bfd_priority,
        cpus=glob.bfd_cpu_affinity or (),
        rttime=glob.bfd_rlimit_rttime or 0,
        name=glob.bfd_process_name,
    )


def umask(glob: model.GlobalDefs) -> Optional[int]:
    """Of files that the agent makes: a number as C writes it, or names such as IWGRP; None when not said."""
    if glob.umask is None:
        return None
    mask = 0
    for word in " ".join(glob.umask).replace("|", " ").split():
        name = word if word.startswith("S_") else f"S_{word}"
        base = 16 if word[:2] in ("0x", "0X") else 8 if word.startswith("0") else 10
        mask |= int(word, base) if word[0].isdigit() else int(getattr(stat, name, 0))
    return mask & 0o777
