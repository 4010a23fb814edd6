# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One running virtual router: its state, the bytes it will need, what it counted, and how its effects are done.

Everything a takeover sends is encoded in `prepare`, when the configuration or the interface changed; `execute` only
sends. Nothing here decides: the machine did.
"""

from __future__ import annotations

import errno
import logging
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, Hashable, List, Optional, Tuple, Union

from .control import events
from .link import state as link
from .link.port import Batch, Netlink, batch
from .vrrp import ah, announce, packet, trailer
from .vrrp.events import Announce, Effect, Notify, RemoveAddresses, SendAdvert, SetAddresses
from .vrrp.port import Frames
from .vrrp.router import OWNER, Settings, State, create, wake_at
from .vrrp_place import Place, look, text

if TYPE_CHECKING:
    from .plan_vrrp import Instance
    from .vrrp.port import Wire
    from .vrrp_pacing import Pacer

log = logging.getLogger("lvs-agent")

Bundles = Dict[Tuple[str, int], Frames]
"""Announcements by name and index of the interface."""
_THINGS = (link.Address, link.Route, link.Rule, link.Raised)
LOG_PERIOD = 60.0
"""The same complaint about a peer's packets is logged once in so many seconds, with how often it was seen."""


class VirtualRouter:
    """One vrrp_instance as it runs."""

    def __init__(self, plan: Instance, netlink: Netlink, pacer: Pacer, clock: Callable[[], float]) -> None:
        self.plan, self.clock = plan, clock
        self.place = Place()
        self.router = create(plan.settings)
        self.causes: Tuple[str, ...] = ()  # of FAULT, as the machine was told
        self.wire: Optional[Wire] = None
        self.ear = plan.own.hears[0]
        self.counters: Counter[str] = Counter()
        self.discards: Counter[str] = Counter()
        self.complaints: Dict[str, Tuple[float, int]] = {}
        self._netlink, self._pacer, self._announcer = netlink, pacer, pacer.announcer
        self.since = 0.0  # of the state, seconds since the epoch
        self.sequence = 0  # AH's: the highest sent or heard
        self.identification = 0  # of IP packets that are signed with their header
        self.signed = 0  # auth_hmac's last sequence
        self.marks: trailer.Marks = ()
        self._adverts: Dict[Tuple[int, bytes], bytes] = {}
        self._batches: Dict[Tuple[Hashable, bool], Batch] = {}
        self._frames: Dict[Hashable, Tuple[str, int, bytes]] = {}
        self._all: Dict[bool, Batch] = {}  # every address: to be removed, to be set
        self._bundles: Bundles = {}  # every address announced
        self._links: link.Links = {}

    # where it is

    @property
    def virtual(self) -> frozenset[bytes]:
        """The packed virtual addresses, excluded ones too."""
        return frozenset(address.address for address in self._addresses)

    @property
    def _addresses(self) -> Tuple[link.Address, ...]:
        return self.plan.addresses

    def look(self, links: link.Links) -> Place:
        """What the interface gives now."""
        return look(self.plan, links)

    @property
    def keys(self) -> Tuple[Tuple[str, int, int], ...]:
        """The sockets it hears on; it sends on the first."""
        return tuple((name, self.plan.family, self.plan.protocol) for name in self.plan.own.hears)

    def listen(self, links: link.Links) -> None:
        """Hear on its own interface while that is up, on the one below while it is not: see vrrp_wires."""
        below, *own = self.plan.own.hears
        up = [name for name in own for each in (link.named(links, name),) if each is not None and each.flags & 1]
        self.ear = up[0] if up else below

    def settings(self) -> Settings:
        """The plan's, with the source that the interface gives."""
        return replace(self.plan.settings, source=self.place.source)

    def missing(self, links: link.Links) -> Tuple[link.Address, ...]:
        """Virtual addresses that the kernel has not, though their interface is there; nor one that was set down."""
        own = {device.name for device in self.plan.devices}
        wanted = {address.interface for address in self._addresses}
        there = {each.name: each for each in links.values() if each.name in wanted}
        serving = (each for each in there.values() if each.name not in own or each.flags & link.IFF_UP)
        held = {(each.name, held.address) for each in serving for held in each.addresses}
        tracked = (address for address in self._addresses if address not in self.plan.untracked)
        return tuple(a for a in tracked if a.interface in there and (a.interface, a.address) not in held)

    def restore_routes(self) -> None:
        """Set routes and rules again; those that are there stay as they are."""
        self._apply(self._batch(self.plan.routes, remove=False))

    def restore(self, missing: Tuple[link.Address, ...]) -> None:
        """Somebody took addresses away from a master: set everything again, tell the neighbours."""
        self.counters["addresses_restored"] += len(missing)
        wanted = tuple(each for each in self.plan.settings.addresses if each not in self.plan.untracked)
        self._apply(self._batch(wanted, remove=False))
        if missing:
            self._announce(Announce(missing, 1))

    def prepare(self, links: link.Links) -> None:
        """Encode what is sent in every state that may come: law 7."""
        self._links = links
        self._adverts.clear()
        self._batches.clear()
        self._frames.clear()
        self._all, self._bundles = {}, {}
        if not self.place.source:
            return
        for destination in self._destinations:
            for priority in (self.router.priority, 0):
                self._advert(priority, destination)
        # hashing hundreds of addresses at a takeover would take longer than sending them
        self._all = {remove: self._batch(self.plan.settings.addresses, remove=remove) for remove in (False, True)}
        bases = {device.name: device.base for device in self.plan.devices if device.mac}
        for address in self._addresses:
            interface = link.named(links, address.interface)
            # what a macvlan sends leaves by the interface below, which is up already
            below = link.named(links, bases.get(address.interface, address.interface))
            if interface is None or below is None or len(interface.mac) != 6 or interface.flags & link.IFF_NOARP:
                continue
            frame = announce.frame(interface.mac, address.address)
            self._frames[address] = (below.name, below.index, frame)
            self._announcer.open(below.name, below.index)
        if self.plan.own.vmac:
            self._announcer.open(self.plan.interface, self.place.index)
        self._bundles = self._bundle(self.plan.settings.addresses)

    def expect(self) -> packet.Expect:
        """What packets must be like to be heard by this virtual router."""
        plan = self.plan
        return packet.Expect(
            version=plan.settings.version,
            vrid=plan.settings.vrid,
            source=self.place.source,
            interval=round(plan.settings.advert_int * 100),
            addresses=frozenset(plan.advertised),
            group=plan.group,
            peers=frozenset(plan.peers),
            auth_type=plan.auth_type,
            secret=plan.secret,
            owner=plan.settings.priority == OWNER,
            link_local=bool(plan.advertised) and plan.advertised[0][:2] == b"\xfe\x80",
            ttls=plan.ttls,
            owner_ignores=plan.owner_ignores,
            group_checksum=plan.old_checksum is not False and bool(plan.peers) and plan.family == 4,
        )

    # bytes

    @property
    def _destinations(self) -> Tuple[bytes, ...]:
        return self.plan.peers or (self.plan.group,)

    def _advert(self, priority: int, destination: bytes) -> bytes:
        """The message; with its IP header for IPv4 or a virtual MAC, unless that has to be signed."""
        have = self._adverts.get((priority, destination))
        if have is not None:
            return have
        plan, source = self.plan, self.place.source
        settings = plan.settings
        interval = round(settings.advert_int * 100)
        advert = packet.Advert(settings.version, settings.vrid, priority, interval, plan.advertised, plan.auth_type)
        secret = plan.secret if plan.auth_type == packet.AUTH_PASS else b""
        summed = packet.GROUP4 if plan.old_checksum and plan.family == 4 else destination
        ready = packet.encode(advert, source, summed, secret, checksum_as_v2=plan.checksum_as_v2)
        if plan.family == 4 and not self._signs:
            ready = packet.ip4(ready, source, destination, plan.ttl)
        if plan.own.vmac and not self._signs:
            ready = self._framed(ready, destination)
        self._adverts[priority, destination] = ready
        return ready

    def _framed(self, ready: bytes, destination: bytes) -> bytes:
        """Behind the Ethernet header with the virtual MAC (RFC 9568 7.2), for IPv6 behind the IP header too."""
        plan = self.plan
        if plan.family == 6:
            ready = packet.ip6(ready, self.place.source, destination)
        return packet.ethernet(plan.own.vmac, destination) + ready

    @property
    def _signs(self) -> bool:
        keys = self.plan.keys
        return self.plan.auth_type == packet.AUTH_AH or (keys is not None and keys.mode != trailer.Mode.RECEIVE_ONLY)

    def _signed(self, message: bytes, destination: bytes) -> bytes:
        """One advert as it leaves, signed with the present sequence."""
        plan, source = self.plan, self.place.source
        if plan.auth_type == packet.AUTH_AH:
            self.identification = self.identification % 0xFFFF + 1
            return ah.seal(
                message,
                source,
                destination,
                key=plan.secret,
                sequence=self.sequence,
                identification=self.identification,
                ttl=plan.ttl,
            )
        if plan.keys is None:
            return message
        behind = trailer.sign(plan.keys, message, plan.settings.version, source, self.signed)
        if plan.family == 4:
            return packet.ip4(message + behind, source, destination, plan.ttl)
        return packet.with_trailer6(message, behind, source, destination)

    def _next_sequence(self) -> None:
        """One sequence an advertisement, whatever the number of peers."""
        if self.plan.auth_type == packet.AUTH_AH:
            self.sequence += 1
        elif self.plan.keys is not None:
            self.signed = trailer.following(self.signed, self.clock(), self.plan.keys.window)

    def _batch(self, addresses: Tuple[Hashable, ...], *, remove: bool) -> Batch:
        if addresses is self.plan.settings.addresses and remove in self._all:
            return self._all[remove]
        have = self._batches.get((addresses, remove))
        if have is None:
            indexes = {interface.name: interface.index for interface in self._links.values()}
            wanted = [
                each for each in addresses if isinstance(each, (link.Address, link.Route, link.Rule, link.Raised))
            ]
            have = self._batches[addresses, remove] = batch(wanted, indexes, remove=remove)
        return have

    # effects

    def execute(self, effect: Effect, notify: Callable[[Notify], None]) -> None:
        """Do one; what the world refuses is counted and said, never raised."""
        if isinstance(effect, SendAdvert):
            self._send(effect.priority)
        elif isinstance(effect, SetAddresses):
            self._apply(self._batch(effect.addresses, remove=False))
        elif isinstance(effect, RemoveAddresses):
            gone = frozenset(self._frames[each][2] for each in effect.addresses if each in self._frames)
            self._pacer.forget(self.plan.name, gone)
            self._apply(self._batch(effect.addresses, remove=True))
        elif isinstance(effect, Announce):
            self._announce(effect)
        elif isinstance(effect, Notify):
            notify(effect)

    def _send(self, priority: int) -> None:
        source = self.place.source
        if self.wire is None or not source:
            self.counters["advert_not_sent"] += 1
            return
        if self._signs:
            self._next_sequence()
        for destination in self._destinations:
            ready = self._advert(priority, destination)
            if self._signs:
                ready = self._signed(ready, destination)
                ready = self._framed(ready, destination) if self.plan.own.vmac else ready
            if self.plan.own.vmac:  # its interface is not up before the first advert has left, and down before the last
                refused = self._announcer.send(self.plan.interface, self.place.index, (ready,))
            else:
                refused = self.wire.send(ready, source, destination)
            if refused is not None:
                self.counters[f"send_{errno.errorcode.get(refused, str(refused))}"] += 1
                continue
            self.counters["advert_sent"] += 1
            if priority == 0:
                self.counters["pri_zero_sent"] += 1

    def _apply(self, wanted: Batch) -> None:
        for failure in self._netlink.apply(wanted):
            self.counters["address_errors"] += 1
            log.error("(%s) the kernel refused %s", self.plan.name, failure)

    def _bundle(self, addresses: Tuple[Hashable, ...]) -> Bundles:
        """The announcements of these addresses, by the interface that they leave by."""
        by_link: Dict[Tuple[str, int], List[bytes]] = {}
        for name, index, frame in [self._frames[each] for each in addresses if each in self._frames]:
            by_link.setdefault((name, index), []).append(frame)
        return {place: Frames(frames) for place, frames in by_link.items()}

    def _announce(self, effect: Announce) -> None:
        everything = effect.addresses is self.plan.settings.addresses
        bundles = self._bundles if everything else self._bundle(effect.addresses)
        for _round in range(effect.repeat):  # every address once before any a second time
            for (name, index), frames in bundles.items():
                self._pacer.send(self.plan.name, name, index, frames, self._announced)

    def _announced(self, count: int, refused: Optional[int]) -> None:
        if refused is None:
            self.counters["announcements_sent"] += count
        else:
            self.counters[f"announce_{errno.errorcode.get(refused, str(refused))}"] += 1

    # hearing

    def judge(self, datagram: packet.Datagram, expect: packet.Expect, now: float) -> Optional[packet.Heard]:
        """The advertisement, or None when it was discarded; counted by cause, said once a period."""
        heard = self._authentic(datagram, expect)
        if isinstance(heard, packet.Discard):
            self.discards[heard.value] += 1
            if heard is not packet.Discard.OWN:
                self._complain(heard.value, f"discarded an advert from {text(datagram.source)}", now)
            return None
        self.counters["advert_received"] += 1
        if heard.advert.priority == 0:
            self.counters["pri_zero_received"] += 1
        for note in heard.notes:
            self._complain(note.value, f"odd advert from {text(datagram.source)}", now)
        return heard

    def _authentic(self, datagram: packet.Datagram, expect: packet.Expect) -> Union[packet.Heard, packet.Discard]:
        plan = self.plan
        if datagram.source == self.place.source:
            return packet.Discard.OWN
        if plan.auth_type == packet.AUTH_AH:
            unsealed = ah.unseal(datagram, plan.secret, self.sequence)
            if isinstance(unsealed, packet.Discard):
                return unsealed
            datagram, self.sequence = unsealed
        if plan.keys is not None:
            datagram = packet.cut(datagram, plan.settings.version, trailer.LENGTH)
            refused, self.marks = trailer.verify(
                plan.keys,
                self.marks,
                datagram.payload,
                datagram.trailer,
                version=plan.settings.version,
                source=datagram.source,
                now=self.clock(),
                senders=max(trailer.MULTICAST_SENDERS, len(plan.peers)),
            )
            if refused is not None:
                return refused
        return packet.parse(datagram, expect)

    def late(self, now: float) -> None:
        """Notice a timer of our own that was served late: a busy host, or a process without real-time priority."""
        when = wake_at(self.router)
        if when is not None and now - when > self.plan.settings.advert_int / 2:
            self.counters["late_timer"] += 1
            self._complain("late_timer", f"its own timer was served {now - when:.3f} s late", now)

    def moved(self, before: State) -> None:
        """It came to another state: counted and told."""
        after, self.since = self.router.state, self.clock()
        self.counters["transitions"] += 1
        self.counters["became_master"] += after is State.MASTER
        self.counters["released_master"] += before is State.MASTER
        log.info(events.VRRP_STATE, self.plan.name, before.value, after.value, self.router.reason)

    def _complain(self, cause: str, text: str, now: float) -> None:
        last, unsaid = self.complaints.get(cause, (-LOG_PERIOD, 0))
        if now - last < LOG_PERIOD:
            self.complaints[cause] = (last, unsaid + 1)
            return
        self.complaints[cause] = (now, 0)
        log.warning("(%s) %s: %s%s", self.plan.name, text, cause, f" ({unsaid} more unsaid)" if unsaid else "")

    def status(self, now: float) -> Dict[str, Any]:
        """JSON-able; `since` in seconds of the epoch, durations in seconds."""
        router, settings = self.router, self.plan.settings
        return {
            "state": router.state.value,
            "since": round(self.since, 3),
            "since_seconds": round(now - router.since, 3),
            "reason": router.reason,
            "interface": self.plan.interface,
            "virtual_router_id": settings.vrid,
            "version": settings.version,
            "priority": settings.priority,
            "effective_priority": router.priority,
            "advert_int": settings.advert_int,
            "virtual_ipaddress": [text(address) for address in self.plan.advertised],
            "virtual_ipaddress_excluded": [
                text(address.address) for address in self._addresses if address.address not in self.plan.advertised
            ],
            "source": text(self.place.source),
            "unicast_peer": [text(peer) for peer in self.plan.peers],
            "master": text(router.master or b""),
            "master_priority": router.master_priority,
            "faults": sorted(router.faults),
            "counters": dict(sorted(self.counters.items())),
            "discards": dict(sorted(self.discards.items())),
        }
