# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and processes that virtual routers track, as they are now: told by the kernel, looked at again every second.

Whatever is looked at is a small part in one turn of the loop: a host may have thousands of processes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional, Set

from .checks.track_file import parse
from .vrrp import process
from .vrrp.files import port as files
from .vrrp.processes import port as processes

if TYPE_CHECKING:
    from .loop import Loop
    from .plan_tracking import TrackFile, TrackProcess

log = logging.getLogger("lvs-agent")

EVERY = 1.0
"""Seconds between two looks at all of them."""
PER_TURN = 64
"""Processes looked at in one turn of the loop: two small files each."""
_READ = 0x001  # EPOLLIN
Tell = Callable[[str, str, Optional[int]], None]
"""(kind, name, verdict)."""


class Files:
    """track_file: numbers by name."""

    def __init__(self, loop: Loop, tell: Tell) -> None:
        self._loop, self._tell = loop, tell
        self._plans: Mapping[str, TrackFile] = {}
        self._watch: Optional[files.Watch] = None

    def adopt(self, plans: Mapping[str, TrackFile], *, initialise: bool) -> None:
        """Look at these from now on; `initialise` makes those that are new and have an init_file."""
        for name, plan in plans.items():
            if initialise and plan.initial is not None and name not in self._plans:
                try:
                    files.initialise(plan.path, plan.initial, overwrite=plan.overwrite)
                except OSError as error:
                    log.error("track_file %s: %s cannot be made: %s", name, plan.path, error.strerror)
        self._plans = plans
        if plans and self._watch is None:
            self._watch = files.Watch()
            if self._watch.fileno() >= 0:
                self._loop.watch(self._watch.fileno(), _READ, lambda _events: self._on_news())
        self._look(self._loop.now())

    def _look(self, now: float) -> None:
        if self._watch is not None:
            self._watch.adopt(plan.path for plan in self._plans.values())
        self._read()
        self._loop.wake("track_file", now + EVERY if self._plans else None, self._look)

    def _on_news(self) -> None:
        if self._watch is not None:
            self._watch.drain()
        self._read()

    def _read(self) -> None:
        for name, plan in self._plans.items():
            self._tell("file", name, parse(files.read(plan.path)) or 0)


class Processes:
    """track_process: 1 or 0 by name, None before all processes were looked at once."""

    def __init__(self, loop: Loop, tell: Tell) -> None:
        self._loop, self._tell = loop, tell
        self._plans: Mapping[str, TrackProcess] = {}
        self._standings: Dict[str, process.Standing] = {}
        self._found: Dict[str, Set[int]] = {}
        self._new: Dict[str, Set[int]] = {}
        self._left: List[int] = []
        self._ends = processes.Ends()

    def adopt(self, plans: Mapping[str, TrackProcess], *, presumed: bool) -> None:
        """Look for these from now on; one that did not change keeps its verdict, others are `presumed` there."""
        kept = {name for name, plan in plans.items() if self._plans.get(name) == plan}
        first = process.Standing(True if presumed else None)
        self._standings = {name: self._standings[name] if name in kept else first for name in plans}
        self._found = {name: self._found.get(name, set()) if name in kept else set() for name in plans}
        self._plans = plans
        for name in plans:
            self._publish(name)
        self._begin(self._loop.now())

    def _begin(self, now: float) -> None:
        """One look at all of them: some now, the rest in the next turns."""
        self._left, self._new = processes.pids() if self._plans else [], {name: set() for name in self._plans}
        self._go_on(now)

    def _go_on(self, now: float) -> None:
        by_name = all(plan.pattern.by_name for plan in self._plans.values())
        for _one in range(min(PER_TURN, len(self._left))):
            pid = self._left.pop()
            called = processes.name(pid)
            if called is None:
                continue
            line = () if by_name else processes.command_line(pid)
            for name, plan in self._plans.items():
                if plan.pattern.fits(called, line):
                    self._new[name].add(pid)
        if self._left:
            self._loop.wake("track_process", now, self._go_on)
            return
        self._loop.wake("track_process", now + EVERY if self._plans else None, self._begin)
        self._end_of_look()

    def _end_of_look(self) -> None:
        before = set().union(*self._found.values())
        self._found = self._new
        now_there = set().union(*self._found.values())
        for pid in before - now_there:
            self._forget(pid)
        for pid in now_there:
            descriptor = self._ends.watch(pid)
            if descriptor is not None and pid not in before:
                self._loop.watch(descriptor, _READ, lambda _events, pid=pid: self._ended(pid))  # type: ignore[misc]
        self._judge()

    def _forget(self, pid: int) -> None:
        descriptor = self._ends.forget(pid)
        if descriptor is not None:
            self._loop.forget(descriptor)
            self._ends.close(descriptor)

    def _ended(self, pid: int) -> None:
        self._forget(pid)
        for found in (*self._found.values(), *self._new.values()):
            found.discard(pid)
        self._judge()

    def _judge(self) -> None:
        now, moments = self._loop.now(), []
        for name, plan in self._plans.items():
            standing = process.judged(self._standings[name], plan.quorum, len(self._found[name]), now)
            self._standings[name] = standing
            moments += [standing.wake_at(plan.quorum)]
            self._publish(name)
        due = min((moment for moment in moments if moment is not None), default=None)
        self._loop.wake("track_process due", due, lambda _now: self._judge())

    def _publish(self, name: str) -> None:
        up = self._standings[name].up
        self._tell("process", name, None if up is None else int(up))
