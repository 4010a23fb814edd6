# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a check runs and what its outcomes mean: warmup, delay_loop, retries, up and down. Pure; times are arguments.

The rules are keepalived's (check_tcp, check_http and check_misc behave so): a check that never ran needs one failure
to be down, later ones `retry` failures more; the first success is up again. HTTP_GET and SSL_GET look at one url each
delay_loop, and a failed one must be good again before all of them are looked at anew and bring the server back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Optional


@dataclass(frozen=True)
class Schedule:
    """The times of one check in seconds, and its rules.

    warmup: the first run is a random share of it after the start. urls: steps that one verdict needs (0: the rules
    of a check without urls). from_start: delay_loop counts from the start of a run, not from its end (MISC_CHECK).
    fast_recovery: a server on its way up is looked at again at once. log_all_failures: every failure of a server that
    is up is told, not only the one that takes it down. connects: runs that only connect between two whole ones, which
    `step` counts from 1; after a failure the next run is a whole one.
    """

    delay_loop: float = 60.0
    delay_before_retry: float = 1.0
    retry: int = 1
    warmup: float = 60.0
    alpha: bool = False
    urls: int = 0
    fast_recovery: bool = False
    from_start: bool = False
    log_all_failures: bool = False
    connects: int = 0


class State(NamedTuple):
    """One check between two runs.

    up: the verdict in force. has_run: it stands on at least one outcome. failures: retries used. step: the url of
    the next run. failed_step: the url that took the server down. due: when the next run starts (monotonic seconds).
    """

    up: bool
    has_run: bool
    failures: int
    step: int
    failed_step: Optional[int]
    due: float


def begin(schedule: Schedule, now: float, share: float, *, up: Optional[bool] = None) -> State:
    """A check that never ran; share: 0 to 1, where in the warmup it starts.

    Without alpha it counts as up until it ran, with alpha as down. up: what is known of it already (adoption).
    """
    known = not schedule.alpha if up is None else up
    return State(known, False, schedule.retry, 0, None, now + schedule.warmup * share)


def judge(schedule: Schedule, state: State, ok: bool, started: float, now: float) -> State:
    """The state after an outcome at `now` of a run that began at `started`."""
    if schedule.urls:
        return _judge_urls(schedule, state, ok, now)
    since = started if schedule.from_start else now
    if ok:
        step = (state.step + 1) % (schedule.connects + 1)
        return State(True, True, 0, step, None, max(now, since + schedule.delay_loop))
    if state.up or not state.has_run:
        if state.failures < schedule.retry:
            due = max(now, since + schedule.delay_before_retry)
            return State(state.up, True, state.failures + 1, 0, None, due)
        return State(False, True, 0, 0, None, max(now, since + schedule.delay_loop))
    return State(False, True, state.failures, 0, None, max(now, since + schedule.delay_loop))


def _judge_urls(schedule: Schedule, state: State, ok: bool, now: float) -> State:
    if ok:
        return _url_good(schedule, state, now)
    failures, up, failed_step = state.failures, state.up, state.failed_step
    if up or not state.has_run:
        failures += 1
        if failures > schedule.retry:
            up, failed_step = False, state.step
    delay = schedule.delay_before_retry
    if failed_step is not None:
        delay = max(delay, schedule.delay_loop)
    return State(up, True, failures, state.step, failed_step, now + delay)


def _url_good(schedule: Schedule, state: State, now: float) -> State:
    up, has_run, step, failures = state.up, state.has_run, state.step + 1, 0
    if state.failed_step is not None:
        step = 0
    elif step == schedule.urls:
        up, has_run, step = True, True, 0
    if not has_run:
        failures = schedule.retry
    hurry = schedule.fast_recovery and not (up and has_run)
    return State(up, has_run, failures, step, None, now if hurry else now + schedule.delay_loop)


def put_off(schedule: Schedule, state: State, now: float) -> State:
    """The run could not be made at all (no descriptor, a source address that is not here): nothing is judged."""
    return state._replace(due=now + schedule.delay_loop)


def carry_over(schedule: Schedule, old: State, now: float) -> State:
    """The same check under a reloaded schedule: verdict and place are kept, and it is not due later than is new."""
    if not old.has_run:
        failures = schedule.retry
    elif schedule.urls and not old.up:
        failures = schedule.retry + 1
    else:
        failures = min(old.failures, schedule.retry)
    return old._replace(failures=failures, due=min(old.due, now + max(schedule.delay_loop, schedule.warmup)))
