# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private services of IPVS for checks with data_path: a firewall mark of its own leads to one real server. Pure.

A check connects to the virtual server's address, which is the director's own while it is in charge: no route can take
the packet elsewhere, but IPVS looks at what the director itself sends, and a mark finds its service before an address
does. So the packet takes the very way of a client's: DR, or the tunnel with its type, port and checksum. The mark is
made of the names, so that a reload keeps it.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from socket import AF_INET, AF_INET6
from typing import TYPE_CHECKING, Collection, Iterable, List

from .ipvs import table as ipvs

if TYPE_CHECKING:
    from .checks.port import Check

BASE = 0x4C000000
"""Marks of data paths are from here on, 24 bits of them."""

_BITS = 0xFFFFFF


def mark(service: str, server: str, taken: Collection[int]) -> int:
    """The mark of a server of a virtual server: always the same for the same names, unless it is taken."""
    number = zlib.crc32(f"{service} {server}".encode()) & _BITS
    while BASE + number in taken:
        number = (number + 1) & _BITS
    return BASE + number


def entries(checks: Iterable[Check], number: int, destination: ipvs.Destination) -> List[ipvs.Entry]:
    """What the checks of a server need in the kernel: for each family that they connect by, a service."""
    ends = [getattr(check, "endpoint", None) for check in checks]
    addresses = [end.address for end in ends if end is not None and end.toward is not None]
    if not addresses:
        return []
    only = replace(destination, port=0, weight=1, upper=0, lower=0)
    return [
        ipvs.Entry(ipvs.Service(ipvs.ServiceKey(family, fwmark=number), "rr"), (only,))
        for family in sorted({AF_INET6 if ":" in address else AF_INET for address in addresses})
    ]
