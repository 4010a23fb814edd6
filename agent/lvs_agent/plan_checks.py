# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to what the checker child runs: checks, pools, and the IPVS table they make together. Pure.

One Service here is one virtual_server block. It makes one service in the kernel, or with a group one for each address
and mark of it; its pool and its checks are the same for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import (
    TYPE_CHECKING,
    Callable,
    Dict,
    FrozenSet,
    Hashable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Set,
    Tuple,
)

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model
from ansible_collections.lvs.cluster.plugins.module_utils.conf.findings import ERROR, WARNING, Finding

from . import plan_paths
from .ipvs import table as ipvs
from .plan_checkers import CheckKey, Real, checks_of, undone
from .plan_services import forwarding, kernel_services
from .pool import roster

if TYPE_CHECKING:
    from .checks.port import Check
    from .checks.scheduler import Schedule


@dataclass(frozen=True)
class Service:
    """One virtual_server: its name as keepalived logs it, the block, its services in the kernel, its pool.

    destinations: by server key the destination with the configured weight; the port of DR and TUN servers is the
    service's. real_servers: the blocks, by server key, for notifications. paths: the private services that checks by
    the way of the data go through.
    """

    name: str
    block: model.VirtualServer
    services: Tuple[ipvs.Service, ...]
    pool: roster.Pool
    destinations: Mapping[str, ipvs.Destination]
    real_servers: Mapping[str, model.RealServer]
    paths: Tuple[ipvs.Entry, ...] = ()

    @property
    def awaits(self) -> FrozenSet[str]:
        """The addresses one of which has to be on this host for its checks to be made; none: they always are."""
        if not self.block.ha_suspend or any(place.key.fwmark for place in self.services):
            return frozenset()
        return frozenset(place.key.address for place in self.services)

    @property
    def keys(self) -> List[ipvs.ServiceKey]:
        """All that it has in the kernel."""
        return [*(place.key for place in self.services), *(entry.service.key for entry in self.paths)]


Checks = Dict[CheckKey, Tuple["Schedule", "Check"]]


class Made(NamedTuple):
    """What one virtual_server was made into, with services in the kernel that another may own; its checks."""

    service: Service
    checks: Checks


@dataclass(frozen=True)
class Plan:
    """All of a document that concerns the checker child.

    basis, made: what a next plan goes on from, all that is no virtual_server, and what each of these was made into.
    """

    services: Mapping[str, Service]
    checks: Mapping[CheckKey, Tuple[Schedule, Check]]
    basis: object = field(default=None, compare=False, repr=False)
    made: Mapping[str, Made] = field(default_factory=dict, compare=False, repr=False)


def plan(
    document: model.Document, script_user: Optional[model.UserGroup] = None, before: Optional[Plan] = None
) -> Plan:
    """The plan of a document. script_user: who runs MISC_CHECK scripts that name nobody (None: the daemon's own).

    before: the plan before this one; of blocks that are still the same objects what they were made into stands.
    """
    basis = (replace(document, virtual_servers=()), script_user)
    known = before.made if before is not None and before.basis == basis else {}
    made: Dict[str, Made] = {}
    services: Dict[str, Service] = {}
    checks: Checks = {}
    groups: Dict[str, int] = {}
    taken: Set[ipvs.ServiceKey] = set()
    marks: Set[int] = set()
    for block in document.virtual_servers:
        number = groups.get(block.group or "", 0)
        groups[block.group or ""] = number + 1
        found = known.get(service_name(block, number))
        # a mark of a private service depends on those that were taken before
        if found is None or found.service.block is not block or found.service.paths:
            own_checks: Checks = {}
            service = _service(document, block, number, own_checks, script_user, marks)
            found = Made(service, own_checks) if service is not None else None
        if found is None or found.service.name in services:
            continue
        service = found.service
        made[service.name] = found
        # Only now: a check of a virtual server that is left out would tell its verdicts to a pool without its server.
        checks.update(found.checks)
        # A service of the kernel has one owner: the first that names it.
        own = tuple(place for place in service.services if place.key not in taken)
        taken.update(place.key for place in own)
        whole = len(own) == len(service.services)
        services[service.name] = service if whole else replace(service, services=own)
    return Plan(services, checks, basis, made)


