# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPVS requests as bytes: generic netlink payloads, from the command on. No socket, no sequence numbers, no answers
(``decode.py``).

Commands and attributes are those of linux/ip_vs.h. The bytes of a service are ipvsadm's, those of a destination
keepalived's; a service that only says which one is meant is cut down to what the kernel looks it up by.
"""

from __future__ import annotations

import enum
import struct
from socket import AF_INET, AF_INET6, inet_pton
from typing import TYPE_CHECKING

from lvs_agent.ipvs import genl
from lvs_agent.ipvs.table import F_PERSISTENT, Destination, Forward, Service, ServiceKey, Tunnel

if TYPE_CHECKING:
    from lvs_agent.ipvs.stats import Daemon, Timeouts


class Command(enum.IntEnum):
    """IPVS_CMD_*."""

    NEW_SERVICE = 1
    SET_SERVICE = 2
    DEL_SERVICE = 3
    GET_SERVICE = 4
    NEW_DEST = 5
    SET_DEST = 6
    DEL_DEST = 7
    GET_DEST = 8
    NEW_DAEMON = 9
    DEL_DAEMON = 10
    GET_DAEMON = 11
    SET_CONFIG = 12
    GET_CONFIG = 13
    SET_INFO = 14
    GET_INFO = 15
    ZERO = 16
    FLUSH = 17


CMD_ATTR_SERVICE, CMD_ATTR_DEST, CMD_ATTR_DAEMON = 1, 2, 3
CMD_ATTR_TIMEOUT_TCP, CMD_ATTR_TIMEOUT_TCP_FIN, CMD_ATTR_TIMEOUT_UDP = 4, 5, 6
SVC_AF, SVC_PROTOCOL, SVC_ADDR, SVC_PORT, SVC_FWMARK = 1, 2, 3, 4, 5
SVC_SCHED_NAME, SVC_FLAGS, SVC_TIMEOUT, SVC_NETMASK, SVC_STATS, SVC_PE_NAME, SVC_STATS64 = 6, 7, 8, 9, 10, 11, 12
DEST_ADDR, DEST_PORT, DEST_FWD_METHOD, DEST_WEIGHT, DEST_U_THRESH, DEST_L_THRESH = 1, 2, 3, 4, 5, 6
DEST_ACTIVE_CONNS, DEST_INACT_CONNS, DEST_PERSIST_CONNS, DEST_STATS, DEST_ADDR_FAMILY, DEST_STATS64 = (
    7,
    8,
    9,
    10,
    11,
    12,
)
DEST_TUN_TYPE, DEST_TUN_PORT, DEST_TUN_FLAGS = 13, 14, 15
DAEMON_STATE, DAEMON_MCAST_IFN, DAEMON_SYNC_ID, DAEMON_SYNC_MAXLEN = 1, 2, 3, 4
DAEMON_MCAST_GROUP, DAEMON_MCAST_GROUP6, DAEMON_MCAST_PORT, DAEMON_MCAST_TTL = 5, 6, 7, 8

ALL_FLAGS = 0xFFFFFFFF

_U32 = struct.Struct("=HHI")
_U16 = struct.Struct("=HHHxx")
_U8 = struct.Struct("=HHBxxx")
# A destination up to its weight, the part that is always there: family, address, port, forwarding method, weight.
_DEST = struct.Struct("=HHHxx HH16s HH2sxx HHI HHI")
_THRESHOLDS = struct.Struct("=HHI HHI")


def _u32(kind: int, value: int) -> bytes:
    return _U32.pack(8, kind, value & 0xFFFFFFFF)


def _u16(kind: int, value: int) -> bytes:
    return _U16.pack(6, kind, value)


def _u8(kind: int, value: int) -> bytes:
    return _U8.pack(5, kind, value)


def _be16(kind: int, value: int) -> bytes:
    return genl.attribute(kind, value.to_bytes(2, "big"))


def _text(kind: int, value: str) -> bytes:
    return genl.attribute(kind, value.encode() + b"\0")


def address_bytes(family: int, address: str) -> bytes:
    """The kernel's union nf_inet_addr: 16 bytes, an IPv4 address in the first four. OSError where it is none."""
    return inet_pton(family, address).ljust(16, b"\0")


def _key(key: ServiceKey) -> bytes:
    """The attributes by which the kernel finds a service."""
    if key.fwmark:
        return _u16(SVC_AF, key.family) + _u32(SVC_FWMARK, key.fwmark)
    return (
        _u16(SVC_AF, key.family)
        + _u16(SVC_PROTOCOL, key.protocol)
        + genl.attribute(SVC_ADDR, address_bytes(key.family, key.address))
        + _be16(SVC_PORT, key.port)
    )


