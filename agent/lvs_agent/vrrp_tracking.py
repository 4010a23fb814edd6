# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What virtual routers track, as it is now: interfaces by the kernel's news, scripts by running them.

Scripts run in the helper of notify.scripts, each at its interval and never twice at a time; one that a reload changed
does not wait for the run of its former self, and is not judged by it. Tells when a verdict changed; what that does to
whom is vrrp.track.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional, Set, Tuple

from .link import state as link
from .neighbours import Neighbours
from .notify.scripts import NOT_STARTED, TIMED_OUT, Job
from .vrrp import track
from .vrrp_watching import Files, Processes

if TYPE_CHECKING:
    from .loop import Loop
    from .plan_tracking import Tracks, TrackScript

log = logging.getLogger("lvs-agent")


class Tracking:
    """Verdicts by (kind, name). `start` runs a job, `changed` is called after a script's verdict changed, `settled`
    with the BFD sessions that are known for sure.
    """

    def __init__(
        self,
        loop: Loop,
        start: Callable[[Job], None],
        changed: Callable[[], None],
        settled: Callable[[Mapping[str, int]], None],
    ) -> None:
        self.verdicts: Dict[Tuple[str, str], track.Verdict] = {}
        self._loop, self._start, self._changed = loop, start, changed
        self._plans: Dict[str, TrackScript] = {}
        self._scores: Dict[str, track.Hysteresis] = {}
        self._generations: Dict[str, int] = {}  # of plans; a run is known by name and generation
        self._generation = 0
        self._running: Set[str] = set()
        self._said: Dict[str, int] = {}
        self._files, self._processes = Files(loop, self.told), Processes(loop, self.told)
        self._neighbours = Neighbours(loop, lambda name, verdict: self.told("bfd", name, verdict), settled)

    def adopt(self, plan: Tracks, *, presumed: bool) -> None:
        """Track these from now on; one that did not change keeps its verdict, others are `presumed` good."""
        for kind, names in (
            ("file", plan.files),
            ("process", plan.processes),
            ("bfd", plan.neighbours),
        ):
            for key in [key for key in self.verdicts if key[0] == kind and key[1] not in names]:
                del self.verdicts[key]
        self._scripts(plan.scripts, presumed=presumed)
        self._files.adopt(plan.files, initialise=not presumed)
        self._processes.adopt(plan.processes, presumed=presumed)
        self._neighbours.adopt(plan.neighbours, presumed=presumed)

    def close(self) -> None:
        """Neighbours are told that this is no failure."""
        self._neighbours.close()

    def told(self, kind: str, name: str, verdict: track.Verdict) -> None:
        """A verdict of somebody else's."""
        if (kind, name) not in self.verdicts or self.verdicts[kind, name] != verdict:
            self.verdicts[kind, name] = verdict
            log.info("%s %s: %s", kind, name, "not known yet" if verdict is None else verdict)
            self._changed()

    def _scripts(self, plans: Mapping[str, TrackScript], *, presumed: bool) -> None:
        for name in [name for name, plan in self._plans.items() if plans.get(name) != plan]:
            self._loop.wake(("script", name), None, _never)
            del self._plans[name], self._scores[name], self._generations[name]
            self._running.discard(name)
            self.verdicts.pop(("script", name), None)
        for name, plan in plans.items():
            if name not in self._plans:
                self._plans[name] = plan
                self._generation += 1
                self._generations[name] = self._generation
                self._scores[name] = track.begin(plan.rise, plan.fall, init_fail=plan.init_fail, presumed=presumed)
                self._publish(name)
                self._run(name)

    def look(self, links: link.Links, names: Set[str]) -> None:
        """Take the verdicts of these interfaces."""
        for key in [key for key in self.verdicts if key[0] == "interface" and key[1] not in names]:
            del self.verdicts[key]
        for name in names:
            interface = link.named(links, name)
            self.verdicts["interface", name] = int(interface is not None and interface.up)

    def ended(self, results: List[Tuple[str, int]]) -> None:
        """Scripts that came to an end: (ident of the job, status)."""
        before = dict(self.verdicts)
        for ident, status in results:
            name, _end, generation = ident.rpartition("\0")
            if self._generations.get(name) != int(generation):
                continue  # the run of a script that a reload changed or took away
            self._running.discard(name)
            if status != self._said.get(name):
                log.info("script %s %s", name, _how(status))
                self._said[name] = status
            self._scores[name] = track.judged(self._scores[name], success=status == 0)
            self._publish(name)
        if self.verdicts != before:
            self._changed()

    def forget_running(self) -> None:
        """Nobody will tell how the scripts that run now end; their verdicts stand until the next turn."""
        self._running.clear()

    def status(self) -> Dict[str, Dict[str, object]]:
        """JSON-able: what is tracked and how it is."""
        return {
            f"{kind} {name}": {"verdict": _word(kind, verdict), **self._last(kind, name)}
            for (kind, name), verdict in sorted(self.verdicts.items())
        }

    def _last(self, kind: str, name: str) -> Dict[str, object]:
        status: Optional[int] = self._said.get(name) if kind == "script" else None
        return {} if status is None else {"last": _how(status)}

    def _publish(self, name: str) -> None:
        verdict = self._scores[name].verdict
        self.verdicts["script", name] = None if verdict is None else int(verdict)

    def _run(self, name: str) -> None:
        plan = self._plans[name]
        self._loop.wake(("script", name), self._loop.now() + plan.interval, lambda _now: self._run(name))
        if name in self._running:
            log.warning("script %s is still running, its turn is left out", name)
            return
        self._running.add(name)
        ident = f"{name}\0{self._generations[name]}"
        self._start(Job(plan.argv, plan.user, plan.group, plan.timeout, ident=ident))


def _never(_now: float) -> None:
    """Clearing a deadline needs a callback too; this one is not called."""


def _word(kind: str, verdict: track.Verdict) -> str:
    words: Dict[track.Verdict, str] = {None: "not known yet", 0: "down", 1: "up"}
    return str(verdict) if kind == "file" else words[verdict]


def _how(status: int) -> str:
    if status == TIMED_OUT:
        return "timed out"
    if status == NOT_STARTED:
        return "could not be started"
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"
