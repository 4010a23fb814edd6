# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty-four hours of random faults in virtual time: never two masters, never none, longer than the RFC's bounds.

Two to five routers on one segment; loss, partitions, stalled processes, power cuts, graceful stops, lost links, clocks
set forward and back, changed priorities, reloads, planned switches. A bound counts from the last fault on: within hosts
that hear one another without loss, two masters end with the next advertisement, and no master ends with the longest
down interval. `LVS_SEED=N` replays one.

The machine's time is monotonic and it knows no other (test_laws): a clock matters to signed adverts only (auth_hmac), so
every third seed signs. There, hosts whose clocks differ by more than the window do not hear one another, and a router
that begins again after its clock was set back may not be heard until the clock is where it was.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import Callable, Dict, List, Optional

import pytest

from lvs_agent.vrrp import packet, trailer
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
WINDOW = 30  # seconds that clocks may differ
STEPS = (-3600.0, -20.0, -1.0, 1.0, 20.0, 3600.0)
KEYS = trailer.Keys(((1, bytes(32)),), 1, WINDOW)
SEEDS = [int(os.environ["LVS_SEED"])] if "LVS_SEED" in os.environ else list(range(12))


class Faulty(World):
    """A segment that knows since when nothing was done to it."""

    def __init__(self, seed: int, signed: bool = False) -> None:
        super().__init__(seed)
        self.signed = signed
        self.clocks: Dict[str, float] = {}  # host -> how far its clock is ahead, s
        self.last: Dict[str, int] = {}  # the last sequence of a router since it began
        self.highest: Dict[str, int] = {}  # the highest that it ever sent
        self.marks: Dict[str, trailer.Marks] = {}
        self.disturbed = 0.0
        self.stretches: Dict[str, float] = {}
        self.worst = {"two masters": 0.0, "no master": 0.0}

    def _measure(self, until: float) -> None:
        """The state held since `now`; a stretch counts only from the last disturbance on."""
        if self.loss or any(self._behind(name) for name in self.routers):
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
        return [
            found
            for island in islands
            for clock in sorted({self._hour(n) for n in able})
            if (found := [n for n in able if self.seats[n].host in island and self._hour(n) == clock])
        ]

    def bound(self, what: str, island: List[str]) -> float:
        routers = [self.routers[name] for name in island]
        if what == "two masters":  # until the stronger one's next advertisement, and one more hop for the answer
            return max(router.settings.advert_int for router in routers) + 3 * self.delay
        longest = max(max(r.active_adver_interval, r.settings.advert_int) for r in routers)
        return max(active_down_interval(replace(r, active_adver_interval=longest)) for r in routers) + 3 * self.delay

    # signed adverts

    def _wall(self, name: str) -> float:
        return 1_800_000_000 + self.now + self.clocks.get(name, 0.0)

    def _hour(self, name: str) -> float:
        """Clocks of one hour are within the window of one another, those of two are not; unsigned, nobody looks."""
        return self.signed and round(self.clocks.get(name, 0.0) / 3600)

    def _behind(self, name: str) -> bool:
        """It began again behind what others may have heard of it."""
        return self.last.get(name, 0) < self.highest.get(name, 0) and self._wall(name) < (self.highest[name] >> 32) + 1

    def start(self, name: str) -> None:
        self.last.pop(name, None)
        self.marks.pop(name, None)
        super().start(name)

    def _sealed(self, name: str, datagram: packet.Datagram) -> packet.Datagram:
        if not self.signed:
            return datagram
        sequence = self.last[name] = trailer.following(self.last.get(name, 0), self._wall(name), WINDOW)
        self.highest[name] = max(sequence, self.highest.get(name, 0))
        end = trailer.sign(KEYS, datagram.payload, datagram.payload[0] >> 4, datagram.source, sequence)
        return replace(datagram, payload=datagram.payload + end)

    def _opened(self, name: str, datagram: packet.Datagram) -> Optional[packet.Datagram]:
        if not self.signed:
            return datagram
        message, end = datagram.payload[: -trailer.LENGTH], datagram.payload[-trailer.LENGTH :]
        refused, self.marks[name] = trailer.verify(
            KEYS,
            self.marks.get(name, ()),
            message,
            end,
            version=message[0] >> 4,
            source=datagram.source,
            now=self._wall(name),
            senders=trailer.MULTICAST_SENDERS,
        )
        return None if refused else replace(datagram, payload=message)

    def _step(self, name: str, seconds: float) -> None:
        """Set a clock; never by so much that two hosts are near the edge of the window."""
        ahead = self.clocks.get(name, 0.0) + seconds
        self.clocks[name] = ahead if abs(ahead - 3600 * round(ahead / 3600)) < WINDOW / 2 else 0.0

    # faults

    def fault(self, rng: random.Random) -> None:
        name = rng.choice(list(self.seats))
        seat, running = self.seats[name], name in self.routers
        hosts = [each.host for each in self.seats.values()]
        faults: List[Callable[[], None]] = [self._heal, lambda: self._lose(rng.choice((0.1, 0.3, 0.6)))]
        faults.append(lambda: self._step(name, rng.choice(STEPS)))
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
    world = Faulty(seed, signed=seed % 3 == 0)
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
                source=packed(f"192.0.2.{rng.randrange(1, 50) * 5 + number}"),
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
