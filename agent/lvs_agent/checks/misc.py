# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MISC_CHECK: a script whose exit status is the verdict. Here: what the status means; port.py runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from .outcome import Outcome

AS_CONFIGURED = -1
"""Outcome.weight of a dynamic check that leaves the server's configured weight."""

TERM_PATIENCE = 2.0
"""Seconds between SIGTERM at the time limit and SIGKILL, as in keepalived."""


LATE = "no end within"
"""What is said of a script that had to be ended."""


@dataclass(frozen=True)
class MiscCheck:
    """One MISC_CHECK. timeout: seconds until the script is ended, which is a failure. dynamic: exit status n from 2
    to 255 means good with weight n - 2. user, group: who runs it, None for the daemon's own.
    """

    argv: Tuple[str, ...]
    timeout: float
    dynamic: bool = False
    user: Optional[str] = None
    group: Optional[str] = None
    name = "MISC_CHECK"
    steps = 1

    def judge(self, status: int) -> Outcome:
        """The outcome of an exit status as subprocess gives it: negative is minus the signal."""
        if status < 0:
            return Outcome(False, f"{self.argv[0]}: ended by signal {-status}")
        good = status == 0 or (self.dynamic and status >= 2)
        weight = None
        if self.dynamic and good:
            weight = status - 2 if status else AS_CONFIGURED
        return Outcome(good, f"{self.argv[0]}: exit status {status}", weight)

    def timed_out(self) -> Outcome:
        """The outcome of a script that had to be ended."""
        return Outcome(False, f"{self.argv[0]}: {LATE} {self.timeout:g} s")
