# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads /proc/net/ip_vs: which destinations of which virtual service take connections, and how many they have; pure.

The table in full is not there (thresholds, tunnels, timeouts), but what is needed here, with every ip_vs.
"""

from __future__ import annotations

import ipaddress
from typing import Container, Dict, FrozenSet, Iterator, NamedTuple, Set


class Row(NamedTuple):
    """One destination: its service and itself in plain numbers (`TCP 192.0.2.1:80`, `10.0.0.1:80`).

    method: the kernel's word for how packets get there: Masq, Route, Tunnel, Local, Bypass.
    """

    service: str
    destination: str
    weight: int
    active: int
    inactive: int
    method: str = "Masq"


def rows(text: str) -> Iterator[Row]:
    """The destinations, in the kernel's order."""
    service = ""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["->"] and service and len(words) >= 6 and words[1] != "RemoteAddress:Port":
            weight, active, inactive = (int(word) for word in words[3:6])
            yield Row(service, endpoint(words[1]), weight, active, inactive, words[2])
        elif words[:1] == ["FWM"]:
            service = f"FWM {int(words[1], 16)}"
        elif words and words[0] in ("TCP", "UDP", "SCTP"):
            service = f"{words[0]} {endpoint(words[1])}"


def endpoint(text: str) -> str:
    """`C0000201:0050` as 192.0.2.1:80, `[2001:0db8:...]:0050` as [2001:db8::1]:80."""
    address, _colon, port = text.rpartition(":")
    if address.startswith("["):
        return f"[{ipaddress.IPv6Address(address[1:-1])}]:{int(port, 16)}"
    return f"{ipaddress.IPv4Address(int(address, 16))}:{int(port, 16)}"


def services(text: str) -> FrozenSet[str]:
    """All virtual services, those without destinations too."""
    found: Set[str] = set()
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["FWM"]:
            found.add(f"FWM {int(words[1], 16)}")
        elif words and words[0] in ("TCP", "UDP", "SCTP"):
            found.add(f"{words[0]} {endpoint(words[1])}")
    return frozenset(found)


def local(text: str, own: Container[str]) -> FrozenSet[str]:
    """The services that have the host with these addresses among their destinations."""
    return frozenset(row.service for row in rows(text) if row.destination.rpartition(":")[0].strip("[]") in own)


def up(text: str) -> Dict[str, FrozenSet[str]]:
    """By service the destinations that take connections."""
    found: Dict[str, Set[str]] = {}
    for row in rows(text):
        if row.weight > 0:
            found.setdefault(row.service, set()).add(row.destination)
    return {service: frozenset(each) for service, each in found.items()}
