# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a virtual router was told and what it is: settings, state and the intervals of RFC 9568 6.1 and RFC 3768 6.1.

Values only; machine.py says how they change. Times are seconds of any monotonic clock.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import FrozenSet, Hashable, Optional, Tuple

LEAD = 0.0005
"""Seconds before a backup's timer ends at which it wakes to rehearse the takeover."""
OWNER = 255  # RFC 9568 5.2.4: the priority of the address owner


class State(enum.Enum):
    """keepalived's words; INIT, BACKUP and MASTER are the RFC's Initialize, Backup and Active.

    FAULT is keepalived's own: the router cannot or must not take part and says nothing.
    """

    INIT = "INIT"
    BACKUP = "BACKUP"
    MASTER = "MASTER"
    FAULT = "FAULT"


@dataclass(frozen=True)
class Settings:
    """What a virtual router was told; defaults are keepalived's.

    Times in seconds. `source` is our packed primary address. `addresses` are opaque to the room: compared, and
    handed back in effects. `start_master` is keepalived's `state MASTER`: the first wait is one interval, not three.
    `sync` says that a group decides when this router may become MASTER. `garp_extra_addresses` are announced every
    `garp_extra` seconds. `late_stands_by`: a MASTER that was held up for so long that another one may be gives way.
    """

    name: str
    version: int
    vrid: int
    priority: int
    advert_int: float
    source: bytes
    addresses: Tuple[Hashable, ...]
    preempt: bool = True
    preempt_delay: float = 0.0
    startup_delay: float = 0.0
    start_master: bool = False
    sync: bool = False
    down_timer_adverts: int = 3
    lower_prio_no_advert: bool = False
    higher_prio_send_advert: bool = False
    garp_master_repeat: int = 5
    garp_master_delay: float = 5.0
    garp_master_refresh: float = 0.0
    garp_master_refresh_repeat: int = 1
    garp_lower_prio_repeat: int = 5
    garp_lower_prio_delay: float = 5.0
    garp_extra: float = 0.0
    garp_extra_addresses: Tuple[Hashable, ...] = ()
    late_stands_by: bool = False


@dataclass(frozen=True)
class Router:
    """The whole state of one virtual router. Every `*_at` is a moment of the caller's clock, None when not running.

    `deadline` is the RFC's one timer: Adver_Timer in MASTER, Active_Down_Timer in BACKUP.
    `faults` are the causes that hold the router in FAULT. `master` (packed) and `master_priority` are as last heard.
    `assert_at`: not before this moment is another challenger answered out of turn.
    `priority` is the one in force; `own` what it is without an operator's wish, `planned` what the wish makes of it.
    The rest is planned.py's: `taken_from` is the rank of the living master that a planned takeover replaced,
    `farewells` how many a yielding master has said (None: it does not yield), `let_go_at` when it gives its addresses
    up since somebody else has them, `settle_at` when its successor announces once more.
    """

    settings: Settings
    state: State = State.INIT
    priority: int = 0
    active_adver_interval: float = 0.0
    deadline: Optional[float] = None
    garp_master_at: Optional[float] = None
    garp_refresh_at: Optional[float] = None
    garp_lower_prio_at: Optional[float] = None
    garp_extra_at: Optional[float] = None
    preempt_at: Optional[float] = None
    assert_at: Optional[float] = None
    wants_master: bool = False
    faults: FrozenSet[str] = frozenset()
    master: Optional[bytes] = None
    master_priority: int = 0
    since: float = 0.0
    reason: str = ""
    own: int = 0
    planned: Optional[int] = None
    taken_from: Optional[Tuple[int, bytes]] = None
    farewells: Optional[int] = None
    let_go_at: Optional[float] = None
    settle_at: Optional[float] = None


def create(settings: Settings, priority: Optional[int] = None) -> Router:
    """A router in INIT; `priority` is the effective one when tracking already moved it."""
    priority = settings.priority if priority is None else priority
    return Router(
        settings,
        priority=priority,
        own=priority,
        active_adver_interval=settings.advert_int,  # RFC 9568 6.4.1
    )


def skew_time(router: Router) -> float:
    """Skew_Time in seconds."""
    weight = (256 - router.priority) / 256
    if router.settings.version == 2:  # RFC 3768 6.1: of a second, whatever the interval
        return weight
    return weight * router.active_adver_interval  # RFC 9568 6.1


def active_down_interval(router: Router) -> float:
    """Active_Down_Interval (RFC 3768: Master_Down_Interval) in seconds, with keepalived's down_timer_adverts for 3."""
    return router.settings.down_timer_adverts * router.active_adver_interval + skew_time(router)


def wake_at(router: Router, now: float = math.inf) -> Optional[float]:
    """When TimerExpired is due next, or, as seen from `now`, the rehearsal before it; None when nothing is running."""
    garps = (router.garp_master_at, router.garp_refresh_at, router.garp_lower_prio_at, router.garp_extra_at)
    moments = (router.deadline, router.let_go_at, router.settle_at, *garps)
    when = min((moment for moment in moments if moment is not None), default=None)
    if when is not None and router.state is State.BACKUP and now < when - LEAD:
        return when - LEAD
    return when
