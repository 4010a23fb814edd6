# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine as a table: state x event -> state and effects; the S rows of the conformance ledger."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Dict, Optional, Tuple

import pytest

from lvs_agent.vrrp import group, machine
from lvs_agent.vrrp.events import (
    EVENTS,
    AdvertReceived,
    Announce,
    ConfigChanged,
    Event,
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
    Shutdown,
    StandBy,
    Startup,
    TakeOver,
    TimerExpired,
    WantMaster,
)
from lvs_agent.vrrp.router import LEAD, Router, Settings, State, create, wake_at

INIT, BACKUP, MASTER, FAULT = State.INIT, State.BACKUP, State.MASTER, State.FAULT
VIP = ("192.0.2.100",)
LOW, OURS, HIGH = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x7f", b"\x0a\x00\x00\x80"
V2 = Settings("v2", 2, 51, 100, 1.0, OURS, VIP)
V3 = Settings("v3", 3, 51, 100, 0.5, OURS, VIP)
T = 1000.0


def backup(settings: Settings = V2, priority: Optional[int] = None) -> Router:
    return machine.step(create(settings, priority), Startup(), T)[0]


def master(settings: Settings = V2, priority: Optional[int] = None) -> Router:
    return machine.step(backup(settings, priority), TakeOver(), T)[0]


def fault(settings: Settings = V2) -> Router:
    return machine.step(backup(settings), FaultRaised("link"), T)[0]


def in_state(state: State, settings: Settings = V2) -> Router:
    return {INIT: create, BACKUP: backup, MASTER: master, FAULT: fault}[state](settings)


def heard(priority: int, source: bytes = HIGH, interval: float = 1.0) -> AdvertReceived:
    return AdvertReceived(priority, interval, source)


def test_the_table_is_total() -> None:
    assert set(machine.TABLE) == set(itertools.product(State, EVENTS))


SOME: Dict[type, Event] = {
    AdvertReceived: heard(50),
    FaultRaised: FaultRaised("script x"),
    FaultCleared: FaultCleared("link"),
    PriorityChanged: PriorityChanged(90),
    ConfigChanged: ConfigChanged(replace(V2, priority=90), 90),
}

# to which state each event leads, all 56
LEADS: Dict[type, Tuple[State, State, State, State]] = {  # from INIT, BACKUP, MASTER, FAULT
    Startup: (BACKUP, BACKUP, MASTER, FAULT),
    Resume: (MASTER, BACKUP, MASTER, FAULT),
    Shutdown: (INIT, INIT, INIT, INIT),
    TimerExpired: (INIT, MASTER, MASTER, FAULT),
    AdvertReceived: (INIT, BACKUP, MASTER, FAULT),
    FaultRaised: (INIT, FAULT, FAULT, FAULT),
    FaultCleared: (INIT, BACKUP, MASTER, BACKUP),
    PriorityChanged: (INIT, BACKUP, MASTER, FAULT),
    ConfigChanged: (INIT, BACKUP, MASTER, FAULT),
    TakeOver: (INIT, MASTER, MASTER, FAULT),
    StandBy: (INIT, BACKUP, BACKUP, FAULT),
    PlannedTakeOver: (INIT, MASTER, MASTER, FAULT),
    PlannedStandBy: (INIT, BACKUP, MASTER, FAULT),
    PlannedEnd: (INIT, BACKUP, MASTER, FAULT),
}


@pytest.mark.parametrize(("event", "state"), list(itertools.product(LEADS, State)))
def test_every_entry_leads_where_it_should(event: type, state: State) -> None:
    after, _ = machine.step(in_state(state), SOME.get(event) or event(), T + 60)
    assert after.state is LEADS[event][list(State).index(state)]


@pytest.mark.parametrize("state", [INIT, BACKUP, FAULT])
@pytest.mark.parametrize("event", EVENTS)
def test_only_a_master_speaks(state: State, event: type) -> None:
    after, effects = machine.step(in_state(state), SOME.get(event) or event(), T + 1)
    if after.state is not MASTER:
        assert not [e for e in effects if isinstance(e, (SendAdvert, SetAddresses, Announce))]


def test_taking_over_is_done_in_this_order() -> None:  # S11
    after, effects = machine.step(backup(), TimerExpired(), T + 4)
    assert effects == (SendAdvert(100), SetAddresses(VIP), Announce(VIP, 5), Notify(Notice.MASTER, 100))
    assert (after.deadline, after.garp_master_at, after.garp_refresh_at) == (T + 5, T + 9, None)


