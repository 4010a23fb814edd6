# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ha_suspend: virtual servers whose checks rest while none of their addresses is on this host.

As with keepalived the verdicts stand meanwhile. A virtual server whose address comes is looked at at once; keepalived
waits for the next turn of its delay_loop.
"""

from __future__ import annotations

import logging
from ipaddress import ip_address
from typing import TYPE_CHECKING, Callable, FrozenSet, Mapping, Optional

from .link import state as link
from .link.port import Monitor

if TYPE_CHECKING:
    from .loop import Loop

log = logging.getLogger("checker")

_READ = 0x001  # EPOLLIN
Resume = Callable[[FrozenSet[str]], None]
"""Gets the names of virtual servers whose checks are made again."""


class Presence:
    """Which virtual servers rest, as the kernel's addresses come and go. Nothing is watched where none may."""

    def __init__(self, loop: Loop, resume: Resume) -> None:
        self.resting: FrozenSet[str] = frozenset()
        self._loop, self._resume = loop, resume
        self._awaits: Mapping[str, FrozenSet[str]] = {}
        self._links: link.Links = {}
        self._monitor: Optional[Monitor] = None

    def adopt(self, awaits: Mapping[str, FrozenSet[str]]) -> None:
        """The addresses of each virtual server that may rest."""
        self._awaits = awaits
        if awaits and self._monitor is None:
            self._monitor = Monitor()
            self._loop.watch(self._monitor.fileno(), _READ, lambda _events: self._hear())
            self._look_anew()
        elif not awaits:
            self.close()
        self._judge()

    def close(self) -> None:
        """Watch no longer."""
        if self._monitor is not None:
            self._loop.forget(self._monitor.fileno())
            self._monitor.close()
            self._monitor = None

    def _look_anew(self) -> None:
        self._links = {}
        if self._monitor is not None:
            for news in self._monitor.everything():
                self._links = link.apply(self._links, news)

    def _hear(self) -> None:
        if self._monitor is None:
            return
        try:
            for news in self._monitor.news():
                self._links = link.apply(self._links, news)
        except OverflowError:
            self._look_anew()
        self._judge()

    def _judge(self) -> None:
        here = {held.address for each in self._links.values() for held in each.addresses}
        before, self.resting = (
            self.resting,
            frozenset(
                name
                for name, wanted in self._awaits.items()
                if not any(ip_address(text).packed in here for text in wanted)
            ),
        )
        for name in sorted(self.resting ^ before):
            log.info("%s: checks %s", name, "rest, its address is not here" if name in self.resting else "are made")
        back = before - self.resting
        if back:
            self._resume(back)
