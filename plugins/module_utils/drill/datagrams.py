# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbered datagrams to a service that echoes them: `udp` records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict

from . import port
from .loop import READ
from .new_connections import Log, word

if TYPE_CHECKING:
    from .loop import Loop
    from .settings import Settings

PREFIX = b"lvs-drill "


class Datagrams:
    """One socket, a number in every datagram; the echo must carry it."""

    def __init__(self, loop: Loop, settings: Settings, log: Log) -> None:
        self.settings, self.log = settings, log
        self.socket = port.datagrams(settings.address, settings.udp_port, settings.source)
        self.waiting: Dict[int, float] = {}
        self._number = 0
        loop.watch(self.socket.fileno(), READ, self._ready)
        loop.every(port.now() + settings.udp_interval, settings.udp_interval, self._due)

    def _due(self, _late: float) -> None:
        now = port.now()
        for number, sent in list(self.waiting.items()):
            if now - sent < self.settings.timeout:
                break
            del self.waiting[number]
            self.log("udp", sent, n=number, a=None, x="timeout")
        self._number += 1
        try:
            self.socket.send(PREFIX + b"%d" % self._number)
        except OSError as error:
            # An ICMP error for an earlier datagram is reported here, too: this one was not sent.
            self.log("udp", now, n=self._number, a=None, x=word(error))
            return
        self.waiting[self._number] = now

    def _ready(self, _events: int) -> None:
        for _turn in range(64):
            try:
                data, when, _origin = port.receive(self.socket, 2048)
            except OSError:
                return
            _before, prefix, rest = data.partition(PREFIX)
            digits = rest.split(b" ")[0].strip()
            if prefix and digits.isdigit():
                sent = self.waiting.pop(int(digits), None)
                if sent is not None:
                    self.log("udp", sent, n=int(digits), a=when)

    def close(self) -> None:
        """Those without an echo so far are recorded as open."""
        for number, sent in self.waiting.items():
            self.log("udp", sent, n=number, a=None, x="open")
        self.socket.close()
