# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames on the segment, as bytes and as values: who has an address (ARP, ND), who speaks VRRP.

Builds only questions, never an announcement: an ARP request with sender 0.0.0.0 (RFC 5227 calls it a
probe; no cache learns from it) and a Neighbor Solicitation from an address of the asker's own.
Reads ARP (RFC 826), Neighbor Solicitation and Advertisement (RFC 4861, 4.3 and 4.4), VRRP adverts
(RFC 3768, RFC 9568) with or without AH (RFC 4302). Opens no sockets and knows no clock.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import Optional, Tuple, Union

ETH_ARP, ETH_IPV4, ETH_IPV6 = 0x0806, 0x0800, 0x86DD
VRRP, AH, ICMPV6 = 112, 51, 58
SOLICITATION, ADVERTISEMENT = 135, 136
BROADCAST = b"\xff" * 6
VIRTUAL_MAC = {"00:00:5e:00:01": 4, "00:00:5e:00:02": 6}
"""First five octets of a virtual router's MAC address (RFC 9568, 7.3), and its IP version."""


@dataclass(frozen=True)
class Sighting:
    """A MAC address that showed itself as the owner of an IP address.

    `how`: "reply" (asked or unasked ARP reply, Neighbor Advertisement), "request" (it used the address
    as sender of an ARP request or as source of a Neighbor Solicitation) or "announce" (gratuitous ARP,
    unsolicited Neighbor Advertisement). `mac` is the one inside the message: what caches learn.
    """

    mac: str
    address: str
    how: str
    target: str = ""


@dataclass(frozen=True)
class Advert:
    """A VRRP advertisement as heard. `interval` is in seconds; `addresses` are the virtual ones it carries."""

    mac: str
    source: str
    version: int
    vrid: int
    priority: int
    interval: float
    addresses: Tuple[str, ...]


def mac_text(mac: bytes) -> str:
    """Six octets as aa:bb:cc:dd:ee:ff."""
    return ":".join(f"{octet:02x}" for octet in mac)


def mac_bytes(mac: str) -> bytes:
    """The six octets of aa:bb:cc:dd:ee:ff; raises ValueError."""
    octets = bytes.fromhex(mac.replace(":", "").replace("-", ""))
    if len(octets) != 6:
        raise ValueError(f"{mac!r} is not a MAC address")
    return octets


def asker(mac: str) -> str:
    """A MAC address to be answered at that belongs to nobody: locally administered, made from the host's own."""
    own = mac_bytes(mac)
    return mac_text(bytes([(own[0] | 2) ^ 4]) + own[1:])


def link_local(mac: str) -> ipaddress.IPv6Address:
    """The link-local address of a MAC address (RFC 4291, appendix A)."""
    own = mac_bytes(mac)
    return ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes([own[0] ^ 2]) + own[1:3] + b"\xff\xfe" + own[3:])


