# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a change in virtual time: when it is confirmed, when it is taken back, and what is said."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.change import port
from ansible_collections.lvs.cluster.plugins.module_utils.change.judge import Expected, View
from ansible_collections.lvs.cluster.plugins.module_utils.change.watch import (
    BACK,
    CONFIRMED,
    GOOD,
    WATCHING,
    ApplyError,
    Times,
    guard,
)

WEB = "TCP 192.0.2.80:80"
ALL, ONE = frozenset({"a:80", "b:80"}), frozenset({"a:80"})
GOOD_VIEW = View("agent", up={WEB: ALL})
WANTED = Expected("agent", servers={WEB: ALL})
TIMES = Times(watch=10, confirm=5)
NEVER = 1e9


@dataclass
class Fake:
    """A director whose view is what `views` says from that second on, and that is confirmed at `confirms`."""

    views: dict[float, View] = field(default_factory=dict)
    confirms: float = 0.0
    refuses: str = ""
    wrong: tuple[str, ...] = ()
    time: float = 0.0
    back: float = -1.0
    said: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def look(self, seconds: float) -> View:
        self.time += seconds
        return next((view for since, view in reversed(self.views.items()) if since <= self.time), GOOD_VIEW)

    def apply(self) -> None:
        if self.refuses:
            raise ApplyError(self.refuses)

    def take_back(self) -> list[str]:
        self.back = self.time
        return list(self.wrong)

    def confirmed(self) -> bool:
        return self.time >= self.confirms

    def say(self, state: str, reasons: tuple[str, ...]) -> None:
        self.said.append((state, reasons))


EMPTY, FEWER = replace(GOOD_VIEW, up={}), replace(GOOD_VIEW, up={WEB: ONE})
NO_ENGINE = replace(GOOD_VIEW, engine="")


def ill(text: str) -> View:
    return replace(GOOD_VIEW, ill=(text,))


GONE = "the change was not confirmed within 5 s: whoever made it is gone"


@pytest.mark.parametrize(
    ("world", "state", "back", "reason"),
    [
        (Fake(), CONFIRMED, -1, ""),
        (Fake(confirms=13), CONFIRMED, -1, ""),
        (Fake(confirms=NEVER), BACK, 15, GONE),
        (Fake(refuses="no such word"), BACK, 0, "no such word"),
        (Fake({3: EMPTY}), BACK, 3.5, f"{WEB} has no server any more, it had a:80, b:80"),
        (Fake({3: FEWER}), BACK, 10, f"{WEB} lost b:80"),
        (Fake({3: FEWER, 8: GOOD_VIEW}), CONFIRMED, -1, ""),
        (Fake({3: NO_ENGINE, 3.5: GOOD_VIEW}), CONFIRMED, -1, ""),
        (Fake({3: NO_ENGINE}), BACK, 3.5, "the engine agent does not run"),
        # Something else each second: no complaint ever stands long enough, and there is an end to that too.
        (Fake({float(3 + n): ill(f"child {n % 2} is away") for n in range(60)}), BACK, 30, "child 1 is away, on and off"),
        # Ill when the watch ends: it is neither good nor lost before its patience is over.
        (Fake({9.5: replace(GOOD_VIEW, ill=("silent",))}, confirms=9), BACK, 11.5, "silent"),
        # It gets worse while it waits for its confirmation.
        (Fake({12: EMPTY}, confirms=NEVER), BACK, 12.5, f"{WEB} has no server any more, it had a:80, b:80"),
    ],
)  # fmt: skip
def test_a_change_ends(world: Fake, state: str, back: float, reason: str) -> None:
    assert guard(world, GOOD_VIEW, WANTED, TIMES) == state
    assert world.back == back
    assert world.said[0] == (WATCHING, ())
    assert world.said[-1] == (state, (reason,) if reason else ())


def test_good_is_said_once_and_before_the_confirmation() -> None:
    world = Fake(confirms=12)
    guard(world, GOOD_VIEW, WANTED, TIMES)
    assert [state for state, _reasons in world.said] == [WATCHING, GOOD, CONFIRMED]


def test_what_goes_wrong_when_taking_back_is_said_too() -> None:
    world = Fake(refuses="no such word", wrong=("no room left",))
    guard(world, GOOD_VIEW, WANTED, TIMES)
    assert world.said[-1] == (BACK, ("no such word", "taking it back: no room left"))


def test_a_guard_that_fails_takes_back() -> None:
    class Blind(Fake):
        def look(self, seconds: float) -> View:
            raise RuntimeError("no eyes")

    world = Blind()
    assert guard(world, GOOD_VIEW, WANTED, TIMES) == BACK
    assert world.back == 0
    assert world.said[-1][1] == ("the guard failed: RuntimeError: no eyes",)


class Hangs(Fake):
    """A director that does not get beyond its first look."""

    def look(self, seconds: float) -> View:
        port.alarm(0.05)
        time.sleep(5)
        return GOOD_VIEW


def test_a_guard_that_hangs_is_made_to_take_back_by_the_alarm():
    world = Hangs()
    try:
        assert guard(world, GOOD_VIEW, WANTED, TIMES) == BACK
    finally:
        port.alarm(0)
    assert world.back == 0
    assert world.said[-1] == (BACK, ("the guard failed: OverdueError: it does not come to an end",))