def desired(planned: Plan, states: Mapping[str, roster.State], now: float = 0.0) -> ipvs.Table:
    """The table that these pools want, in the order of the configuration."""
    entries = (entry for name in states for entry in entries_of(planned.services[name], states[name], now))
    return ipvs.table((entry.service, entry.destinations) for entry in entries)


def entries_of(service: Service, state: roster.State, now: float = 0.0) -> Iterator[ipvs.Entry]:
    """What one virtual_server wants in the kernel."""
    seats = roster.roster(service.pool, state, now)
    for place in service.services:
        yield ipvs.Entry(place, tuple(_seated(service, place.key, seat) for seat in seats))
    yield from service.paths


def starting_states(planned: Plan) -> Dict[str, roster.State]:
    """The pools as they are before any check ran and with nothing known: what a first start puts into the kernel."""
    return {
        name: roster.begin(service.pool, roster.alpha_failed(service.pool.servers))[0]
        for name, service in planned.services.items()
    }


def known_up(
    service: Service, have: ipvs.Table, out: Callable[[str, int], Optional[bool]] = lambda _address, _port: None
) -> Optional[Dict[str, bool]]:
    """What the kernel's table says of the servers, for adoption; None when it has nothing of this virtual server, or
    only servers that its file does not name: then it begins as a new one, and is not empty until checks succeed.

    A server that is there and takes connections counts as up, one that is not there or inhibited as down. Of one that
    is drained (out: as Drains.out) the table does not tell: it has no weight, and is not there beyond its deadline. It
    counts as up, as it did for the quorum.
    """
    places = [place for place in service.services if place.key in have]
    if not places:
        return None
    key = places[0].key
    there = {found.key: found.weight for found in have[key].destinations}
    known: Dict[str, bool] = {}
    named = False
    for server in service.pool.servers:
        wanted = _placed(service, key, str(server.key))
        weight = there.get(wanted.key)
        drained = out(wanted.address, wanted.port)
        serves = weight is not None and (weight > 0 or drained is False or not server.inhibit or not wanted.weight)
        known[str(server.key)] = serves or bool(drained)
        named = named or weight is not None
    return known if named or not there or sorry_stands(service, have) else None


def sorry_stands(service: Service, have: ipvs.Table) -> bool:
    """Whether the kernel's table has the sorry server in the place of servers: the quorum was lost."""
    key = next((place.key for place in service.services if place.key in have), None)
    if key is None or service.pool.sorry is None:
        return False
    wanted = _placed(service, key, f"sorry {service.pool.sorry}").key
    return any(found.key == wanted and found.weight > 0 for found in have[key].destinations)


def _placed(service: Service, key: ipvs.ServiceKey, server: str) -> ipvs.Destination:
    destination = service.destinations[server]
    if service.block.group is not None and destination.forward is not ipvs.Forward.MASQ:
        return replace(destination, port=key.port)
    return destination


def _seated(service: Service, key: ipvs.ServiceKey, seat: roster.Seat) -> ipvs.Destination:
    name = f"sorry {seat.server}" if seat.sorry else str(seat.server)
    placed = _placed(service, key, name)
    return placed if placed.weight == seat.weight else replace(placed, weight=seat.weight)


