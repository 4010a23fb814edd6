# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table as text in ipvsadm's words: what ``ipvsadm -S -n`` prints and ``ipvsadm -R`` reads.

``write`` is ipvsadm's text, line for line and in its order, with one difference: connection thresholds (-x, -y),
which ipvsadm forgets to save, are saved. Reading takes ipvsadm's short and long options; names of hosts and ports are
not looked up.
"""

from __future__ import annotations

import re
import struct
from functools import cmp_to_key
from ipaddress import IPv4Address
from socket import AF_INET, AF_INET6, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, inet_pton
from typing import TYPE_CHECKING, Any

from lvs_agent.ipvs.table import (
    F_ONEPACKET,
    F_SCHED1,
    F_SCHED2,
    F_SCHED3,
    TUNNEL_CSUM,
    TUNNEL_NOCSUM,
    TUNNEL_REMCSUM,
    Destination,
    Forward,
    Service,
    ServiceKey,
    Table,
    Tunnel,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOLS = {IPPROTO_TCP: "-t", IPPROTO_UDP: "-u", IPPROTO_SCTP: "--sctp-service"}
FORWARDS = {Forward.MASQ: "-m", Forward.TUN: "-i", Forward.DR: "-g", Forward.LOCALNODE: "-g", Forward.BYPASS: "-g"}
SCHEDULER_FLAGS = {
    "sh": ("sh-fallback", "sh-port", "flag-3"),
    "mh": ("mh-fallback", "mh-port", "flag-3"),
}
OTHER_FLAGS = ("flag-1", "flag-2", "flag-3")
FLAG_BITS = (F_SCHED1, F_SCHED2, F_SCHED3)
TUNNEL_FLAGS = {TUNNEL_NOCSUM: "--tun-nocsum", TUNNEL_CSUM: "--tun-csum", TUNNEL_REMCSUM: "--tun-remcsum"}


def write(table: Table) -> str:
    """The whole table, a line a service and a line a destination, sorted as ipvsadm sorts."""
    return "".join(line + "\n" for line in lines(table))


def lines(table: Table) -> Iterator[str]:
    """The same, line by line, without line ends."""
    for key in sorted(table, key=service_order):
        entry = table[key]
        yield service_line(entry.service)
        for destination in sorted(entry.destinations, key=destination_order):
            yield destination_line(key, destination)


def _compare(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """The first difference as ipvsadm takes it: in 32 bits with a sign, so that 192.0.2.1 comes before 1.1.1.1."""
    for a, b in zip(one, other):
        if a != b:
            return (a - b + 0x80000000) % 0x100000000 - 0x80000000
    return 0


_ordered = cmp_to_key(_compare)


def _words(family: int, address: str) -> tuple[int, ...]:
    return struct.unpack("!4I" if family == AF_INET6 else "!I", inet_pton(family, address)) if address else ()


def service_order(key: ServiceKey) -> Any:
    """A sort key, ipvsadm's order of services: marks last, then family, protocol, address, port."""
    return _ordered((key.fwmark, key.family, key.protocol, *_words(key.family, key.address), key.port))


def destination_order(destination: Destination) -> Any:
    """A sort key, ipvsadm's order of the destinations of a service: family, address, port."""
    family = destination.family
    return _ordered((family, *_words(family, destination.address), destination.port))


def endpoint(address: str, port: int) -> str:
    """``192.0.2.1:80``, ``[2001:db8::1]:80``."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def service_name(key: ServiceKey) -> str:
    """``-t 192.0.2.1:80``, ``-f 5``, ``-f 6 -6``."""
    if key.fwmark:
        return f"-f {key.fwmark} -6" if key.family == AF_INET6 else f"-f {key.fwmark}"
    return f"{PROTOCOLS.get(key.protocol, '-t')} {endpoint(key.address, key.port)}"


def netmask_text(service: Service) -> str:
    """The persistence granularity in ipvsadm's words, '' where whole addresses persist."""
    if service.netmask == (32 if service.key.family == AF_INET else 128):
        return ""
    if service.key.family == AF_INET6:
        return str(service.netmask)
    mask = -service.netmask if service.netmask < 0 else 0xFFFFFFFF << (32 - service.netmask) & 0xFFFFFFFF
    return str(IPv4Address(mask))


def flag_names(service: Service) -> str:
    """The scheduler flags as ``sh-fallback,sh-port``; '' without any."""
    names = SCHEDULER_FLAGS.get(service.scheduler, OTHER_FLAGS)
    return ",".join(name for name, bit in zip(names, FLAG_BITS) if service.flags & bit)


def service_line(service: Service) -> str:
    """``-A -t 192.0.2.1:80 -s wrr -p 50``."""
    words = ["-A", service_name(service.key), "-s", service.scheduler]
    if service.timeout:
        words += ["-p", str(service.timeout)]
        mask = netmask_text(service)
        words += ["-M", mask] if mask else []
    if service.pe_name:
        words += ["--pe", service.pe_name]
    if service.flags & F_ONEPACKET:
        words.append("-o")
    flags = flag_names(service)
    words += ["-b", flags] if flags else []
    return " ".join(words)


def destination_line(key: ServiceKey, destination: Destination) -> str:
    """``-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1``."""
    words = [
        "-a",
        service_name(key),
        "-r",
        endpoint(destination.address, destination.port),
        FORWARDS[destination.forward],
        "-w",
        str(destination.weight),
    ]
    if destination.forward is Forward.TUN:
        words += ["--tun-type", destination.tunnel_type.name.lower()]
        if destination.tunnel_type is Tunnel.GUE:
            words += ["--tun-port", str(destination.tunnel_port)]
        if destination.tunnel_type is not Tunnel.IPIP:
            words.append(TUNNEL_FLAGS.get(destination.tunnel_flags, "--tun-csum"))
    if destination.upper:
        words += ["-x", str(destination.upper)]
    if destination.lower:
        words += ["-y", str(destination.lower)]
    return " ".join(words)


def options(line: str) -> tuple[str, ...]:
    """The options of a line, each with its value if it has one: ``-a``, ``-t 192.0.2.1:80``, ``-g``, ``-w 1``."""
    return tuple(re.split(r" (?=-)", line))
