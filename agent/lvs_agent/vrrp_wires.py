# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets that adverts arrive on: one an interface, family and protocol, shared by every virtual router there.

A router with a macvlan has two: frames from the virtual MAC of another router reach the macvlan alone while it is up,
the interface below while it is down; others reach both, and count once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, Dict, Iterable, List, Optional, Tuple

from .link import state as link
from .vrrp import ah, packet
from .vrrp.port import RECEIVE_BUFFER, Wire

if TYPE_CHECKING:
    from .loop import Loop
    from .vrrp_instance import VirtualRouter

log = logging.getLogger("lvs-agent")

PER_TURN = 64
"""Packets read from one socket in one turn of the loop; a flood must not hold up our own adverts."""
PERIOD = 60.0
"""Seconds between two words about the same unknown virtual router."""
_READ = 0x001  # EPOLLIN
Key = Tuple[str, int, int]
"""Which socket: interface, family, IP protocol."""
Hearers = Dict[int, List[Tuple["VirtualRouter", packet.Expect]]]


class Wires:
    """`heard` is called for every advert that a router accepts."""

    def __init__(self, loop: Loop, heard: Callable[[VirtualRouter, packet.Heard, float], None]) -> None:
        self.unheard = 0  # packets for virtual routers that are not ours, or no packets at all
        self.tell_unknown = False
        self._loop, self._heard = loop, heard
        self._wires: Dict[Key, Wire] = {}
        self._hearers: Dict[Key, Hearers] = {}
        self._buffers: Dict[Key, int] = {}
        self._told: Dict[Tuple[str, int], float] = {}

    def arrange(self, routers: Iterable[VirtualRouter], links: link.Links) -> None:
        """Sockets for these routers, joined to the groups that they use; others are closed."""
        groups: Dict[Key, List[bytes]] = {}
        self._hearers, self._buffers = {}, {}
        there = [router for router in routers if router.place.there]
        for router in there:
            for key in router.keys:
                groups.setdefault(key, []).extend(() if router.plan.peers else (router.plan.group,))
                self._buffers[key] = max(self._buffers.get(key, 0), router.plan.receive_buffer)
                by_vrid = self._hearers.setdefault(key, {})
                by_vrid.setdefault(router.plan.settings.vrid, []).append((router, router.expect()))
        for key, wire in list(self._wires.items()):
            if key not in groups or _index(links, key[0]) != wire.index:
                self._loop.forget(wire.fileno())
                wire.close()
                del self._wires[key]
        for key, wanted in groups.items():
            with_wire = self._open(key, links)
            if with_wire is not None:
                try:
                    with_wire.join(wanted)
                except OSError as error:
                    log.error("%s: no membership of the VRRP group: %s", key[0], error.strerror)
        for router in routers:
            router.wire = self._wires.get(router.keys[0]) if router.place.there else None

    def _open(self, key: Key, links: link.Links) -> Optional[Wire]:
        have, index = self._wires.get(key), _index(links, key[0])
        if have is not None or index is None:
            return have
        try:
            wire = Wire(key[0], index, *key[1:], buffer=self._buffers[key] or RECEIVE_BUFFER)
        except OSError as error:
            log.error("%s: no VRRP socket: %s", key[0], error.strerror)
            return None
        self._wires[key] = wire
        self._loop.watch(wire.fileno(), _READ, lambda _events: self._read(key))
        return wire

    def read(self, router: VirtualRouter) -> None:
        """What waits for a router now."""
        for key in router.keys:
            self._read(key)

    def _read(self, key: Key) -> None:
        wire = self._wires.get(key)
        if wire is None:
            return
        arrived, now = wire.receive(PER_TURN), self._loop.now()  # timers count from here, not from having judged it
        for item in arrived:
            vrid = None if isinstance(item, packet.Discard) else _vrid(item, key)
            hearers = () if vrid is None else self._hearers.get(key, {}).get(vrid, ())
            if not hearers or isinstance(item, packet.Discard):
                self.unheard += 1
                if vrid is not None and self.tell_unknown:
                    self._tell(key[0], vrid)
                continue
            for router, expect in hearers:
                heard = router.judge(item, expect, now) if router.ear == key[0] else None
                if heard is not None:
                    self._heard(router, heard, now)

    def _tell(self, interface: str, vrid: int) -> None:
        """Of a virtual router that is not configured there, once a period."""
        now, last = self._loop.now(), self._told.get((interface, vrid))
        if last is None or now - last >= PERIOD:
            self._told[interface, vrid] = now
            log.info("%s: adverts for the virtual router %d, which is not configured there", interface, vrid)


def _index(links: link.Links, name: str) -> Optional[int]:
    """Of an interface, 0 for any; None while it is not there."""
    interface = link.named(links, name)
    return 0 if not name else None if interface is None else interface.index


def _vrid(datagram: packet.Datagram, key: Key) -> Optional[int]:
    """The virtual router that a datagram names, behind an Authentication Header or not."""
    return packet.vrid_of(datagram.payload[ah.LENGTH :] if key[2] == ah.AH else datagram.payload)
