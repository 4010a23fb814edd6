# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takeover and standby, step by step; the conversations are in tests/scenarios/scripts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lvs_agent.vrrp import machine, planned
from lvs_agent.vrrp.events import (
    AdvertReceived,
    Announce,
    ConfigChanged,
    FaultCleared,
    FaultRaised,
    Notice,
    Notify,
    PlannedEnd,
    PlannedStandBy,
    PlannedTakeOver,
    PriorityChanged,
    RemoveAddresses,
    Resume,
    SendAdvert,
    SetAddresses,
    Startup,
    TakeOver,
    TimerExpired,
)
from lvs_agent.vrrp.router import Router, Settings, State, create, wake_at

VIP = ("192.0.2.100",)
LOW, OURS, HIGH = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x7f", b"\x0a\x00\x00\x80"
V2 = Settings("v2", 2, 51, 100, 1.0, OURS, VIP)
T = 1000.0
ASKS = (PlannedTakeOver(), PlannedStandBy(), PlannedEnd())


def backup(heard: int = 101, source: bytes = LOW, settings: Settings = V2) -> Router:
    router = machine.step(create(settings), Startup(), T)[0]
    return machine.step(router, AdvertReceived(heard, 1.0, source), T)[0]


def master(settings: Settings = V2) -> Router:
    return machine.step(backup(settings=settings), TakeOver(), T)[0]


def steps(router: Router, *events, now: float = T):
    done = ()
    for event in events:
        router, done = machine.step(router, event, now)
    return router, done


def test_a_takeover_announces_before_it_advertises() -> None:
    router, done = steps(backup(), PlannedTakeOver())
    assert done == (SetAddresses(VIP), Announce(VIP, 5), Notify(Notice.MASTER, 254))
    assert wake_at(router) == pytest.approx(T + planned.LEAD)
    router, done = machine.step(router, TimerExpired(), T + planned.LEAD)
    assert done == (SendAdvert(254),)
    router, done = machine.step(router, TimerExpired(), T + planned.LEAD + planned.SETTLE)
    assert done == (Announce(VIP, 1),)
    assert wake_at(router) == pytest.approx(T + planned.LEAD + 1)


def test_the_old_masters_adverts_meanwhile_are_no_challenge() -> None:
    router, _ = steps(backup(), PlannedTakeOver())
    assert machine.step(router, AdvertReceived(101, 1.0, LOW), T + 0.01) == (router, ())


def test_a_standby_keeps_the_addresses_until_it_has_heard_somebody() -> None:
    router, done = steps(master(), PlannedStandBy())
    assert done == (SendAdvert(0),)
    assert wake_at(router) == pytest.approx(T + 1.5)  # nothing of the master's is due
    router, done = machine.step(router, AdvertReceived(0, 1.0, LOW), T + 0.3)  # somebody else's farewell
    assert (router.let_go_at, done) == (None, ())
    router, done = machine.step(router, AdvertReceived(90, 1.0, LOW), T + 0.6)
    assert (router.state, done) == (State.MASTER, ())
    assert machine.step(router, AdvertReceived(90, 1.0, LOW), T + 0.62)[0].let_go_at == router.let_go_at
    router, done = machine.step(router, TimerExpired(), T + 0.6 + planned.LINGER)
    assert (router.state, done) == (State.BACKUP, (RemoveAddresses(VIP), Notify(Notice.BACKUP, 1)))
    assert (router.priority, router.own, router.master_priority) == (1, 100, 90)


def test_nobody_takes_over() -> None:
    router, _ = steps(master(replace(V2, garp_master_refresh=60.0)), PlannedStandBy())
    for number, when in enumerate((T + 1.5, T + 3.0)):
        router, done = machine.step(router, TimerExpired(), when)
        assert (done, router.farewells) == ((SendAdvert(0),), number + 2)
    router, done = machine.step(router, TimerExpired(), T + 4.5)
    assert done == (SendAdvert(100), Announce(VIP, 1))
    assert (router.state, router.planned, router.priority, router.reason) == (
        State.MASTER,
        None,
        100,
        "nobody took over",
    )
    assert router.garp_refresh_at == T + 64.5
    assert planned.longest_standby(router) == pytest.approx(4.55)


