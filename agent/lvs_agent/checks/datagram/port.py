# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""UDP_CHECK, DNS_CHECK, PING_CHECK: one datagram out, and what comes back, errors included."""

from __future__ import annotations

import errno
import os
import random
import select
import socket
from typing import TYPE_CHECKING, Any, Optional

from ..outcome import Outcome
from ..stream.port import bind
from ..task import Key, Task

if TYPE_CHECKING:
    from ..exchange import Exchange
    from ..port import Runner
    from ..scheduler import Schedule, State

_LONGEST = 65535
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_OURS = {errno.EADDRNOTAVAIL, errno.EADDRINUSE, errno.ENODEV, errno.EPERM, errno.EACCES, errno.EINVAL, errno.ENOBUFS}
"""Errors that say nothing of the server: no such source address, no such interface, no right."""


class DatagramTask(Task):
    """One such check."""

    __slots__ = ("exchange", "sock")

    def __init__(self, runner: Runner, key: Key, schedule: Schedule, check: Any, state: State) -> None:
        self.sock: Optional[socket.socket] = None
        self.exchange: Optional[Exchange] = None
        super().__init__(runner, key, schedule, check, state)

    def start(self, now: float) -> None:
        """Send the datagram."""
        end = self.check.endpoint
        exchange = self.check.exchange(random.getrandbits(32))
        try:
            sock = _open(end.family, self.check.protocol)
        except OSError as error:
            self.put_off(error)
            return
        try:
            # So that "host unreachable" comes back as an error, not as silence.
            if end.family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            bind(sock, end, self.runner.paths)
            sock.connect((end.address, 0 if self.check.protocol else end.port))
            sock.send(exchange.request())
        except OSError as error:
            sock.close()
            if error.errno in _OURS:
                self.put_off(error)
                return
            self.started = now
            self.end(Outcome(False, error.strerror or str(error)))
            return
        self.started = now
        self.sock, self.exchange = sock, exchange
        self.loop.watch(sock.fileno(), select.EPOLLIN, self.readable)
        self.loop.wake(self, now + end.timeout, self.late)

    def readable(self, _bits: int) -> None:
        """A datagram or an ICMP error came."""
        sock, exchange = self.sock, self.exchange
        if sock is None or exchange is None:
            return
        try:
            data = sock.recv(_LONGEST)
        except BlockingIOError:
            return
        except OSError as error:
            self.close(Outcome(False, os.strerror(error.errno or 0)))
            return
        outcome = exchange.received(data)
        if outcome is not None:
            self.close(outcome)

    def late(self, _now: float) -> None:
        """Nothing that decides came."""
        if self.exchange is not None:
            self.close(self.exchange.silence())

    def close(self, outcome: Outcome) -> None:
        """Close and judge."""
        self.abandon()
        self.end(outcome)

    def abandon(self) -> None:
        """Close without judging."""
        if self.sock is not None:
            self.loop.forget(self.sock.fileno(), closing=True)
            self.sock.close()
            self.sock = self.exchange = None


def _open(family: int, protocol: int) -> socket.socket:
    """A socket for the check. Pings: the kernel's ping socket, or a raw one where net.ipv4.ping_group_range forbids it
    (keepalived widens that sysctl instead).
    """
    kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
    try:
        return socket.socket(family, kind, protocol)
    except PermissionError:
        if not protocol:
            raise
        return socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol)
