# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VRRP advertisements as bytes: version 2 (RFC 3768 section 5) and version 3 (RFC 9568 section 5).

Encodes what we say and judges what we hear; a refused packet becomes a `Discard` cause and never leaves
the room as anything else. Knows no state machine and no socket. Addresses are packed (4 or 16 bytes),
intervals are centiseconds in both versions (version 2 carries whole seconds on the wire).
"""

from __future__ import annotations

import enum
import hmac
import struct
from dataclasses import dataclass, field, replace
from typing import FrozenSet, Mapping, Optional, Tuple, Union

PROTOCOL = 112  # RFC 9568 5.1.1.4
TTL = 255  # RFC 9568 5.1.1.3
TOS = 0xC0  # internetwork control, as keepalived sends
GROUP4 = bytes((224, 0, 0, 18))  # RFC 9568 5.1.1.2
GROUP6 = bytes.fromhex("ff020000000000000000000000000012")  # RFC 9568 5.1.2.2
OWNER = 255
AUTH_NONE, AUTH_PASS, AUTH_AH = 0, 1, 2

_NOTHING: FrozenSet[Note] = frozenset()


class Discard(enum.Enum):
    """Why a packet was not processed; each is counted, and the value is the word used in status and logs."""

    IP_HEADER = "ip_header"  # not a whole IPv4 packet, or a fragment
    TTL = "ttl"  # not 255 (RFC 9568 7.1)
    OWN = "own"  # our own packet come back
    DESTINATION = "destination"  # unicast heard in multicast mode, or the reverse
    SOURCE = "source"  # unicast sender that is no peer of ours
    TRUNCATED = "truncated"
    TRAILING = "trailing"
    VERSION = "version"
    TYPE = "type"
    VRID = "vrid"
    COUNT_ZERO = "count_zero"  # RFC 9568 5.2.5, erratum 8299
    CHECKSUM = "checksum"
    AUTH_TYPE = "auth_type"
    AUTH_DATA = "auth_data"
    REPLAY = "auth_replay"
    HMAC_MISSING = "auth_ext_missing"
    HMAC_MALFORMED = "auth_ext_malformed"
    HMAC_UNKNOWN_KEY = "auth_ext_unknown_key"
    HMAC_INVALID = "auth_ext_invalid_hmac"
    HMAC_STALE = "auth_ext_stale"
    HMAC_REPLAY = "auth_ext_replay"
    INTERVAL_ZERO = "interval_zero"  # RFC 9568 7.1, erratum 8301
    INTERVAL = "interval"  # version 2 only: not ours (RFC 3768 7.1)
    LINK_LOCAL = "link_local"  # IPv6: the first address must be link-local (erratum 8300)
    OWNER = "owner"  # version 2: the address owner hears no one (RFC 3768 7.1)


class Note(enum.Enum):
    """What is odd about a packet that is processed nevertheless; logged at most once a period."""

    ADDRESSES = "addresses_differ"  # RFC 9568 7.1: SHOULD log, continues
    INTERVAL = "interval_differs"  # version 3 adopts the sender's (RFC 9568 6.4.2)
    RIVAL_OWNER = "rival_owner"  # we are the owner and someone else says 255 (erratum 8298)


@dataclass(frozen=True)
class Advert:
    """One advertisement.

    `interval` in centiseconds (version 2: a multiple of 100). `addresses` packed, all of one family.
    """

    version: int
    vrid: int
    priority: int
    interval: int
    addresses: Tuple[bytes, ...]
    auth_type: int = AUTH_NONE


@dataclass(frozen=True)
class Datagram:
    """The IP packet around a message: what the socket tells beside the payload.

    `header` is the IPv4 header (what AH signs), `trailer` what was cut off behind the message (auth_hmac).
    """

    source: bytes
    destination: bytes
    ttl: int
    payload: bytes
    header: bytes = b""
    trailer: bytes = b""


@dataclass(frozen=True)
class Expect:
    """What one virtual router accepts on one interface.

    `source` is our own primary address, `peers` is empty in multicast mode, `group` the multicast destination,
    `auth_type` is version 2's, `secret` the 8 zero-padded bytes of PASS. `addresses` are those we advertise ourselves.
    `link_local`: IPv6 adverts must begin with a link-local address; False where our own do not either.
    `ttls` are the least and the greatest TTL of peers that need not have 255. `owner_ignores`: an owner hears nobody in
    version 3 either. `group_checksum`: unicast of old keepalived, its checksum made as if it were multicast.
    """

    version: int
    vrid: int
    source: bytes
    interval: int
    addresses: FrozenSet[bytes]
    group: bytes = GROUP4
    peers: FrozenSet[bytes] = frozenset()
    auth_type: int = AUTH_NONE
    secret: bytes = b""
    owner: bool = False
    link_local: bool = True
    ttls: Mapping[bytes, Tuple[int, int]] = field(default_factory=dict)
    owner_ignores: bool = False
    group_checksum: bool = False


@dataclass(frozen=True)
class Heard:
    """An advertisement that passed every rule, and from whom."""

    advert: Advert
    source: bytes
    notes: FrozenSet[Note] = _NOTHING


def secret(auth_pass: str) -> bytes:
    """The 8 bytes that PASS puts on the wire: cut or zero padded, as keepalived does."""
    return auth_pass.encode("utf-8", "surrogateescape")[:8].ljust(8, b"\0")


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of `data`; 0 when `data` carries its own right checksum."""
    if len(data) & 1:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def pseudo_header(source: bytes, destination: bytes, length: int) -> bytes:
    """RFC 8200 8.1, and its IPv4 likeness (RFC 793 3.1): what a checksum covers beside the message."""
    if len(source) == 4:
        return source + destination + struct.pack("!BBH", 0, PROTOCOL, length)
    return source + destination + struct.pack("!IxxxB", length, PROTOCOL)


