# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's IPVS answers as values. Every function takes a message's body (from its genlmsghdr on).

Destinations come by the ten thousand: the layout that kernels since 5.3 send is read with one struct and compared
header by header; whatever differs is walked attribute by attribute, to the same values. ValueError where an answer
makes no sense.
"""

from __future__ import annotations

import struct
import sys
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Any

from lvs_agent.ipvs import genl, wire
from lvs_agent.ipvs.stats import Counters, Daemon, DestinationStats, Info, ServiceStats, Timeouts
from lvs_agent.ipvs.table import F_HASHED, F_PERSISTENT, Destination, Forward, Service, ServiceKey, Tunnel

_BODY = genl.GENL_HEADER.size
_PAD = 11  # IPVS_STATS_ATTR_PAD


def _layout(*attributes: tuple[int, int, str]) -> tuple[struct.Struct, tuple[int, ...]]:
    """Of (type, length of the value, its format): the struct that reads each header as one number, and the headers."""
    parts, headers = [], []
    for kind, size, form in attributes:
        parts.append(f"I{form}{-size % 4}x")
        headers.append(struct.unpack("=I", genl.ATTRIBUTE.pack(4 + size, kind))[0])
    return struct.Struct("=" + "".join(parts)), tuple(headers)


_DEST, _DEST_HEADERS = _layout(
    (wire.DEST_ADDR, 16, "16s"),
    (wire.DEST_PORT, 2, "2s"),
    (wire.DEST_FWD_METHOD, 4, "I"),
    (wire.DEST_WEIGHT, 4, "i"),
    (wire.DEST_TUN_TYPE, 1, "B"),
    (wire.DEST_TUN_PORT, 2, "2s"),
    (wire.DEST_TUN_FLAGS, 2, "H"),
    (wire.DEST_U_THRESH, 4, "I"),
    (wire.DEST_L_THRESH, 4, "I"),
    (wire.DEST_ACTIVE_CONNS, 4, "I"),
    (wire.DEST_INACT_CONNS, 4, "I"),
    (wire.DEST_PERSIST_CONNS, 4, "I"),
    (wire.DEST_ADDR_FAMILY, 2, "H"),
)
# The ten counters; machines that want 64 bits aligned have an empty attribute between any two.
_STATS64, _STATS64_HEADERS = _layout(*((kind, 8, "Q") for kind in range(1, 11)))
_ALIGNED, _ALIGNED_HEADERS = _layout(
    (1, 8, "Q"), *(attribute for kind in range(2, 11) for attribute in ((_PAD, 0, "0s"), (kind, 8, "Q")))
)
# An enum's own lookup is several times slower than a dictionary's.
_TUNNELS = {int(tunnel): tunnel for tunnel in Tunnel}
_FORWARDS = {int(forward): forward for forward in Forward}
# Where the fixed layout begins: behind the genlmsghdr and the header of CMD_ATTR_DEST.
_DEST_OFFSET = _BODY + 4


def _bytes(found: dict[int, memoryview], kind: int) -> memoryview:
    if kind not in found:
        raise ValueError(f"IPVS answer without attribute {kind}")
    return found[kind]


def _number(found: dict[int, memoryview], kind: int, default: int = 0) -> int:
    return int.from_bytes(found[kind], sys.byteorder) if kind in found else default


def _text(found: dict[int, memoryview], kind: int) -> str:
    return bytes(found[kind]).split(b"\0", 1)[0].decode() if kind in found else ""


def _address(family: int, value: memoryview | bytes) -> str:
    if family not in (AF_INET, AF_INET6):
        raise ValueError(f"address family {family} in an IPVS answer")
    return inet_ntop(family, bytes(value[: 4 if family == AF_INET else 16]))


def _nested(body: memoryview, kind: int) -> dict[int, memoryview]:
    return genl.attributes(_bytes(genl.attributes(body[_BODY:]), kind))


def _netmask(family: int, value: memoryview) -> int:
    if family == AF_INET6:
        return int.from_bytes(value, sys.byteorder)
    mask = int.from_bytes(value, "big")
    prefix = bin(mask).count("1")
    return prefix if mask == (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF else -mask


def _service(found: dict[int, memoryview]) -> Service:
    family = _number(found, wire.SVC_AF)
    fwmark = _number(found, wire.SVC_FWMARK)
    key = (
        ServiceKey(family, fwmark=fwmark)
        if fwmark
        else ServiceKey(
            family,
            _number(found, wire.SVC_PROTOCOL),
            _address(family, _bytes(found, wire.SVC_ADDR)),
            int.from_bytes(_bytes(found, wire.SVC_PORT), "big"),
        )
    )
    flags = int.from_bytes(_bytes(found, wire.SVC_FLAGS)[:4], sys.byteorder) & ~F_HASHED
    return Service(
        key,
        _text(found, wire.SVC_SCHED_NAME),
        flags,
        _number(found, wire.SVC_TIMEOUT) if flags & F_PERSISTENT else 0,
        _netmask(family, _bytes(found, wire.SVC_NETMASK)),
        _text(found, wire.SVC_PE_NAME),
    )


def service(body: memoryview) -> Service:
    """A service of a GET_SERVICE answer."""
    return _service(_nested(body, wire.CMD_ATTR_SERVICE))


def service_stats(body: memoryview) -> ServiceStats:
    """The same with its counters, without destinations."""
    found = _nested(body, wire.CMD_ATTR_SERVICE)
    return ServiceStats(_service(found), _counters(found, wire.SVC_STATS64, wire.SVC_STATS))


def _counters(found: dict[int, memoryview], wide: int, narrow: int) -> Counters:
    """From the 64-bit attribute (Linux 4.1 on), else from the 32-bit one."""
    view = found.get(wide)
    return _wide(view) if view is not None else _walk_counters(found.get(narrow, memoryview(b"")))


def _wide(view: memoryview) -> Counters:
    if len(view) == _STATS64.size:
        values = _STATS64.unpack(view)
        if values[::2] == _STATS64_HEADERS:
            return Counters._make(values[1::2])
    elif len(view) == _ALIGNED.size:
        values = _ALIGNED.unpack(view)
        if values[::2] == _ALIGNED_HEADERS:
            return Counters._make(values[1::4])
    return _walk_counters(view)


def _walk_counters(view: memoryview) -> Counters:
    walked = genl.attributes(view)
    return Counters._make(_number(walked, kind) for kind in range(1, 11))


def destination(body: memoryview, family: int) -> Destination:
    """A destination of a GET_DEST answer; ``family`` is the service's, for kernels that say none (before 3.18)."""
    if len(body) >= _DEST_OFFSET + _DEST.size:
        values = _DEST.unpack_from(body, _DEST_OFFSET)
        if values[::2] == _DEST_HEADERS:
            return _fixed(values)
    return _walked(_nested(body, wire.CMD_ATTR_DEST), family)


