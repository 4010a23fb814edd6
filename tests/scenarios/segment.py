# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual routers on simulated segments in virtual time: the pure machine and the real bytes, no clock, no socket."""

from __future__ import annotations

import functools
import heapq
import ipaddress
import itertools
import random
from dataclasses import dataclass, field, replace
from typing import Callable, Dict, FrozenSet, List, Optional, Set, Tuple

from lvs_agent.vrrp import group, packet
from lvs_agent.vrrp.events import (
    AdvertReceived,
    Announce,
    Effect,
    Event,
    Notify,
    RemoveAddresses,
    SendAdvert,
    SetAddresses,
    Startup,
    TimerExpired,
)
from lvs_agent.vrrp.router import Router, Settings, State, create, wake_at


def packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


@dataclass
class Seat:
    """One virtual router of one host on one segment, and what the world saw of it."""

    host: str
    segment: str
    settings: Settings
    alive: bool = False
    linked: bool = True
    paused: bool = False  # the process is stalled: nothing is read, no timer is served
    waiting: List[packet.Datagram] = field(default_factory=list)  # in the socket meanwhile
    holding: Set[object] = field(default_factory=set)
    sent: List[Tuple[float, int]] = field(default_factory=list)
    announced: List[Tuple[float, int]] = field(default_factory=list)
    notices: List[Tuple[float, str]] = field(default_factory=list)
    states: List[Tuple[float, State]] = field(default_factory=list)