def question(mac: str, answer_to: str, address: str) -> bytes:
    """The frame from `mac` that asks who has `address` and wants the answer sent to the MAC address `answer_to`.

    For IPv6 it comes from `answer_to`'s link-local address: from the unspecified one the question
    would count as duplicate address detection and could keep a tentative holder from its address.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return arp_probe(mac, answer_to, ip)
    return solicitation(mac, answer_to, link_local(answer_to), ip)


def arp_probe(mac: str, answer_to: str, address: ipaddress.IPv4Address) -> bytes:
    """Broadcast ARP request for `address` with sender address 0.0.0.0 (RFC 5227, 2.1.1)."""
    head = BROADCAST + mac_bytes(mac) + struct.pack("!HHHBBH", ETH_ARP, 1, ETH_IPV4, 6, 4, 1)
    return head + mac_bytes(answer_to) + bytes(4) + bytes(6) + address.packed


def solicitation(mac: str, answer_to: str, source: ipaddress.IPv6Address, address: ipaddress.IPv6Address) -> bytes:
    """Neighbor Solicitation for `address`, sent to its solicited-node group (RFC 4861, 4.3)."""
    group = ipaddress.IPv6Address("ff02::1:ff00:0").packed[:13] + address.packed[13:]
    body = struct.pack("!BBHI", SOLICITATION, 0, 0, 0) + address.packed + b"\x01\x01" + mac_bytes(answer_to)
    check = icmpv6_checksum(source.packed, group, body)
    body = body[:2] + struct.pack("!H", check) + body[4:]
    # RFC 4861, 7.1.1: a hop limit of 255 proves that no router forwarded it.
    head = struct.pack("!IHBB", 6 << 28, len(body), ICMPV6, 255) + source.packed + group
    return b"\x33\x33" + group[12:] + mac_bytes(mac) + struct.pack("!H", ETH_IPV6) + head + body


def icmpv6_checksum(source: bytes, destination: bytes, body: bytes) -> int:
    """RFC 4443, 2.3: over the pseudo-header of RFC 8200, 8.1 and the message."""
    data = source + destination + struct.pack("!II", len(body), ICMPV6) + body
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def read(frame: bytes) -> Optional[Union[Sighting, Advert]]:
    """What an Ethernet frame says about holders of addresses; None for all other and for broken ones."""
    if len(frame) < 14:
        return None
    kind = int.from_bytes(frame[12:14], "big")
    source, body = frame[6:12], frame[14:]
    try:
        if kind == ETH_ARP:
            return _arp(body)
        if kind == ETH_IPV4:
            return read_ipv4(mac_text(source), body)
        if kind == ETH_IPV6:
            return _ipv6(mac_text(source), body)
    except (IndexError, ValueError, struct.error):
        return None
    return None


def _arp(body: bytes) -> Optional[Sighting]:
    hardware, protocol, hlen, plen, operation = struct.unpack("!HHBBH", body[:8])
    if (hardware, protocol, hlen, plen) != (1, ETH_IPV4, 6, 4) or len(body) < 28:
        return None
    mac, sender, target = body[8:14], body[14:18], body[24:28]
    if sender == bytes(4):
        return None
    # RFC 5227, 2.3: an announcement has its own address as target; both operations are in use.
    how = "announce" if sender == target else "reply" if operation == 2 else "request"
    return Sighting(mac_text(mac), str(ipaddress.IPv4Address(sender)), how, str(ipaddress.IPv4Address(target)))


def read_ipv4(mac: str, body: bytes) -> Optional[Advert]:
    """The advert in an IPv4 packet, None when there is none; raises IndexError, ValueError for broken ones."""
    length = (body[0] & 0x0F) * 4
    total = int.from_bytes(body[2:4], "big")
    protocol, source = body[9], str(ipaddress.IPv4Address(body[12:16]))
    payload = body[length:total]
    if protocol == AH:
        # RFC 4302, 2.2: the length is in 32-bit words, less two.
        protocol, payload = payload[0], payload[(payload[1] + 2) * 4 :]
    return read_vrrp(mac, source, payload, 4) if protocol == VRRP else None


def _ipv6(mac: str, body: bytes) -> Optional[Union[Sighting, Advert]]:
    size, protocol = int.from_bytes(body[4:6], "big"), body[6]
    source, payload = ipaddress.IPv6Address(body[8:24]), body[40 : 40 + size]
    if protocol == VRRP:
        return read_vrrp(mac, str(source), payload, 16)
    if protocol == ICMPV6 and payload[0] in (SOLICITATION, ADVERTISEMENT):
        return _neighbor(mac, source, payload)
    return None


def _neighbor(mac: str, source: ipaddress.IPv6Address, message: bytes) -> Optional[Sighting]:
    if len(message) < 24:
        return None
    target = str(ipaddress.IPv6Address(message[8:24]))
    asks = message[0] == SOLICITATION
    wanted, options = 1 if asks else 2, message[24:]
    while len(options) >= 8 and options[1]:
        if options[0] == wanted:
            mac = mac_text(options[2:8])
        options = options[options[1] * 8 :]
    if asks:
        return None if source.is_unspecified else Sighting(mac, str(source), "request", target)
    # RFC 4861, 4.4: the S flag tells an answer from an announcement.
    return Sighting(mac, target, "reply" if message[4] & 0x40 else "announce", target)


def read_vrrp(mac: str, source: str, data: bytes, size: int) -> Optional[Advert]:
    """The advert in an IP payload with addresses of `size` octets; raises IndexError for one cut short."""
    version, kind = data[0] >> 4, data[0] & 0x0F
    if kind != 1 or version not in (2, 3) or len(data) < 8:
        return None
    vrid, priority, count = data[1:4]
    # RFC 3768, 5.3.7: seconds in one octet; RFC 9568, 5.2.7: centiseconds in 12 bits.
    interval = float(data[5]) if version == 2 else (int.from_bytes(data[4:6], "big") & 0x0FFF) / 100
    packed = data[8 : 8 + count * size]
    if len(packed) < count * size:
        return None
    addresses = tuple(str(ipaddress.ip_address(packed[n * size : (n + 1) * size])) for n in range(count))
    return Advert(mac, source, version, vrid, priority, interval, addresses)
