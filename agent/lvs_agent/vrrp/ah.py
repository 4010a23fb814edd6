# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""auth_type AH as keepalived speaks it: HMAC-MD5-96 in an Authentication Header (RFC 2402, RFC 2403), IPv4 only.

Sealed: the IP header with its mutable fields zeroed (RFC 2402 3.3.3.1), the AH with a zeroed ICV, the message. The
TTL counts as mutable for unicast only. The SPI is the sender's address. One 32-bit sequence is shared by what a
virtual router sends and hears, so that a new master goes on above the old one. Pure: the counter is the caller's.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import Any, Tuple, Union

from .packet import PROTOCOL, TOS, TTL, Datagram, Discard, checksum

AH = 51
_HEADER = struct.Struct("!BBH4sI12s")
LENGTH = _HEADER.size
_MULTICAST = 0xE0


def _icv(key: bytes, header: bytes, sequence: int, spi: bytes, message: bytes) -> bytes:
    """The first 96 bits; `header` is the IP header as on the wire, options included."""
    still = header[8:9] if header[16] & 0xF0 == _MULTICAST else b"\0"
    zeroed = header[:1] + b"\0" + header[2:6] + b"\0\0" + still + header[9:10] + b"\0\0" + header[12:]
    sealed = zeroed + _HEADER.pack(PROTOCOL, 4, 0, spi, sequence, bytes(12)) + message
    return hmac.new(key, sealed, _md5).digest()[:12]


def _md5(data: bytes = b"") -> Any:
    """RFC 2403 has MD5; a host in FIPS mode is told that this is not for its own security."""
    return hashlib.md5(data, usedforsecurity=False)


def seal(
    message: bytes,
    source: bytes,
    destination: bytes,
    *,
    key: bytes,
    sequence: int,
    identification: int,
    ttl: int = TTL,
) -> bytes:
    """A whole IPv4 packet. `identification` must not be 0: the kernel would fill it after we signed it."""
    total = 20 + LENGTH + len(message)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, TOS, total, identification, 0, ttl, AH, 0, source, destination)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    icv = _icv(key, header, sequence, source, message)
    return header + _HEADER.pack(PROTOCOL, 4, 0, source, sequence, icv) + message


def unseal(datagram: Datagram, key: bytes, last: int) -> Union[Discard, Tuple[Datagram, int]]:
    """The datagram without its AH, and its sequence, which must be above `last`."""
    if len(datagram.payload) < LENGTH:
        return Discard.TRUNCATED
    following, length, reserved, spi, sequence, icv = _HEADER.unpack_from(datagram.payload)
    message = datagram.payload[LENGTH:]
    if (following, length, reserved) != (PROTOCOL, 4, 0):
        return Discard.AUTH_TYPE
    if not hmac.compare_digest(icv, _icv(key, datagram.header, sequence, spi, message)):
        return Discard.AUTH_DATA
    if spi != datagram.source:
        return Discard.AUTH_DATA
    if sequence <= last:
        return Discard.REPLAY
    return Datagram(datagram.source, datagram.destination, datagram.ttl, message), sequence