def encode(
    advert: Advert,
    source: bytes,
    destination: bytes,
    secret: bytes = b"",
    *,
    checksum_as_v2: bool = False,
) -> bytes:
    """The message without its IP header.

    Version 3 over IPv4 is sent with the pseudo-header in its checksum, which is what the installed base
    verifies (RFC 9568 5.2.8 would have the message alone: `checksum_as_v2`, keepalived's v3_checksum_as_v2).
    Raises ValueError for what the wire cannot say.
    """
    count = len(advert.addresses)
    if count > 255:  # RFC 9568 5.2.5; none at all is keepalived's no_virtual_ipaddress
        raise ValueError(f"{count} addresses in an advertisement, 1 to 255 are possible")
    if any(len(address) != len(source) for address in advert.addresses):  # RFC 9568 5.2.9
        raise ValueError("addresses of another family than the packet's")
    body = b"".join(advert.addresses)
    if advert.version == 2:
        if len(source) != 4:
            raise ValueError("version 2 is for IPv4 only")
        if advert.interval % 100 or not 1 <= advert.interval // 100 <= 255:  # RFC 3768 5.3.7
            raise ValueError(f"version 2 cannot say an interval of {advert.interval} centiseconds")
        head = struct.pack(
            "!BBBBBB", 0x21, advert.vrid, advert.priority, count, advert.auth_type, advert.interval // 100
        )
        body += secret or bytes(8)  # RFC 3768 5.3.10
        covered = b""
    else:
        if not 1 <= advert.interval <= 4095:  # RFC 9568 5.2.7
            raise ValueError(f"version 3 cannot say an interval of {advert.interval} centiseconds")
        head = struct.pack("!BBBBH", 0x31, advert.vrid, advert.priority, count, advert.interval)
        covered = b"" if checksum_as_v2 and len(source) == 4 else pseudo_header(source, destination, 8 + len(body))
    return head + struct.pack("!H", checksum(covered + head + b"\0\0" + body)) + body


def with_trailer6(message: bytes, trailer: bytes, source: bytes, destination: bytes) -> bytes:
    """An IPv6 message with a trailer: the checksum of the packet covers both (RFC 8200 8.1)."""
    whole = message[:6] + b"\0\0" + message[8:] + trailer
    return whole[:6] + struct.pack("!H", checksum(pseudo_header(source, destination, len(whole)) + whole)) + whole[8:]


def cut(datagram: Datagram, version: int, trailer: int) -> Datagram:
    """The datagram with a trailer of that many bytes cut off; unchanged when its length does not say it has one."""
    payload = datagram.payload
    length = 8 + (payload[3] * len(datagram.source) if len(payload) > 3 else 0) + (8 if version == 2 else 0)
    if len(payload) != length + trailer:
        return datagram
    return replace(datagram, payload=payload[:length], trailer=payload[length:])


