# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPVS table as values: virtual services and their destinations.

A table is a mapping ``{ServiceKey: Entry(service, destinations)}``. It is what the daemon wants, what the kernel
has, and what a save file says; the three are compared by ``diff.py``. No counters live here (``stats.py``), no bytes
(``wire.py``), no text (``save.py``).

Words and numbers are those of ``linux/ip_vs.h``.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple

# Service flags (IP_VS_SVC_F_*). The scheduler flags mean sh-fallback, sh-port (sh) or mh-fallback, mh-port (mh).
F_PERSISTENT = 0x0001
F_HASHED = 0x0002
F_ONEPACKET = 0x0004
F_SCHED1 = 0x0008
F_SCHED2 = 0x0010
F_SCHED3 = 0x0020

# Tunnel encapsulation flags (IP_VS_TUNNEL_ENCAP_FLAG_*).
TUNNEL_NOCSUM = 0x0
TUNNEL_CSUM = 0x1
TUNNEL_REMCSUM = 0x2


class Forward(enum.IntEnum):
    """The forwarding method of a destination (IP_VS_CONN_F_FWD_MASK of its connection flags)."""

    MASQ = 0
    LOCALNODE = 1
    TUN = 2
    DR = 3
    BYPASS = 4


class Tunnel(enum.IntEnum):
    """How a TUN destination's packets are wrapped (IP_VS_CONN_F_TUNNEL_TYPE_*)."""

    IPIP = 0
    GUE = 1
    GRE = 2


@dataclass(frozen=True)
class ServiceKey:
    """What tells one virtual service from another in the kernel.

    ``family`` is AF_INET or AF_INET6. Either ``protocol`` (IPPROTO_TCP, _UDP or _SCTP), ``address`` and ``port``
    (0 = every port) are set, or ``fwmark`` is and the three are 0, '' and 0. IPv6 addresses are brought to their
    canonical form, so that equal addresses are equal keys; OSError where the address is none.
    """

    family: int
    protocol: int = 0
    address: str = ""
    port: int = 0
    fwmark: int = 0

    def __post_init__(self) -> None:
        if ":" in self.address:
            object.__setattr__(self, "address", canonical(self.address))


@dataclass(frozen=True)
class Service:
    """A virtual service without its destinations.

    ``timeout``: persistence in seconds; a service is persistent exactly when it is above 0, so ``flags`` (F_ONEPACKET,
    F_SCHED*) needs no F_PERSISTENT and never has F_HASHED. ``netmask``: prefix length of the persistence granularity,
    whole addresses where nothing is said (above 32 is 32 in IPv4) or nothing persists. A negative one is minus the 32
    bits of an IPv4 mask that is no prefix, which the kernel takes too. ``pe_name``: persistence engine, '' for none.
    """

    key: ServiceKey
    scheduler: str
    flags: int = 0
    timeout: int = 0
    netmask: int = 128
    pe_name: str = ""

    def __post_init__(self) -> None:
        whole = 32 if self.key.family == AF_INET else 128
        if self.timeout and self.flags & F_PERSISTENT:
            object.__setattr__(self, "flags", self.flags & ~F_PERSISTENT)
        if self.netmask > whole or not (self.timeout or self.flags & F_PERSISTENT):
            object.__setattr__(self, "netmask", whole)


@dataclass(frozen=True)
class Destination:
    """A real server of one virtual service.

    ``weight`` 0 takes no new connections. ``upper`` and ``lower`` are the connection thresholds (0 = none). What the
    kernel does not look at is brought to its default, so that equal behaviour is an equal value: the tunnel fields
    count for Forward.TUN only, ``tunnel_port`` for GUE, ``tunnel_flags`` for GUE and GRE. With Forward.TUN the
    address may be of another family than the service's.
    """

    address: str
    port: int
    forward: Forward
    weight: int
    upper: int = 0
    lower: int = 0
    tunnel_type: Tunnel = Tunnel.IPIP
    tunnel_port: int = 0
    tunnel_flags: int = TUNNEL_NOCSUM

    def __post_init__(self) -> None:
        if ":" in self.address:
            object.__setattr__(self, "address", canonical(self.address))
        if self.forward is not Forward.TUN:
            object.__setattr__(self, "tunnel_type", Tunnel.IPIP)
        if self.tunnel_type is not Tunnel.GUE:
            object.__setattr__(self, "tunnel_port", 0)
        if self.tunnel_type is Tunnel.IPIP:
            object.__setattr__(self, "tunnel_flags", TUNNEL_NOCSUM)

    @property
    def family(self) -> int:
        """AF_INET or AF_INET6, as the address says."""
        return AF_INET6 if ":" in self.address else AF_INET

    @property
    def key(self) -> tuple[str, int]:
        """What tells one destination of a service from another in the kernel: address and port."""
        return (self.address, self.port)


class Entry(NamedTuple):
    """One service and its destinations, in the order in which they are made."""

    service: Service
    destinations: tuple[Destination, ...] = ()


Table = Mapping[ServiceKey, Entry]


def table(entries: Iterable[tuple[Service, Iterable[Destination]]]) -> Table:
    """The table of these services, in their order; of two with one key the later stands."""
    return {service.key: Entry(service, tuple(destinations)) for service, destinations in entries}


def canonical(address: str) -> str:
    """The one spelling of an IPv6 address that the kernel's dump is printed in; OSError where it is none."""
    return inet_ntop(AF_INET6, inet_pton(AF_INET6, address))