def test_leaving_is_done_in_this_order() -> None:  # S20
    assert machine.step(master(), Shutdown(), T)[1] == (SendAdvert(0), RemoveAddresses(VIP), Notify(Notice.STOP, 100))
    assert machine.step(backup(), Shutdown(), T)[1] == (Notify(Notice.STOP, 100),)  # S12


@pytest.mark.parametrize(
    ("row", "settings", "wait"),
    [
        ("S02 S04 S05", V2, 3 + 156 / 256),
        ("S04", replace(V2, advert_int=5.0), 15 + 156 / 256),
        ("S02 S03 S05 S06", V3, 1.5 + 156 / 256 * 0.5),
        ("S03", replace(V3, priority=254), 1.5 + 2 / 256 * 0.5),
        ("down_timer_adverts", replace(V2, down_timer_adverts=1), 1 + 156 / 256),
        ("state MASTER", replace(V2, start_master=True), 1 + 1 / 256),
        ("state MASTER", replace(V3, start_master=True), 0.5 + 0.5 / 256),
        ("vrrp_startup_delay", replace(V2, startup_delay=10.0), 13 + 156 / 256),
    ],
)
def test_the_first_wait(row: str, settings: Settings, wait: float) -> None:
    after, effects = machine.step(create(settings), Startup(), T)
    assert after.state is BACKUP, row
    assert after.deadline == pytest.approx(T + wait)
    assert effects == (RemoveAddresses(VIP), Notify(Notice.BACKUP, settings.priority))


@pytest.mark.parametrize("settings", [V2, V3])
def test_the_owner_starts_as_master(settings: Settings) -> None:  # S01
    after, effects = machine.step(create(replace(settings, priority=255)), Startup(), T)
    assert after.state is MASTER
    assert effects[:2] == (SendAdvert(255), SetAddresses(VIP))


def test_a_router_that_starts_in_fault_waits_for_its_end() -> None:
    router, _ = machine.step(create(V2), FaultRaised("link"), T)
    router, effects = machine.step(router, Startup(), T)
    assert (router.state, wake_at(router)) == (FAULT, None)
    assert effects == (RemoveAddresses(VIP), Notify(Notice.FAULT, 100))
    router, _ = machine.step(router, FaultCleared("link"), T + 9)
    assert (router.state, router.deadline) == (BACKUP, T + 9 + 3 + 156 / 256)


def test_fault_ends_with_the_last_cause() -> None:
    router, _ = machine.step(fault(), FaultRaised("script x"), T)
    router, effects = machine.step(router, FaultCleared("link"), T)
    assert (router.state, effects, router.reason) == (FAULT, (), "script x")
    assert machine.step(router, FaultCleared("script x"), T)[0].state is BACKUP


def test_resuming_says_so_and_tells_no_script() -> None:
    after, effects = machine.step(create(V2), Resume(), T)
    assert after.state is MASTER
    assert effects == (SendAdvert(100), SetAddresses(VIP), Announce(VIP, 5))


def test_resuming_with_a_fault_is_no_resuming() -> None:
    router, _ = machine.step(create(V2), FaultRaised("link"), T)
    assert machine.step(router, Resume(), T)[0].state is FAULT


# Backup hears (RFC 9568 6.4.2): how long it waits from now on, None = the timer runs on
NOPREEMPT = replace(V2, preempt=False)
FULL = 3 + 156 / 256


@pytest.mark.parametrize(
    ("row", "settings", "event", "wait"),
    [
        ("S07", V2, heard(0), 156 / 256),
        ("S07", V3, heard(0, interval=0.5), 156 / 256 * 0.5),
        ("S08", V2, heard(101), FULL),
        ("S08", V2, heard(100, LOW), FULL),
        ("S08", NOPREEMPT, heard(1), FULL),
        ("S08 S13", V3, heard(101, interval=2.0), 6 + 156 / 256 * 2),
        ("S09", V2, heard(99), None),
        ("S09", V3, heard(99), None),
        ("S10", replace(NOPREEMPT, priority=255, startup_delay=60.0), heard(254), None),
        ("preempt_delay", replace(V2, preempt_delay=30.0), heard(99), FULL),
    ],
)
def test_backup_hears(row: str, settings: Settings, event: AdvertReceived, wait: Optional[float]) -> None:
    before = backup(settings)
    after, effects = machine.step(before, event, T + 2)
    assert (after.state, effects) == (BACKUP, ()), row
    expected = before.deadline if wait is None else T + 2 + wait
    assert after.deadline == pytest.approx(expected), row


