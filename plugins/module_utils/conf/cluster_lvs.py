# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Virtual servers, the sync daemon and the way back of NAT across directors."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Optional

from . import effective

if TYPE_CHECKING:
    from .cluster import Cluster, Director
    from .model import RealServer, VirtualServer, VrrpInstance


def _title(server: VirtualServer) -> str:
    if server.fwmark is not None:
        return f"fwmark {server.fwmark}"
    if server.group is not None:
        return f"group {server.group}"
    return f"{server.address} {server.port or 0} {effective.protocol(server)}"


def _shape(server: VirtualServer) -> dict[str, Any]:
    """What must be the same on all directors, by the attribute that says it."""
    return {
        "lvs_sched": server.lvs_sched or "wlc",
        "lvs_method": effective.forwarding(server).method,
        "persistence_timeout": effective.persistence_timeout(server),
        "persistence_granularity": server.persistence_granularity,
        "ops": bool(server.ops),
        "quorum": server.quorum or 1,
        "hysteresis": server.hysteresis or 0,
        "sorry_server": server.sorry_server,
    }


def _reals(server: VirtualServer) -> dict[tuple[str, int], int]:
    """The place of each real server in the list, by address and port."""
    return {(real.address, real.port or server.port or 0): at for at, real in enumerate(server.real_servers)}


def services_agree(cluster: Cluster) -> None:
    """The same virtual servers with the same real servers: a takeover must not change what is served."""
    first, *others = cluster.directors
    theirs = {_title(server): (at, server) for at, server in enumerate(first.document.virtual_servers)}
    for director in others:
        mine = {_title(server): (at, server) for at, server in enumerate(director.document.virtual_servers)}
        for title, (at, server) in mine.items():
            if title in theirs:
                _compare(cluster, director, at, server, theirs[title][1])
            else:
                _missing(cluster, director, at, title, first)
        for title, (at, _server) in theirs.items():
            if title not in mine:
                _missing(cluster, first, at, title, director)


def _missing(cluster: Cluster, director: Director, at: int, title: str, other: Director) -> None:
    message = f"{other.name} has no virtual_server {title}: it is not served after a takeover"
    path = ("virtual_servers", at)
    cluster.error("service-missing", director, path, message, f"write it for {other.name} too")


def _compare(cluster: Cluster, director: Director, at: int, server: VirtualServer, other: VirtualServer) -> None:
    reference = cluster.directors[0].name
    help_text = f"the same as on {reference}: connections would break or move at a takeover"
    title, theirs = f"virtual_server {_title(server)}", _shape(other)
    for attribute, value in _shape(server).items():
        if value != theirs[attribute]:
            path: tuple[Any, ...] = ("virtual_servers", at)
            if getattr(server, attribute) is not None:
                path = (*path, attribute)
            message = f"{title}: {attribute} is not that of {reference}"
            cluster.warning("service-differs", director, path, message, help_text)
    mine, others = _reals(server), _reals(other)
    for key in sorted(mine.keys() ^ others.keys()):
        address, port = key
        path = ("virtual_servers", at, "real_servers", mine[key]) if key in mine else ("virtual_servers", at)
        what = f"{'has in excess' if key in mine else 'lacks'} real_server {address} {port}"
        cluster.warning("service-differs", director, path, f"{title}: {what}", help_text)
    for key in sorted(mine.keys() & others.keys()):
        _compare_reals(cluster, director, (at, mine[key]), server, (other, other.real_servers[others[key]]))


def _compare_reals(
    cluster: Cluster,
    director: Director,
    at: tuple[int, int],
    server: VirtualServer,
    beside: tuple[VirtualServer, RealServer],
) -> None:
    """The same real server on two directors: its weight, and the forwarding that is its own."""
    real, reference = server.real_servers[at[1]], cluster.directors[0].name
    both = {
        "weight": (effective.weight(server, real), effective.weight(*beside)),
        "lvs_method": (
            real.lvs_method and real.lvs_method.method,
            beside[1].lvs_method and beside[1].lvs_method.method,
        ),
    }
    for attribute, (mine, theirs) in both.items():
        if mine != theirs:
            path: tuple[Any, ...] = ("virtual_servers", at[0], "real_servers", at[1])
            if getattr(real, attribute) is not None:
                path = (*path, attribute)
            here, there = ("not set" if one is None else one for one in (mine, theirs))
            message = f"real_server {real.address}: {attribute} is {here} here, {there} on {reference}"
            cluster.warning("service-differs", director, path, message, f"the same as on {reference}")


