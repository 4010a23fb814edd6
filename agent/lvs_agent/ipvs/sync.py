# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's connection sync protocol, version 1, as bytes: what a master daemon multicasts to 224.0.0.81:8848.

Layouts from net/netfilter/ipvs/ip_vs_sync.c; everything is in network order. One UDP datagram is a header of 8 bytes
and up to 255 records, each beginning at a multiple of four:

    header  reserved=0 u8 | syncid u8 | size u16 | records u8 | version=1 s8 | spare=0 u16
    record  type u8 (1: IPv6) | protocol u8 | version 0, length u16 | flags u32 | state, ports u16 | mark, timeout u32
            | client, virtual, destination address | options: type u8 | length u8 | value

Version 0 is not read. No socket, no pacing, no choice of what to send.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Connection flags that travel (IP_VS_CONN_F_*, of which the lowest three bits are table.Forward).
F_NOOUTPUT = 0x0080
F_INACTIVE = 0x0100
F_OUT_SEQ = 0x0200
F_IN_SEQ = 0x0400
F_NO_CPORT = 0x0800
F_TEMPLATE = 0x1000

_HEADER = struct.Struct("!BBHBbH")
_RECORD = struct.Struct("!BBHIHHHHII")
_SEQUENCES = struct.Struct("!6I")
_TYPE_INET6 = 0x01
_LENGTH = 0x0FFF  # of the second field; the bits above are the record's version, 0
_SEQ_DATA, _PE_DATA, _PE_NAME, _OPTIONAL = 1, 2, 3, 0x40
MOST = 255  # records in a datagram


class Sequences(NamedTuple):
    """TCP sequence deltas of a connection whose payload a helper (FTP over NAT) changes: ip_vs_seq, in then out."""

    in_init: int
    in_delta: int
    in_previous: int
    out_init: int
    out_delta: int
    out_previous: int


@dataclass(frozen=True)
class Record:
    """One connection or, with F_TEMPLATE, one persistence template. ``timeout`` in seconds; ``state`` by protocol."""

    protocol: int
    client: str
    client_port: int
    virtual: str
    virtual_port: int
    destination: str
    destination_port: int
    flags: int = 0
    state: int = 0
    fwmark: int = 0
    timeout: int = 0
    sequences: Optional[Sequences] = None
    pe_name: str = ""
    pe_data: bytes = b""

    @property
    def family(self) -> int:
        """AF_INET or AF_INET6: that of the client's address."""
        return AF_INET6 if ":" in self.client else AF_INET


def record(value: Record) -> bytes:
    """One record, not padded. OSError where an address is none or of another family than the client's."""
    family = value.family
    options = b""
    if value.sequences:
        options += bytes((_SEQ_DATA, _SEQUENCES.size)) + _SEQUENCES.pack(*value.sequences)
    if value.pe_data:
        options += bytes((_PE_DATA, len(value.pe_data))) + value.pe_data
    if value.pe_name:
        name = value.pe_name.encode()
        options += bytes((_PE_NAME, len(name))) + name
    addresses = b"".join(inet_pton(family, text) for text in (value.client, value.virtual, value.destination))
    head = _RECORD.pack(
        _TYPE_INET6 if family == AF_INET6 else 0,
        value.protocol,
        _RECORD.size + len(addresses) + len(options),
        value.flags,
        value.state,
        value.client_port,
        value.virtual_port,
        value.destination_port,
        value.fwmark,
        value.timeout,
    )
    return head + addresses + options


def datagrams(syncid: int, records: Iterable[Record], maxlen: int) -> Iterator[bytes]:
    """The records in as few datagrams of at most ``maxlen`` bytes as their order allows."""
    parts: list[bytes] = []
    size = _HEADER.size
    for value in records:
        part = record(value)
        if parts and (len(parts) == MOST or _aligned(size) + len(part) > maxlen):
            yield _datagram(syncid, parts)
            parts, size = [], _HEADER.size
        parts.append(part)
        size = _aligned(size) + len(part)
    if parts:
        yield _datagram(syncid, parts)


def _aligned(size: int) -> int:
    return (size + 3) & ~3


def _datagram(syncid: int, parts: list[bytes]) -> bytes:
    body = b"".join(part + bytes(-len(part) % 4) for part in parts[:-1]) + parts[-1]
    return _HEADER.pack(0, syncid, _HEADER.size + len(body), len(parts), 1, 0) + body


def read(datagram: bytes) -> tuple[int, tuple[Record, ...]]:
    """(syncid, records) of a version 1 datagram; ValueError for any other, as the kernel drops it."""
    if len(datagram) < _HEADER.size:
        raise ValueError("sync datagram shorter than its header")
    reserved, syncid, size, count, version, spare = _HEADER.unpack_from(datagram)
    if (reserved, version, spare) != (0, 1, 0):
        raise ValueError("sync datagram of another version than 1")
    if size != len(datagram):
        raise ValueError(f"sync datagram of {len(datagram)} bytes says it has {size}")
    records, offset = [], _HEADER.size
    for _record in range(count):
        value, length = _read_record(datagram, offset)
        records.append(value)
        offset += _aligned(length)
    return syncid, tuple(records)


def _read_record(datagram: bytes, offset: int) -> tuple[Record, int]:
    if offset + _RECORD.size > len(datagram):
        raise ValueError("sync datagram ends within a record")
    kind, protocol, versioned, flags, state, cport, vport, dport, fwmark, timeout = _RECORD.unpack_from(
        datagram, offset
    )
    length = versioned & _LENGTH
    if versioned & ~_LENGTH or kind & ~_TYPE_INET6:
        raise ValueError(f"sync record of type {kind}, version {versioned >> 12}")
    family, wide = (AF_INET6, 16) if kind & _TYPE_INET6 else (AF_INET, 4)
    start, end = offset + _RECORD.size, offset + length
    options = start + 3 * wide
    if not options <= end <= len(datagram):
        raise ValueError(f"sync record of {length} bytes at {offset} of {len(datagram)}")
    client, virtual, destination = (inet_ntop(family, datagram[at : at + wide]) for at in range(start, options, wide))
    found = dict(_options(datagram[options:end]))
    sequences = found.get(_SEQ_DATA)
    if sequences is not None and len(sequences) != _SEQUENCES.size:
        raise ValueError(f"sync record with {len(sequences)} bytes of sequence data")
    value = Record(
        protocol,
        client,
        cport,
        virtual,
        vport,
        destination,
        dport,
        flags,
        state,
        fwmark,
        timeout,
        Sequences._make(_SEQUENCES.unpack(sequences)) if sequences is not None else None,
        found.get(_PE_NAME, b"").decode("ascii", "replace"),
        found.get(_PE_DATA, b""),
    )
    return value, length


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, value); one that is not known must say that it may be passed over."""
    offset = 0
    while offset < len(data):
        if offset + 2 > len(data) or offset + 2 + data[offset + 1] > len(data):
            raise ValueError("sync record ends within an option")
        kind, length = data[offset], data[offset + 1]
        known = kind & ~_OPTIONAL
        if known in (_SEQ_DATA, _PE_DATA, _PE_NAME):
            yield known, data[offset + 2 : offset + 2 + length]
        elif not kind & _OPTIONAL:
            raise ValueError(f"sync record with an option of type {kind}")
        offset += 2 + length
