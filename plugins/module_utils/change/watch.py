# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one change: applied, watched, confirmed by whoever asked for it, or taken back; no clock, no socket.

What it needs of the world comes in as `World`, so that all of it runs in virtual time in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Protocol, Tuple

from .judge import FOREVER, Complaint, Expected, View, complaints

LOOK = 0.5
"""Seconds of one look."""
WATCHING, GOOD, CONFIRMED, BACK = "watching", "good", "confirmed", "back"
FINAL = (CONFIRMED, BACK)
LATE = 20.0
"""Seconds over the watching in which what comes and goes has to be over."""
AFTER = 10.0
"""Seconds after a change was taken back until which all should be as before."""


class ApplyError(Exception):
    """The change could not be applied, or only in part; the message says why."""


class World(Protocol):
    """The director, as the guard sees and changes it."""

    def now(self) -> float:
        """Monotonic seconds."""

    def look(self, seconds: float) -> View:
        """What was seen in the next `seconds`."""

    def apply(self) -> None:
        """Make the change; raises ApplyError."""

    def take_back(self) -> List[str]:
        """Put back what was; what went wrong with that."""

    def confirmed(self) -> bool:
        """Whether whoever asked for the change still wants it, having seen that it is good."""

    def say(self, state: str, reasons: Tuple[str, ...]) -> None:
        """Tell the state of the change to who asks for it."""


@dataclass(frozen=True)
class Times:
    """watch: seconds to look at least. confirm: seconds after that in which the confirmation has to come."""

    watch: float
    confirm: float


class Worse(Exception):  # noqa: N818 - it is what the director got
    """The change is to be taken back, for these reasons."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def guard(world: World, before: View, expected: Expected, times: Times) -> str:
    """Apply, watch, wait for the confirmation; takes back when that fails. Gives the final state, CONFIRMED or BACK."""
    try:
        world.say(WATCHING, ())
        try:
            world.apply()
        except ApplyError as error:
            raise Worse(str(error)) from error
        _watch(world, before, expected, times)
    except Worse as worse:
        reasons = worse.reasons
    except Exception as error:  # noqa: BLE001
        # Whatever is wrong with the guard itself: nobody watches any more, so nothing new may stay.
        reasons = (f"the guard failed: {type(error).__name__}: {error}",)
    else:
        world.say(CONFIRMED, ())
        return CONFIRMED
    wrong = world.take_back()
    world.say(BACK, (*reasons, *(f"taking it back: {text}" for text in wrong)))
    return BACK


def _watch(world: World, before: View, expected: Expected, times: Times) -> None:
    """Until the confirmation; raises Worse."""
    ends, good = world.now() + times.watch, 0.0
    since: Dict[str, float] = {}
    started = after = world.look(LOOK)
    while True:
        now = world.now()
        found = complaints(before, started, after, expected)
        since = _standing(since, found, now)
        _lost(found, since, now, over=now >= ends)
        if found and not good and now >= ends + LATE:
            raise Worse(*(f"{complaint.text}, on and off" for complaint in found))
        if not found and now >= ends and not good:
            good = now
            world.say(GOOD, ())
        if good and world.confirmed():
            return
        if good and now >= good + times.confirm:
            raise Worse(f"the change was not confirmed within {times.confirm:g} s: whoever made it is gone")
        after = world.look(LOOK)


def _standing(since: Dict[str, float], found: Tuple[Complaint, ...], now: float) -> Dict[str, float]:
    """When each complaint began that stands now."""
    return {complaint.code: since.get(complaint.code, now) for complaint in found}


def _lost(found: Tuple[Complaint, ...], since: Dict[str, float], now: float, *, over: bool) -> None:
    """Raises Worse with every complaint whose time is up."""
    lost = [
        complaint.text
        for complaint in found
        if (over if complaint.patience == FOREVER else now - since[complaint.code] >= complaint.patience)
    ]
    if lost:
        raise Worse(*lost)