def ip4(payload: bytes, source: bytes, destination: bytes, ttl: int = TTL) -> bytes:
    """`payload` behind an IPv4 header for a socket with IP_HDRINCL; the kernel fills the identification (0)."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, TOS, 20 + len(payload), 0, 0, ttl, PROTOCOL, 0, source, destination)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(payload: bytes, source: bytes, destination: bytes) -> bytes:
    """`payload` behind an IPv6 header, for a socket that takes whole frames."""
    return struct.pack("!IHBB16s16s", 6 << 28 | TOS << 20, len(payload), PROTOCOL, TTL, source, destination) + payload


def ethernet(source: bytes, group: bytes) -> bytes:
    """The header of a frame from a MAC address to a multicast group (RFC 1112 6.4, RFC 2464 7)."""
    if len(group) == 4:
        return b"\x01\x00\x5e" + bytes((group[1] & 0x7F,)) + group[2:] + source + b"\x08\x00"
    return b"\x33\x33" + group[12:] + source + b"\x86\xdd"


def datagram4(packet: bytes, protocol: int = PROTOCOL) -> Union[Datagram, Discard]:
    """An IPv4 packet as a raw socket gives it; options are stepped over, frame padding is cut off."""
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return Discard.IP_HEADER
    start, total = (packet[0] & 15) * 4, packet[2] << 8 | packet[3]
    fragment = (packet[6] << 8 | packet[7]) & 0x3FFF  # more-fragments flag and offset
    if start < 20 or not start <= total <= len(packet) or fragment or packet[9] != protocol:
        return Discard.IP_HEADER
    return Datagram(packet[12:16], packet[16:20], packet[8], packet[start:total], packet[:start])


def vrid_of(payload: bytes) -> Optional[int]:
    """The virtual router a message names, for handing it to the right instance; None when too short."""
    return payload[1] if len(payload) >= 2 else None


def parse(datagram: Datagram, expect: Expect) -> Union[Heard, Discard]:
    """Judge one received message by RFC 9568 7.1 and RFC 3768 7.1.

    The envelope first (cheap and most often wrong in a flood), then the message from the front.
    """
    refused = _envelope(datagram, expect) or _message(datagram, expect)
    if refused:
        return refused
    payload, version, size = datagram.payload, expect.version, len(expect.source)
    end = 8 + payload[3] * size
    addresses = tuple(payload[at : at + size] for at in range(8, end, size))
    if version == 2:
        interval, auth_type = payload[5] * 100, payload[4]
        refused = _authentic(auth_type, payload[end:], expect)
        if not refused and interval != expect.interval:  # RFC 3768 7.1
            refused = Discard.INTERVAL if interval else Discard.INTERVAL_ZERO
        if not refused and expect.owner:  # RFC 3768 7.1: the owner verifies that it is not the owner
            refused = Discard.OWNER
    else:
        # RFC 9568 5.2.6: the reserve bits are ignored
        interval, auth_type = (payload[4] << 8 | payload[5]) & 0x0FFF, AUTH_NONE
        if expect.owner and expect.owner_ignores:
            refused = Discard.OWNER
        elif not interval:
            refused = Discard.INTERVAL_ZERO
        elif size == 16 and expect.link_local and addresses and addresses[0][:2] != b"\xfe\x80":
            refused = Discard.LINK_LOCAL
    if refused:
        return refused
    advert = Advert(version, payload[1], payload[2], interval, addresses, auth_type)
    return Heard(advert, datagram.source, _notes(advert, expect))


def _envelope(datagram: Datagram, expect: Expect) -> Optional[Discard]:
    if datagram.source == expect.source:
        return Discard.OWN
    # RFC 9568 7.1, 5.1.1.3; for unicast peers too, unlike keepalived, unless the file says otherwise
    least, most = expect.ttls.get(datagram.source, (TTL, TTL))
    if not least <= datagram.ttl <= most:
        return Discard.TTL
    if expect.peers:
        if datagram.destination != expect.source:
            return Discard.DESTINATION
        if datagram.source not in expect.peers:
            return Discard.SOURCE
    elif datagram.destination != expect.group:
        return Discard.DESTINATION
    return None


def _message(datagram: Datagram, expect: Expect) -> Optional[Discard]:
    payload = datagram.payload
    if len(payload) < 8:
        return Discard.TRUNCATED
    if payload[0] >> 4 != expect.version:
        return Discard.VERSION
    if payload[0] & 15 != 1:  # RFC 9568 5.2.2
        return Discard.TYPE
    if payload[1] != expect.vrid:
        return Discard.VRID
    if not payload[3] and expect.addresses:  # who has none itself hears others that have none
        return Discard.COUNT_ZERO
    length = 8 + payload[3] * len(expect.source) + (8 if expect.version == 2 else 0)
    if len(payload) != length:  # RFC 9568 7.1: the complete packet, and nothing but it
        return Discard.TRUNCATED if len(payload) < length else Discard.TRAILING
    return None if _summed(datagram, expect) else Discard.CHECKSUM


def _summed(datagram: Datagram, expect: Expect) -> bool:
    payload = datagram.payload
    if expect.version == 2:  # RFC 3768 5.3.8: the message alone
        return checksum(payload) == 0
    covered = payload + datagram.trailer if len(datagram.source) == 16 else payload
    if checksum(pseudo_header(datagram.source, datagram.destination, len(covered)) + covered) == 0:
        return True
    if expect.group_checksum and checksum(pseudo_header(datagram.source, GROUP4, len(covered)) + covered) == 0:
        return True
    # RFC 9568 5.2.8: over IPv4 the message alone; both forms are in the field
    return len(datagram.source) == 4 and checksum(payload) == 0


def _authentic(auth_type: int, data: bytes, expect: Expect) -> Optional[Discard]:
    if auth_type != expect.auth_type:  # RFC 3768 5.3.6
        return Discard.AUTH_TYPE
    if auth_type == AUTH_PASS and not hmac.compare_digest(data, expect.secret):
        return Discard.AUTH_DATA
    return None  # RFC 3768 5.3.10: with type 0 the data is ignored; AH has been looked at before


def _notes(advert: Advert, expect: Expect) -> FrozenSet[Note]:
    notes = set()
    if advert.interval != expect.interval:
        notes.add(Note.INTERVAL)
    if frozenset(advert.addresses) != expect.addresses:
        notes.add(Note.ADDRESSES)
    if expect.owner and advert.priority == OWNER:
        notes.add(Note.RIVAL_OWNER)
    return frozenset(notes)