@pytest.mark.parametrize("event", [FaultRaised("link"), ConfigChanged(replace(V2, advert_int=2.0), 100)])
def test_a_yielding_master_is_still_one(event) -> None:
    router, _ = steps(master(), PlannedStandBy(), event)
    assert (router.farewells, router.let_go_at) == (None, None)
    assert router.planned == 1  # the wish holds


@pytest.mark.parametrize("ask", ASKS[:2])
def test_tracking_and_reload_count_afterwards(ask) -> None:
    for router in (backup(), master()):
        wished, _ = steps(router, ask)
        after, done = steps(wished, PriorityChanged(40))
        assert (after.priority, after.own, done) == (wished.priority, 40, ())
        after, _ = steps(after, ConfigChanged(replace(V2, priority=90), 60))
        assert (after.priority, after.own) == (wished.priority, 60)
        assert steps(after, PlannedEnd())[0].priority == 60


def test_a_fault_beats_a_wish_and_the_wish_is_back_after_it() -> None:
    router, _ = steps(backup(), PlannedTakeOver(), FaultRaised("link"))
    assert router.state is State.FAULT
    router, _ = steps(router, FaultCleared("link"))
    assert (router.state, router.priority) == (State.BACKUP, 254)


@pytest.mark.parametrize(("ask", "priority"), [(PlannedTakeOver(), 254), (PlannedStandBy(), 1)])
def test_a_wish_from_before_the_start(ask, priority) -> None:
    router, done = steps(create(V2), ask)
    assert (router.state, router.priority, done) == (State.INIT, priority, ())
    assert steps(router, Resume())[1][0] == SendAdvert(priority)
    # no addresses before an election: whoever starts anew may have an empty table
    assert steps(router, Startup())[0].state is State.BACKUP


@pytest.mark.parametrize(
    ("router", "ask", "word"),
    [
        (backup(), PlannedTakeOver(), ""),
        (backup(254, LOW), PlannedTakeOver(), ""),
        (backup(254, HIGH), PlannedTakeOver(), "higher address"),
        (backup(255, LOW), PlannedTakeOver(), "address owner"),
        (master(), PlannedTakeOver(), ""),
        (steps(backup(), FaultRaised("link"))[0], PlannedTakeOver(), "FAULT: link"),
        (steps(backup(), FaultRaised("link"))[0], PlannedStandBy(), ""),
        (create(V2), PlannedTakeOver(), "INIT"),
        (backup(settings=replace(V2, priority=255)), PlannedStandBy(), "this host's own"),
        (backup(settings=replace(V2, priority=255)), PlannedEnd(), ""),
    ],
)
def test_refusals(router: Router, ask, word: str) -> None:
    said = planned.refusal(router, ask)
    assert word in said
    assert bool(said) is bool(word)


def test_the_end_without_a_wish_is_nothing() -> None:
    for router in (backup(), master(), create(V2)):
        assert steps(router, PlannedEnd()) == (router, ())


@pytest.mark.parametrize(
    ("preempt", "heard", "done"),
    [(True, 101, (SendAdvert(0),)), (True, 90, ()), (False, 101, ())],
)
def test_a_takeover_is_handed_back_where_the_file_would_preempt(preempt, heard, done) -> None:
    router, _ = steps(backup(heard, settings=replace(V2, preempt=preempt)), PlannedTakeOver())
    assert machine.step(router, PlannedEnd(), T + 60)[1] == done


def test_a_takeover_of_nobody_is_kept() -> None:
    router, _ = steps(machine.step(create(V2), Startup(), T)[0], PlannedTakeOver())
    assert machine.step(router, PlannedEnd(), T + 60)[1] == ()
