# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One check between its runs: schedule, state, last attempt, and its one deadline on the loop.

How an attempt is made is a subclass's business (stream/, script/); what outcomes mean is scheduler.py's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from .scheduler import Schedule, State, judge, put_off

if TYPE_CHECKING:
    from .outcome import Outcome
    from .port import Runner

PER_SECOND = 64
"""Due times are rounded up to this grid, so that one wait of the loop serves all checks of a step."""

Key = Any
"""Whatever the owner of a check calls it; hashable."""


class Last(NamedTuple):
    """The last attempt of a check, for status. at: monotonic seconds when it ended; took: seconds."""

    outcome: Outcome
    at: float
    took: float


class Task:
    """One check: its schedule and state. Subclasses make the attempts: `start`, `late` and `abandon`."""

    __slots__ = ("check", "key", "last", "loop", "runner", "schedule", "started", "state")

    def __init__(self, runner: Runner, key: Key, schedule: Schedule, check: Any, state: State) -> None:
        self.runner = runner
        self.loop = runner.loop
        self.key = key
        self.schedule = schedule
        self.check = check
        self.state = state
        self.last: Optional[Last] = None
        self.started: Optional[float] = None
        self.wait()

    def start(self, now: float) -> None:
        """Begin an attempt; it is due."""
        raise NotImplementedError

    def late(self, now: float) -> None:
        """The time limit of the attempt in flight is reached."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Drop what is in flight, if anything; nothing is judged."""
        raise NotImplementedError

    def wait(self) -> None:
        """Sleep until the next attempt."""
        self.started = None
        self.loop.wake(self, math.ceil(self.state.due * PER_SECOND) / PER_SECOND, self._due)

    def _due(self, now: float) -> None:
        if self.runner.suspended(self.key):
            self.state = put_off(self.schedule, self.state, now)
            self.wait()
        else:
            self.start(now)

    def resume(self) -> None:
        """It was suspended, so nobody knows what is by now: look at once."""
        if self.started is None:
            self.state = self.state._replace(due=self.loop.now())
            self.wait()

    def end(self, outcome: Outcome) -> None:
        """The attempt is over: judge it, sleep, and tell what is news."""
        now = self.loop.now()
        before, started = self.state, self.started if self.started is not None else now
        after = self.state = judge(self.schedule, before, outcome.ok, started, now)
        self.last = Last(outcome, now, now - started)
        self.runner.runs += 1
        self.wait()
        if outcome.warning:
            self.runner.warn(self.key, self.check.name, outcome.warning)
        said = outcome.weight is not None or outcome.delta is not None
        said = said or (self.schedule.log_all_failures and not outcome.ok and before.up)
        if after.up is not before.up or not before.has_run or said:
            self.runner.told(self.key, before, after, outcome)

    def put_off(self, error: OSError) -> None:
        """The attempt could not be made for a reason of ours."""
        self.runner.complain(self.check.name, error)
        self.state = put_off(self.schedule, self.state, self.loop.now())
        self.wait()

    def retire(self) -> None:
        """The check is not wanted any more."""
        self.abandon()
        self.loop.wake(self, None, self.start)
