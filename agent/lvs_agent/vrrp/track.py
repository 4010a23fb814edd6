# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tracked things do to a virtual router: a fault, or another effective priority (keepalived's track_*). Pure.

A tracked thing is up, down, or not known yet. Without a weight, down is a fault, and so is not known. With one, a
positive weight is added while it is up, a negative one while it is down; `reverse` turns the sign (and, without a
weight, the meaning). The address owner's priority stays 255.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, List, Mapping, Optional, Tuple

from .router import OWNER


@dataclass(frozen=True)
class Tracked:
    """One line of track_interface, track_script, track_file or track_process: `kind` is the word after track_."""

    kind: str
    name: str
    weight: int
    reverse: bool = False


Verdict = Optional[int]
"""None: not known yet. Of a file its number; of everything else 1 for up, 0 for down."""
UNKNOWN = " not known yet"
"""How the name of a fault ends that is none yet: nobody is told of it."""
Verdicts = Mapping[Tuple[str, str], Verdict]
"""By (kind, name)."""


def effective(priority: int, tracked: Iterable[Tracked], verdicts: Verdicts) -> Tuple[int, Tuple[str, ...]]:
    """The effective priority (1 to 254, but for an owner), and the names of the faults."""
    total, faults = priority, []
    for each in tracked:
        verdict = verdicts.get((each.kind, each.name))
        change = _file(each, verdict) if each.kind == "file" else _thing(each, verdict)
        if change is None:
            faults.append(f"{each.kind} {each.name}" + ("" if verdict is not None else UNKNOWN))
        else:
            total += change
    if priority == OWNER:
        return OWNER, tuple(faults)
    return max(1, min(OWNER - 1, total)), tuple(faults)


def _thing(each: Tracked, verdict: Verdict) -> Optional[int]:
    """What it adds; None is a fault."""
    if not each.weight:
        return 0 if verdict is not None and bool(verdict) is not each.reverse else None
    counts = verdict is not None and bool(verdict) is (each.weight > 0)
    return (-each.weight if each.reverse else each.weight) if counts else 0


def _file(each: Tracked, verdict: Verdict) -> Optional[int]:
    """A file's number times its weight; -254 and below, or without a weight any number but 0, is a fault."""
    number = verdict or 0
    if not each.weight:
        return None if bool(number) is not each.reverse else 0
    change = number * each.weight * (-1 if each.reverse else 1)
    return None if change <= -254 else min(253, change)


@dataclass(frozen=True)
class Hysteresis:
    """How the results of a vrrp_script add up: `rise` successes in a row to be up, `fall` failures to be down.

    `score` runs from 0 to rise + fall - 1 and is up from `rise` on; before the first result one success is enough.
    """

    rise: int
    fall: int
    score: int = 0
    verdict: Optional[bool] = None

    @property
    def up(self) -> bool:
        """What the score says."""
        return self.score >= self.rise


def begin(rise: int, fall: int, *, init_fail: bool, presumed: bool = False) -> Hysteresis:
    """Before the first run: not known, or with init_fail down until it was good `rise` times.

    `presumed` good while others already rely on us: a script that is new at a reload, or not run again yet after a
    crash, must not cost a master its state before its first result.
    """
    if presumed:
        return Hysteresis(rise, fall, rise - 1, verdict=True)
    return Hysteresis(rise, fall, 0, verdict=False) if init_fail else Hysteresis(rise, fall, rise - 1)


def judged(before: Hysteresis, *, success: bool) -> Hysteresis:
    """After one more result."""
    best = before.rise + before.fall - 1
    if success:
        score = before.score + 1 if before.score < before.rise - 1 else best
    else:
        score = before.score - 1 if before.score > before.rise else 0
    after = replace(before, score=score)
    return replace(after, verdict=after.up)


def in_group(tracked: Iterable[Tracked], *, weights: bool) -> Tuple[Tracked, ...]:
    """What is left of a member's tracked things in a sync group: without sync_group_tracking_weight no weights.

    As keepalived: an interface counts as a fault then, anything else with a weight is not tracked.
    """
    left: List[Tracked] = []
    for each in tracked:
        if weights or not each.weight:
            left.append(each)
        elif each.kind == "interface":
            left.append(replace(each, weight=0))
    return tuple(left)