# Active hears (RFC 9568 6.4.3)
ASSERT2 = (Announce(VIP, 5), Notify(Notice.MASTER_RX_LOWER_PRI, 100))
ASSERT3 = (SendAdvert(100), *ASSERT2)
LEAVE = (RemoveAddresses(VIP), Notify(Notice.BACKUP, 100))


@pytest.mark.parametrize(
    ("row", "settings", "event", "state", "effects"),
    [
        ("S14", V2, heard(0), MASTER, (SendAdvert(100),)),
        ("S15", V2, heard(101, LOW), BACKUP, LEAVE),
        ("S15", V3, heard(101, LOW), BACKUP, LEAVE),
        ("S16", V3, heard(100, HIGH), BACKUP, LEAVE),
        ("S17 S18", V3, heard(100, LOW), MASTER, ASSERT3),
        ("S17 S19", V2, heard(100, LOW), MASTER, ASSERT2),
        ("S18", V3, heard(99, HIGH), MASTER, ASSERT3),
        ("S19", V2, heard(99, HIGH), MASTER, ASSERT2),
        ("lower_prio_no_advert", replace(V3, lower_prio_no_advert=True), heard(99), MASTER, ASSERT2),
        ("garp_lower_prio_repeat 0", replace(V3, garp_lower_prio_repeat=0), heard(99), MASTER, (ASSERT3[0], ASSERT3[2])),
        ("higher_prio_send_advert", replace(V3, higher_prio_send_advert=True), heard(101), BACKUP, (SendAdvert(100), *LEAVE)),
        ("own address", V3, heard(100, OURS), MASTER, ()),
    ],
)  # fmt: skip
def test_master_hears(row: str, settings: Settings, event: AdvertReceived, state: State, effects: tuple) -> None:
    after, did = machine.step(master(settings), event, T + 0.2)
    assert (after.state, did) == (state, effects), row


def test_the_new_master_s_interval_counts_from_the_advert_that_demoted_us() -> None:  # S15
    after, _ = machine.step(master(V3), heard(101, interval=2.0), T + 0.2)
    assert after.deadline == pytest.approx(T + 0.2 + 6 + 156 / 256 * 2)
    assert (after.master, after.master_priority) == (HIGH, 101)


@pytest.mark.parametrize("priority", [0, 99])
def test_a_flood_of_losers_is_answered_twice_an_interval(priority: int) -> None:
    router, answers = master(replace(V3, advert_int=1.0)), 0
    for count in range(10_000):  # one second
        router, effects = machine.step(router, heard(priority), T + count / 10_000)
        answers += sum(isinstance(effect, SendAdvert) for effect in effects)
    assert answers == 2


# Timers


def test_adverts_do_not_drift_with_lateness() -> None:  # S13, T21
    router = master()
    for count in range(1, 4):
        router, effects = machine.step(router, TimerExpired(), T + count + 0.3)
        assert SendAdvert(100) in effects
        assert router.deadline == T + count + 1


def test_after_a_stall_there_is_one_advert_not_many() -> None:  # S26
    router, effects = machine.step(master(replace(V2, garp_master_delay=0.0)), TimerExpired(), T + 100)
    assert effects == (SendAdvert(100),)
    assert router.deadline == T + 101


@pytest.mark.parametrize("state", list(State))
def test_a_stale_timer_has_no_effect(state: State) -> None:  # S24
    router = in_state(state)
    assert machine.step(router, TimerExpired(), T + 0.5) == (router, ())


def test_announcements_are_repeated_and_refreshed() -> None:
    router = master(replace(V2, advert_int=100.0, garp_master_refresh=60.0, garp_master_refresh_repeat=2))
    seen = []
    for _ in range(4):
        when = wake_at(router)
        assert when is not None
        router, effects = machine.step(router, TimerExpired(), when)
        seen += [(when - T, effect) for effect in effects]
    assert seen == [
        (5.0, Announce(VIP, 5)),
        (65.0, Announce(VIP, 2)),
        (100.0, SendAdvert(100)),
        (125.0, Announce(VIP, 2)),
    ]


def test_announcements_are_repeated_after_a_loser_spoke() -> None:
    router, _ = machine.step(master(replace(V3, garp_master_delay=0.0, advert_int=40.0)), heard(99), T + 1)
    assert wake_at(router) == T + 6
    assert machine.step(router, TimerExpired(), T + 6)[1] == (Announce(VIP, 5),)


