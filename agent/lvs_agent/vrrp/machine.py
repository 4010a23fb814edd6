# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VRRP state machine: RFC 9568 section 6.4 as one total table, and RFC 3768 section 6.4 with the same table.

`step(router, event, now)` gives the next router and the effects, to be executed in order. Pure: no clock, no socket;
`router.wake_at` tells when TimerExpired is due. The versions differ in Skew_Time, in whose interval counts and in
the answer to a loser, nowhere else. What an operator asks for is planned.py's.
Long because the table and what it names are read together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Mapping, Optional, Tuple, Type

from . import planned
from .entered import backup as _backup
from .entered import fault as _fault
from .entered import left as _left
from .entered import master as _master
from .entered import resting as _resting
from .events import (
    AdvertReceived,
    Announce,
    ConfigChanged,
    Effect,
    Effects,
    Event,
    FaultCleared,
    FaultRaised,
    Notice,
    Notify,
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
from .router import OWNER, Router, State, active_down_interval, skew_time

Step = Tuple[Router, Effects]


def step(router: Router, event: Event, now: float) -> Step:
    """The only way a router changes."""
    if isinstance(event, (PriorityChanged, ConfigChanged)):
        router = replace(router, own=event.priority)
        if router.planned is not None:  # counts again when the operator's wish is over
            if isinstance(event, PriorityChanged):
                return router, ()
            event = replace(event, priority=router.planned)
    return TABLE[router.state, type(event)](router, event, now)


def _ignore(router: Router, _event: Event, _now: float) -> Step:
    return router, ()


def _take_over(router: Router, now: float, reason: str) -> Step:
    # RFC 9568 6.4.1 and 6.4.2: ADVERTISEMENT, then gratuitous ARP or NA per address, Adver_Timer, {Active}
    settings = router.settings
    return _master(router, now, reason), (
        SendAdvert(router.priority),
        SetAddresses(settings.addresses),
        Announce(settings.addresses, settings.garp_master_repeat),
        Notify(Notice.MASTER, router.priority),
    )


# {Initialize}, RFC 9568 6.4.1


def _init_startup(router: Router, event: Startup, now: float) -> Step:
    settings = router.settings
    delay = max(settings.startup_delay, event.delay)
    # addresses that a killed process left behind must not stay beside the master's
    clean = RemoveAddresses(settings.addresses)
    if router.faults:
        return _fault(router, now), (clean, Notify(Notice.FAULT, router.priority))
    owner = router.priority == OWNER
    if owner and not settings.sync and not delay:
        return _take_over(router, now, "owner")
    router = _backup(router, now, "startup")
    wait = active_down_interval(router)
    if owner:
        wait = 0.0
    elif settings.start_master:  # as keepalived: one interval and the least skew, to hear whether there is a master
        wait = settings.advert_int + (1 if settings.version == 2 else settings.advert_int) / 256
    router = replace(router, deadline=now + delay + wait)
    return router, (clean, Notify(Notice.BACKUP, router.priority))


def _init_resume(router: Router, _event: Resume, now: float) -> Step:
    if router.faults:
        return _init_startup(router, Startup(), now)
    settings = router.settings
    return _master(router, now, "resumed"), (  # no Notify: for everyone outside nothing has changed
        SendAdvert(router.priority),
        SetAddresses(settings.addresses),
        Announce(settings.addresses, settings.garp_master_repeat),
    )


def _resting_fault_raised(router: Router, event: FaultRaised, _now: float) -> Step:
    return replace(router, faults=router.faults | {event.cause}), ()


def _init_fault_cleared(router: Router, event: FaultCleared, _now: float) -> Step:
    return replace(router, faults=router.faults - {event.cause}), ()


def _resting_priority(router: Router, event: PriorityChanged, _now: float) -> Step:
    return replace(router, priority=event.priority), ()


def _resting_config(router: Router, event: ConfigChanged, _now: float) -> Step:
    interval = event.settings.advert_int
    return replace(router, settings=event.settings, priority=event.priority, active_adver_interval=interval), ()


# {Backup}, RFC 9568 6.4.2


def _backup_timer(router: Router, _event: TimerExpired, now: float) -> Step:
    if router.deadline is None or now < router.deadline:
        return router, ()
    if router.settings.sync:  # keepalived: the others need time to want it too
        wanting = replace(router, wants_master=True, deadline=now + active_down_interval(router))
        return wanting, (WantMaster(),)
    return _take_over(router, now, "down timer expired")


def _backup_advert(router: Router, event: AdvertReceived, now: float) -> Step:
    settings = router.settings
    if event.priority == 0:
        return replace(router, deadline=now + skew_time(router)), ()
    lower = event.priority < router.priority
    delayed = settings.preempt_delay > 0 and (router.preempt_at is None or now < router.preempt_at)
    # RFC 9568 6.1 Preempt_Mode: the owner preempts whatever it says
    if lower and not delayed and (settings.preempt or router.priority == OWNER):
        return router, ()
    if not lower or settings.preempt_delay <= 0:
        preempt_at = None
    else:
        preempt_at = now + settings.preempt_delay if router.preempt_at is None else router.preempt_at
    router = _heard_master(router, event)
    return replace(router, wants_master=False, preempt_at=preempt_at, deadline=now + active_down_interval(router)), ()


def _heard_master(router: Router, event: AdvertReceived) -> Router:
    # RFC 9568 6.4.2: adopt the master's interval; RFC 3768: packet.parse let only our own through
    interval = event.interval if router.settings.version == 3 else router.settings.advert_int
    return replace(router, active_adver_interval=interval, master=event.source, master_priority=event.priority)


def _backup_fault_raised(router: Router, event: FaultRaised, now: float) -> Step:
    router = _fault(replace(router, faults=router.faults | {event.cause}), now)
    return router, (Notify(Notice.FAULT, router.priority),)


def _backup_priority(router: Router, event: PriorityChanged, _now: float) -> Step:
    changed = _shifted(router, replace(router, priority=event.priority))
    return changed, (Notify(Notice.PRIORITY, event.priority),)


def _backup_config(router: Router, event: ConfigChanged, _now: float) -> Step:
    settings = event.settings
    keeps = settings.version == 3 and router.master is not None  # the interval is the master's, not ours
    interval = router.active_adver_interval if keeps else settings.advert_int
    changed = replace(router, settings=settings, priority=event.priority, active_adver_interval=interval)
    return _shifted(router, replace(changed, wants_master=False)), ()


def _shifted(before: Router, after: Router) -> Router:
    """The deadline moved by what Active_Down_Interval changed; the time already waited still counts."""
    if before.deadline is None:
        return after
    return replace(after, deadline=before.deadline + active_down_interval(after) - active_down_interval(before))


def _backup_take_over(router: Router, _event: TakeOver, now: float) -> Step:
    return _take_over(router, now, "sync group" if router.settings.sync else "asked to take over")


def _backup_stand_by(router: Router, _event: StandBy, _now: float) -> Step:
    return replace(router, wants_master=False), ()


# {Active}, RFC 9568 6.4.3


def _master_timer(router: Router, _event: TimerExpired, now: float) -> Step:
    if router.farewells is not None:
        return planned.yielding_timer(router, now)
    settings, effects = router.settings, []
    if router.deadline is not None and now >= router.deadline:
        if _held_up(router, now):
            return _backup(router, now, "held up too long"), _left(router, Notice.BACKUP)
        effects.append(SendAdvert(router.priority))
        # from the deadline, not from now: lateness must not add up
        following = router.deadline + settings.advert_int
        router = replace(router, deadline=following if following > now else now + settings.advert_int)
    router, announcements = _announce(router, now)
    return router, (*effects, *announcements)


def _held_up(router: Router, now: float) -> bool:
    """timer_expired_backup: nothing was said for as long as another router waits before it takes over."""
    settings = router.settings
    silence = (settings.down_timer_adverts - 1) * settings.advert_int
    return settings.late_stands_by and router.deadline is not None and now - router.deadline >= silence


def _announce(router: Router, now: float) -> Tuple[Router, Effects]:
    settings = router.settings
    effects: Tuple[Effect, ...] = ()
    if router.garp_master_at is not None and now >= router.garp_master_at:
        effects += (Announce(settings.addresses, settings.garp_master_repeat),)
        router = replace(router, garp_master_at=None)
    if router.garp_lower_prio_at is not None and now >= router.garp_lower_prio_at:
        effects += (Announce(settings.addresses, settings.garp_lower_prio_repeat),)
        router = replace(router, garp_lower_prio_at=None)
    if router.settle_at is not None and now >= router.settle_at:
        effects += (Announce(settings.addresses, 1),)
        router = replace(router, settle_at=None)
    if router.garp_refresh_at is not None and now >= router.garp_refresh_at:
        effects += (Announce(settings.addresses, settings.garp_master_refresh_repeat),)
        router = replace(router, garp_refresh_at=now + settings.garp_master_refresh)
    if router.garp_extra_at is not None and now >= router.garp_extra_at:
        effects += (Announce(settings.garp_extra_addresses, 1),)
        router = replace(router, garp_extra_at=now + settings.garp_extra)
    return router, effects


def _master_advert(router: Router, event: AdvertReceived, now: float) -> Step:
    if router.farewells is not None:
        return planned.yielding_advert(_heard_master(router, event) if event.priority else router, event, now), ()
    settings = router.settings
    # a forged flood must not be answered packet by packet: at most two answers an interval
    may_answer = router.assert_at is None or now >= router.assert_at
    if event.priority == 0:
        if not may_answer:
            return router, ()
        answered = replace(router, deadline=now + settings.advert_int, assert_at=now + settings.advert_int / 2)
        return answered, (SendAdvert(router.priority),)
    if _held_up(router, now):
        left = _backup(_heard_master(router, event), now, "held up too long")
        return left, _left(router, Notice.BACKUP)
    ours, theirs = (router.priority, settings.source), (event.priority, event.source)
    if theirs > ours:  # packed addresses compare as unsigned numbers in network order
        router = _heard_master(router, event)
        left = _backup(router, now, f"advert with {_rank(event, router)}")
        farewell: Effects = (SendAdvert(router.priority),) if settings.higher_prio_send_advert else ()
        return left, (*farewell, *_left(router, Notice.BACKUP))
    if theirs == ours or not may_answer:
        return router, ()
    # RFC 9568 6.4.3: discard and assert at once; RFC 3768 6.4.3: discard. Both: after a split the ARP caches may
    # point at the loser
    answer: Effects = (SendAdvert(router.priority),)
    if settings.version == 2 or settings.lower_prio_no_advert:
        answer = ()
    repeat, delay = settings.garp_lower_prio_repeat, settings.garp_lower_prio_delay
    garps: Effects = (Announce(settings.addresses, repeat),) if repeat else ()
    router = replace(
        router,
        assert_at=now + settings.advert_int / 2,
        garp_lower_prio_at=now + delay if repeat and delay else None,
    )
    return router, (*answer, *garps, Notify(Notice.MASTER_RX_LOWER_PRI, router.priority))


def _rank(event: AdvertReceived, router: Router) -> str:
    return "higher priority" if event.priority > router.priority else "equal priority and higher address"


def _master_fault_raised(router: Router, event: FaultRaised, now: float) -> Step:
    # as keepalived: a farewell, so that the next one need not wait for the down timer; a dead link swallows it
    router = _fault(replace(router, faults=router.faults | {event.cause}), now)
    return router, (SendAdvert(0), *_left(router, Notice.FAULT))


def _master_priority(router: Router, event: PriorityChanged, _now: float) -> Step:
    changed = replace(router, priority=event.priority, master_priority=event.priority)
    return changed, (Notify(Notice.PRIORITY, event.priority),)


def _master_config(router: Router, event: ConfigChanged, now: float) -> Step:
    old, new = router.settings, event.settings
    gone = tuple(address for address in old.addresses if address not in new.addresses)
    added = tuple(address for address in new.addresses if address not in old.addresses)
    router = replace(
        router,
        settings=new,
        priority=event.priority,
        farewells=None,
        let_go_at=None,
        active_adver_interval=new.advert_int,
        deadline=now + new.advert_int,
        master=new.source,
        master_priority=event.priority,
        garp_refresh_at=_periodic(router.garp_refresh_at, old.garp_master_refresh, new.garp_master_refresh, now),
        garp_extra_at=_periodic(router.garp_extra_at, old.garp_extra, new.garp_extra, now),
    )
    effects: Effects = (SendAdvert(event.priority),)
    if gone:
        effects += (RemoveAddresses(gone),)
    if added:
        effects += (SetAddresses(added), Announce(added, new.garp_master_repeat))
    return router, effects


def _periodic(due: Optional[float], old: float, new: float, now: float) -> Optional[float]:
    """When what is announced every so often is due, after its period may have changed."""
    if old == new:
        return due
    return now + new if new else None


def _master_stand_by(router: Router, _event: StandBy, now: float) -> Step:
    return _backup(router, now, "sync group"), _left(router, Notice.BACKUP)


# FAULT, keepalived's


def _fault_cleared(router: Router, event: FaultCleared, now: float) -> Step:
    settings = router.settings
    router = replace(router, faults=router.faults - {event.cause}, active_adver_interval=settings.advert_int)
    if router.faults:
        return replace(router, reason=", ".join(sorted(router.faults))), ()
    if router.priority == OWNER and not settings.sync:
        return _take_over(router, now, f"{event.cause} recovered")
    return _backup(router, now, f"{event.cause} recovered"), (Notify(Notice.BACKUP, router.priority),)


def _fault_raised(router: Router, event: FaultRaised, _now: float) -> Step:
    faults = router.faults | {event.cause}
    return replace(router, faults=faults, reason=", ".join(sorted(faults))), ()


# Shutdown in any state


def _shutdown(router: Router, _event: Shutdown, now: float) -> Step:
    # RFC 9568 6.4.2: nothing is sent
    return _resting(router, State.INIT, now, "shutdown"), (Notify(Notice.STOP, router.priority),)


def _master_shutdown(router: Router, _event: Shutdown, now: float) -> Step:
    # RFC 9568 6.4.3: an ADVERTISEMENT with priority 0
    return _resting(router, State.INIT, now, "shutdown"), (SendAdvert(0), *_left(router, Notice.STOP))


TABLE: Mapping[Tuple[State, Type[Event]], Callable[[Router, Any, float], Step]] = {
    (State.INIT, Startup): _init_startup,
    (State.INIT, Resume): _init_resume,
    (State.INIT, Shutdown): _ignore,
    (State.INIT, TimerExpired): _ignore,
    (State.INIT, AdvertReceived): _ignore,
    (State.INIT, FaultRaised): _resting_fault_raised,
    (State.INIT, FaultCleared): _init_fault_cleared,
    (State.INIT, PriorityChanged): _resting_priority,
    (State.INIT, ConfigChanged): _resting_config,
    (State.INIT, TakeOver): _ignore,
    (State.INIT, StandBy): _ignore,
    (State.BACKUP, Startup): _ignore,
    (State.BACKUP, Resume): _ignore,
    (State.BACKUP, Shutdown): _shutdown,
    (State.BACKUP, TimerExpired): _backup_timer,
    (State.BACKUP, AdvertReceived): _backup_advert,
    (State.BACKUP, FaultRaised): _backup_fault_raised,
    (State.BACKUP, FaultCleared): _ignore,
    (State.BACKUP, PriorityChanged): _backup_priority,
    (State.BACKUP, ConfigChanged): _backup_config,
    (State.BACKUP, TakeOver): _backup_take_over,
    (State.BACKUP, StandBy): _backup_stand_by,
    (State.MASTER, Startup): _ignore,
    (State.MASTER, Resume): _ignore,
    (State.MASTER, Shutdown): _master_shutdown,
    (State.MASTER, TimerExpired): _master_timer,
    (State.MASTER, AdvertReceived): _master_advert,
    (State.MASTER, FaultRaised): _master_fault_raised,
    (State.MASTER, FaultCleared): _ignore,
    (State.MASTER, PriorityChanged): _master_priority,
    (State.MASTER, ConfigChanged): _master_config,
    (State.MASTER, TakeOver): _ignore,
    (State.MASTER, StandBy): _master_stand_by,
    (State.FAULT, Startup): _ignore,
    (State.FAULT, Resume): _ignore,
    (State.FAULT, Shutdown): _shutdown,
    (State.FAULT, TimerExpired): _ignore,
    (State.FAULT, AdvertReceived): _ignore,
    (State.FAULT, FaultRaised): _fault_raised,
    (State.FAULT, FaultCleared): _fault_cleared,
    (State.FAULT, PriorityChanged): _resting_priority,
    (State.FAULT, ConfigChanged): _resting_config,
    (State.FAULT, TakeOver): _ignore,
    (State.FAULT, StandBy): _ignore,
    **planned.TABLE,
}
