# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sync groups: virtual routers that are MASTER together or not at all (keepalived's vrrp_sync_group).

Pure, one level above machine.step: one event to one member may move them all. Going MASTER needs every member to
want it or to be it already; one to BACKUP drags all; one in FAULT holds all in FAULT until every fault is gone. What
the operator asks of one member is asked of all.
A router without a group is a group of one here and sees nothing of this.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, Tuple

from . import machine
from .events import (
    AdvertReceived,
    Announce,
    Effect,
    Event,
    FaultCleared,
    FaultRaised,
    Notice,
    Notify,
    PlannedEnd,
    PlannedStandBy,
    PlannedTakeOver,
    StandBy,
    TakeOver,
    TimerExpired,
    WantMaster,
)
from .router import Router, State

CAUSE = "sync group"
"""The fault that a member has because another one has a fault of its own."""

Members = Mapping[str, Router]
Done = Tuple[Tuple[str, Effect], ...]


def state(members: Members) -> State:
    """What the group is as a whole: the worst that any member is."""
    have = {router.state for router in members.values()}
    return next(state for state in (State.INIT, State.FAULT, State.BACKUP, State.MASTER) if state in have)


def step(members: Members, name: str, event: Event, now: float) -> Tuple[Dict[str, Router], Done]:
    """Give `event` to the member `name`, and the others what follows from it; effects as (member, effect) in order."""
    work = _Work(members)
    if isinstance(event, (PlannedTakeOver, PlannedStandBy, PlannedEnd)):  # what is asked of one is asked of all
        work.each(members, event, now)
        return work.members, tuple(work.done)
    before = work.members[name].state
    effects = work.give(name, event, now)
    if len(members) == 1:
        if any(isinstance(effect, WantMaster) for effect in effects):
            work.give(name, TakeOver(), now)
        return work.members, tuple(work.done)
    after = work.members[name].state
    others = [other for other in members if other != name]
    if any(isinstance(effect, WantMaster) for effect in effects):
        if all(work.ready(other) for other in others):
            work.each(members, TakeOver(), now)
    elif before is State.MASTER and after is State.BACKUP:
        work.each(others, StandBy(), now)
    elif isinstance(event, AdvertReceived):
        _announce_again(work, others, effects)
    if isinstance(event, (FaultRaised, FaultCleared)):
        _share_faults(work, now)
    return work.members, tuple(work.done)


def rehearse(members: Members, name: str, now: float) -> None:
    """Work out the takeover that is due in a moment, and forget it: the real one then runs from warm caches."""
    deadline = members[name].deadline
    if deadline is not None and now < deadline:
        step(members, name, TimerExpired(), deadline)


class _Work:
    """The members as they change within one step, and what was to be done so far."""

    def __init__(self, members: Members) -> None:
        self.members = dict(members)
        self.done: List[Tuple[str, Effect]] = []

    def give(self, name: str, event: Event, now: float) -> Tuple[Effect, ...]:
        self.members[name], effects = machine.step(self.members[name], event, now)
        self.done += [(name, effect) for effect in effects if not isinstance(effect, WantMaster)]
        return effects

    def each(self, names: Iterable[str], event: Event, now: float) -> None:
        for name in names:
            self.give(name, event, now)

    def ready(self, name: str) -> bool:
        router = self.members[name]
        return router.wants_master or router.state is State.MASTER


def _share_faults(work: _Work, now: float) -> None:
    """Who has a fault of its own holds the others in FAULT."""
    faulty = {name for name, router in work.members.items() if router.faults - {CAUSE}}
    for name, router in list(work.members.items()):
        held = bool(faulty - {name})
        if held and CAUSE not in router.faults:
            work.give(name, FaultRaised(CAUSE), now)
        elif not held and CAUSE in router.faults:
            work.give(name, FaultCleared(CAUSE), now)


def _announce_again(work: _Work, others: Iterable[str], effects: Iterable[Effect]) -> None:
    """After a split the neighbours of every member may know the loser; only this member heard of it."""
    if not any(isinstance(effect, Notify) and effect.notice is Notice.MASTER_RX_LOWER_PRI for effect in effects):
        return
    for name in others:
        router = work.members[name]
        repeat = router.settings.garp_lower_prio_repeat
        if router.state is State.MASTER and repeat:
            work.done.append((name, Announce(router.settings.addresses, repeat)))
