# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells the neighbours where a virtual address is now: gratuitous ARP and unsolicited neighbour advertisements.

Whole Ethernet frames, built when the configuration is loaded and only sent at a takeover (RFC 9568 6.4.2, 8.1.2,
8.2.2; RFC 826, RFC 4861 4.4). Other link types than Ethernet are not spoken.
"""

from __future__ import annotations

import struct

from .packet import checksum

BROADCAST = b"\xff" * 6
ALL_NODES_MAC = bytes.fromhex("333300000001")
ALL_NODES = bytes.fromhex("ff020000000000000000000000000001")
ICMPV6 = 58


def frame(mac: bytes, address: bytes, *, router: bool = True) -> bytes:
    """The announcement of a packed `address` at `mac` (6 bytes): ARP for IPv4, NA for IPv6.

    `router` is the R flag of an NA: RFC 9568 wants it, yet it must agree with what the kernel answers itself when
    asked, which is whether the interface forwards.
    """
    return garp(mac, address) if len(address) == 4 else unsolicited_na(mac, address, router=router)


def garp(mac: bytes, address: bytes) -> bytes:
    """An ARP request for the address from the address (RFC 9568 6.4.2, erratum 7949), as keepalived's byte for byte."""
    arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac, address, BROADCAST, address)
    return BROADCAST + mac + b"\x08\x06" + arp


def unsolicited_na(mac: bytes, address: bytes, *, router: bool) -> bytes:
    """RFC 9568 6.4.2: R set, S clear, O set, target and target link-layer address; hop limit 255 (RFC 4861 4.4)."""
    flags = 0xA0000000 if router else 0x20000000
    message = struct.pack("!BBHI16sBB6s", 136, 0, 0, flags, address, 2, 1, mac)
    pseudo = address + ALL_NODES + struct.pack("!IxxxB", len(message), ICMPV6)
    message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    header = struct.pack("!IHBB16s16s", 0x60000000, len(message), ICMPV6, 255, address, ALL_NODES)
    return ALL_NODES_MAC + mac + b"\x86\xdd" + header + message
