# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PING_CHECK: an ICMP echo is answered. RFC 792 (echo), RFC 4443 section 4, RFC 1071 (checksum).

A socket of the kernel's ping kind numbers and sums by itself; a raw one does not, and shows the IPv4 header too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from socket import AF_INET6, IPPROTO_ICMP, IPPROTO_ICMPV6
from typing import TYPE_CHECKING, Optional

from .exchange import Exchange
from .outcome import Outcome

if TYPE_CHECKING:
    from .endpoint import Endpoint

PAYLOAD = b"keepalived check - " * 3
_ECHO = struct.Struct("!BBHHH")
_REQUEST, _REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
_UNREACHABLE = {4: 3, 6: 1}


@dataclass(frozen=True)
class PingCheck:
    """One PING_CHECK; of the endpoint, ports mean nothing."""

    endpoint: Endpoint
    name = "PING_CHECK"
    steps = 1

    @property
    def protocol(self) -> int:
        """IPPROTO_ICMP or IPPROTO_ICMPV6."""
        return IPPROTO_ICMPV6 if self.endpoint.family == AF_INET6 else IPPROTO_ICMP

    def exchange(self, token: int) -> Exchange:
        """One echo, known by a number and a nonce."""
        return _Echo(6 if self.endpoint.family == AF_INET6 else 4, token)


class _Echo(Exchange):
    __slots__ = ("_ident", "_sequence", "_version")

    def __init__(self, version: int, token: int) -> None:
        self._version = version
        self._ident, self._sequence = token >> 16 & 0xFFFF, token & 0xFFFF

    def request(self) -> bytes:
        """The echo request; IPv6 leaves the checksum to the kernel."""
        kind = _REQUEST[self._version]
        blank = _ECHO.pack(kind, 0, 0, self._ident, self._sequence) + PAYLOAD
        total = checksum(blank) if self._version == 4 else 0
        return _ECHO.pack(kind, 0, total, self._ident, self._sequence) + PAYLOAD

    def received(self, data: bytes) -> Optional[Outcome]:
        """Ours if it echoes our number. The identifier is the kernel's own on a ping socket."""
        if self._version == 4 and data[:1] and data[0] >> 4 == 4 and data[0] & 0xF >= 5:
            data = data[(data[0] & 0xF) * 4 :]
        if len(data) < _ECHO.size:
            return None
        kind, _code, _sum, _ident, sequence = _ECHO.unpack_from(data)
        if kind != _REPLY[self._version] or sequence != self._sequence or data[_ECHO.size :] != PAYLOAD:
            return None
        return Outcome(True, "echo answered")

    def silence(self) -> Outcome:
        """No echo."""
        return Outcome(False, "echo not answered")


def checksum(data: bytes) -> int:
    """RFC 1071: the ones' complement of the ones' complement sum of the 16-bit words."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) // 2 * 2]))
    if len(data) % 2:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
