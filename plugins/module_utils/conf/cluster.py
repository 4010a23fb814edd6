# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The files of all directors beside one another: what must be the same is the same, what must differ differs.

Virtual routers are matched by VRID and family (their names and interfaces may differ), virtual servers by what they
are (address and port, mark, or group, with the protocol). Each file is taken to be sound by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Optional

from . import effective, model
from .findings import ERROR, WARNING
from .mapping_values import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Router = tuple[int, int]


@dataclass(frozen=True)
class ClusterFinding:
    """One disagreement. directors: the names of the files it is about, the first is the one to look at."""

    level: str
    code: str
    message: str
    help: str
    directors: tuple[str, ...]

    def render(self) -> str:
        """`director, director: level[code]: message`, and a help line. No newline at the end."""
        text = f"{', '.join(self.directors)}: {self.level}[{self.code}]: {self.message}"
        return f"{text}\n  help: {self.help}" if self.help else text


def check(
    documents: Mapping[str, model.Document], networks: Optional[Mapping[str, Mapping[str, Sequence[str]]]] = None
) -> tuple[ClusterFinding, ...]:
    """Every disagreement between the directors of one cluster, by name.

    networks: the networks (address/length) of the interfaces of each director, when they are known.
    """
    found: list[ClusterFinding] = []
    if len(documents) > 1:
        found += _routers(documents)
        found += _sync_groups(documents)
        found += _virtual_servers(documents)
        found += _sync_daemons(documents)
    for name, document in documents.items():
        found += _gateways(name, document)
        found += _subnets(name, document, (networks or {}).get(name))
    return tuple(found)


def _by_router(document: model.Document) -> dict[Router, model.VrrpInstance]:
    found: dict[Router, model.VrrpInstance] = {}
    for one in document.vrrp_instances:
        if one.virtual_router_id is not None:
            found.setdefault((one.virtual_router_id, effective.family(one)), one)
    return found


def _title(router: Router) -> str:
    return f"VRID {router[0]} (IPv{router[1]})"


def _routers(documents: Mapping[str, model.Document]) -> Iterator[ClusterFinding]:
    routers = {name: _by_router(document) for name, document in documents.items()}
    for router in sorted({router for known in routers.values() for router in known}):
        having = {name: known[router] for name, known in routers.items() if router in known}
        lacking = tuple(name for name in documents if name not in having)
        if lacking:
            message = f"{_title(router)} is on {', '.join(having)} only"
            yield ClusterFinding(WARNING, "router-missing", message, "nobody takes over from there", lacking)
        first, *others = having
        for other in others:
            yield from _same_router(documents, router, first, other, having)
        if others:
            yield from _election(router, having)
            yield from _peers(router, having)
            yield from _tracking(documents, router, having)


def _same_router(
    documents: Mapping[str, model.Document],
    router: Router,
    first: str,
    other: str,
    having: Mapping[str, model.VrrpInstance],
) -> Iterator[ClusterFinding]:
    """What a backup must have as its master has it, to hear it and to take its place."""
    one, two = having[first], having[other]
    both = (other, first)
    version = effective.version(documents[first], one), effective.version(documents[other], two)
    if version[0] != version[1]:
        message = f"{_title(router)}: VRRP version {version[1]} here, {version[0]} on {first}"
        yield ClusterFinding(ERROR, "version-differs", message, "each would think it is alone", both)
        return
    interval = effective.advert_int(documents[first], one), effective.advert_int(documents[other], two)
    if interval[0] != interval[1]:
        # RFC 9568: version 3 backups follow the master's interval; version 2 drops other intervals
        level = ERROR if version[0] == 2 else WARNING
        message = f"{_title(router)}: advert_int {interval[1]:g} here, {interval[0]:g} on {first}"
        yield ClusterFinding(level, "advert-int-differs", message, "write the same on all", both)
    if _secrets(one) != _secrets(two):
        message = f"{_title(router)}: authentication is not that of {first}"
        help_text = "type, password, keys and active_key are the same on all directors"
        yield ClusterFinding(ERROR, "authentication-differs", message, help_text, both)
    for word in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
        mine, theirs = _addresses(two, word), _addresses(one, word)
        if mine != theirs:
            more, less = sorted(mine - theirs), sorted(theirs - mine)
            parts = [f"only here {', '.join(more)}"] if more else []
            parts += [f"only on {first} {', '.join(less)}"] if less else []
            message = f"{_title(router)}: {word} is not that of {first}: {'; '.join(parts)}"
            yield ClusterFinding(ERROR, "addresses-differ", message, "a takeover would lose or add addresses", both)
    if bool(one.unicast_peer) != bool(two.unicast_peer):
        here = "unicast" if two.unicast_peer else "multicast"
        message = f"{_title(router)}: {here} here, not on {first}"
        yield ClusterFinding(ERROR, "unicast-differs", message, "they would not hear one another", both)


