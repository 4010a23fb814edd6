# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the text of /proc/net/ip_vs, the kernel's IPVS table as it shows it to everyone; pure.

Needs no program and no right. Not in that text: thresholds, counters, flags of schedulers, the family of a firewall
mark that has no server; and the time of persistence stands there in the kernel's own ticks, whose length is not said.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, Optional, Tuple

_METHODS = {"Masq": "NAT", "Local": "NAT", "Route": "DR", "Tunnel": "TUN", "Bypass": "BYPASS"}
Service = Dict[str, Any]


def services(text: str) -> List[Service]:
    """The services in the kernel's order, each with its real servers."""
    found: List[Service] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 3 or words[0] in ("IP", "Prot") or words[1] == "RemoteAddress:Port":
            continue
        if words[0] == "->":
            found[-1]["real_servers"].append(_real_server(words))
        else:
            found.append(_service(words))
    for service in found:
        if service["fwmark"] is not None:
            first = next(iter(service["real_servers"]), None)
            service["ip_family"] = None if first is None else _family(first["address"])
    return found


def _service(words: List[str]) -> Service:
    mark = words[0] == "FWM"
    address, port = (None, None) if mark else _place(words[1])
    persistent = words.index("persistent") if "persistent" in words[3:] else None
    return {
        "fwmark": int(words[1], 16) if mark else None,
        "protocol": None if mark else words[0],
        "address": address,
        "port": port,
        "ip_family": None if address is None else _family(address),
        "lvs_sched": words[2],
        "ops": "ops" in words[3:],
        "persistent": persistent is not None,
        "persistence_granularity": None if persistent is None else _granularity(words[persistent + 2], words[1]),
        "real_servers": [],
    }


def _real_server(words: List[str]) -> Dict[str, Any]:
    address, port = _place(words[1])
    return {
        "address": address,
        "port": port,
        "lvs_method": _METHODS.get(words[2], words[2]),
        "weight": int(words[3]),
        "active_connections": int(words[4]),
        "inactive_connections": int(words[5]),
    }


def _place(text: str) -> Tuple[str, int]:
    """C0A88C8C:0050 or [2001:0db8:...]:0050."""
    address, port = text.rsplit(":", 1)
    if address.startswith("["):
        return str(ipaddress.ip_address(address[1:-1])), int(port, 16)
    return str(ipaddress.IPv4Address(int(address, 16))), int(port, 16)


def _granularity(text: str, place: str) -> Optional[str]:
    """A netmask of IPv4, a prefix length of IPv6; None for single clients. The kernel turns the bytes of both from the
    network's order to its own, though a length never was in the network's."""
    number = int(text, 16)
    if place.startswith("["):
        length = number if number <= 128 else int.from_bytes(number.to_bytes(4, "big"), "little")
        return None if length == 128 else str(length)
    return None if number == 0xFFFFFFFF else str(ipaddress.IPv4Address(number))


def _family(address: str) -> str:
    return "inet6" if ":" in address else "inet"