def _fixed(values: tuple[Any, ...]) -> Destination:
    # Header, value, header, value: the headers were compared before.
    (address, port, method, weight, kind, tunnel_port, tunnel_flags, upper, lower) = values[1:18:2]
    if method not in _FORWARDS or kind not in _TUNNELS:
        raise ValueError(f"forwarding method {method}, tunnel type {kind} in an IPVS answer")
    return Destination(
        _address(values[25], address),
        (port[0] << 8) | port[1],
        _FORWARDS[method],
        weight,
        upper,
        lower,
        _TUNNELS[kind],
        (tunnel_port[0] << 8) | tunnel_port[1],
        tunnel_flags,
    )


def _walked(found: dict[int, memoryview], family: int) -> Destination:
    return Destination(
        _address(_number(found, wire.DEST_ADDR_FAMILY, family), _bytes(found, wire.DEST_ADDR)),
        int.from_bytes(_bytes(found, wire.DEST_PORT), "big"),
        Forward(_number(found, wire.DEST_FWD_METHOD) & 7),
        int.from_bytes(_bytes(found, wire.DEST_WEIGHT), sys.byteorder, signed=True),
        _number(found, wire.DEST_U_THRESH),
        _number(found, wire.DEST_L_THRESH),
        Tunnel(_number(found, wire.DEST_TUN_TYPE)),
        int.from_bytes(found.get(wire.DEST_TUN_PORT, b""), "big"),
        _number(found, wire.DEST_TUN_FLAGS),
    )


def destination_stats(body: memoryview, family: int) -> DestinationStats:
    """The same with its connections and counters."""
    if len(body) >= _DEST_OFFSET + _DEST.size:
        values = _DEST.unpack_from(body, _DEST_OFFSET)
        if values[::2] == _DEST_HEADERS:
            counted = genl.attributes(body[_DEST_OFFSET + _DEST.size :])
            counters = _counters(counted, wire.DEST_STATS64, wire.DEST_STATS)
            return DestinationStats(_fixed(values), values[19], values[21], values[23], counters)
    found = _nested(body, wire.CMD_ATTR_DEST)
    return DestinationStats(
        _walked(found, family),
        _number(found, wire.DEST_ACTIVE_CONNS),
        _number(found, wire.DEST_INACT_CONNS),
        _number(found, wire.DEST_PERSIST_CONNS),
        _counters(found, wire.DEST_STATS64, wire.DEST_STATS),
    )


def daemon(body: memoryview) -> Daemon:
    """A running sync daemon of a GET_DAEMON answer; kernels before 4.3 say no more than state, interface, id."""
    found = _nested(body, wire.CMD_ATTR_DAEMON)
    group = ""
    if wire.DAEMON_MCAST_GROUP6 in found:
        group = _address(AF_INET6, found[wire.DAEMON_MCAST_GROUP6])
    elif wire.DAEMON_MCAST_GROUP in found:
        group = _address(AF_INET, found[wire.DAEMON_MCAST_GROUP])
    return Daemon(
        _number(found, wire.DAEMON_STATE),
        _text(found, wire.DAEMON_MCAST_IFN),
        _number(found, wire.DAEMON_SYNC_ID),
        _number(found, wire.DAEMON_SYNC_MAXLEN),
        group,
        _number(found, wire.DAEMON_MCAST_PORT),
        _number(found, wire.DAEMON_MCAST_TTL),
    )


def timeouts(body: memoryview) -> Timeouts:
    """The answer to GET_CONFIG."""
    found = genl.attributes(body[_BODY:])
    kinds = (wire.CMD_ATTR_TIMEOUT_TCP, wire.CMD_ATTR_TIMEOUT_TCP_FIN, wire.CMD_ATTR_TIMEOUT_UDP)
    return Timeouts(*(_number(found, kind) for kind in kinds))


def info(body: memoryview) -> Info:
    """The answer to GET_INFO."""
    found = genl.attributes(body[_BODY:])
    version = _number(found, 1)
    return Info((version >> 16 & 0xFF, version >> 8 & 0xFF, version & 0xFF), _number(found, 2))


def family_id(body: memoryview) -> int:
    """The answer to ``genl.family_request``."""
    return _number(genl.attributes(body[_BODY:]), genl.CTRL_ATTR_FAMILY_ID)