def _secrets(instance: model.VrrpInstance) -> Any:
    given, signed = instance.authentication, instance.auth_hmac
    password = (given.auth_type, (given.auth_pass or "")[:8]) if given is not None else None
    keys = (signed.active_key, frozenset(signed.keys)) if signed is not None else None
    return password, keys


def _addresses(instance: model.VrrpInstance, word: str) -> set[str]:
    return {item.address for item in getattr(instance, word)}


def _election(router: Router, having: Mapping[str, model.VrrpInstance]) -> Iterator[ClusterFinding]:
    """One intended master, and an order among the others."""
    seen: dict[int, str] = {}
    for name, instance in having.items():
        priority = effective.priority(instance)
        if priority in seen:
            message = f"{_title(router)}: priority {priority} is that of {seen[priority]} too"
            help_text = "who is master would depend on addresses: write different priorities"
            yield ClusterFinding(ERROR, "same-priority", message, help_text, (name, seen[priority]))
        seen.setdefault(priority, name)
    masters = tuple(name for name, instance in having.items() if instance.state == "MASTER")
    if len(masters) > 1:
        message = f"{_title(router)}: state MASTER on several directors"
        yield ClusterFinding(WARNING, "two-masters", message, "write state BACKUP on all but one", masters)
    elif masters and effective.priority(having[masters[0]]) < max(seen):
        message = f"{_title(router)}: state MASTER, but {seen[max(seen)]} has the highest priority"
        yield ClusterFinding(WARNING, "master-is-not-highest", message, "it would be master for a moment", masters)
    preempting = {bool(effective.nopreempt(instance)) for instance in having.values()}
    if len(preempting) > 1:
        names = tuple(name for name, instance in having.items() if not effective.nopreempt(instance))
        message = f"{_title(router)}: nopreempt is not on all directors"
        yield ClusterFinding(WARNING, "nopreempt-differs", message, "this one takes over again when it is back", names)


def _peers(router: Router, having: Mapping[str, model.VrrpInstance]) -> Iterator[ClusterFinding]:
    """Unicast lists name the others, and nobody else."""
    own = {name: one.unicast_src_ip or one.mcast_src_ip for name, one in having.items()}
    for name, instance in having.items():
        listed = {peer.address for peer in instance.unicast_peer}
        if not listed:
            continue
        for other, address in own.items():
            if other != name and address is not None and address not in listed:
                message = f"{_title(router)}: {address} of {other} is not among the unicast peers"
                yield ClusterFinding(ERROR, "peer-missing", message, f"add {address} to unicast_peer", (name, other))
        if None not in own.values():
            for address in sorted(listed - {item for item in own.values() if item}):
                message = f"{_title(router)}: the unicast peer {address} is none of the directors"
                yield ClusterFinding(WARNING, "peer-unknown", message, "", (name,))


def _tracking(
    documents: Mapping[str, model.Document], router: Router, having: Mapping[str, model.VrrpInstance]
) -> Iterator[ClusterFinding]:
    """A failing script on the one with the highest priority lets the next one take over."""
    order = sorted(having, key=lambda name: effective.priority(having[name]), reverse=True)
    first, second = order[0], order[1]
    gap = effective.priority(having[first]) - effective.priority(having[second])
    weights = {one.name: one.weight for one in documents[first].vrrp_scripts}
    for track in having[first].track_script:
        own = weights.get(track.name)
        weight = track.weight if track.weight is not None else own.weight if own is not None else 0
        if weight and abs(weight) <= gap:
            message = f"{_title(router)}: {track.name} changes the priority by {abs(weight)}, {second} is {gap} below"
            help_text = f"a weight above {gap} in amount lets {second} take over"
            yield ClusterFinding(WARNING, "weight-too-small", message, help_text, (first, second))


def _sync_groups(documents: Mapping[str, model.Document]) -> Iterator[ClusterFinding]:
    """The same virtual routers go together on all directors."""
    grouped = {name: _groups(document) for name, document in documents.items()}
    first, *others = grouped
    for other in others:
        if grouped[other] != grouped[first]:
            shown = [
                " + ".join(_title(router) for router in sorted(group))
                for group in sorted(grouped[first] ^ grouped[other], key=sorted)
            ]
            message = f"the sync groups are not those of {first}: {'; '.join(shown)}"
            help_text = "a takeover would split on one director what stays together on the other"
            yield ClusterFinding(ERROR, "sync-groups-differ", message, help_text, (other, first))


def _groups(document: model.Document) -> frozenset[frozenset[Router]]:
    routers = {instance.name: router for router, instance in _by_router(document).items()}
    return frozenset(
        frozenset(routers[name] for name in group.group or () if name in routers) for group in document.vrrp_sync_groups
    )


