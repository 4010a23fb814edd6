# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces whose state counts only after it has lasted (keepalived's interface_up_down_delays). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, Mapping, Optional

from .state import IFF_RUNNING, IFF_UP, Links, named


@dataclass(frozen=True)
class Delay:
    """Seconds that an interface has to be down, or up, before it counts."""

    down: float
    up: float


@dataclass(frozen=True)
class Steady:
    """What counts, and since when the interface has been otherwise."""

    up: bool
    since: Optional[float] = None


Steadies = Mapping[str, Steady]
"""By the interface's name."""
Delays = Mapping[str, Delay]


def steadied(before: Steadies, links: Links, delays: Delays, now: float) -> Dict[str, Steady]:
    """After a look at the interfaces; one seen for the first time, or that comes or goes as a whole, counts at once."""
    after: Dict[str, Steady] = {}
    for name, delay in delays.items():
        interface, old = named(links, name), before.get(name)
        if interface is None:
            continue
        if old is None or old.up is interface.up:
            after[name] = Steady(interface.up)
            continue
        since = now if old.since is None else old.since
        over = now >= since + (delay.up if interface.up else delay.down)
        after[name] = Steady(interface.up) if over else Steady(old.up, since)
    return after


def view(links: Links, steadies: Steadies) -> Links:
    """The interfaces as they count."""
    if all(steady.since is None for steady in steadies.values()):
        return links
    seen = dict(links)
    for index, interface in links.items():
        steady = steadies.get(interface.name)
        if steady is not None and steady.up is not interface.up:
            both = IFF_UP | IFF_RUNNING
            seen[index] = replace(interface, flags=interface.flags | both if steady.up else interface.flags & ~both)
    return seen


def wake_at(steadies: Steadies, delays: Delays) -> Optional[float]:
    """When the next change may count."""
    moments = [
        steady.since + (delays[name].down if steady.up else delays[name].up)
        for name, steady in steadies.items()
        if steady.since is not None
    ]
    return min(moments, default=None)
