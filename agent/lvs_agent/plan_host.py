# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to what concerns the host rather than one virtual router: what stands in the kernel whoever is
MASTER, settings, delays of interfaces, the pace of announcements. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Iterable, Mapping, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from . import plan_address, plan_devices, plan_routes
from .link.debounce import Delay
from .link.guard import Guard
from .vrrp_pacing import Pace

if TYPE_CHECKING:
    from .link.state import Address, Thing
    from .plan_vrrp import Instance

_DEFAULT_INTERFACE = "eth0"
FILTER = "packet filter"
"""What an instance that does not accept tracks: whether the rules are there."""


def static(document: model.Document) -> Tuple[Thing, ...]:
    """static_ipaddress, static_routes, static_rules."""
    where = effective.global_defs(document).default_interface or _DEFAULT_INTERFACE
    addresses = (plan_address.address(line, line.dev or where) for line in document.static_ipaddress)
    routes = (plan_routes.route(line) for line in document.static_routes)
    rules = (plan_routes.rule(line) for line in document.static_rules)
    return tuple(dict.fromkeys((*addresses, *routes, *rules)))


def watched(document: model.Document, instance: str) -> Tuple[Address, ...]:
    """Static addresses whose loss is a fault of this instance: those of its track_groups."""
    groups = {group.name for group in document.track_groups if instance in (group.group or ())}
    where = effective.global_defs(document).default_interface or _DEFAULT_INTERFACE
    return tuple(
        plan_address.address(line, line.dev or where)
        for line in document.static_ipaddress
        if line.track_group in groups
    )


def settings(document: model.Document, owns: Iterable[plan_devices.Own]) -> Mapping[str, int]:
    """What has to be at least so much below /proc/sys/net."""
    found = dict(plan_devices.settings(owns))
    for block in document.vrrp_instances:
        if block.promote_secondaries and block.interface:
            found[f"ipv4/conf/{block.interface}/promote_secondaries"] = 1
    return found


def guard(document: model.Document, instances: Iterable[Instance]) -> Guard:
    """The addresses that packets are not accepted to, and where the rules stand."""
    glob = effective.global_defs(document)
    return Guard(
        addresses=frozenset(each.address for one in instances if not one.accepts for each in one.addresses),
        table=glob.nftables or "lvs_agent",
        priority=-1 if glob.nftables_priority is None else glob.nftables_priority,
        counters=bool(glob.nftables_counters),
    )


def delays(document: model.Document) -> Mapping[str, Delay]:
    """interface_up_down_delays, by interface; without an up delay it is the down delay."""
    return {
        line.interface: Delay(line.down, line.down if line.up is None else line.up)
        for line in document.interface_up_down_delays
    }


def paces(document: model.Document, interfaces: Iterable[str]) -> Mapping[str, Pace]:
    """Those of these interfaces whose announcements are spaced."""
    found: Dict[str, Pace] = {}
    for interface in interfaces:
        garp, gna = effective.garp_pauses(document, interface)
        if garp or gna:
            found[interface] = Pace(_lane(document, interface), garp, gna)
    return found


def _lane(document: model.Document, interface: str) -> str:
    """Interfaces of one garp_group wait together."""
    for number, group in enumerate(document.garp_groups):
        if interface == group.interface or interface in (group.interfaces or ()):
            return f"garp_group {number}"
    return interface
