# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mastership that moves because the operator asks: make before break, with nothing on the wire but adverts.

Takeover: the backup sets the addresses and announces them while the master still has them, and only then advertises,
at priority 254; any router steps down at that. Standby: the master says farewell (priority 0, which makes any backup
take over after its skew time, with nopreempt too) and keeps the addresses until it has heard its successor. Nobody
answers: it is master again, as before. Either holds until PlannedEnd; from then on the file's priority counts. Pure.

Not for the address owner: its addresses are its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Mapping, Optional, Tuple, Type

from . import entered
from .events import (
    AdvertReceived,
    Announce,
    Effects,
    Event,
    Notice,
    Notify,
    PlannedEnd,
    PlannedStandBy,
    PlannedTakeOver,
    SendAdvert,
    SetAddresses,
)
from .router import OWNER, Router, State, active_down_interval

Step = Tuple[Router, Effects]

TAKEOVER, STANDBY = 254, 1
"""The priorities of a router that took over and of one that stands by: the most and the least there is to have."""
LEAD = 0.02
"""Seconds from our announcements to the advert that makes the old master let go: what was sent to it still arrives."""
LINGER = 0.05
"""Seconds that a master keeps its addresses after its successor's first advert, which comes before the addresses."""
SETTLE = 0.1
"""Seconds after which a new master announces once more: who asked while two had the address knows the right one."""
FAREWELLS, PATIENCE = 3, 1.5
"""Farewells before a yielding master gives up, the first may have been lost, and the intervals from one to the next:
more than the longest skew time, which each of them starts anew."""


def refusal(router: Router, event: Event) -> str:
    """Why the router cannot do what is asked; '' when it can."""
    if isinstance(event, PlannedEnd):
        return ""
    if router.settings.priority == OWNER:
        return "priority 255 says that the addresses are this host's own: they cannot move by request"
    if isinstance(event, PlannedStandBy):
        return ""
    if router.state not in (State.BACKUP, State.MASTER):
        return f"it is in {router.state.value}" + (f": {router.reason}" if router.reason else "")
    if router.state is State.BACKUP and _heard(router) > (TAKEOVER, router.settings.source):
        what = "is the address owner" if router.master_priority == OWNER else "has priority 254 and a higher address"
        return f"the master {what} and would not step down; ask it to stand by"
    return ""


def _heard(router: Router) -> Tuple[int, bytes]:
    """The rank of the master as last heard; the lowest there is when none was."""
    return router.master_priority, router.master or b""


def _resting_take_over(router: Router, _event: PlannedTakeOver, _now: float) -> Step:
    return replace(router, priority=TAKEOVER, planned=TAKEOVER), ()


# Takeover


def _backup_take_over(router: Router, _event: PlannedTakeOver, now: float) -> Step:
    heard = _heard(router) if router.master is not None else None
    return _make(replace(router, planned=TAKEOVER, priority=TAKEOVER), now, "takeover", heard)


def _make(router: Router, now: float, reason: str, taken_from: Optional[Tuple[int, bytes]]) -> Step:
    """MASTER before the old one knows."""
    settings = router.settings
    made = entered.master(router, now, reason)
    made = replace(
        made,
        deadline=now + LEAD,
        settle_at=now + LEAD + SETTLE,
        # the old master's adverts of these moments are no challenge
        assert_at=now + LEAD + settings.advert_int / 2,
        taken_from=taken_from,
    )
    return made, (
        SetAddresses(settings.addresses),
        Announce(settings.addresses, settings.garp_master_repeat),
        Notify(Notice.MASTER, made.priority),
    )


def _master_take_over(router: Router, _event: PlannedTakeOver, now: float) -> Step:
    raised = replace(router, planned=TAKEOVER, priority=TAKEOVER, master_priority=TAKEOVER)
    raised = replace(raised, farewells=None, let_go_at=None, deadline=now + router.settings.advert_int)
    return raised, (SendAdvert(TAKEOVER),)


# Standby


def _master_stand_by(router: Router, _event: PlannedStandBy, now: float) -> Step:
    if router.farewells is not None:
        return replace(router, planned=STANDBY), ()
    return _yield(replace(router, planned=STANDBY, priority=STANDBY), now)


