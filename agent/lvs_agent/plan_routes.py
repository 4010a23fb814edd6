# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the lines of virtual_routes and virtual_rules to link.state values. Pure.

`leftover_words` names what a line says and is not done, so that the file is refused rather than half obeyed.
"""

from __future__ import annotations

from dataclasses import fields
from ipaddress import ip_address, ip_network
from typing import Dict, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

from .link.state import Hop, Route, Rule

_TABLES = {"default": 253, "main": 254, "local": 255}
_SCOPES = {"global": 0, "universe": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}
_KINDS = {"unicast": 1, "local": 2, "broadcast": 3, "multicast": 5, "blackhole": 6, "unreachable": 7, "prohibit": 8}
_KINDS.update(throw=9)
_PROTOCOLS = {"kernel": 2, "boot": 3, "static": 4, "ra": 9, "keepalived": 18, "zebra": 11, "bird": 12}
_ACTIONS = {"table": 1, "unicast": 1, "blackhole": 6, "unreachable": 7, "prohibit": 8}
_IPPROTO = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58, "ipv6-icmp": 58, "sctp": 132}
_METRICS = {
    "mtu": "RTAX_MTU",
    "window": "RTAX_WINDOW",
    "ssthresh": "RTAX_SSTHRESH",
    "cwnd": "RTAX_CWND",
    "advmss": "RTAX_ADVMSS",
    "reordering": "RTAX_REORDERING",
    "hoplimit": "RTAX_HOPLIMIT",
    "initcwnd": "RTAX_INITCWND",
    "initrwnd": "RTAX_INITRWND",
}
_ROUTE_WORDS = {"to", "family", "type", "src", "via", "tos", "table", "protocol", "scope", "metric", "dev", "onlink"}
_ROUTE_WORDS |= {*_METRICS, "nexthops", "no_track"}
_RULE_WORDS = {
    "family",
    "not_",
    "from_",
    "to",
    "table",
    "preference",
    "tos",
    "fwmark",
    "iif",
    "oif",
    "type",
    "no_track",
}
_RULE_WORDS |= {"ipproto", "sport", "dport", "suppress_prefixlength"}


def route(line: model.Route) -> Route:
    """One line of virtual_routes. Raises ValueError for a name that has no number."""
    six = _is_six(line.family, line.to, line.via, line.src, *(hop.via for hop in line.nexthops))
    destination, prefixlen = _network(line.to, six=six)
    if line.nexthops:
        hops = tuple(Hop(_packed(hop.via), hop.dev or "", hop.weight or 1, hop.onlink) for hop in line.nexthops)
    elif line.via or line.dev:
        hops = (Hop(_packed(line.via), line.dev or "", 1, line.onlink),)
    else:
        hops = ()
    metrics = ((name, getattr(line, attribute)) for attribute, name in _METRICS.items())
    return Route(
        destination=destination,
        prefixlen=prefixlen,
        hops=hops,
        table=254 if line.table is None else _number(line.table, _TABLES, "table"),
        kind=_KINDS[line.type or "unicast"],
        scope=None if line.scope is None else _number(line.scope, _SCOPES, "scope"),
        protocol=18 if line.protocol is None else _number(line.protocol, _PROTOCOLS, "protocol"),
        source=_packed(line.src),
        priority=line.metric,
        tos=0 if line.tos is None else int(line.tos, 0),
        metrics=tuple((name, _plain(value)) for name, value in metrics if value is not None),
    )


def rule(line: model.Rule) -> Rule:
    """One line of virtual_rules. Raises ValueError for a name that has no number, or without a preference."""
    if line.preference is None:
        raise ValueError("a rule needs a preference: without one it cannot be removed again safely")
    six = _is_six(line.family, line.from_, line.to)
    return Rule(
        family=6 if six else 4,
        priority=line.preference,
        table=254 if line.table is None else _number(line.table, _TABLES, "table"),
        action=_ACTIONS[line.type or "table"],
        source=_network(line.from_, six=six) if line.from_ and line.from_ != "all" else None,
        destination=_network(line.to, six=six) if line.to and line.to != "all" else None,
        iif=line.iif or "",
        oif=line.oif or "",
        mark=_mark(line.fwmark),
        tos=0 if line.tos is None else int(line.tos, 0),
        invert=line.not_,
        ipproto=None if line.ipproto is None else _number(line.ipproto, _IPPROTO, "ipproto"),
        sport=_ports(line.sport),
        dport=_ports(line.dport),
        suppress_prefixlength=line.suppress_prefixlength,
    )


def leftover_words(line: object) -> Tuple[str, ...]:
    """What this line of virtual_routes or virtual_rules says and is not done."""
    known = _ROUTE_WORDS if isinstance(line, model.Route) else _RULE_WORDS
    said = tuple(
        each.name.rstrip("_")
        for each in fields(line)  # type: ignore[arg-type]
        if each.name not in known and getattr(line, each.name) not in (None, False, ())
    )
    locked = tuple(f"{name} lock" for name in _METRICS if getattr(getattr(line, name, None), "lock", False))
    tunnels = tuple("encap" for hop in getattr(line, "nexthops", ()) if hop.encap or hop.realms)
    return said + locked + tunnels


def _is_six(family: Optional[str], *texts: Optional[str]) -> bool:
    return family == "inet6" or any(text is not None and ":" in text for text in texts)


def _network(text: str, *, six: bool) -> Tuple[bytes, int]:
    if text in ("default", "default6", "any", "all"):
        return bytes(16 if six or text == "default6" else 4), 0
    network = ip_network(text, strict=False)
    return network.network_address.packed, network.prefixlen


def _packed(text: Optional[str]) -> Optional[bytes]:
    return ip_address(text).packed if text else None


def _plain(value: object) -> int:
    """A metric's number, with its lock or without."""
    return int(str(getattr(value, "value", value)), 0)


def _number(text: str, names: Dict[str, int], what: str) -> int:
    if text in names:
        return names[text]
    try:
        return int(text, 0)
    except ValueError as error:
        raise ValueError(f"{what} {text}: write its number") from error


def _mark(text: Optional[str]) -> Optional[Tuple[int, int]]:
    if text is None:
        return None
    value, _slash, mask = text.partition("/")
    return int(value, 0), int(mask, 0) if mask else 0xFFFFFFFF


def _ports(text: Optional[str]) -> Optional[Tuple[int, int]]:
    if text is None:
        return None
    first, _dash, last = text.partition("-")
    return int(first), int(last or first)
