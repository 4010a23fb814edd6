# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a director worse after a change than before it? Two views compared with what the change is to bring; pure.

Nothing is compared with how it should ideally be: a server that was down before may stay down, a host whose real
servers answered ARP for the virtual address before may have them go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, Iterator, Mapping, NamedTuple, Tuple

NOBODY: FrozenSet[str] = frozenset()
SELF = "this host"
FAULT = "FAULT"
FOREVER = float("inf")
"""Patience with what is judged at the end of the watch only."""


@dataclass(frozen=True)
class View:
    """What a director sees of itself and its segment in one look.

    engine: who runs, '' for nobody. deaths: how often it or a child of it ended by itself. ill: what it says is wrong
    with itself. instances: VRRP state by name, where the engine tells, FAULT with its reasons. holders: who answers on
    an interface for a virtual address, MAC addresses and SELF, by `address interface`. adverts: who advertises a
    virtual router, source addresses by `interface/family/VRID`. up: destinations that take connections, by virtual
    service. local: services that this host is a real server of. reached: whether `address port` answers.
    """

    engine: str = ""
    deaths: int = 0
    ill: Tuple[str, ...] = ()
    instances: Mapping[str, str] = field(default_factory=dict)
    holders: Mapping[str, FrozenSet[str]] = field(default_factory=dict)
    adverts: Mapping[str, FrozenSet[str]] = field(default_factory=dict)
    up: Mapping[str, FrozenSet[str]] = field(default_factory=dict)
    local: FrozenSet[str] = NOBODY
    reached: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """What the new configuration answers for; the rest of a view is of no concern. See View for the keys' forms."""

    engine: str = ""
    addresses: Tuple[str, ...] = ()
    routers: Tuple[str, ...] = ()
    interfaces: Tuple[str, ...] = ()
    servers: Mapping[str, FrozenSet[str]] = field(default_factory=dict)
    probes: Tuple[str, ...] = ()
    advert_int: float = 1.0

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Expected:
        """From JSON."""
        servers = {name: frozenset(each) for name, each in data.get("servers", {}).items()}
        lists = {name: tuple(data.get(name, ())) for name in ("addresses", "routers", "interfaces", "probes")}
        return cls(str(data.get("engine", "")), servers=servers, advert_int=data.get("advert_int", 1.0), **lists)

    def as_json(self) -> Dict[str, Any]:
        """What `of` reads."""
        servers = {name: sorted(each) for name, each in self.servers.items()}
        lists = {name: list(getattr(self, name)) for name in ("addresses", "routers", "interfaces", "probes")}
        return {"engine": self.engine, "servers": servers, "advert_int": self.advert_int, **lists}


class Complaint(NamedTuple):
    """One thing that is worse. patience: seconds in which it may mend itself before the change is taken back."""

    code: str
    text: str
    patience: float


def complaints(before: View, started: View, after: View, expected: Expected) -> Tuple[Complaint, ...]:
    """All that is worse in `after` than in `before`. started: the first look after the change."""
    found = [*_engine(started, after, expected), *_routers(before, after, expected)]
    return (*found, *_services(before, after, expected))


def _engine(started: View, after: View, expected: Expected) -> Iterator[Complaint]:
    if after.engine != expected.engine:
        yield Complaint("engine", f"the engine {expected.engine} does not run", 0.5)
    elif after.deaths > started.deaths:
        yield Complaint("deaths", f"the engine {expected.engine} died and was started again", 0.0)
    for text in after.ill:
        yield Complaint(f"ill {text}", text, 2.0)


def _routers(before: View, after: View, expected: Expected) -> Iterator[Complaint]:
    for name, state in after.instances.items():
        if state.startswith(FAULT) and not before.instances.get(name, "").startswith(FAULT):
            why = state[len(FAULT) :]
            yield Complaint(f"fault {name}", f"vrrp_instance {name} is in FAULT state{why}", 1.5)
    handover = 3 * expected.advert_int + 1.0
    for address in expected.addresses:
        for place, now in sorted(after.holders.items()):
            # On each interface for itself: hosts may answer on one for what they have on another.
            if place.split()[0] == address and len(now) > 1 and len(before.holders.get(place, NOBODY)) <= 1:
                who = " and ".join(sorted(now))
                # A takeover that was asked for is over sooner; this is a second holder.
                yield Complaint(f"holders {place}", f"{place} has two holders: {who}", min(handover, 2.0))
        if holders(before, address) and not holders(after, address):
            yield Complaint(f"holders {address}", f"nobody holds {address} any more", handover)
    for router in expected.routers:
        was, now = before.adverts.get(router, NOBODY), after.adverts.get(router, NOBODY)
        if len(now) > 1 and len(was) <= 1:
            text = f"virtual router {router} has two masters: {' and '.join(sorted(now))}"
            yield Complaint(f"adverts {router}", text, handover)
        elif was and not now:
            yield Complaint(f"adverts {router}", f"nobody advertises virtual router {router} any more", handover)


def holders(view: View, address: str) -> FrozenSet[str]:
    """Who answers for an address, on any interface."""
    return NOBODY.union(*(who for place, who in view.holders.items() if place.split()[0] == address))


def _services(before: View, after: View, expected: Expected) -> Iterator[Complaint]:
    for service, servers in expected.servers.items():
        had, have = before.up.get(service, NOBODY) & servers, after.up.get(service, NOBODY) & servers
        if had and not have:
            yield Complaint(f"up {service}", f"{service} has no server any more, it had {_listed(had)}", 0.3)
        elif had - have:
            yield Complaint(f"up {service}", f"{service} lost {_listed(had - have)}", FOREVER)
    local = before.local | after.local
    for probe in expected.probes:
        address, port = probe.split()
        # A director that is a real server as well may have had its answers of itself.
        if (f"TCP [{address}]:{port}" if ":" in address else f"TCP {address}:{port}") in local:
            continue
        moved = (SELF in holders(before, address)) != (SELF in holders(after, address))
        # Who holds an address of a DR service does not reach it itself: the answer goes to the client that it is.
        if before.reached.get(probe) and not after.reached.get(probe) and not moved:
            yield Complaint(f"probe {probe}", f"{probe} answers no more", 2.5)


def _listed(servers: FrozenSet[str]) -> str:
    first = sorted(servers)[:5]
    return ", ".join(first) + (f" and {len(servers) - len(first)} more" if len(servers) > len(first) else "")
