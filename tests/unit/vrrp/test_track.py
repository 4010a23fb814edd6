# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tracked things do to priority and faults, and how script results add up (keepalived's rules, as tables)."""

from __future__ import annotations

import pytest

from lvs_agent.vrrp.track import Hysteresis, Tracked, begin, effective, in_group, judged

UP, DOWN, UNKNOWN = 1, 0, None


@pytest.mark.parametrize(
    ("weight", "reverse", "verdict", "change"),  # change None: a fault
    [
        (0, False, UP, 0),
        (0, False, DOWN, None),
        (0, False, UNKNOWN, None),
        (0, True, UP, None),
        (0, True, DOWN, 0),
        (20, False, UP, 20),
        (20, False, DOWN, 0),
        (20, False, UNKNOWN, 0),
        (-20, False, UP, 0),
        (-20, False, DOWN, -20),
        (-20, False, UNKNOWN, 0),
        (20, True, UP, -20),
        (20, True, DOWN, 0),
        (-20, True, DOWN, 20),
        (-20, True, UP, 0),
    ],
)
@pytest.mark.parametrize("kind", ["script", "interface"])
def test_a_tracked_thing(kind: str, weight: int, reverse: bool, verdict: object, change: object) -> None:
    priority, faults = effective(100, [Tracked(kind, "x", weight, reverse)], {(kind, "x"): verdict})  # type: ignore[dict-item]
    assert priority == 100 + (change or 0)  # type: ignore[operator]
    assert bool(faults) is (change is None)


def test_a_fault_says_what() -> None:
    tracked = [Tracked("script", "a", 0), Tracked("script", "b", 0), Tracked("interface", "eth1", 0)]
    assert effective(100, tracked, {("script", "a"): 0, ("interface", "eth1"): 0}) == (
        100,
        ("script a", "script b not known yet", "interface eth1"),
    )


@pytest.mark.parametrize(
    ("number", "weight", "reverse", "change"),
    [
        (None, 1, False, 0),
        (5, 1, False, 5),
        (5, -3, False, -15),
        (5, 3, True, -15),
        (300, 1, False, 253),
        (-253, 1, False, -99),
        (-254, 1, False, None),
        (127, -2, False, None),
        (0, 0, False, 0),
        (1, 0, False, None),
        (0, 0, True, None),
    ],
)
def test_a_tracked_file(number: object, weight: int, reverse: bool, change: object) -> None:
    priority, faults = effective(100, [Tracked("file", "f", weight, reverse)], {("file", "f"): number})  # type: ignore[dict-item]
    expected = 100 if change is None else 100 + change  # type: ignore[operator]
    assert (priority, bool(faults)) == (min(expected, 254), change is None)


@pytest.mark.parametrize(
    ("priority", "weights", "expected"),
    [(100, (200, 200), 254), (100, (-60, -60), 1), (255, (-60, 20), 255), (254, (20,), 254)],
)
def test_the_sum_stays_in_range_and_the_owner_an_owner(priority: int, weights: tuple, expected: int) -> None:
    tracked = [Tracked("script", str(n), weight) for n, weight in enumerate(weights)]
    verdicts = {("script", str(n)): int(weight > 0) for n, weight in enumerate(weights)}
    assert effective(priority, tracked, verdicts)[0] == expected


# + a success, - a failure; the verdict after each: ? not known, U up, D down
@pytest.mark.parametrize(
    ("rise", "fall", "init_fail", "results", "verdicts"),
    [
        (1, 1, False, "+-+", "UDU"),
        (1, 1, False, "-", "D"),
        (3, 2, False, "+", "U"),  # before anything is known one success is enough
        (3, 2, False, "-+++", "DDDU"),
        (3, 2, False, "+-", "UU"),
        (3, 2, False, "+--", "UUD"),
        (3, 2, False, "+-+--", "UUUUD"),
        (3, 2, False, "+--++-+++", "UUDDDDDDU"),
        (2, 1, True, "+", "D"),
        (2, 1, True, "++", "DU"),
        (1, 3, False, "+---", "UUUD"),
    ],
)
def test_hysteresis(rise: int, fall: int, init_fail: bool, results: str, verdicts: str) -> None:
    score, seen = begin(rise, fall, init_fail=init_fail), ""
    assert score.verdict is (False if init_fail else None)
    for result in results:
        score = judged(score, success=result == "+")
        seen += {True: "U", False: "D", None: "?"}[score.verdict]
    assert seen == verdicts


def test_presumed_good_until_the_first_result() -> None:
    score = begin(3, 2, init_fail=True, presumed=True)
    assert score.verdict is True
    assert judged(score, success=False).verdict is False
    assert judged(score, success=True).verdict is True


def test_the_score_is_bounded() -> None:
    score = begin(3, 2, init_fail=False)
    for _ in range(50):
        score = judged(score, success=True)
    assert score == Hysteresis(3, 2, 4, verdict=True)


def test_in_a_group_weights_do_not_count_unless_asked_for() -> None:
    tracked = (Tracked("interface", "eth1", 5), Tracked("script", "s", -5), Tracked("script", "t", 0))
    assert in_group(tracked, weights=True) == tracked
    assert in_group(tracked, weights=False) == (Tracked("interface", "eth1", 0), tracked[2])
