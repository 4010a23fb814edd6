# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel said about interfaces and their addresses, as values, and how one more message changes it. Pure.

Addresses are packed. port.py hears the kernel; nothing is decided here but what can be read off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import AbstractSet, Dict, Mapping, Optional, Tuple, Union

IFF_UP, IFF_RUNNING, IFF_NOARP = 0x1, 0x40, 0x80
IFA_F_SECONDARY, IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x01, 0x08, 0x40
MACVLAN_PRIVATE, IPVLAN_BRIDGE, IPVLAN_PRIVATE, IPVLAN_VEPA = 1, 0, 1, 2


@dataclass(frozen=True)
class Address:
    """An address to be set: keepalived's line of virtual_ipaddress, resolved. `flags` are IFA_F_*.

    `preferred` is preferred_lft in seconds, None for ever. `broadcast`, `peer` packed.
    """

    address: bytes
    prefixlen: int
    interface: str
    scope: int = 0
    label: str = ""
    broadcast: Optional[bytes] = None
    peer: Optional[bytes] = None
    flags: int = 0
    preferred: Optional[int] = None


@dataclass(frozen=True)
class Hop:
    """Where a route leads: a packed gateway, an interface by name (both may be missing), `weight` among several."""

    gateway: Optional[bytes] = None
    interface: str = ""
    weight: int = 1
    onlink: bool = False
    realms: Optional[int] = None


@dataclass(frozen=True)
class Route:
    """A route to be set. `destination` packed with its `prefixlen` (0 and zeros: default); RT_* and RTN_* numbers.

    `scope` None: the kernel's choice. `metrics` are pyroute2's names of RTAX_* and their numbers.
    `realms` are (source << 16) | destination, `expires` in seconds, `sources` the network of senders (IPv6).
    """

    destination: bytes
    prefixlen: int
    hops: Tuple[Hop, ...] = ()
    table: int = 254
    kind: int = 1
    scope: Optional[int] = None
    protocol: int = 18
    source: Optional[bytes] = None
    priority: Optional[int] = None
    tos: int = 0
    metrics: Tuple[Tuple[str, Union[int, str]], ...] = ()
    realms: Optional[int] = None
    expires: Optional[int] = None
    preference: Optional[int] = None
    sources: Optional[Tuple[bytes, int]] = None


@dataclass(frozen=True)
class Rule:
    """A routing rule to be set; `source` and `destination` are (packed, prefixlen), numbers are FR_ACT_* and others'.

    `family` 4 or 6. `ports` are (first, last).
    """

    family: int
    priority: int
    table: int = 254
    action: int = 1
    source: Optional[Tuple[bytes, int]] = None
    destination: Optional[Tuple[bytes, int]] = None
    iif: str = ""
    oif: str = ""
    mark: Optional[Tuple[int, int]] = None
    tos: int = 0
    invert: bool = False
    ipproto: Optional[int] = None
    sport: Optional[Tuple[int, int]] = None
    dport: Optional[Tuple[int, int]] = None
    suppress_prefixlength: Optional[int] = None
    protocol: int = 18
    suppress_group: Optional[int] = None
    realms: Optional[int] = None
    tunnel: Optional[int] = None
    users: Optional[Tuple[int, int]] = None
    l3mdev: bool = False
    goto: Optional[int] = None


@dataclass(frozen=True)
class Device:
    """An interface of our own on `base`: a macvlan with `mac` in private mode, or an ipvlan (`mac` empty).

    `mode` is a macvlan's MACVLAN_MODE_*, an ipvlan's IPVLAN_F_*; `group` the kernel's interface group.
    """

    name: str
    base: str
    mac: bytes = b""
    mode: int = MACVLAN_PRIVATE
    group: int = 0

    @property
    def kind(self) -> str:
        """As the kernel names it."""
        return "macvlan" if self.mac else "ipvlan"


@dataclass(frozen=True)
class Raised:
    """An interface is up, by its name."""

    interface: str


Thing = Union[Address, Route, Rule, Device, Raised]
"""What a virtual router may bring with it, or have as long as it exists."""


@dataclass(frozen=True)
class Held:
    """An address as the kernel has it."""

    address: bytes
    prefixlen: int
    scope: int
    flags: int