class World:
    """Hosts, segments and the one queue of what happens next."""

    def __init__(self, seed: int = 1) -> None:
        self.now = 0.0
        self.delay = 0.001
        self.loss = 0.0
        self.random = random.Random(seed)
        self.seats: Dict[str, Seat] = {}
        self.groups: Dict[str, Tuple[str, ...]] = {}  # seat -> members of its sync group, itself at least
        self.routers: Dict[str, Router] = {}
        self.islands: Optional[List[FrozenSet[str]]] = None  # hosts that can hear one another
        self.two_masters: Dict[str, float] = {}
        self.no_master: Dict[str, float] = {}
        self.no_holder: Dict[str, float] = {}  # nobody has the addresses
        self._queue: List[Tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    # building

    def add(self, name: str, settings: Settings) -> None:
        host, _, segment = name.partition(".")
        self.seats[name] = Seat(host, segment, settings)
        self.groups[name] = (name,)

    def sync(self, names: Tuple[str, ...]) -> None:
        for name in names:
            self.groups[name] = names
            self.seats[name].settings = replace(self.seats[name].settings, sync=True)

    def at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (when, next(self._count), action))

    # what can be done to it

    def start(self, name: str) -> None:
        seat = self.seats[name]
        seat.alive = True
        router = create(seat.settings)
        self.routers[name] = router if seat.linked else replace(router, faults=frozenset({"link"}))
        self.give(name, Startup())

    def kill(self, name: str) -> None:
        """The host is gone: power cut."""
        seat = self.seats[name]
        seat.alive, seat.paused = False, False
        seat.waiting.clear()
        seat.holding.clear()
        seat.states.append((self.now, State.INIT))
        self.routers.pop(name, None)

    def pause(self, name: str) -> None:
        self.seats[name].paused = True

    def resume(self, name: str) -> None:
        """As the child does: what waits in the socket is heard before a late timer is believed."""
        seat = self.seats[name]
        seat.paused, waiting, seat.waiting = False, seat.waiting, []
        for datagram in waiting:
            self._receive(name, datagram)
        if name in self.routers:
            self._wake(name, self.routers[name])

    def give(self, name: str, event: Event) -> None:
        members = {each: self.routers[each] for each in self.groups[name] if each in self.routers}
        if name not in members:
            return
        changed, done = group.step(members, name, event, self.now)
        for each, router in changed.items():
            if router.state is not self.routers[each].state:
                self.seats[each].states.append((self.now, router.state))
            self.routers[each] = router
            self._wake(each, router)
        for each, effect in done:
            self._execute(each, effect)

    def run(self, until: float) -> None:
        while self._queue and self._queue[0][0] <= until:
            when, _, action = heapq.heappop(self._queue)
            self._measure(when)
            self.now = when
            action()
        self._measure(until)
        self.now = until

    # how it goes on

    def _wake(self, name: str, router: Router) -> None:
        when = wake_at(router)
        if when is not None:
            self.at(max(when, self.now), lambda: self._due(name, when))

    def _due(self, name: str, when: float) -> None:
        router = self.routers.get(name)
        if router is not None and wake_at(router) == when and not self.seats[name].paused:
            self.give(name, TimerExpired())

    def _execute(self, name: str, effect: Effect) -> None:
        seat = self.seats[name]
        if isinstance(effect, SendAdvert):
            seat.sent.append((self.now, effect.priority))
            self._send(name, seat, effect.priority)
        elif isinstance(effect, SetAddresses):
            seat.holding.update(effect.addresses)
        elif isinstance(effect, RemoveAddresses):
            seat.holding.difference_update(effect.addresses)
        elif isinstance(effect, Announce):
            seat.announced += [(self.now, len(effect.addresses))] * effect.repeat
        elif isinstance(effect, Notify):
            seat.notices.append((self.now, effect.notice.value))

    def _send(self, name: str, seat: Seat, priority: int) -> None:
        if not seat.linked:
            return
        datagram = self._sealed(name, _datagram(self.routers[name].settings, priority))
        for other, listener in self.seats.items():
            if other == name or listener.segment != seat.segment or self.random.random() < self.loss:
                continue
            if self._hears(seat.host, listener.host):
                self.at(self.now + self.delay, lambda other=other: self._receive(other, datagram))

    def _hears(self, one: str, other: str) -> bool:
        return self.islands is None or any({one, other} <= island for island in self.islands)

    def _receive(self, name: str, datagram: packet.Datagram) -> None:
        seat, router = self.seats[name], self.routers.get(name)
        if router is None or not seat.linked:
            return
        if seat.paused:
            seat.waiting.append(datagram)
            return
        opened = self._opened(name, datagram)
        heard = opened and packet.parse(opened, _expect(router.settings))
        if isinstance(heard, packet.Heard):
            self.give(name, AdvertReceived(heard.advert.priority, heard.advert.interval / 100, heard.source))

    def _sealed(self, name: str, datagram: packet.Datagram) -> packet.Datagram:
        """What leaves for `datagram`; here, nothing is signed."""
        return datagram

    def _opened(self, name: str, datagram: packet.Datagram) -> Optional[packet.Datagram]:
        """What arrives, None when it is refused."""
        return datagram

    # what must never be

    def _measure(self, until: float) -> None:
        """How long, at a stretch, hosts that hear one another had two masters, and a segment had none."""
        for segment in {seat.segment for seat in self.seats.values()}:
            names = [name for name, seat in self.seats.items() if seat.segment == segment]
            masters = [n for n in names if n in self.routers and self.routers[n].state is State.MASTER]
            pairs = itertools.combinations(masters, 2)
            reach = (self._hears(self.seats[a].host, self.seats[b].host) for a, b in pairs)
            rival = any(reach) and all(self.seats[n].linked for n in masters)
            self._stretch(self.two_masters, segment, rival, until)
            self._stretch(self.no_master, segment, not masters, until)
            self._stretch(self.no_holder, segment, not any(self.seats[n].holding for n in names), until)

    def _stretch(self, worst: Dict[str, float], segment: str, bad: bool, until: float) -> None:
        running = f"{segment} running"
        worst[running] = worst.get(running, 0.0) + (until - self.now) if bad else 0.0
        worst[segment] = max(worst.get(segment, 0.0), worst[running])


def _group(settings: Settings) -> bytes:
    return packet.GROUP4 if len(settings.source) == 4 else packet.GROUP6


@functools.lru_cache(maxsize=1000)
def _datagram(settings: Settings, priority: int) -> packet.Datagram:
    addresses = tuple(packed(str(address)) for address in settings.addresses)
    interval = round(settings.advert_int * 100)
    advert = packet.Advert(settings.version, settings.vrid, priority, interval, addresses)
    payload = packet.encode(advert, settings.source, _group(settings))
    return packet.Datagram(settings.source, _group(settings), packet.TTL, payload)


@functools.lru_cache(maxsize=1000)
def _expect(settings: Settings) -> packet.Expect:
    return packet.Expect(
        settings.version,
        settings.vrid,
        settings.source,
        round(settings.advert_int * 100),
        frozenset(packed(str(address)) for address in settings.addresses),
        _group(settings),
        owner=settings.priority == packet.OWNER,
    )
