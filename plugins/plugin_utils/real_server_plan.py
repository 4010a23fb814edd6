# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has to be as a real server, by its addresses and its cluster's document; pure.

Found from the document, not from a description: so a plain keepalived.conf tells it as well. A sorry server counts.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

Service = t.Dict[str, t.Any]
MOST = 4096  # addresses of one range or network of a virtual_server_group


def services(document: model.Document, addresses: t.Collection[str]) -> list[Service]:
    """The services of a host with these addresses, as the module real_server takes them: one of DR, one of TUN for
    each way in, one of NAT for each port."""
    mine = {_plain(address) for address in addresses}
    virtual: dict[tuple[str, str], dict[str, None]] = {}
    back: dict[tuple[t.Any, ...], Service] = {}
    for server in document.virtual_servers:
        for address, port, method in _servers(server):
            if _plain(address) not in mine:
                continue
            if method == "NAT":
                found = _way_back(document, server, address, port)
                back.setdefault(tuple(found.values()), found)
            else:
                key = (method, address if method == "TUN" else "")
                virtual.setdefault(key, {}).update(dict.fromkeys(virtual_addresses(document, server)))
    made: list[Service] = []
    for (method, address), names in virtual.items():
        inner: Service = {"address": address} if address else {}
        if names:
            made.append({"lvs_method": method, "virtual_ipaddress": list(names), **inner})
    return made + list(back.values())


def addresses_of(document: model.Document) -> set[str]:
    """The addresses of all real servers and sorry servers."""
    return {_plain(address) for server in document.virtual_servers for address, _port, _method in _servers(server)}


def virtual_addresses(document: model.Document, server: model.VirtualServer) -> list[str]:
    """The virtual addresses of a service. What a firewall mark stands for is not in the file: for one, all addresses
    of its family that the virtual routers have."""
    if server.address is not None:
        return [server.address]
    found: list[str] = []
    marks: set[str] = {server.ip_family or "inet"} if server.fwmark is not None else set()
    for group in document.virtual_server_groups:
        if server.group is None or group.name != server.group:
            continue
        for member in group.members:
            if member.address is None:
                marks.add(member.family or "inet")
            else:
                found += _range(member)
    for item in _router_addresses(document):
        if ("inet6" if ":" in item.address else "inet") in marks and item.address not in found:
            found.append(item.address)
    return found


def gateway(document: model.Document, server: model.VirtualServer, real: str) -> str | None:
    """The address that moves together with a service and is no service's: the way back of NAT for a real server."""
    served = {one.address for one in document.virtual_servers}
    holders = [
        instance
        for instance in document.vrrp_instances
        if any(item.address == server.address for item in _addresses(instance))
    ]
    names = {instance.name for instance in holders}
    for group in document.vrrp_sync_groups:
        if names & set(group.group or ()):
            names |= set(group.group or ())
    near = [
        item
        for instance in document.vrrp_instances
        if not names or instance.name in names
        for item in _addresses(instance)
        if item.address not in served and (":" in item.address) == (":" in real)
    ]
    sure = [item for item in near if item.prefixlen is not None and _within(real, item)]
    found = sure or [item for item in near if item.prefixlen is None]
    return found[0].address if found else None


def _servers(server: model.VirtualServer) -> t.Iterator[tuple[str, int, str]]:
    for real in server.real_servers:
        method = effective.forwarding(server, real).method
        yield real.address, effective.real_server_port(server, real), method
    if server.sorry_server is not None:
        yield (
            server.sorry_server.address,
            effective.sorry_server_port(server),
            effective.sorry_forwarding(server).method,
        )


def _way_back(document: model.Document, server: model.VirtualServer, address: str, port: int) -> Service:
    found: Service = {"lvs_method": "NAT", "address": address}
    protocol = effective.protocol(server)
    if port and protocol:
        found.update(port=port, protocol=protocol.lower())
    way = gateway(document, server, address)
    if way:
        found["gateway"] = way
    return found


def _addresses(instance: model.VrrpInstance) -> tuple[model.VirtualAddress, ...]:
    return (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded)


def _router_addresses(document: model.Document) -> list[model.VirtualAddress]:
    return [item for instance in document.vrrp_instances for item in _addresses(instance)]


def _within(real: str, item: model.VirtualAddress) -> bool:
    return ipaddress.ip_address(real) in ipaddress.ip_network(f"{item.address}/{item.prefixlen}", strict=False)


def _range(member: model.GroupMember) -> list[str]:
    address = str(member.address)
    if member.prefixlen is not None:
        network = ipaddress.ip_network(f"{address}/{member.prefixlen}", strict=False)
        return [str(network[at]) for at in range(min(network.num_addresses, MOST))]
    if member.end is None:
        return [address]
    first = ipaddress.ip_address(address)
    if any(sign in member.end for sign in ".:"):
        last = int(ipaddress.ip_address(member.end))
    else:
        part = int(member.end, 10 if first.version == 4 else 16)
        last = int(first) - int(first) % (256 if first.version == 4 else 65536) + part
    return [str(first + at) for at in range(min(last - int(first) + 1, MOST))]


def _plain(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
