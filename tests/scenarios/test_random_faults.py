# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty-four hours of random faults in virtual time: never two masters, never none, longer than the RFC's bounds.

Two to five routers on one segment; loss, partitions, stalled processes, power cuts, graceful stops, lost links, changed
priorities, reloads, planned switches. A bound counts from the last fault on: within hosts that hear one another without loss, two
masters end with the next advertisement, and no master ends with the longest down interval. `LVS_SEED=N` replays one.
A step of the wall clock is not among the faults: the machine's time is monotonic and it knows no other (test_laws); what
a step does to signed adverts is in unit/vrrp/test_trailer.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import Callable, Dict, List

import pytest

from lvs_agent.vrrp.events import (
    ConfigChanged,
    FaultCleared,
    FaultRaised,
    PlannedEnd,
    PlannedStandBy,
    PlannedTakeOver,
    PriorityChanged,
    Shutdown,
)
from lvs_agent.vrrp.router import Settings, State, active_down_interval

from .segment import World, packed

HOURS = 2
SEEDS = [int(os.environ["LVS_SEED"])] if "LVS_SEED" in os.environ else list(range(12))


class Faulty(World):
    """A segment that knows since when nothing was done to it."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.disturbed = 0.0
        self.stretches: Dict[str, float] = {}
        self.worst = {"two masters": 0.0, "no master": 0.0}

    def _measure(self, until: float) -> None:
        """The state held since `now`; a stretch counts only from the last disturbance on."""
        if self.loss:
            self.stretches.clear()
            return
        for island in self.components():
            states = [self.routers[name].state for name in island]
            for what, bad in (
                ("two masters", states.count(State.MASTER) > 1),
                ("no master", bool(states) and State.MASTER not in states),
            ):
                key = f"{what} {sorted(island)}"
                if not bad:
                    self.stretches.pop(key, None)
                    continue
                began = max(self.stretches.setdefault(key, self.now), self.disturbed)
                lasted, bound = until - began, self.bound(what, island)
                self.worst[what] = max(self.worst[what], lasted / bound)
                assert lasted <= bound, f"{what} for {lasted:.3f} s at {until:.3f}, bound {bound:.3f}: {island}"

    def components(self) -> List[List[str]]:
        """Routers that run, are linked, not stalled, and hear one another."""
        able = [n for n in self.routers if self.seats[n].linked and not self.seats[n].paused]
        able = [n for n in able if self.routers[n].state in (State.BACKUP, State.MASTER)]
        islands = self.islands or [frozenset(able)]
        return [found for island in islands if (found := [n for n in able if self.seats[n].host in island])]

    def bound(self, what: str, island: List[str]) -> float:
        routers = [self.routers[name] for name in island]
        if what == "two masters":  # until the stronger one's next advertisement, and one more hop for the answer
            return max(router.settings.advert_int for router in routers) + 3 * self.delay
        longest = max(max(r.active_adver_interval, r.settings.advert_int) for r in routers)
        return max(active_down_interval(replace(r, active_adver_interval=longest)) for r in routers) + 3 * self.delay

    # faults

    def fault(self, rng: random.Random) -> None:
        name = rng.choice(list(self.seats))
        seat, running = self.seats[name], name in self.routers
        hosts = [each.host for each in self.seats.values()]
        faults: List[Callable[[], None]] = [self._heal, lambda: self._lose(rng.choice((0.1, 0.3, 0.6)))]
        rng.shuffle(hosts)
        cut = rng.randrange(1, len(hosts)) if len(hosts) > 1 else 0
        faults.append(lambda: setattr(self, "islands", [frozenset(hosts[:cut]), frozenset(hosts[cut:])]))
        if not running:
            faults += [lambda: self.start(name)] * 4
        elif seat.paused:
            faults += [lambda: self.resume(name)] * 4
        else:
            faults += [
                lambda: self.kill(name),
                lambda: self.pause(name),
                lambda: self._stop(name),
                lambda: self._link(name, not seat.linked),
                lambda: self.give(name, PriorityChanged(rng.randrange(1, 255))),
                lambda: self._reload(name, rng),
                lambda: self.give(name, rng.choice((PlannedTakeOver, PlannedStandBy, PlannedEnd, PlannedEnd))()),
            ]
        rng.choice(faults)()
        self.disturbed = self.now

    def _heal(self) -> None:
        self.islands, self.loss = None, 0.0

    def _lose(self, share: float) -> None:
        self.loss = 0.0 if self.loss else share

    def _stop(self, name: str) -> None:
        self.give(name, Shutdown())
        self.kill(name)

    def _link(self, name: str, up: bool) -> None:
        self.seats[name].linked = up
        self.give(name, FaultCleared("link") if up else FaultRaised("link"))

    def _reload(self, name: str, rng: random.Random) -> None:
        seat, version = self.seats[name], self.seats[name].settings.version
        advert_int = seat.settings.advert_int if version == 2 else rng.choice((0.1, 0.5, 1.0, 2.0))
        seat.settings = replace(seat.settings, priority=rng.randrange(1, 255), advert_int=advert_int)
        self.give(name, ConfigChanged(seat.settings, seat.settings.priority))


@pytest.mark.parametrize("seed", SEEDS)
def test_hours_of_random_faults(seed: int) -> None:
    rng = random.Random(seed)
    world = Faulty(seed)
    version = rng.choice((2, 3))
    interval = 1.0 if version == 2 else rng.choice((0.1, 0.5, 1.0))
    for number in range(rng.randrange(2, 6)):
        world.add(
            f"r{number}",
            Settings(
                name=f"r{number}",
                version=version,
                vrid=51,
                priority=rng.choice((100, 100, 150, 200, 254)),
                advert_int=interval,
                source=packed(f"192.0.2.{rng.randrange(1, 60) * 4 + number}"),
                addresses=("192.0.2.254",),
                preempt=rng.random() < 0.8,
            ),
        )
    for name in world.seats:
        world.start(name)
    end = HOURS * 3600.0
    while world.now < end:
        world.run(min(end, world.now + rng.choice((0.05, 0.5, 2.0, 5.0, 15.0, 60.0))))
        world.fault(rng)
    print(f"seed {seed}: worst shares of the bounds {world.worst}")