def netmask_bytes(service: Service) -> bytes:
    """The kernel's u32: for IPv4 the mask in network order, for IPv6 the prefix length."""
    if service.key.family == AF_INET6:
        return struct.pack("=I", service.netmask)
    mask = -service.netmask if service.netmask < 0 else (0xFFFFFFFF << (32 - service.netmask)) & 0xFFFFFFFF
    return mask.to_bytes(4, "big")


def service_name(key: ServiceKey) -> bytes:
    """The nested attribute that says which service is meant."""
    return genl.nested(CMD_ATTR_SERVICE, _key(key))


def service(command: Command, value: Service) -> bytes:
    """NEW_SERVICE or SET_SERVICE with everything; for DEL_SERVICE use ``of_service``."""
    flags = value.flags | (F_PERSISTENT if value.timeout else 0)
    return genl.payload(
        command,
        genl.nested(
            CMD_ATTR_SERVICE,
            _key(value.key),
            _text(SVC_SCHED_NAME, value.scheduler),
            _text(SVC_PE_NAME, value.pe_name) if value.pe_name else b"",
            genl.attribute(SVC_FLAGS, struct.pack("=II", flags, ALL_FLAGS)),
            _u32(SVC_TIMEOUT, value.timeout),
            genl.attribute(SVC_NETMASK, netmask_bytes(value)),
        ),
    )


def of_service(command: Command, key: ServiceKey) -> bytes:
    """DEL_SERVICE, GET_DEST or ZERO of one service."""
    return genl.payload(command, service_name(key))


def destination(command: Command, named: bytes, value: Destination) -> bytes:
    """NEW_DEST, SET_DEST or DEL_DEST in the service that ``named`` (by ``service_name``) says."""
    family = value.family
    head = _DEST.pack(
        6,
        DEST_ADDR_FAMILY,
        family,
        20,
        DEST_ADDR,
        inet_pton(family, value.address),
        6,
        DEST_PORT,
        value.port.to_bytes(2, "big"),
        8,
        DEST_FWD_METHOD,
        value.forward,
        8,
        DEST_WEIGHT,
        value.weight,
    )
    thresholds = _THRESHOLDS.pack(8, DEST_U_THRESH, value.upper, 8, DEST_L_THRESH, value.lower)
    tunnel = _tunnel(value) if value.forward is Forward.TUN else b""
    return genl.payload(command, named + genl.nested(CMD_ATTR_DEST, head, tunnel, thresholds))


def _tunnel(value: Destination) -> bytes:
    kind = _u8(DEST_TUN_TYPE, value.tunnel_type)
    if value.tunnel_type is Tunnel.IPIP:
        return kind
    port = _be16(DEST_TUN_PORT, value.tunnel_port) if value.tunnel_type is Tunnel.GUE else b""
    return kind + port + _u16(DEST_TUN_FLAGS, value.tunnel_flags)


def start_daemon(daemon: Daemon) -> bytes:
    """NEW_DAEMON; what is 0 or '' is left to the kernel."""
    optional = [
        _u16(DAEMON_SYNC_MAXLEN, daemon.maxlen) if daemon.maxlen else b"",
        _u16(DAEMON_MCAST_PORT, daemon.port) if daemon.port else b"",
        _u8(DAEMON_MCAST_TTL, daemon.ttl) if daemon.ttl else b"",
    ]
    if daemon.group:
        six = ":" in daemon.group
        family = AF_INET6 if six else AF_INET
        optional.append(
            genl.attribute(DAEMON_MCAST_GROUP6 if six else DAEMON_MCAST_GROUP, inet_pton(family, daemon.group))
        )
    return genl.payload(
        Command.NEW_DAEMON,
        genl.nested(
            CMD_ATTR_DAEMON,
            _u32(DAEMON_STATE, daemon.state),
            _text(DAEMON_MCAST_IFN, daemon.interface),
            _u32(DAEMON_SYNC_ID, daemon.syncid),
            *optional,
        ),
    )


def stop_daemon(state: int) -> bytes:
    """DEL_DAEMON of the master or the backup daemon."""
    return genl.payload(Command.DEL_DAEMON, genl.nested(CMD_ATTR_DAEMON, _u32(DAEMON_STATE, state)))


def set_timeouts(timeouts: Timeouts) -> bytes:
    """SET_CONFIG; a 0 leaves that timeout as it is."""
    return genl.payload(
        Command.SET_CONFIG,
        _u32(CMD_ATTR_TIMEOUT_TCP, timeouts.tcp)
        + _u32(CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin)
        + _u32(CMD_ATTR_TIMEOUT_UDP, timeouts.udp),
    )
