# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of route netlink about addresses, routes and rules, as pyroute2 encodes them; device.py has the others.

A port because pyroute2 is behind it; it opens nothing.
"""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address
from typing import Any, Dict, List, Mapping, Tuple

from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from .. import device
from ..state import Address, Device, Hop, Raised, Route, Rule, Thing

RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE, RTM_DELRULE = 20, 21, 24, 25, 32, 33
_REQUEST, _REPLACE, _EXCL, _CREATE = 0x1, 0x100, 0x200, 0x400
_LINK, _NOWHERE, _ONLINK = 253, 255, 4
_FOREVER = 0xFFFFFFFF


def message(thing: Thing, indexes: Mapping[str, int], sequence: int, *, remove: bool) -> bytes:
    """The bytes that set it, or take it away."""
    if isinstance(thing, Raised):
        return device.raised(thing, sequence, down=remove)
    if isinstance(thing, Device):
        return device.remove(thing, sequence) if remove else device.create(thing, indexes[thing.base], sequence)
    if isinstance(thing, Address):
        message, kinds, flags = _address_message(thing, indexes, remove=remove), (RTM_NEWADDR, RTM_DELADDR), _REPLACE
    elif isinstance(thing, Route):
        message, kinds, flags = _route_message(thing, indexes, remove=remove), (RTM_NEWROUTE, RTM_DELROUTE), _EXCL
    else:
        message, kinds, flags = _rule_message(thing), (RTM_NEWRULE, RTM_DELRULE), _EXCL
    message["header"]["type"] = kinds[remove]
    message["header"]["flags"] = _REQUEST if remove else _REQUEST | _CREATE | flags
    message["header"]["sequence_number"] = sequence
    message.encode()
    return bytes(message.data)


def _address_message(address: Address, indexes: Mapping[str, int], *, remove: bool) -> Any:
    message = ifaddrmsg()
    message["family"] = socket.AF_INET if len(address.address) == 4 else socket.AF_INET6
    message["prefixlen"], message["index"] = address.prefixlen, indexes[address.interface]
    message["scope"] = address.scope
    local = str(ip_address(address.address))
    attributes: List[Tuple[str, object]] = [("IFA_LOCAL", local)]
    attributes.append(("IFA_ADDRESS", str(ip_address(address.peer)) if address.peer else local))
    if not remove:
        if address.broadcast:
            attributes.append(("IFA_BROADCAST", str(ip_address(address.broadcast))))
        if address.label:
            attributes.append(("IFA_LABEL", address.label))
        if address.flags:
            attributes.append(("IFA_FLAGS", address.flags))
        if address.preferred is not None:
            times = {"ifa_preferred": address.preferred, "ifa_valid": _FOREVER, "cstamp": 0, "tstamp": 0}
            attributes.append(("IFA_CACHEINFO", times))
    message["attrs"] = attributes
    return message


def _route_message(route: Route, indexes: Mapping[str, int], *, remove: bool) -> Any:
    message = rtmsg()
    message["family"] = socket.AF_INET if len(route.destination) == 4 else socket.AF_INET6
    message["dst_len"], message["tos"], message["proto"], message["type"] = (
        route.prefixlen,
        route.tos,
        route.protocol,
        route.kind,
    )
    message["table"] = route.table if route.table < 256 else 0
    scope = route.scope
    if scope is None:  # as ip-route(8): nowhere matches any when deleting, a route without gateways is on the link
        gateways = any(hop.gateway for hop in route.hops)
        scope = _NOWHERE if remove else _LINK if route.kind == 1 and not gateways and message["family"] == 2 else 0
    message["scope"] = scope
    attributes: List[Tuple[str, object]] = [("RTA_TABLE", route.table)]
    if route.prefixlen:
        attributes.append(("RTA_DST", str(ip_address(route.destination))))
    if route.source:
        attributes.append(("RTA_PREFSRC", str(ip_address(route.source))))
    if route.priority is not None:
        attributes.append(("RTA_PRIORITY", route.priority))
    if len(route.hops) == 1:
        message["flags"] = _ONLINK * route.hops[0].onlink
        attributes += _hop_attributes(route.hops[0], indexes)
    elif route.hops:
        attributes.append(("RTA_MULTIPATH", [_nexthop(hop, indexes) for hop in route.hops]))
    if route.metrics:
        attributes.append(("RTA_METRICS", {"attrs": list(route.metrics)}))
    if route.sources:
        message["src_len"] = route.sources[1]
        attributes.append(("RTA_SRC", str(ip_address(route.sources[0]))))
    if route.expires is not None:
        attributes.append(("RTA_EXPIRES", struct.pack("=I", route.expires)))
    for name, value in (("RTA_FLOW", route.realms), ("RTA_PREF", route.preference)):
        if value is not None:
            attributes.append((name, value))
    message["attrs"] = attributes
    return message


def _hop_attributes(hop: Hop, indexes: Mapping[str, int]) -> List[Tuple[str, object]]:
    attributes: List[Tuple[str, object]] = []
    if hop.gateway:
        attributes.append(("RTA_GATEWAY", str(ip_address(hop.gateway))))
    if hop.interface:
        attributes.append(("RTA_OIF", indexes[hop.interface]))
    return attributes


def _nexthop(hop: Hop, indexes: Mapping[str, int]) -> Dict[str, object]:
    gateway: List[Tuple[str, object]] = [("RTA_GATEWAY", str(ip_address(hop.gateway)))] if hop.gateway else []
    if hop.realms is not None:
        gateway.append(("RTA_FLOW", hop.realms))
    oif = indexes[hop.interface] if hop.interface else 0
    return {"oif": oif, "hops": hop.weight - 1, "flags": _ONLINK * hop.onlink, "attrs": gateway}


def _rule_message(rule: Rule) -> Any:
    message = fibmsg()
    message["family"] = socket.AF_INET if rule.family == 4 else socket.AF_INET6
    message["table"] = rule.table if rule.table < 256 else 0
    message["action"], message["tos"], message["flags"] = rule.action, rule.tos, 0x2 * rule.invert
    attributes: List[Tuple[str, object]] = [
        ("FRA_PRIORITY", rule.priority),
        ("FRA_TABLE", rule.table),
        ("FRA_PROTOCOL", rule.protocol),
    ]
    for name, length, network in (("FRA_SRC", "src_len", rule.source), ("FRA_DST", "dst_len", rule.destination)):
        if network:
            message[length] = network[1]
            attributes.append((name, str(ip_address(network[0]))))
    if rule.mark:
        attributes += [("FRA_FWMARK", rule.mark[0]), ("FRA_FWMASK", rule.mark[1])]
    for name, value in (("FRA_IIFNAME", rule.iif), ("FRA_OIFNAME", rule.oif)):
        if value:
            attributes.append((name, value))
    if rule.ipproto is not None:
        attributes.append(("FRA_IP_PROTO", rule.ipproto))
    for name, ports in (("FRA_SPORT_RANGE", rule.sport), ("FRA_DPORT_RANGE", rule.dport)):
        if ports:
            attributes.append((name, f"{ports[0]}:{ports[1]}"))
    if rule.users:
        attributes.append(("FRA_UID_RANGE", f"{rule.users[0]}:{rule.users[1]}"))
    for name, number in (
        ("FRA_SUPPRESS_PREFIXLEN", rule.suppress_prefixlength),
        ("FRA_SUPPRESS_IFGROUP", rule.suppress_group),
        ("FRA_FLOW", rule.realms),
        ("FRA_TUN_ID", rule.tunnel),
        ("FRA_L3MDEV", 1 if rule.l3mdev else None),
        ("FRA_GOTO", rule.goto),
    ):
        if number is not None:
            attributes.append((name, number))
    message["attrs"] = attributes
    return message
