# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a virtual router as they are entered: which timers run, what is forgotten. Pure."""

from __future__ import annotations

from dataclasses import replace

from .events import Effects, Notice, Notify, RemoveAddresses
from .router import Router, State, active_down_interval


def resting(router: Router, state: State, now: float, reason: str) -> Router:
    """No timer runs: INIT and FAULT as they are, BACKUP before its deadline is set."""
    return replace(
        router,
        state=state,
        deadline=None,
        garp_master_at=None,
        garp_refresh_at=None,
        garp_lower_prio_at=None,
        garp_extra_at=None,
        preempt_at=None,
        assert_at=None,
        wants_master=False,
        taken_from=None,
        farewells=None,
        let_go_at=None,
        settle_at=None,
        since=now,
        reason=reason,
    )


def backup(router: Router, now: float, reason: str) -> Router:
    """BACKUP, with the whole Active_Down_Interval before it."""
    router = resting(router, State.BACKUP, now, reason)
    return replace(router, deadline=now + active_down_interval(router))


def master(router: Router, now: float, reason: str) -> Router:
    """MASTER, its first advert just sent."""
    settings = router.settings
    delay, refresh = settings.garp_master_delay, settings.garp_master_refresh
    return replace(
        resting(router, State.MASTER, now, reason),
        active_adver_interval=settings.advert_int,
        deadline=now + settings.advert_int,
        garp_master_at=now + delay if delay else None,
        garp_refresh_at=now + delay + refresh if refresh else None,
        garp_extra_at=now + settings.garp_extra if settings.garp_extra else None,
        master=settings.source,
        master_priority=router.priority,
    )


def fault(router: Router, now: float) -> Router:
    """FAULT, for all the causes there are."""
    return resting(router, State.FAULT, now, ", ".join(sorted(router.faults)))


def left(router: Router, notice: Notice) -> Effects:
    """What a master that is none any more does: addresses first, then who wants to know."""
    return RemoveAddresses(router.settings.addresses), Notify(notice, router.priority)
