# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop's promises, on the real kernel's epoll and timerfd."""

from __future__ import annotations

import os
import select
import signal
import socket

import pytest

from lvs_agent.loop import MOST_DUE, Loop


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


def turns(loop: Loop, count: int = 5):
    for _ in range(count):
        loop.turn(0.05)


def test_due_is_called_once_with_a_time_not_before_the_deadline(loop: Loop):
    seen = []
    when = loop.now() + 0.005
    loop.wake("a", when, seen.append)
    turns(loop)
    assert len(seen) == 1
    assert seen[0] >= when


def test_deadlines_are_served_in_their_order(loop: Loop):
    seen = []
    start = loop.now()
    for name, delay in (("late", 0.02), ("soon", 0.001), ("middle", 0.01)):
        loop.wake(name, start + delay, lambda _now, name=name: seen.append(name))
    turns(loop, 8)
    assert seen == ["soon", "middle", "late"]


def test_past_deadlines_of_many_slots_are_all_served(loop: Loop):
    seen = []
    start = loop.now()
    for number in range(10):
        loop.wake(number, start - 1 + number * 0.05, lambda _now, number=number: seen.append(number))
    turns(loop, 12)
    assert seen == list(range(10))
    assert 1.0 <= loop.lateness < 2.0


def test_a_key_has_one_deadline_and_none_clears_it(loop: Loop):
    seen = []
    loop.wake("a", loop.now() + 60, lambda _now: seen.append("first"))
    loop.wake("a", loop.now(), lambda _now: seen.append("second"))
    loop.wake("b", loop.now(), lambda _now: seen.append("never"))
    loop.wake("b", None, lambda _now: None)
    turns(loop)
    assert seen == ["second"]


def test_a_cleared_deadline_wakes_nobody(loop: Loop):
    loop.wake("cleared", loop.now() + 0.01, lambda _now: None)
    loop.wake("later", loop.now() + 0.2, lambda _now: None)
    loop.turn(0)
    loop.wake("cleared", None, lambda _now: None)
    start = loop.now()
    turns = 0
    while loop.now() < start + 0.15:
        loop.turn(0.05)
        turns += 1
    assert turns <= 6


def test_a_callback_may_clear_and_move_deadlines_that_are_due_in_the_same_turn(loop: Loop):
    seen = []
    past = loop.now() - 0.001

    def first(now: float):
        seen.append("first")
        loop.wake("cleared", None, first)
        loop.wake("moved", now + 0.01, lambda _now: seen.append("moved"))

    loop.wake("first", past, first)
    loop.wake("cleared", past + 0.0001, lambda _now: seen.append("cleared"))
    loop.wake("moved", past + 0.0001, lambda _now: seen.append("moved too early"))
    turns(loop)
    assert seen == ["first", "moved"]


def test_work_per_turn_is_bounded(loop: Loop):
    served = []
    past = loop.now() - 1
    for number in range(MOST_DUE + 10):
        loop.wake(number, past, served.append)
    loop.turn(0)
    assert len(served) == MOST_DUE
    loop.turn(0)
    assert len(served) == MOST_DUE + 10


def test_descriptors_are_served_and_forgotten(loop: Loop):
    near, far = socket.socketpair()
    with near, far:
        seen = []
        loop.watch(near.fileno(), select.EPOLLIN, lambda bits: seen.append((bits, near.recv(10))))
        far.send(b"x")
        loop.turn(1)
        loop.watch(near.fileno(), select.EPOLLOUT, seen.append)
        loop.turn(1)
        loop.forget(near.fileno())
        far.send(b"y")
        loop.turn(0.01)
    assert seen == [(select.EPOLLIN, b"x"), select.EPOLLOUT]


def test_an_event_of_a_closed_descriptor_is_not_given_to_a_new_one_with_its_number(loop: Loop):
    busy = [os.pipe() for _ in range(2)]
    quiet = os.pipe()
    seen = []

    def serve(own: int, other: int) -> None:
        seen.append("old")
        loop.forget(own)
        loop.forget(other)
        os.dup2(quiet[0], other)
        loop.watch(other, select.EPOLLIN, lambda _bits: seen.append("taken for the new one's"))

    (first, first_end), (second, second_end) = busy
    loop.watch(first, select.EPOLLIN, lambda _bits: serve(first, second))
    loop.watch(second, select.EPOLLIN, lambda _bits: serve(second, first))
    os.write(first_end, b"x")
    os.write(second_end, b"x")
    loop.turn(1)
    for number in (first, first_end, second, second_end, *quiet):
        os.close(number)
    assert seen == ["old"]


def test_a_signal_is_served_in_a_turn(loop: Loop):
    seen = []
    loop.on_signal(signal.SIGUSR1, lambda: seen.append("usr1"))
    os.kill(os.getpid(), signal.SIGUSR1)
    loop.turn(1)
    assert seen == ["usr1"]


def test_an_exception_of_a_callback_ends_run(loop: Loop):
    def broken(_now: float):
        raise ZeroDivisionError

    loop.wake("bug", loop.now(), broken)
    with pytest.raises(ZeroDivisionError):
        loop.run()


def test_stop_ends_run(loop: Loop):
    loop.wake("stop", loop.now() + 0.001, lambda _now: loop.stop())
    loop.run()