def _virtual_servers(documents: Mapping[str, model.Document]) -> Iterator[ClusterFinding]:
    """Every director serves the same services in the same way."""
    services = {name: {_service(one): one for one in document.virtual_servers} for name, document in documents.items()}
    first, *others = services
    for other in others:
        mine, theirs = services[other], services[first]
        for service in [*theirs, *(one for one in mine if one not in theirs)]:
            if service not in mine or service not in theirs:
                where, lacking = (first, other) if service in theirs else (other, first)
                message = f"virtual_server {' '.join(service)} is on {where} only"
                help_text = "after a takeover it would be gone"
                yield ClusterFinding(ERROR, "service-missing", message, help_text, (lacking, where))
            elif mine[service] != theirs[service]:
                path = _difference(mine[service], theirs[service])
                message = f"virtual_server {' '.join(service)}: {path} is not that of {first}"
                yield ClusterFinding(ERROR, "service-differs", message, "write the same on all", (other, first))


def _service(server: model.VirtualServer) -> tuple[str, ...]:
    if server.fwmark is not None:
        return "fwmark", str(server.fwmark)
    if server.group is not None:
        return "group", server.group, effective.protocol(server) or ""
    return server.address or "", str(server.port or 0), effective.protocol(server) or ""


def _difference(mine: Any, theirs: Any) -> str:
    """The path of the first keyword that differs: real_servers[0].weight."""
    for name in mine.__dataclass_fields__:
        one, two = getattr(mine, name), getattr(theirs, name)
        if one == two:
            continue
        if isinstance(one, tuple) and isinstance(two, tuple):
            for number, (left, right) in enumerate(zip(one, two)):
                if left != right:
                    inner = _difference(left, right) if type(left) is type(right) and hasattr(left, "__dict__") else ""
                    return f"{key_of(name)}[{number}]" + (f".{inner}" if inner else "")
            return f"the number of {key_of(name)}"
        return key_of(name)
    return ""


def _sync_daemons(documents: Mapping[str, model.Document]) -> Iterator[ClusterFinding]:
    """Connections are synchronised with one sync id, group and port."""
    daemons = {name: effective.global_defs(document).lvs_sync_daemon for name, document in documents.items()}
    having = {name: daemon for name, daemon in daemons.items() if daemon is not None}
    if having and len(having) < len(daemons):
        lacking = tuple(name for name in daemons if name not in having)
        message = f"lvs_sync_daemon is on {', '.join(having)} only"
        yield ClusterFinding(WARNING, "sync-daemon-missing", message, "connections break at a takeover", lacking)
    first, *others = list(having) or [""]
    for other in others:
        for word in ("id", "group", "port"):
            mine, theirs = getattr(having[other], word), getattr(having[first], word)
            if mine != theirs:
                message = f"lvs_sync_daemon {word} {mine} here, {theirs} on {first}"
                yield ClusterFinding(ERROR, "sync-daemon-differs", message, "write the same on all", (other, first))


def _gateways(name: str, document: model.Document) -> Iterator[ClusterFinding]:
    """Real servers of NAT answer through the director: their gateway must move together with the service."""
    grouped = {
        member for group in document.vrrp_sync_groups for member in group.group or () if len(group.group or ()) > 1
    }
    for server in document.virtual_servers:
        reals = server.real_servers
        if not any(effective.forwarding(server, real).method == "NAT" for real in reals) or server.address is None:
            continue
        for instance in document.vrrp_instances:
            every = {*_addresses(instance, "virtual_ipaddress"), *_addresses(instance, "virtual_ipaddress_excluded")}
            if server.address in every and instance.name not in grouped and len(every) == 1:
                message = f"virtual_server {server.address} uses NAT, and no gateway address moves with {instance.name}"
                help_text = "put an instance with the real servers' gateway into the same sync group"
                yield ClusterFinding(WARNING, "nat-without-gateway", message, help_text, (name,))


def _subnets(
    name: str, document: model.Document, networks: Optional[Mapping[str, Sequence[str]]]
) -> Iterator[ClusterFinding]:
    """Virtual addresses are inside a network of the interface they are set on."""
    for instance in document.vrrp_instances if networks is not None else ():
        for item in instance.virtual_ipaddress:
            interface = item.dev or instance.interface or ""
            known = (networks or {}).get(interface)
            if known is None:
                continue
            where = ip_address(item.address.partition("%")[0])
            if not where.is_link_local and not any(where in ip_network(one, strict=False) for one in known):
                message = f"{instance.name}: {item.address} is in no network of {interface} ({', '.join(known)})"
                yield ClusterFinding(WARNING, "address-outside", message, "nobody there would ask for it", (name,))
