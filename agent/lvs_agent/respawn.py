# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parent does when a child dies: pure, no clock. `Respawn` counts deaths, `after_death` says what follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Tuple

WINDOW = 60.0
"""Seconds over which deaths are counted together."""
FREE = 3
"""Deaths within the window that are answered at once, with the state the child had."""
LONGEST = 30.0
"""The longest pause before a respawn, seconds."""


@dataclass(frozen=True)
class Respawn:
    """The recent deaths of one child, and how many there were altogether."""

    deaths: Tuple[float, ...] = ()
    total: int = 0


@dataclass(frozen=True)
class Verdict:
    """`delay` seconds until the next start; `resume` when the new child may go on where the old one stood."""

    delay: float
    resume: bool


def after_death(record: Respawn, now: float) -> Tuple[Respawn, Verdict]:
    """One death at `now` (monotonic seconds).

    The first deaths within the window are accidents: back at once, with resumed state, before the peer's timers run
    out. A child that keeps dying is a bug or a poisoned state: it starts from nothing, later each time.
    """
    recent = tuple(t for t in record.deaths if now - t < WINDOW) + (now,)
    after = replace(record, deaths=recent, total=record.total + 1)
    if len(recent) <= FREE:
        return after, Verdict(0.0, resume=True)
    return after, Verdict(min(LONGEST, 0.5 * 2.0 ** (len(recent) - FREE - 1)), resume=False)
