# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When checks run and when a server is up or down: keepalived's rules as tables of outcomes in virtual time."""

from __future__ import annotations

import pytest

from lvs_agent.checks.scheduler import Schedule, State, begin, carry_over, judge, put_off

PLAIN = {"delay_loop": 10.0, "delay_before_retry": 2.0, "retry": 2, "warmup": 10.0}


def play(schedule: Schedule, outcomes: str, took: float = 0.5):
    """(up, seconds until the next run) after each outcome: + good, - failed; a run takes `took` seconds."""
    state = begin(schedule, 0.0, 0.0)
    now = 0.0
    seen = []
    for outcome in outcomes:
        started, now = state.due, state.due + took
        state = judge(schedule, state, outcome == "+", started, now)
        seen.append(("up" if state.up else "down", round(state.due - now, 3)))
    return seen


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("+", [("up", 10)]),
        ("+++", [("up", 10)] * 3),
        # The first run of all: one failure is enough, whatever retry says.
        ("-", [("down", 10)]),
        ("-+", [("down", 10), ("up", 10)]),
        # Later ones: retry more failures, delay_before_retry apart, and a success in between forgets them.
        ("+---", [("up", 10), ("up", 2), ("up", 2), ("down", 10)]),
        ("+--+---", [("up", 10), ("up", 2), ("up", 2), ("up", 10), ("up", 2), ("up", 2), ("down", 10)]),
        # Down: every delay_loop, no retries; the first success is up.
        ("----+-", [("down", 10), ("down", 10), ("down", 10), ("down", 10), ("up", 10), ("up", 2)]),
    ],
)
def test_simple_checks(outcomes: str, expected):
    assert play(Schedule(**PLAIN), outcomes) == expected


@pytest.mark.parametrize("retry", [0, 1, 3])
def test_alpha_is_down_until_the_first_success(retry: int):
    schedule = Schedule(alpha=True, retry=retry)
    assert begin(schedule, 0.0, 0.0).up is False
    assert play(schedule, "-+")[0][0] == "down"
    assert play(schedule, "-+")[1][0] == "up"


def test_without_retries_one_failure_is_down():
    assert [up for up, _due in play(Schedule(retry=0), "+-+")] == ["up", "down", "up"]


@pytest.mark.parametrize(("share", "due"), [(0.0, 100.0), (0.25, 102.5), (1.0, 110.0)])
def test_warmup_is_a_share_of_its_time(share: float, due: float):
    assert begin(Schedule(**PLAIN), 100.0, share).due == due


def test_scripts_are_spaced_from_start_to_start():
    schedule = Schedule(delay_loop=10.0, delay_before_retry=2.0, retry=1, from_start=True)
    assert [due for _up, due in play(schedule, "+-", took=4.0)] == [6.0, 0.0]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        # One url a run; the verdict stands after all of them.
        ("++", [("up", 10), ("up", 10)]),
        # A failure on the way to the first verdict is enough.
        ("+-", [("up", 10), ("down", 10)]),
        ("++-+", [("up", 10), ("up", 10), ("up", 2), ("up", 10)]),
        ("++---", [("up", 10), ("up", 10), ("up", 2), ("up", 2), ("down", 10)]),
        # Back: the failed url good, then both urls anew.
        ("-+++", [("down", 10), ("down", 10), ("down", 10), ("up", 10)]),
        # A failure on the way back starts with that url again, delay_before_retry apart.
        ("-+-++", [("down", 10), ("down", 10), ("down", 2), ("down", 10), ("up", 10)]),
    ],
)
def test_two_urls(outcomes: str, expected):
    assert play(Schedule(urls=2, **PLAIN), outcomes) == expected


def test_a_failed_url_is_the_one_that_is_tried_again():
    schedule = Schedule(urls=2, **PLAIN)
    state = begin(schedule, 0.0, 0.0)
    steps = []
    for ok in (True, False, False, True, True):
        steps.append(state.step)
        state = judge(schedule, state, ok, 0.0, 0.0)
    assert steps == [0, 1, 1, 1, 0]
    assert state.step == 1


def test_fast_recovery_looks_again_at_once():
    schedule = Schedule(urls=1, fast_recovery=True, **PLAIN)
    assert play(schedule, "+-") == [("up", 10), ("up", 2)]
    assert play(schedule, "-++") == [("down", 10), ("down", 0), ("up", 10)]


def test_an_attempt_that_could_not_be_made_judges_nothing():
    schedule = Schedule(**PLAIN)
    state = begin(schedule, 0.0, 0.0)
    assert put_off(schedule, state, 5.0) == state._replace(due=15.0)


def test_adoption_overrules_alpha_and_its_absence():
    assert begin(Schedule(alpha=True), 0.0, 0.0, up=True).up is True
    assert begin(Schedule(alpha=False), 0.0, 0.0, up=False).up is False


@pytest.mark.parametrize(
    ("old", "new", "failures", "due"),
    [
        (State(True, True, 2, 0, None, 100.0), Schedule(retry=1, delay_loop=5, warmup=5), 1, 55.0),
        (State(True, True, 1, 0, None, 52.0), Schedule(retry=5, delay_loop=5, warmup=5), 1, 52.0),
        (State(False, True, 0, 0, None, 52.0), Schedule(retry=3, urls=1), 4, 52.0),
        (State(True, False, 1, 0, None, 52.0), Schedule(retry=3), 3, 52.0),
    ],
)
def test_a_reload_keeps_verdict_and_place(old: State, new: Schedule, failures: int, due: float):
    kept = carry_over(new, old, 50.0)
    assert kept == old._replace(failures=failures, due=due)
