# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answers for the watched addresses, and whose adverts are on the wire: `arp` and `adv` records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable

from . import frames, port
from .loop import READ

if TYPE_CHECKING:
    from .loop import Loop
    from .new_connections import Log


class Wire:
    """Listens to one interface; asks for each of `addresses` every `interval` s (never when that is 0)."""

    def __init__(self, loop: Loop, interface: str, addresses: Iterable[str], interval: float, log: Log) -> None:
        self.segment = port.Segment(interface)
        self.addresses = tuple(addresses)
        self.log = log
        self.asked = 0
        self.drops = 0
        loop.watch(self.segment.socket.fileno(), READ, self._ready)
        if interval:
            loop.every(port.now(), interval, self._ask)

    def _ask(self, _now: float) -> None:
        for address in self.addresses:
            self.asked += self.segment.ask(address)

    def _ready(self, _events: int) -> None:
        for _turn in range(64):
            received = self.segment.receive()
            if received is None:
                return
            frame, when, own = received
            seen = frames.read(frame)
            if isinstance(seen, frames.Advert):
                self._advert(seen, when, own)
            elif isinstance(seen, frames.Sighting) and not own and seen.address in self.addresses:
                self.log("arp", when, mac=seen.mac, ip=seen.address, how=seen.how)

    def _advert(self, seen: frames.Advert, when: float, own: bool) -> None:
        rest = {"out": True} if own else {}
        self.log(
            "adv",
            when,
            mac=seen.mac,
            src=seen.source,
            v=seen.version,
            vrid=seen.vrid,
            prio=seen.priority,
            int=seen.interval,
            ips=list(seen.addresses),
            **rest,
        )

    def close(self) -> None:
        """Listen no more."""
        self.drops = self.segment.drops()
        self.segment.close()
