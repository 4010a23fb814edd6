# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the VRRP child says of itself: the status, ready for JSON. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from .vrrp import group

if TYPE_CHECKING:
    from .vrrp_routers import Routers


def report(routers: Routers) -> Dict[str, Any]:
    """Seconds and counts."""
    now, every = routers.loop.now(), routers.routers
    return {
        "instances": {name: router.status(now) for name, router in every.items()},
        "groups": {
            each.name: {
                "state": group.state({n: every[n].router for n in each.members}).value,
                "members": list(each.members),
            }
            for each in routers.plan.groups
        },
        "mastership": routers.mastership.status(),
        "tracking": routers.tracking.status(),
        "notify_fifo": routers.notices.status(),
        "lateness_seconds": round(routers.loop.lateness, 6),
        "packets_for_others": routers.wires.unheard,
        "reloads": routers.reloads,
    }
