# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a virtual router is: what its interface gives, and what is wrong there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Iterator, List, Tuple

from .link import state as link
from .vrrp.router import OWNER

if TYPE_CHECKING:
    from .plan_vrrp import Instance


@dataclass(frozen=True)
class Place:
    """What the interface gives: where we are. `source` packed, b"" when there is none; not `there`, no socket either.

    `others`: name, index and MAC of the interfaces that virtual addresses and routes are set on, which encoded bytes
    contain.
    """

    index: int = 0
    mac: bytes = b""
    source: bytes = b""
    faults: Tuple[str, ...] = ()
    others: Tuple[Tuple[str, int, bytes], ...] = ()
    there: bool = False


def look(plan: Instance, links: link.Links) -> Place:
    """What the interface gives now."""
    name = plan.interface
    interface = link.named(links, name)
    routes = (each for each in plan.settings.addresses if isinstance(each, link.Route))
    wanted = {address.interface for address in plan.addresses} | {h.interface for r in routes for h in r.hops}
    others = tuple(sorted((each.name, each.index, each.mac) for each in links.values() if each.name in wanted))
    if not name:
        return Place(0, b"", plan.source or b"", tuple(_lacks(plan, links)), others, there=True)
    if interface is None:
        return Place(faults=(f"interface {name} is not there",), others=others)
    faults: List[str] = []
    if not interface.up and plan.track_primary:
        faults.append(f"interface {name} is down")
    faults += [f"interface {each.name} is not there" for each in plan.devices if not link.stands(links, each)]
    own = frozenset(address.address for address in plan.addresses) if plan.settings.priority != OWNER else frozenset()
    speaks = link.named(links, plan.own.hears[0])
    source = plan.source or (link.primary(speaks, plan.family, own) if speaks else None) or b""
    if not source:
        faults.append(f"interface {name} has no address to send from")
    faults += _lacks(plan, links)
    return Place(interface.index, interface.mac, source, tuple(faults), others, there=True)


def _lacks(plan: Instance, links: link.Links) -> Iterator[str]:
    """Faults of its own by what the file asks for."""
    if plan.needs_peer:
        yield "no unicast_peer"
    if not (plan.watched or (plan.track_source and plan.source)):
        return  # looking through all addresses for every router at every change would be a lot
    held = {(each.name, held.address) for each in links.values() for held in each.addresses}
    if plan.track_source and plan.source and plan.source not in {address for _name, address in held}:
        yield f"source address {text(plan.source)} is not there"
    for each in plan.watched:
        if (each.interface, each.address) not in held:
            yield f"static address {text(each.address)} is not there"


def text(address: bytes) -> str:
    """A packed address as it is written; '' for none."""
    return str(ip_address(address)) if address else ""