def sync_daemons_agree(cluster: Cluster) -> None:
    """Connection synchronisation with one id, group and port, on all directors."""
    said = [(director, effective.global_defs(director.document).lvs_sync_daemon) for director in cluster.directors]
    having = [(director, daemon) for director, daemon in said if daemon is not None]
    if not having:
        return
    first, reference = having[0]
    for director, daemon in said:
        path: tuple[Any, ...] = ("global_defs", "lvs_sync_daemon")
        if daemon is None:
            path = ("global_defs",) if director.document.global_defs else ()
            message = (
                f"{first.name} has lvs_sync_daemon, this director has none: it knows no connections after a takeover"
            )
            cluster.warning("sync-daemon-missing", director, path, message, "write lvs_sync_daemon here too")
            continue
        for word in ("id", "group", "port"):
            mine, theirs = _sync(director, daemon, word), _sync(first, reference, word)
            if mine != theirs:
                message = f"the {word} of lvs_sync_daemon is {mine} here and {theirs} on {first.name}: both are deaf"
                cluster.error("sync-daemon-differs", director, path, message, f"write {word} {theirs}")


def _sync(director: Director, daemon: Any, word: str) -> Any:
    value = getattr(daemon, word)
    if value is not None:
        return value
    if word != "id":
        return {"group": "224.0.0.81", "port": 8848}[word]
    follows = [one for one in director.document.vrrp_instances if one.name == daemon.instance]
    return follows[0].virtual_router_id if follows else 0


def nat_has_a_gateway(cluster: Cluster) -> None:
    """Real servers of NAT answer through the director: the address they route to must move with the service's."""
    if len(cluster.directors) < 2:
        return
    for director in cluster.directors:
        services = {server.address for server in director.document.virtual_servers}
        for at, server in enumerate(director.document.virtual_servers):
            holder = _holder(director, server.address)
            real = next((one for one in server.real_servers if effective.forwarding(server, one).method == "NAT"), None)
            if holder is None or real is None or _gateway(director, holder, services, real.address):
                continue
            message = (
                f"virtual_server {_title(server)} is NAT, but no other address moves with {server.address}: after a "
                f"takeover {real.address} still answers through the old director"
            )
            help_text = "an instance with the gateway address of the real servers, in one sync group with this one"
            cluster.warning("nat-without-gateway", director, ("virtual_servers", at), message, help_text)


def _holder(director: Director, address: Optional[str]) -> Optional[VrrpInstance]:
    for instance in director.document.vrrp_instances:
        for item in (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded):
            if address is not None and item.address == address:
                return instance
    return None


def _gateway(director: Director, holder: VrrpInstance, services: set[Optional[str]], real: str) -> bool:
    """Whether an address in reach of a real server moves together with the instance that holds the service."""
    together = {holder.name}
    for group in director.document.vrrp_sync_groups:
        if holder.name in (group.group or ()):
            together |= set(group.group or ())
    for instance in director.document.vrrp_instances:
        if instance.name not in together:
            continue
        for item in (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded):
            if item.address not in services and _reaches(item.address, item.prefixlen, real):
                return True
    return False


def _reaches(address: str, length: Optional[int], real: str) -> bool:
    """Whether an address is in one subnet with a real server (not known without a length: it may be)."""
    if (":" in address) != (":" in real):
        return False
    if length is None:
        return True
    try:
        return ip_address(real) in ip_network(f"{address}/{length}", strict=False)
    except ValueError:
        return False


RULES = (services_agree, sync_daemons_agree, nat_has_a_gateway)
