# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ethernet frames the tester sends, well formed or wrong in one chosen place, and those it hears, as values.

Written from RFC 9568, RFC 3768, RFC 826 and RFC 4861 without a look at any speaker's code, and shares none with
the agent: what they agree on, two authors agree on (tests/unit/conformance holds this against scapy).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import struct
from dataclasses import dataclass, field
from typing import Optional, Tuple, Union

GROUP = {4: "224.0.0.18", 6: "ff02::12"}
BROADCAST = "ff:ff:ff:ff:ff:ff"
TESTER_MAC = "02:00:00:00:00:02"
VRRP, ICMP, ICMP6, UDP = 112, 1, 58, 17


def packed(address: str) -> bytes:
    """An address's 4 or 16 bytes."""
    return ipaddress.ip_address(address).packed


def mac_bytes(mac: str) -> bytes:
    """A MAC address's 6 bytes."""
    return bytes.fromhex(mac.replace(":", ""))


def mac_text(mac: bytes) -> str:
    """6 bytes as aa:bb:cc:dd:ee:ff."""
    return mac.hex(":")


def virtual_mac(family: int, vrid: int) -> str:
    """RFC 9568 7.3."""
    return f"00:00:5e:00:0{1 if family == 4 else 2}:{vrid:02x}"


def internet_checksum(data: bytes) -> int:
    """RFC 1071; 0 over data that holds its own right checksum."""
    data += b"\0" * (len(data) & 1)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def pseudo(source: bytes, destination: bytes, length: int, protocol: int = VRRP) -> bytes:
    """What a checksum covers beside the message: RFC 8200 8.1, and its IPv4 likeness."""
    if len(source) == 4:
        return source + destination + struct.pack("!BBH", 0, protocol, length)
    return source + destination + struct.pack("!II", length, protocol)


@dataclass(frozen=True)
class Trailer:
    """keepalived's auth_hmac trailer to be put behind a message: key, key id, and the 64-bit sequence."""

    key: bytes
    key_id: int = 1
    sequence: int = 0

    def over(self, message: bytes, source: bytes, version: int, vrid: int) -> bytes:
        """The 28 bytes."""
        head = struct.pack("!BBHQ", 1, self.key_id, 0, self.sequence)
        covered = struct.pack("!BBBB", 4 if len(source) == 4 else 6, version, vrid, 0) + source.ljust(16, b"\0")
        covered += message[:6] + b"\0\0" + message[8:] + head + bytes(16)
        return head + hmac.new(self.key, covered, hashlib.sha256).digest()[:16]


@dataclass(frozen=True)
class Says:
    """One advertisement to send. Everything right unless told otherwise; None means: work it out.

    `interval` is the wire's number (cs in version 3, s in version 2); `checksum` is "pseudo", "message" or "wrong"
    (None: what the version and family use in the field); `tail` goes behind the message inside the IP length,
    `padding` behind the IP packet; `cut` bytes are left off the message's end.
    """

    vrid: int
    priority: int
    source: str
    addresses: Tuple[str, ...]
    interval: int
    version: int = 3
    type: int = 1
    count: Optional[int] = None
    reserve: int = 0
    auth_type: int = 0
    auth: bytes = bytes(8)
    checksum: Optional[str] = None
    tail: bytes = b""
    cut: int = 0
    padding: bytes = b""
    destination: Optional[str] = None
    mac_to: Optional[str] = None
    ttl: int = 255
    protocol: int = VRRP
    options: bytes = b""
    trailer: Optional[Trailer] = None

    def message(self) -> bytes:
        """The VRRP message."""
        source, destination = packed(self.source), packed(self.to)
        body = b"".join(map(packed, self.addresses))
        count = len(self.addresses) if self.count is None else self.count
        first = self.version << 4 | self.type
        if self.version == 2:
            head = struct.pack("!6B", first, self.vrid, self.priority, count, self.auth_type, self.interval)
            body += self.auth
        else:
            head = struct.pack("!4BH", first, self.vrid, self.priority, count, self.reserve << 12 | self.interval)
        whole = (head + b"\0\0" + body + self.tail)[: 8 + len(body) + len(self.tail) - self.cut]
        form = self.checksum or ("message" if self.version == 2 else "pseudo")
        # The kernel works out an IPv6 checksum over the whole payload: a trailer counts there (RFC 3542 3.1).
        covered = b"" if form == "message" else pseudo(source, destination, len(whole))
        if self.trailer and len(source) == 16:
            seal = self.trailer.over(whole, source, self.version, self.vrid)
            covered = pseudo(source, destination, len(whole) + len(seal)) + seal
        total = internet_checksum(covered + whole)
        if form == "wrong":
            total ^= 0x5A5A
        whole = whole[:6] + struct.pack("!H", total) + whole[8:] if len(whole) >= 8 else whole
        return whole + (self.trailer.over(whole, source, self.version, self.vrid) if self.trailer else b"")

    @property
    def to(self) -> str:
        """The IP destination."""
        return self.destination or GROUP[6 if ":" in self.source else 4]

    def frame(self) -> bytes:
        """The Ethernet frame."""
        packet = ip_packet(self.message(), self.source, self.to, self.protocol, self.ttl, options=self.options)
        return ethernet(packet, self.mac_to or group_mac(self.to), padding=self.padding)