def _yield(router: Router, now: float) -> Step:
    deadline = now + PATIENCE * router.settings.advert_int
    quiet = replace(router, garp_master_at=None, garp_refresh_at=None, garp_lower_prio_at=None, settle_at=None)
    return replace(quiet, farewells=1, deadline=deadline), (SendAdvert(0),)


def longest_standby(router: Router) -> float:
    """Seconds after which a standby has succeeded or not."""
    return FAREWELLS * PATIENCE * router.settings.advert_int + LINGER


def yielding_advert(router: Router, event: AdvertReceived, now: float) -> Router:
    """A master that waits for its successor hears somebody: any advert but a farewell is the successor's."""
    if event.priority == 0 or router.let_go_at is not None:
        return router
    return replace(router, let_go_at=now + LINGER, deadline=None)


def yielding_timer(router: Router, now: float) -> Step:
    """A successor has had its time to set the addresses: let go. Or nobody came: one more farewell, or stay."""
    settings = router.settings
    if router.let_go_at is not None:
        if now < router.let_go_at:
            return router, ()
        why = "handed back" if router.planned is None else "standby"
        return entered.backup(router, now, why), entered.left(router, Notice.BACKUP)
    if router.deadline is None or now < router.deadline or router.farewells is None:
        return router, ()
    if router.farewells < FAREWELLS:
        deadline = now + PATIENCE * settings.advert_int
        return replace(router, farewells=router.farewells + 1, deadline=deadline), (SendAdvert(0),)
    stays = replace(router, farewells=None, planned=None, priority=router.own, master_priority=router.own)
    refresh = now + settings.garp_master_refresh if settings.garp_master_refresh else None
    stays = replace(stays, deadline=now + settings.advert_int, garp_refresh_at=refresh, reason="nobody took over")
    return stays, (SendAdvert(stays.priority), Announce(settings.addresses, 1))


def _backup_stand_by(router: Router, _event: PlannedStandBy, _now: float) -> Step:
    return _ranked(router, STANDBY, STANDBY), ()


def _ranked(router: Router, priority: int, planned: Optional[int]) -> Router:
    """Another priority in BACKUP: the deadline moves by what that changes."""
    after = replace(router, priority=priority, planned=planned)
    if router.deadline is None:
        return after
    return replace(after, deadline=router.deadline + active_down_interval(after) - active_down_interval(router))


def _resting_stand_by(router: Router, _event: PlannedStandBy, _now: float) -> Step:
    return replace(router, priority=STANDBY, planned=STANDBY), ()


# The end of either


def _resting_end(router: Router, _event: PlannedEnd, _now: float) -> Step:
    return replace(router, priority=router.own, planned=None), ()


def _backup_end(router: Router, _event: PlannedEnd, now: float) -> Step:
    if router.planned is None:
        return router, ()
    after = _ranked(router, router.own, None)
    ours = (after.priority, after.settings.source)
    # the way back without waiting for a down interval: only where the file's own rules would preempt
    if router.master is not None and after.settings.preempt and ours > _heard(router):
        return _make(after, now, "the standby is over", None)
    return after, ()


def _master_end(router: Router, _event: PlannedEnd, now: float) -> Step:
    if router.planned is None:
        return router, ()
    after = replace(router, priority=router.own, planned=None, master_priority=router.own)
    taken = router.taken_from
    # whoever had it and would preempt gets it back without an interval in which nobody has the addresses
    if taken is not None and after.settings.preempt and taken > (after.priority, after.settings.source):
        return _yield(after, now)
    return replace(after, taken_from=None), ()


TABLE: Mapping[Tuple[State, Type[Event]], Callable[[Router, Any, float], Step]] = {
    (State.INIT, PlannedTakeOver): _resting_take_over,
    (State.INIT, PlannedStandBy): _resting_stand_by,
    (State.INIT, PlannedEnd): _resting_end,
    (State.BACKUP, PlannedTakeOver): _backup_take_over,
    (State.BACKUP, PlannedStandBy): _backup_stand_by,
    (State.BACKUP, PlannedEnd): _backup_end,
    (State.MASTER, PlannedTakeOver): _master_take_over,
    (State.MASTER, PlannedStandBy): _master_stand_by,
    (State.MASTER, PlannedEnd): _master_end,
    (State.FAULT, PlannedTakeOver): _resting_take_over,
    (State.FAULT, PlannedStandBy): _resting_stand_by,
    (State.FAULT, PlannedEnd): _resting_end,
}