@dataclass(frozen=True)
class Interface:
    """An interface as the kernel has it; `flags` are IFF_*, IFF_RUNNING being carrier and operational state.

    `kind` is the driver's name where the kernel tells it (macvlan, vrf), `base` the index of what it stands on.
    """

    index: int
    name: str
    flags: int
    mac: bytes
    mtu: int
    addresses: Tuple[Held, ...] = ()
    kind: str = ""
    base: int = 0

    @property
    def up(self) -> bool:
        """Set up by the administrator, and with a carrier."""
        return self.flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING


@dataclass(frozen=True)
class LinkSeen:
    """An interface is there, new or changed."""

    index: int
    name: str
    flags: int
    mac: bytes
    mtu: int
    kind: str = ""
    base: int = 0


@dataclass(frozen=True)
class LinkGone:
    """An interface is there no more."""

    index: int


@dataclass(frozen=True)
class AddressSeen:
    """An address is there, new or changed."""

    index: int
    held: Held


@dataclass(frozen=True)
class AddressGone:
    """An address is there no more."""

    index: int
    address: bytes
    prefixlen: int


@dataclass(frozen=True)
class RouteGone:
    """A route that the kernel did not make itself, or a rule, is there no more; of no interface."""

    index: int = 0


News = Union[LinkSeen, LinkGone, AddressSeen, AddressGone, RouteGone]
Links = Mapping[int, Interface]
"""Interfaces by index."""


def lacks_routes(links: Links, news: News) -> bool:
    """Whether routes or rules are gone, by one message that is not in `links` yet.

    The kernel says nothing of routes that go with an interface that is set down: one that comes up has none, and it may
    be up again when its going down is read (net/ipv4/fib_frontend.c, fib_disable_ip).
    """
    if isinstance(news, LinkSeen):
        before = links.get(news.index)
        return bool(news.flags & IFF_UP) and not (before is not None and before.flags & IFF_UP)
    return isinstance(news, RouteGone)


def apply(links: Links, news: News) -> Dict[int, Interface]:
    """`links` after one message; news about an unknown interface's addresses changes nothing."""
    changed = dict(links)
    old = changed.get(news.index)
    if isinstance(news, LinkSeen):
        addresses = old.addresses if old else ()
        changed[news.index] = Interface(
            news.index, news.name, news.flags, news.mac, news.mtu, addresses, news.kind, news.base
        )
    elif isinstance(news, LinkGone):
        changed.pop(news.index, None)
    elif old is not None and not isinstance(news, RouteGone):
        key = _key(news.held) if isinstance(news, AddressSeen) else (news.address, news.prefixlen)
        position = next((at for at, held in enumerate(old.addresses) if _key(held) == key), None)
        addresses = old.addresses
        if isinstance(news, AddressGone):
            addresses = tuple(held for held in addresses if _key(held) != key)
        elif position is None:
            addresses = (*addresses, news.held)
        else:  # the order is the kernel's, and the first one is the primary address
            addresses = (*addresses[:position], news.held, *addresses[position + 1 :])
        changed[news.index] = replace(old, addresses=addresses)
    return changed


def _key(held: Held) -> Tuple[bytes, int]:
    return held.address, held.prefixlen


def named(links: Links, name: str) -> Optional[Interface]:
    """The interface of that name, if there is one now."""
    return next((interface for interface in links.values() if interface.name == name), None)


def stands(links: Links, device: Device) -> bool:
    """Whether that interface of our own is there as it has to be."""
    have, base = named(links, device.name), named(links, device.base)
    if have is None or base is None or (have.kind, have.base) != (device.kind, base.index):
        return False
    return not device.mac or have.mac == device.mac


def primary(interface: Interface, family: int, virtual: AbstractSet[bytes]) -> Optional[bytes]:
    """The address that adverts come from (RFC 9568 7.2): never a virtual one.

    IPv4: the first that is not secondary. IPv6: a link-local one that is usable. None: there is none.
    """
    for held in interface.addresses:
        if held.address in virtual or len(held.address) != (4 if family == 4 else 16):
            continue
        if family == 4 and not held.flags & IFA_F_SECONDARY:
            return held.address
        usable = not held.flags & (IFA_F_DADFAILED | IFA_F_TENTATIVE)
        if family == 6 and held.address[0] == 0xFE and held.address[1] & 0xC0 == 0x80 and usable:
            return held.address
    return None
