# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a virtual_server block to its services in the kernel: key, scheduler, flags, persistence, forwarding. Pure."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from socket import AF_INET, AF_INET6, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP
from typing import Any, Dict, Iterator

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from .ipvs import table as ipvs

_PROTOCOLS = {"TCP": IPPROTO_TCP, "UDP": IPPROTO_UDP, "SCTP": IPPROTO_SCTP}
_FORWARD = {"NAT": ipvs.Forward.MASQ, "DR": ipvs.Forward.DR, "TUN": ipvs.Forward.TUN}
_TUNNEL = {None: ipvs.Tunnel.IPIP, "ipip": ipvs.Tunnel.IPIP, "gue": ipvs.Tunnel.GUE, "gre": ipvs.Tunnel.GRE}
_CHECKSUM = {
    None: ipvs.TUNNEL_NOCSUM,
    "nocsum": ipvs.TUNNEL_NOCSUM,
    "csum": ipvs.TUNNEL_CSUM,
    "remcsum": ipvs.TUNNEL_REMCSUM,
}


def forwarding(method: model.Forwarding) -> Dict[str, Any]:
    """The forwarding method in IPVS's words, as keyword arguments of ipvs.table.Destination."""
    return {
        "forward": _FORWARD[method.method],
        "tunnel_type": _TUNNEL[method.tunnel_type],
        "tunnel_port": method.tunnel_port or 0,
        "tunnel_flags": _CHECKSUM[method.checksum],
    }


def kernel_services(document: model.Document, block: model.VirtualServer) -> Iterator[ipvs.Service]:
    """The services in the kernel of one virtual_server, without destinations, in the order of the configuration."""
    timeout = effective.persistence_timeout(block)
    for key in _keys(document, block):
        yield ipvs.Service(
            key,
            block.lvs_sched or "wlc",
            _flags(block, key),
            timeout,
            # keepalived takes no notice of persistence_granularity in a group; the table must be the same.
            _netmask(block, key) if timeout and block.group is None else 128,
            (block.persistence_engine or "") if timeout else "",
        )


def _keys(document: model.Document, block: model.VirtualServer) -> Iterator[ipvs.ServiceKey]:
    protocol = _PROTOCOLS[effective.protocol(block) or "UDP"]
    if block.fwmark is not None:
        yield ipvs.ServiceKey(_mark_family(block), fwmark=block.fwmark)
    elif block.address is not None:
        yield ipvs.ServiceKey(_family(block.address), protocol, block.address, block.port or 0)
    for group in document.virtual_server_groups:
        if group.name != block.group:
            continue
        for member in group.members:
            if member.fwmark is not None:
                family = {"inet": AF_INET, "inet6": AF_INET6, None: _mark_family(block)}[member.family]
                yield ipvs.ServiceKey(family, fwmark=member.fwmark)
            else:
                for address in _addresses(member):
                    yield ipvs.ServiceKey(_family(address), protocol, address, member.port or 0)


def _addresses(member: model.GroupMember) -> Iterator[str]:
    """The addresses of a group member: one, a network, or a range A-B where B may be the last part of A only."""
    if member.prefixlen is not None:
        network = ip_network(f"{member.address}/{member.prefixlen}", strict=False)
        yield from (str(network[place]) for place in range(network.num_addresses))
        return
    first = ip_address(member.address or "")
    last = first
    if member.end is not None and (":" in member.end or "." in member.end):
        last = ip_address(member.end)
    elif member.end is not None:
        size, base = (65536, 16) if first.version == 6 else (256, 10)
        last = type(first)(int(first) // size * size + int(member.end, base))
    yield from (str(type(first)(number)) for number in range(int(first), int(last) + 1))


def _family(address: str) -> int:
    return AF_INET6 if ":" in address else AF_INET


def _mark_family(block: model.VirtualServer) -> int:
    """The family of a firewall mark: as said, else that of the servers that are not tunnelled, else of the rest."""
    if block.ip_family is not None:
        return AF_INET6 if block.ip_family == "inet6" else AF_INET
    found = [(effective.forwarding(block, item).method, _family(item.address)) for item in block.real_servers]
    if block.sorry_server is not None:
        found.append((effective.sorry_forwarding(block).method, _family(block.sorry_server.address)))
    plain = [family for method, family in found if method != "TUN"]
    families = {family for _method, family in found}
    return plain[0] if plain else (families.pop() if len(families) == 1 else AF_INET)


def _flags(block: model.VirtualServer, key: ipvs.ServiceKey) -> int:
    flags = 0
    if block.ops and (key.fwmark or key.protocol == IPPROTO_UDP):
        flags |= ipvs.F_ONEPACKET
    hashing = block.lvs_sched
    if block.flag_1 or (hashing == "sh" and block.sh_fallback) or (hashing == "mh" and block.mh_fallback):
        flags |= ipvs.F_SCHED1
    if block.flag_2 or (hashing == "sh" and block.sh_port) or (hashing == "mh" and block.mh_port):
        flags |= ipvs.F_SCHED2
    return flags | (ipvs.F_SCHED3 if block.flag_3 else 0)


def _netmask(block: model.VirtualServer, key: ipvs.ServiceKey) -> int:
    granularity = block.persistence_granularity
    if granularity is None:
        return 128
    if "." not in granularity:
        return int(granularity)
    bits = int(ip_address(granularity))
    length = bin(bits).count("1")
    return length if key.family == AF_INET and bits == (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF else -bits