def group_mac(address: str) -> str:
    """The Ethernet address of a multicast group (RFC 1112 6.4, RFC 2464 7)."""
    data = packed(address)
    if len(data) == 4:
        return mac_text(b"\x01\x00\x5e" + bytes([data[1] & 0x7F]) + data[2:])
    return mac_text(b"\x33\x33" + data[-4:])


def ethernet(packet: bytes, mac_to: str, mac_from: str = TESTER_MAC, padding: bytes = b"", kind: int = 0) -> bytes:
    """A frame; its type follows from the packet unless given."""
    kind = kind or (0x0800 if packet[0] >> 4 == 4 else 0x86DD)
    return mac_bytes(mac_to) + mac_bytes(mac_from) + struct.pack("!H", kind) + packet + padding


def ip_packet(
    payload: bytes,
    source: str,
    destination: str,
    protocol: int,
    ttl: int = 255,
    *,
    options: bytes = b"",
    fragment: int = 0,
    ident: int = 1,
) -> bytes:
    """An IPv4 or IPv6 packet; `fragment` is the flags-and-offset word of IPv4."""
    one, two = packed(source), packed(destination)
    if len(one) == 16:
        return struct.pack("!IHBB", 0x6 << 28, len(payload), protocol, ttl) + one + two + payload
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0xC0, 4 * words + len(payload), ident, fragment, ttl, protocol, 0) + (
        one + two + options
    )
    return head[:10] + struct.pack("!H", internet_checksum(head)) + head[12:] + payload


def arp_request(target: str, sender: str, mac: str = TESTER_MAC) -> bytes:
    """Who has `target`? (RFC 826)."""
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac_bytes(mac) + packed(sender) + bytes(6) + packed(target)
    return ethernet(body, BROADCAST, mac, kind=0x0806)


def solicited_node(target: str) -> str:
    """RFC 4291 2.7.1."""
    return str(ipaddress.IPv6Address(packed("ff02::1:ff00:0")[:13] + packed(target)[13:]))


def solicitation(target: str, sender: str, mac: str = TESTER_MAC) -> bytes:
    """A Neighbor Solicitation to the solicited-node group (RFC 4861 4.3)."""
    body = struct.pack("!BBHI", 135, 0, 0, 0) + packed(target) + b"\x01\x01" + mac_bytes(mac)
    return _icmp6(body, sender, solicited_node(target), group_mac(solicited_node(target)))


def advertisement(target: str, sender: str, mac: str = TESTER_MAC) -> bytes:
    """An unsolicited Neighbor Advertisement, override (RFC 4861 4.4)."""
    body = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + packed(target) + b"\x02\x01" + mac_bytes(mac)
    return _icmp6(body, sender, "ff02::1", group_mac("ff02::1"))


def router_solicitation(sender: str, mac: str = TESTER_MAC) -> bytes:
    """RFC 4861 4.1."""
    return _icmp6(
        struct.pack("!BBHI", 133, 0, 0, 0) + b"\x01\x01" + mac_bytes(mac), sender, "ff02::2", group_mac("ff02::2")
    )


def _icmp6(body: bytes, source: str, destination: str, mac_to: str, ttl: int = 255) -> bytes:
    total = internet_checksum(pseudo(packed(source), packed(destination), len(body), ICMP6) + body)
    body = body[:2] + struct.pack("!H", total) + body[4:]
    return ethernet(ip_packet(body, source, destination, ICMP6, ttl), mac_to)


def echo_request(source: str, destination: str, mac_to: str, ttl: int = 64) -> bytes:
    """A ping, IPv4 or IPv6, to a chosen MAC address."""
    rest = struct.pack("!HH", 0x4C56, 1) + b"conformance"
    if ":" in source:
        return _icmp6(struct.pack("!BBH", 128, 0, 0) + rest, source, destination, mac_to, ttl)
    body = struct.pack("!BBH", 8, 0, 0) + rest
    body = body[:2] + struct.pack("!H", internet_checksum(body)) + body[4:]
    return ethernet(ip_packet(body, source, destination, ICMP, ttl), mac_to)


@dataclass(frozen=True)
class Advert:
    """An advertisement heard. `form` says which checksum holds: pseudo, message or wrong; `tail` is what is left."""

    mac_from: str
    mac_to: str
    source: str
    destination: str
    ttl: int
    protocol: int
    version: int
    type: int
    vrid: int
    priority: int
    count: int
    interval: int
    reserve: int
    auth_type: int
    auth: bytes
    addresses: Tuple[str, ...]
    form: str
    tail: bytes
    message: bytes = field(repr=False, default=b"")


