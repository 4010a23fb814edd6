# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS_CHECK: a query over UDP is answered without an error code; the answer may be empty. RFC 1035, section 4.1."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .exchange import Exchange
from .outcome import Outcome

if TYPE_CHECKING:
    from .endpoint import Endpoint

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "RRSIG": 46, "DNSKEY": 48}
_CODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
_HEADER = struct.Struct("!HHHHHH")
_RECURSION_DESIRED = 0x0100
_RESPONSE = 0x8000
_CLASS_IN = 1


@dataclass(frozen=True)
class DnsCheck:
    """One DNS_CHECK: a record type and a name to ask for."""

    endpoint: Endpoint
    type: str = "SOA"
    qname: str = "."
    name = "DNS_CHECK"
    steps = 1
    protocol = 0

    def exchange(self, token: int) -> Exchange:
        """A query with a number of its own."""
        return _Query(token & 0xFFFF, self.type, self.qname)


def question(number: int, kind: str, name: str) -> bytes:
    """The query. Raises ValueError for a label that is empty or above 63 bytes."""
    encoded = b""
    for label in name.rstrip(".").split(".") if name.rstrip(".") else ():
        raw = label.encode("idna") if not label.isascii() else label.encode()
        if not 0 < len(raw) < 64:
            raise ValueError(label)
        encoded += bytes([len(raw)]) + raw
    return (
        _HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 0)
        + encoded
        + b"\0"
        + struct.pack("!HH", TYPES[kind], _CLASS_IN)
    )


class _Query(Exchange):
    __slots__ = ("_kind", "_name", "_number")

    def __init__(self, number: int, kind: str, name: str) -> None:
        self._number, self._kind, self._name = number, kind, name

    def request(self) -> bytes:
        """The query."""
        return question(self._number, self._kind, self._name)

    def received(self, data: bytes) -> Optional[Outcome]:
        """Ours if it is a response with our number."""
        if len(data) < _HEADER.size:
            return None
        number, flags = struct.unpack_from("!HH", data)
        if number != self._number or not flags & _RESPONSE:
            return None
        code = flags & 0xF
        if code:
            return Outcome(False, f"{self._kind} {self._name}: {_CODES.get(code, f'error {code}')}")
        return Outcome(True, f"{self._kind} {self._name}: answered")

    def silence(self) -> Outcome:
        """No answer."""
        return Outcome(False, f"{self._kind} {self._name}: no answer")
