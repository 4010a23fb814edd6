# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a director's keepalived.conf on the controller: its findings and its needs; pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lvs.cluster.plugins.module_utils import conf
from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import secret
from ansible_collections.lvs.cluster.plugins.plugin_utils import agent_check

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import Finding, model


SYNC_PORT = 8848
# The last that a director of DR and TUN sees of a connection is the client's FIN. With the kernel's own 1, who takes
# that port again within two minutes comes to the same server, drained or not (kernel: networking/ipvs-sysctl.rst).
REUSE = "3"


class Checked(t.NamedTuple):
    """A text's findings, rendered and masked, and its document, None when there are errors."""

    errors: list[str]
    warnings: list[str]
    document: model.Document | None


class Firewall(t.TypedDict):
    """Who sends VRRP and connection synchronisation to a director, and where; as director_firewall takes it."""

    peers: list[str]
    routers: list[dict[str, t.Any]]
    sync: dict[str, t.Any] | None


class Needs(t.NamedTuple):
    """Kernel modules and sysctls of a director."""

    modules: list[str]
    sysctls: dict[str, str]


def check(text: str, file: str, config_id: str, engine: str, show: t.Callable[[Finding], str] | None = None) -> Checked:
    """Read `text` as the file `file` of the host whose short name is `config_id`, to be run by `engine`.

    show: how a finding is told (as of a text, when nothing is said).
    """
    reading = conf.read(text, file, config_id=config_id)
    found = list(reading.findings)
    if engine == "agent" and not reading.errors:
        found += agent_check.unsupported(reading.document, file)
    shown: dict[str, list[str]] = {"error": [], "warning": [], "note": []}
    for finding in found:
        told = show(finding) if show else finding.render()
        shown[finding.level].append(secret.masked_as_in(told, text))
    return Checked(shown["error"], shown["warning"], None if shown["error"] else reading.document)


def needs(document: model.Document) -> Needs:
    """What the virtual servers of `document` need: IPVS, schedulers, forwarding for NAT, fresh choices without it."""
    if not document.virtual_servers:
        return Needs([], {})
    modules = {"ip_vs"}
    sysctls: dict[str, str] = {}
    for virtual_server in document.virtual_servers:
        modules.add(f"ip_vs_{virtual_server.lvs_sched or 'wlc'}")
        if virtual_server.persistence_engine:
            modules.add(f"ip_vs_pe_{virtual_server.persistence_engine}")
        used = methods(virtual_server)
        if "TUN" in used:
            modules.add("ipip")
        if "NAT" in used:
            sysctls.update(_forwarding(document, virtual_server))
        if used - {"NAT"}:
            sysctls["net.ipv4.vs.conn_reuse_mode"] = REUSE
    return Needs(sorted(modules), sysctls)


def firewall(document: model.Document, peers: t.Collection[str]) -> Firewall:
    """What a director's firewall has to know; peers: the addresses of the other directors."""
    routers = []
    for instance in document.vrrp_instances:
        router = {
            "interface": instance.interface or "",
            "family": effective.family(instance),
            "peers": [peer.address for peer in instance.unicast_peer],
            "ah": bool(instance.authentication and instance.authentication.auth_type == "AH"),
        }
        if instance.interface and router not in routers:
            routers.append(router)
    daemon = effective.global_defs(document).lvs_sync_daemon
    sync = {"interface": daemon.interface, "port": daemon.port or SYNC_PORT} if daemon else None
    return {"peers": sorted(peers), "routers": routers, "sync": sync}


def masters(documents: t.Mapping[str, model.Document]) -> list[str]:
    """The directors that will be master of some virtual router when all of them run, sorted.

    A virtual router is known by its interface and id; the highest priority wins (keepalived's default is 100), among
    equals the one whose state says MASTER.
    """
    best: dict[tuple[str | None, int | None], tuple[tuple[int, bool], str]] = {}
    for host, document in sorted(documents.items()):
        for instance in document.vrrp_instances:
            key = (instance.interface, instance.virtual_router_id)
            rank = (100 if instance.priority is None else instance.priority, instance.state == "MASTER")
            if key not in best or rank > best[key][0]:
                best[key] = (rank, host)
    return sorted({host for _rank, host in best.values()})


def methods(virtual_server: model.VirtualServer) -> set[str]:
    """The forwarding methods that its real servers and its sorry server use."""
    default = virtual_server.lvs_method
    each = [server.lvs_method or default for server in virtual_server.real_servers]
    if virtual_server.sorry_server:
        each.append(virtual_server.sorry_server_lvs_method or default)
    return {forwarding.method if forwarding else "NAT" for forwarding in each}


def _forwarding(document: model.Document, virtual_server: model.VirtualServer) -> dict[str, str]:
    """The sysctls that let packets of this service pass, for its address families."""
    addresses = [virtual_server.address] if virtual_server.address else []
    for group in document.virtual_server_groups:
        if group.name == virtual_server.group:
            addresses += [member.address or member.family or "" for member in group.members]
    families = {"inet6" if ":" in address or address == "inet6" else "inet" for address in addresses}
    if virtual_server.fwmark is not None:
        families = {virtual_server.ip_family or "inet"}
    return {
        key: "1"
        for family, key in (("inet", "net.ipv4.ip_forward"), ("inet6", "net.ipv6.conf.all.forwarding"))
        if family in families
    }