def test_a_backup_wakes_a_moment_early_to_rehearse_its_takeover_and_then_in_time() -> None:
    backup, _ = machine.step(create(V3), Startup(), T)
    due = wake_at(backup)
    assert due is not None
    assert wake_at(backup, T) == due - LEAD
    assert wake_at(backup, due - LEAD) == due
    assert machine.step(backup, TimerExpired(), due - LEAD) == (backup, ())
    ruling, _ = machine.step(backup, TimerExpired(), due)
    assert wake_at(ruling, due) == wake_at(ruling)


# Priority and reload


def test_a_lower_priority_waits_longer_and_keeps_what_it_waited() -> None:
    before = backup()
    after, effects = machine.step(before, PriorityChanged(80), T + 1)
    assert after.deadline == pytest.approx((before.deadline or 0) + 20 / 256)
    assert effects == (Notify(Notice.PRIORITY, 80),)


def test_a_reload_moves_addresses_and_keeps_the_master() -> None:
    new = replace(V2, priority=150, addresses=("192.0.2.101",))
    after, effects = machine.step(master(), ConfigChanged(new, 150), T + 0.5)
    assert (after.state, after.since, after.priority) == (MASTER, T, 150)
    assert effects == (
        SendAdvert(150),
        RemoveAddresses(VIP),
        SetAddresses(("192.0.2.101",)),
        Announce(("192.0.2.101",), 5),
    )


def test_a_reload_of_a_backup_keeps_the_master_s_interval() -> None:
    router, _ = machine.step(backup(V3), heard(101, interval=2.0), T)
    after, effects = machine.step(router, ConfigChanged(replace(V3, advert_int=1.0), 100), T + 1)
    assert (after.active_adver_interval, after.deadline, effects) == (2.0, router.deadline, ())


# Sync groups

A, B = replace(V2, name="a", sync=True), replace(V2, name="b", sync=True)


def members(state: State) -> Dict[str, Router]:
    return {"a": in_state(state, A), "b": in_state(state, B)}


def states(of: Dict[str, Router]) -> Tuple[State, State]:
    return of["a"].state, of["b"].state


def test_a_group_becomes_master_when_all_want_it() -> None:
    group1, done = group.step(members(BACKUP), "a", TimerExpired(), T + 4)
    assert (states(group1), done, group.state(group1)) == ((BACKUP, BACKUP), (), BACKUP)
    group2, done = group.step(group1, "b", TimerExpired(), T + 4)
    assert (states(group2), group.state(group2)) == ((MASTER, MASTER), MASTER)
    assert [name for name, effect in done if effect == SendAdvert(100)] == ["a", "b"]


def test_a_member_that_hears_a_master_wants_no_more() -> None:
    group1, _ = group.step(members(BACKUP), "a", TimerExpired(), T + 4)
    group2, _ = group.step(group1, "a", heard(200), T + 5)
    group3, _ = group.step(group2, "b", TimerExpired(), T + 6)
    assert states(group3) == (BACKUP, BACKUP)


def test_one_to_backup_drags_all() -> None:
    after, done = group.step(members(MASTER), "a", heard(200), T + 1)
    assert states(after) == (BACKUP, BACKUP)
    assert done == (("a", LEAVE[0]), ("a", LEAVE[1]), ("b", LEAVE[0]), ("b", LEAVE[1]))


@pytest.mark.parametrize("state", [BACKUP, MASTER])
def test_one_fault_holds_all_until_it_is_gone(state: State) -> None:
    after, _ = group.step(members(state), "a", FaultRaised("link"), T + 1)
    assert (states(after), group.state(after)) == ((FAULT, FAULT), FAULT)
    after, _ = group.step(after, "b", FaultRaised("script x"), T + 1)
    after, _ = group.step(after, "a", FaultCleared("link"), T + 2)
    assert states(after) == (FAULT, FAULT)
    after, _ = group.step(after, "b", FaultCleared("script x"), T + 3)
    assert states(after) == (BACKUP, BACKUP)


def test_after_a_split_every_member_announces_again() -> None:
    _, done = group.step(members(MASTER), "a", heard(50), T + 1)
    assert [name for name, effect in done if effect == Announce(VIP, 5)] == ["a", "b"]


def test_a_group_of_one_needs_no_one_s_leave() -> None:
    after, _ = group.step({"a": in_state(BACKUP, A)}, "a", TimerExpired(), T + 4)
    assert after["a"].state is MASTER


def test_a_member_alone_only_wants() -> None:
    after, effects = machine.step(in_state(BACKUP, A), TimerExpired(), T + 4)
    assert (after.state, after.wants_master, effects) == (BACKUP, True, (WantMaster(),))