def _service(
    document: model.Document,
    block: model.VirtualServer,
    number: int,
    checks: Checks,
    script_user: Optional[model.UserGroup],
    marks: Set[int],
) -> Optional[Service]:
    services = tuple(kernel_services(document, block))
    name = service_name(block, number)
    destinations: Dict[str, ipvs.Destination] = {}
    real_servers: Dict[str, model.RealServer] = {}
    servers: List[roster.Server] = []
    paths: List[ipvs.Entry] = []
    for real_server in block.real_servers:
        port = effective.real_server_port(block, real_server)
        key = server_name(block, real_server.address, port)
        if key in real_servers:
            continue
        real_servers[key] = real_server
        weight = effective.weight(block, real_server)
        destinations[key] = ipvs.Destination(
            real_server.address,
            port,
            weight=weight,
            upper=real_server.uthreshold or 0,
            lower=real_server.lthreshold or 0,
            **forwarding(effective.forwarding(block, real_server)),
        )
        mark = plan_paths.mark(name, key, marks)
        own = dict(checks_of(Real(document, block, real_server, script_user, mark), name, key))
        checks.update(own)
        private = plan_paths.entries((check for _schedule, check in own.values()), mark, destinations[key])
        paths += private
        marks.update(entry.service.key.fwmark for entry in private)
        alpha = frozenset(key for key, (schedule, _check) in own.items() if schedule.alpha) or roster.NONE
        inhibit = effective.inhibit_on_failure(block, real_server)
        servers.append(roster.Server(key, weight, inhibit, frozenset(own), alpha))
    if not servers or not services:
        return None
    sorry = _sorry(block, destinations)
    quorum, hysteresis = effective.quorum(block)
    pool = roster.Pool(
        tuple(servers),
        quorum,
        hysteresis,
        sorry,
        bool(block.sorry_server_inhibit),
        bool(block.omega),
        bool(effective.global_defs(document).rs_init_notifies),
        block.floor or 0,
        block.slow_start or 0.0,
    )
    return Service(name, block, services, pool, destinations, real_servers, tuple(paths))


def _sorry(block: model.VirtualServer, destinations: Dict[str, ipvs.Destination]) -> Optional[str]:
    if block.sorry_server is None:
        return None
    port = effective.sorry_server_port(block)
    key = server_name(block, block.sorry_server.address, port)
    method = forwarding(effective.sorry_forwarding(block))
    destinations[f"sorry {key}"] = ipvs.Destination(block.sorry_server.address, port, weight=1, **method)
    return key


def service_name(block: model.VirtualServer, number: int = 0) -> str:
    """A virtual server as keepalived logs it. number: which user of a group it is."""
    if block.group is not None:
        return f"[{block.group}]:{number}"
    if block.fwmark is not None:
        return f"FWM {block.fwmark}"
    return server_name(block, block.address or "", block.port or 0)


def server_name(block: model.VirtualServer, address: str, port: int) -> str:
    """An address of a virtual server as keepalived logs it: [192.0.2.1]:tcp:80."""
    shown = ip_address(address) if ":" in address else address  # of IPv4 there is one spelling
    return f"[{shown}]:{(effective.protocol(block) or 'none').lower()}:{port}"


def failed_checks(service: Service, known: Mapping[str, bool]) -> Dict[Hashable, FrozenSet[Hashable]]:
    """For adoption: a server that counts as down has all its checks failed; one without checks is always up."""
    return {item.key: frozenset() if known[str(item.key)] else item.checks for item in service.pool.servers}


def unsupported(document: model.Document, path: str) -> List[Finding]:
    """What the file says and the checker child does not do: an error where a protection would be off silently."""
    findings: List[Finding] = []
    made = {line.name for one in document.vrrp_instances for line in one.track_file}  # by the VRRP child
    made |= {line.name for group in document.vrrp_sync_groups for line in group.track_file}
    findings += (
        _finding(path, WARNING, f"track_file {item.name}: init_file is not done, the file has to be there")
        for item in document.track_files
        if item.init_file is not None and item.name not in made
    )
    for block in document.virtual_servers:
        name = service_name(block)
        for real_server in block.real_servers:
            place = f"virtual_server {name}, real_server {real_server.address}"
            real = Real(document, block, real_server, None)
            for declared in real_server.checks:
                findings += (_finding(path, ERROR, f"{place}: {text}") for text in undone(real, declared))
    return findings


def _finding(path: str, level: str, message: str) -> Finding:
    return Finding(level, "unsupported", message, "engine keepalived does it; or leave it out", path, 1, 0, "")
