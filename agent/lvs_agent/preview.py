# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What loading a file would change in the kernel's IPVS table now: the same plan and the same diff as the checker's."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, List, Tuple

from . import plan_checks
from .ipvs.diff import diff
from .ipvs.port import Ipvs
from .ipvs.table import ServiceKey
from .pool import roster

if TYPE_CHECKING:
    from .ipvs.table import Table


def kernel_table() -> Table:
    """The table of this network namespace. Raises OSError (NoIpvsError when ip_vs is not in the kernel)."""
    with Ipvs() as ipvs:
        return ipvs.dump()


def places(document: Any) -> List[List[Any]]:
    """Every place a document answers for, ready for JSON: [the service's key, [address, port] of a server or None]."""
    found: List[List[Any]] = []
    for service in plan_checks.plan(document).services.values():
        for place in service.services:
            key = list(astuple(place.key))
            found.append([key, None])
            found += ([key, list(destination.key)] for destination in service.destinations.values())
    return found


@dataclass(frozen=True)
class Running:
    """What the configuration in force answers for: services, and servers of them."""

    services: FrozenSet[ServiceKey] = frozenset()
    servers: FrozenSet[Tuple[ServiceKey, Tuple[str, int]]] = frozenset()

    @classmethod
    def of(cls, found: List[List[Any]]) -> Running:
        """From what `places` gives."""
        services = frozenset(ServiceKey(*key) for key, _server in found)
        return cls(services, frozenset((ServiceKey(*key), tuple(server)) for key, server in found if server))


def changes(document: Any, have: Table, running: Running) -> List[str]:
    """One line a change. A server of the running configuration stands as the kernel has it; a new one counts as up,
    as at a reload; what the document no longer names goes. Services of others stay.
    """
    planned = plan_checks.plan(document)
    states: Dict[str, roster.State] = {}
    for name, service in planned.services.items():
        known = plan_checks.known_up(service, have)
        failed = roster.alpha_failed(service.pool.servers)
        if known is not None:
            up = {server: alive or _is_new(service, server, running) for server, alive in known.items()}
            failed = {**plan_checks.failed_checks(service, up)}
        kept = known is not None and not plan_checks.sorry_stands(service, have)
        states[name], _effects = roster.begin(service.pool, failed, kept=kept)
    want = plan_checks.desired(planned, states)
    ours = {key: entry for key, entry in have.items() if key in want or key in running.services}
    return [change.describe() for change in diff(ours, want)]


def _is_new(service: plan_checks.Service, server: str, running: Running) -> bool:
    place = service.destinations[server].key
    return not any((one.key, tuple(place)) in running.servers for one in service.services)
