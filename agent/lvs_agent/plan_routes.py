# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the lines of virtual_routes and virtual_rules to link.state values. Pure.

`leftover_words` names what a line says and is not done, so that the file is refused rather than half obeyed.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Optional, Tuple, Union

from .link.state import Hop, Route, Rule
from .plan_names import number

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

_KINDS = {"unicast": 1, "local": 2, "broadcast": 3, "multicast": 5, "blackhole": 6, "unreachable": 7, "prohibit": 8}
_KINDS.update(throw=9)
_ACTIONS = {"table": 1, "unicast": 1, "goto": 2, "nop": 3, "blackhole": 6, "unreachable": 7, "prohibit": 8}
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
    "rtt": "RTAX_RTT",
    "rttvar": "RTAX_RTTVAR",
    "rto_min": "RTAX_RTO_MIN",
    "features": "RTAX_FEATURES",
    "quickack": "RTAX_QUICKACK",
    "congctl": "RTAX_CC_ALGO",
}
_LOCK_BITS = {"mtu": 2, "rtt": 4, "rttvar": 5, "ssthresh": 6, "cwnd": 7, "advmss": 8, "reordering": 9, "rto_min": 13}
_LOCK_BITS.update(congctl=16)  # RTAX_*, linux/rtnetlink.h
_SCALE = {"rtt": 8, "rttvar": 4}  # of a time with its unit; the kernel counts in eighths and quarters of a millisecond
_FIRST_PREFERENCE = 16384
_PREFERENCES = {"medium": 0, "high": 1, "low": 3}  # RFC 4191 2.1
_UNDONE_ROUTE = ("encap", "as_", "vrf", "ttl_propagate", "fastopen_no_cookie", "placing")


def route(line: model.Route) -> Route:
    """One line of virtual_routes. Raises ValueError for a name that has no number."""
    six = _is_six(line.family, line.to, line.via, line.src, *(hop.via for hop in line.nexthops))
    destination, prefixlen = _network(line.to, six=six)
    if line.nexthops:
        hops = tuple(
            Hop(_packed(hop.via), hop.dev or "", hop.weight or 1, hop.onlink, _realms(hop.realms))
            for hop in line.nexthops
        )
    elif line.or_via:
        hops = tuple(Hop(_packed(via), line.dev or "", 1, line.onlink) for via in (line.via, line.or_via))
    elif line.via or line.dev:
        hops = (Hop(_packed(line.via), line.dev or "", 1, line.onlink),)
    else:
        hops = ()
    return Route(
        destination=destination,
        prefixlen=prefixlen,
        hops=hops,
        table=254 if line.table is None else number(line.table, "rt_tables"),
        kind=_KINDS[line.type or "unicast"],
        scope=None if line.scope is None else number(line.scope, "rt_scopes"),
        protocol=18 if line.protocol is None else number(line.protocol, "rt_protos"),
        source=_packed(line.src),
        priority=line.metric,
        tos=0 if line.tos is None else number(line.tos, "rt_dsfield"),
        metrics=_metrics(line),
        realms=_realms(line.realms),
        expires=line.expires,
        preference=None if line.pref is None else _preference(line.pref),
        sources=_network(line.from_, six=six) if line.from_ else None,
    )


def _metrics(line: model.Route) -> Tuple[Tuple[str, Union[int, str]], ...]:
    """By pyroute2's names; what is locked is not to be found out by the kernel."""
    given = {word: getattr(line, word) for word in _METRICS if getattr(line, word) is not None}
    found = [(_METRICS[word], _metric(word, value)) for word, value in given.items()]
    locked = sum(1 << _LOCK_BITS[word] for word, value in given.items() if getattr(value, "lock", False))
    if line.rto_min is not None:
        locked |= 1 << _LOCK_BITS["rto_min"]  # or it would be the kernel's own again, as ip-route(8) has it
    return (*found, ("RTAX_LOCK", locked)) if locked else tuple(found)


def _metric(word: str, value: object) -> Union[int, str]:
    text = str(getattr(value, "value", value))
    if word == "congctl":
        return text
    if word == "features":
        return 1  # ecn is all there is
    if word == "quickack":
        return int(value is True)
    if word in ("rtt", "rttvar", "rto_min"):
        return _time(text, _SCALE.get(word, 1))
    return int(text, 0)


