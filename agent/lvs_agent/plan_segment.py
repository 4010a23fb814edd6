# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to what is looked for on the segments: virtual routers by interface, real servers. Pure."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Dict, FrozenSet, List, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective
from ansible_collections.lvs.cluster.plugins.module_utils.drill.alone import Router

from . import plan_vrrp

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model


def period(document: model.Document) -> Optional[float]:
    """How often the file wants to have the segment looked at, seconds; None for never."""
    return effective.global_defs(document).segment_watch if document.vrrp_instances else None


def routers(document: model.Document) -> Mapping[str, Tuple[Router, ...]]:
    """By interface. What is not in the adverts counts where it stands on the instance's own interface."""
    found: Dict[str, List[Router]] = {}
    for instance in plan_vrrp.plan(document).instances.values():
        told = tuple(str(ip_address(address)) for address in instance.advertised)
        here = [each for each in instance.addresses if each.interface == instance.interface]
        others = tuple(str(ip_address(each.address)) for each in here if each.address not in instance.advertised)
        if told and instance.interface:
            found.setdefault(instance.interface, []).append(Router(instance.settings.vrid, told, others))
    return {interface: tuple(every) for interface, every in found.items()}


def servers(document: model.Document) -> FrozenSet[str]:
    """Addresses of the real servers, sorry servers left out: those are often the director itself."""
    return frozenset(
        str(ip_address(server.address)) for service in document.virtual_servers for server in service.real_servers
    )
