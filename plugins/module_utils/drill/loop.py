# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's loop: epoll and deadlines by owner, on CLOCK_MONOTONIC. Says how late it ever was."""

from __future__ import annotations

import heapq
import select
from typing import Callable, Dict, List, Tuple

from . import port

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
LATE = 0.005
"""Seconds of own lateness that are worth a record."""


class Loop:
    """Calls back whoever watches a file descriptor, and whatever was promised for a time.

    `lateness(seconds)` is told whenever a promise was kept more than LATE too late.
    """

    def __init__(self, lateness: Callable[[float], None]) -> None:
        self._poll = select.epoll()
        self._ready: Dict[int, Callable[[int], None]] = {}
        self._due: List[Tuple[float, int, Callable[[float], None]]] = []
        self._count = 0
        self._lateness = lateness
        self.stopped = ""

    def watch(self, fd: int, events: int, ready: Callable[[int], None]) -> None:
        """Call ready(events) when the descriptor has one of `events`, until `forget`."""
        if fd in self._ready:
            self._poll.modify(fd, events)
        else:
            self._poll.register(fd, events)
        self._ready[fd] = ready

    def forget(self, fd: int) -> None:
        """Watch the descriptor no more; to be called before it is closed."""
        if self._ready.pop(fd, None):
            self._poll.unregister(fd)

    def at(self, when: float, call: Callable[[float], None]) -> None:
        """Call call(now) once at `when` or shortly after."""
        self._count += 1
        heapq.heappush(self._due, (when, self._count, call))

    def every(self, first: float, interval: float, call: Callable[[float], None]) -> None:
        """Call call(now) at `first` and each `interval` s after. A time missed by more than that is left out."""

        def again(now: float) -> None:
            nonlocal first
            first += interval
            if first < now:
                first += interval * int((now - first) / interval + 1)
            self.at(first, again)
            call(now)

        self.at(first, again)

    def stop(self, why: str) -> None:
        """Leave `run` after this turn."""
        self.stopped = self.stopped or why

    def run(self) -> None:
        """Until `stop`."""
        while not self.stopped:
            wait = max(0.0, self._due[0][0] - port.now()) if self._due else 1.0
            try:
                events = self._poll.poll(min(wait, 1.0))
            except InterruptedError:
                continue
            for fd, what in events:
                ready = self._ready.get(fd)
                if ready:
                    ready(what)
            now = port.now()
            if self._due and now - self._due[0][0] > LATE:
                self._lateness(now - self._due[0][0])
            # Bounded: what is promised meanwhile waits for the next turn.
            for _turn in range(len(self._due)):
                if self._due[0][0] > now:
                    break
                heapq.heappop(self._due)[2](now)