@dataclass(frozen=True)
class Arp:
    """An ARP packet heard (RFC 826)."""

    mac_from: str
    mac_to: str
    operation: int
    sender_mac: str
    sender: str
    target: str

    @property
    def gratuitous(self) -> bool:
        """RFC 5227 3: sender and target are one address."""
        return self.sender == self.target


@dataclass(frozen=True)
class Icmp:
    """ICMP or ICMPv6: echoes, redirects, and neighbour discovery with its flags, target and link-layer address."""

    mac_from: str
    mac_to: str
    source: str
    destination: str
    ttl: int
    type: int
    flags: int = 0
    target: str = ""
    link_layer: str = ""

    @property
    def bits(self) -> str:
        """R, S and O of a Neighbor Advertisement (RFC 4861 4.4)."""
        return "".join(letter for letter, bit in zip("RSO", (0x80, 0x40, 0x20)) if self.flags & bit)


@dataclass(frozen=True)
class Other:
    """Any other IP packet: where from, where to, which protocol."""

    mac_from: str
    mac_to: str
    source: str
    destination: str
    ttl: int
    protocol: int


Heard = Union[Advert, Arp, Icmp, Other]


def hear(frame: bytes) -> Optional[Heard]:
    """What a frame says; None for what is neither ARP nor IP, or is no whole packet."""
    if len(frame) < 34:
        return None
    mac_to, mac_from, kind = mac_text(frame[:6]), mac_text(frame[6:12]), frame[12] << 8 | frame[13]
    if kind == 0x0806 and len(frame) >= 42:
        return Arp(
            mac_from,
            mac_to,
            frame[20] << 8 | frame[21],
            mac_text(frame[22:28]),
            str(ipaddress.ip_address(frame[28:32])),
            str(ipaddress.ip_address(frame[38:42])),
        )
    if kind == 0x0800:
        start, total = (frame[14] & 15) * 4, frame[16] << 8 | frame[17]
        source, destination, ttl, protocol = frame[26:30], frame[30:34], frame[22], frame[23]
        payload = frame[14 + start : 14 + total]
    elif kind == 0x86DD and len(frame) >= 54:
        source, destination, ttl, protocol = frame[22:38], frame[38:54], frame[21], frame[20]
        payload = frame[54 : 54 + (frame[18] << 8 | frame[19])]
        if protocol == 0 and len(payload) > 8:  # hop-by-hop options, as MLD has
            protocol, payload = payload[0], payload[8 + 8 * payload[1] :]
    else:
        return None
    ends = str(ipaddress.ip_address(source)), str(ipaddress.ip_address(destination))
    if protocol == VRRP and len(payload) >= 8:
        return _advert(mac_from, mac_to, source, destination, ttl, payload)
    if protocol in (ICMP, ICMP6) and len(payload) >= 8:
        return _icmp(mac_from, mac_to, ends, ttl, payload)
    return Other(mac_from, mac_to, *ends, ttl, protocol)


def _advert(mac_from: str, mac_to: str, source: bytes, destination: bytes, ttl: int, message: bytes) -> Advert:
    version, size, count = message[0] >> 4, len(source), message[3]
    end = 8 + count * size
    rest = 8 if version == 2 else 0
    # keepalived's auth_hmac trailer is known by the length alone.
    seal = message[end + rest :] if len(message) == end + rest + 28 else b""
    summed = message if not seal or size == 16 else message[:-28]
    if internet_checksum(pseudo(source, destination, len(summed)) + summed) == 0:
        form = "pseudo"
    else:
        form = "message" if internet_checksum(summed) == 0 else "wrong"
    found = tuple(str(ipaddress.ip_address(message[at : at + size])) for at in range(8, min(end, len(message)), size)
                  if at + size <= len(message))  # fmt: skip
    return Advert(
        mac_from,
        mac_to,
        str(ipaddress.ip_address(source)),
        str(ipaddress.ip_address(destination)),
        ttl,
        VRRP,
        version,
        message[0] & 15,
        message[1],
        message[2],
        count,
        message[5] if version == 2 else (message[4] << 8 | message[5]) & 0xFFF,
        0 if version == 2 else message[4] >> 4,
        message[4] if version == 2 else 0,
        message[end : end + rest],
        found,
        form,
        message[end + rest :],
        message,
    )


def _icmp(mac_from: str, mac_to: str, ends: Tuple[str, str], ttl: int, payload: bytes) -> Icmp:
    kind, flags, target, link_layer = payload[0], 0, "", ""
    if ":" in ends[0] and kind in (135, 136) and len(payload) >= 24:
        flags, target = payload[4], str(ipaddress.ip_address(payload[8:24]))
        if len(payload) >= 32 and payload[24] in (1, 2):
            link_layer = mac_text(payload[26:32])
    return Icmp(mac_from, mac_to, *ends, ttl, kind, flags, target, link_layer)