def _time(text: str, scale: int) -> int:
    """A bare number is the kernel's own; with s or ms it is a time."""
    for unit, factor in (("msecs", 1), ("msec", 1), ("ms", 1), ("secs", 1000), ("sec", 1000), ("s", 1000)):
        if text.endswith(unit):
            return int(float(text[: -len(unit)]) * factor * scale)
    return int(text, 0)


def _preference(text: str) -> int:
    return _PREFERENCES[text] if text in _PREFERENCES else int(text, 0)


def _realms(text: Optional[str]) -> Optional[int]:
    """[SOURCE/]DESTINATION as one number."""
    if text is None:
        return None
    source, _slash, destination = text.rpartition("/")
    return (number(source, "rt_realms") << 16 if source else 0) | number(destination, "rt_realms")


def rule(line: model.Rule) -> Rule:
    """One line of virtual_rules, numbered by with_preferences. Raises ValueError for a name that has no number."""
    low, _dash, high = (line.uidrange or "").partition("-")
    six = _is_six(line.family, line.from_, line.to)
    return Rule(
        family=6 if six else 4,
        priority=line.preference or 0,
        table=_rule_table(line),
        action=_ACTIONS["goto" if line.goto is not None else "nop" if line.nop else line.type or "table"],
        source=_network(line.from_, six=six) if line.from_ and line.from_ != "all" else None,
        destination=_network(line.to, six=six) if line.to and line.to != "all" else None,
        iif=line.iif or "",
        oif=line.oif or "",
        mark=_mark(line.fwmark),
        tos=0 if line.tos is None else number(line.tos, "rt_dsfield"),
        invert=line.not_,
        ipproto=None if line.ipproto is None else _protocol(line.ipproto),
        sport=_ports(line.sport),
        dport=_ports(line.dport),
        suppress_prefixlength=line.suppress_prefixlength,
        suppress_group=None if line.suppress_ifgroup is None else number(line.suppress_ifgroup, "group"),
        realms=_realms(line.realms),
        tunnel=line.tunnel_id,
        users=(int(low), int(high or low)) if low else None,
        l3mdev=line.l3mdev,
        goto=line.goto,
        protocol=18 if line.protocol is None else number(line.protocol, "rt_protos"),
    )


def _rule_table(line: model.Rule) -> int:
    if line.l3mdev or line.goto is not None or line.nop:
        return 0
    return 254 if line.table is None else number(line.table, "rt_tables")


def with_preferences(document: model.Document) -> model.Document:
    """Rules without a preference get keepalived's: from 16384 downwards, each family for itself; static ones first."""
    following = {4: itertools.count(_FIRST_PREFERENCE, -1), 6: itertools.count(_FIRST_PREFERENCE, -1)}

    def numbered(lines: Tuple[model.Rule, ...]) -> Tuple[model.Rule, ...]:
        return tuple(
            replace(line, preference=next(following[6 if _is_six(line.family, line.from_, line.to) else 4]))
            if line.preference is None
            else line
            for line in lines
        )

    rules = (*document.static_rules, *(rule for block in document.vrrp_instances for rule in block.virtual_rules))
    if all(rule.preference is not None for rule in rules):
        return document
    static = numbered(document.static_rules)
    blocks = tuple(replace(block, virtual_rules=numbered(block.virtual_rules)) for block in document.vrrp_instances)
    return replace(document, static_rules=static, vrrp_instances=blocks)


def leftover_words(line: object) -> Tuple[str, ...]:
    """What this line of virtual_routes or virtual_rules says and is not done: tunnels and MPLS, mostly."""
    said = tuple(word.rstrip("_") for word in _UNDONE_ROUTE if getattr(line, word, None) is not None)
    return said + tuple("encap" for hop in getattr(line, "nexthops", ()) if hop.encap)


def _is_six(family: Optional[str], *texts: Optional[str]) -> bool:
    return family == "inet6" or any(text is not None and ":" in text for text in texts)


def _network(text: str, *, six: bool) -> Tuple[bytes, int]:
    if text in ("default", "default6", "any", "all"):
        return bytes(16 if six or text == "default6" else 4), 0
    network = ip_network(text, strict=False)
    return network.network_address.packed, network.prefixlen


def _packed(text: Optional[str]) -> Optional[bytes]:
    return ip_address(text).packed if text else None


def _protocol(text: str) -> int:
    return _IPPROTO[text] if text in _IPPROTO else int(text, 0)


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
