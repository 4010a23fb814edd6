# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of route netlink about interfaces of our own (rtnetlink(7)): make, adjust, raise, lower, remove. Pure bytes.

By name, so that they can be built before the interface is there.
"""

from __future__ import annotations

import struct
from typing import List, Tuple

from .state import IFF_UP, Device, Raised

RTM_NEWLINK, RTM_DELLINK = 16, 17
_REQUEST, _CREATE_NEW = 0x1, 0x1 | 0x400 | 0x200
_NESTED = 0x8000
_ADDRESS, _IFNAME, _LINK, _LINKINFO, _AF_SPEC, _GROUP = 1, 3, 5, 18, 26, 27  # IFLA_*
_KIND, _DATA = 1, 2  # IFLA_INFO_*
_AF_INET, _AF_INET6 = 2, 10
_INET_CONF, _INET6_ADDR_GEN_MODE, _GEN_NONE = 1, 8, 1
_RP_FILTER, _ARP_IGNORE, _PROMOTE_SECONDARIES = 8, 19, 20  # IPV4_DEVCONF_*, linux/ip.h

INET = ((_RP_FILTER, 2), (_ARP_IGNORE, 1), (_PROMOTE_SECONDARIES, 1))
"""Of a macvlan: what comes by it is routed by another interface, so the reverse path is looked for on any (the larger
of this and conf/all counts); ARP is answered for its own addresses alone; one address that goes takes no other."""


def create(device: Device, base: int, sequence: int) -> bytes:
    """Make it, down; `base` is an index."""
    if device.mac:
        data = _attribute(1, struct.pack("=I", device.mode))  # IFLA_MACVLAN_MODE
    else:
        data = _attribute(1, struct.pack("=H", 0)) + _attribute(2, struct.pack("=H", device.mode))  # L2, and flags
    info = _attribute(_KIND, device.kind.encode()) + _attribute(_DATA | _NESTED, data)
    body = _attribute(_LINK, struct.pack("=I", base)) + _attribute(_LINKINFO | _NESTED, info)
    if device.mac:
        body += _attribute(_ADDRESS, device.mac)
    if device.group:
        body += _attribute(_GROUP, struct.pack("=I", device.group))
    return _message(RTM_NEWLINK, _CREATE_NEW, device.name, body, sequence)


def adjust(device: Device, sequence: int) -> bytes:
    """No address that the kernel makes from its MAC; a macvlan's INET."""
    inet6 = _attribute(_INET6_ADDR_GEN_MODE, struct.pack("=B", _GEN_NONE))
    conf = b"".join(_attribute(number, struct.pack("=I", value)) for number, value in INET)
    inet = _attribute(_AF_INET | _NESTED, _attribute(_INET_CONF | _NESTED, conf))
    spec = _attribute(_AF_INET6 | _NESTED, inet6) + inet if device.mac else b""
    return _message(RTM_NEWLINK, _REQUEST, device.name, _attribute(_AF_SPEC | _NESTED, spec), sequence)


def remove(device: Device, sequence: int) -> bytes:
    """With all its addresses and routes."""
    return _message(RTM_DELLINK, _REQUEST, device.name, b"", sequence)


def raised(link: Raised, sequence: int, *, down: bool = False) -> bytes:
    """Up, or down."""
    return _message(RTM_NEWLINK, _REQUEST, link.interface, b"", sequence, flags=(0 if down else IFF_UP, IFF_UP))


def _message(kind: int, how: int, name: str, body: bytes, sequence: int, flags: Tuple[int, int] = (0, 0)) -> bytes:
    parts: List[bytes] = [struct.pack("=BxHiII", 0, 0, 0, *flags), _attribute(_IFNAME, name.encode() + b"\0"), body]
    payload = b"".join(parts)
    return struct.pack("=IHHII", 16 + len(payload), kind, how, sequence, 0) + payload


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
