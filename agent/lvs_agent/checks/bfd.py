# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BFD_CHECK: a server is up while the BFD session with its host (or another of its choice) is.

Nothing is asked: whoever has the sessions tells their states. As with keepalived a session that is not up yet is
down, and one that the other side ended on purpose says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from .outcome import Outcome
from .task import Task


@dataclass(frozen=True)
class BfdCheck:
    """One BFD_CHECK; `instance` is the name of the bfd_instance."""

    instance: str
    name = "BFD_CHECK"
    steps = 1


class BfdTask(Task):
    """Judges when it is told, and at once what is known already."""

    __slots__ = ()

    def start(self, now: float) -> None:
        """Judge the session by what is known of it."""
        up = self.runner.neighbours.get(self.check.instance)
        if up is not None and (bool(up) is not self.state.up or not self.state.has_run):
            self.started = now
            self.end(Outcome(bool(up), self.check.instance))

    def late(self, _now: float) -> None:
        """Never set."""
        raise AssertionError(self.key)

    def abandon(self) -> None:
        """Nothing to drop."""

    def wait(self) -> None:
        """It sleeps until it is told; a new one looks at what was told before."""
        self.started = None
        if not self.state.has_run:
            self.loop.wake(self, self.loop.now(), self.start)
