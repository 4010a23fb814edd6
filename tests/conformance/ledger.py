# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's 101 rows: what RFC 9568 (version 3), RFC 3768 (version 2), their errata and the field ask of a speaker.

`rfc` is a section of RFC 9568 unless another is named. The tests of a row are in the file of its letter: T wire,
R receiving, S machine, active and drills, A addresses, X beyond.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Mapping

SECTIONS = {
    "T": "Wire format and transmission",
    "R": "Receiving",
    "S": "State machine and timers",
    "A": "Addresses, ARP and neighbour discovery",
    "X": "Beyond the RFCs",
}


@dataclass(frozen=True)
class Row:
    """One statement. `not_for`: speaker -> why it does not apply."""

    statement: str
    rfc: str
    not_for: Mapping[str, str] = field(default_factory=dict)


MIXED = "optional, and it is not offered"
SIGNED = {"keepalived": "auth_hmac came with 2.4.0", "frr": "no authentication"}

ROWS: Dict[str, Row] = {
    "T01": Row("IPv4 adverts have TTL 255", "5.1.1.3; 3768 5.2.3"),
    "T02": Row("IPv6 adverts have hop limit 255", "5.1.2.3"),
    "T03": Row("The IP protocol is 112", "5.1.1.4, 7.2"),
    "T04": Row("IPv4 adverts go to 224.0.0.18 and its Ethernet group", "5.1.1.2, 7.2"),
    "T05": Row("IPv6 adverts go to ff02::12 and its Ethernet group", "5.1.2.2, 7.2"),
    "T06": Row("The IPv4 source is the interface's primary address, never a virtual one", "7.2; 3768 7.2"),
    "T07": Row("The IPv6 source is the interface's link-local address", "7.2"),
    "T08": Row("The Ethernet source is the virtual MAC address", "7.2, 7.3; 3768 7.2, 7.3"),
    "T09": Row("The first byte is 0x31 in version 3 and 0x21 in version 2", "5.2.1-5.2.2; 3768 5.3.1-5.3.2"),
    "T10": Row("Priority 255 from the owner and nobody else; 0 only on release", "5.2.4; 3768 5.3.4"),
    "T11": Row("The count is the number of addresses and at least 1", "5.2.5, erratum 8299"),
    "T12": Row("The reserve bits of version 3 are 0", "5.2.6"),
    "T13": Row("Max Advertise Interval is in centiseconds, 1 to 4095", "5.2.7, erratum 8301"),
    "T14": Row("Version 2 says whole seconds, and keeps what it says", "3768 5.3.7"),
    "T15": Row("Version 2 carries 8 bytes of authentication data, zero without authentication", "3768 5.3.6, 5.3.10"),
    "T16": Row("The checksum of version 2 covers the message alone", "3768 5.3.8"),
    "T17": Row("The IPv6 checksum covers the pseudo-header", "5.2.8"),
    "T18": Row("The IPv4 checksum of version 3 covers the message alone", "5.2.8"),
    "T19": Row("IPv6: the first address is link-local", "5.2.9"),
    "T20": Row("All addresses are of the family of the IP header", "5.2.9"),
    "T21": Row("Adverts come at the Advertisement_Interval", "6.4.3"),
    "R01": Row("TTL other than 255: discarded", "7.1, 5.1.1.3"),
    "R02": Row("Another version than configured: discarded", "7.1"),
    "R03": Row("A type other than 1: discarded", "5.2.2, 7.1"),
    "R04": Row("A truncated message: discarded", "7.1"),
    "R05": Row("Bytes behind the message: discarded", "7.1"),
    "R06": Row("Padding of the Ethernet frame is no part of the packet", "practice"),
    "R07": Row("A wrong checksum: discarded", "7.1"),
    "R08": Row("Version 3 over IPv4: both forms of checksum are accepted", "5.2.8 and practice"),
    "R09": Row("A VRID not configured there: discarded", "7.1"),
    "R10": Row("Version 2: the owner discards adverts for its VRID", "3768 7.1"),
    "R11": Row("Version 3: the owner logs another's 255, not every time, and goes on", "7.1, 8.3.2, erratum 8298"),
    "R12": Row("Version 2: another interval than its own: discarded", "3768 7.1"),
    "R13": Row("Version 3: another interval is accepted, and the sender's is adopted", "7.1, 6.4.2"),
    "R14": Row("Max Advertise Interval 0: discarded", "7.1, erratum 8301"),
    "R15": Row("Count 0: ignored", "5.2.5, erratum 8299"),
    "R16": Row("Version 2: who checks the address list drops a non-owner's that differs", "3768 7.1"),
    "R17": Row("Version 3: a list that differs is accepted", "7.1"),
    "R18": Row("Version 2: another authentication type: discarded", "3768 5.3.6, 7.1"),
    "R19": Row("Version 2: authentication data is ignored with type 0", "3768 5.3.10"),
    "R20": Row("Version 2, type 1: a wrong string: discarded", "2338 5.3.6"),
    "R21": Row("The reserve bits are ignored", "5.2.6"),
    "R22": Row("IPv6: a first address that is not link-local: discarded", "5.2.9, erratum 8300"),
    "R23": Row("A packet from its own address is not processed", "practice"),
    "R24": Row("A packet sent to a unicast address is ignored in multicast mode", "7.1"),
    "R25": Row("Unicast mode: a source that is no peer: discarded", "practice"),
    "R26": Row("Discards are counted by cause, and logged less often than they come", "7.1"),
    "R27": Row("Fragments, options and lying headers neither crash nor shift it", "practice"),
    "S01": Row("The owner is Active from the start", "6.4.1"),
    "S02": Row("Everyone else starts as Backup for an Active_Down_Interval", "6.4.1"),
    "S03": Row("Version 3: Skew_Time is (256 - priority) / 256 intervals", "6.1"),
    "S04": Row("Version 2: Skew_Time is (256 - priority) / 256 s, whatever the interval", "3768 6.1"),
    "S05": Row("Active_Down_Interval is three intervals and the skew", "6.1"),
    "S06": Row("The interval counted at the start is its own, and as Active it says its own", "6.4.1"),
    "S07": Row("Backup, priority 0 heard: Active after the skew time", "6.4.2"),
    "S08": Row("Backup: an advert of at least its priority (any, without preemption) restarts the timer", "6.4.2"),
    "S09": Row("Backup with preemption: a lesser advert does not touch the timer", "6.4.2"),
    "S10": Row("Without preemption the owner takes over nevertheless", "6.1"),
    "S11": Row("Taking over: advert, then announcements of every address, then adverts at the interval", "6.4.2"),
    "S12": Row("Shutdown as Backup: nothing is sent", "6.4.2"),
    "S13": Row("Active: an advert whenever Adver_Timer fires, the timer set anew", "6.4.3"),
    "S14": Row("Active, priority 0 heard: an advert at once, the timer set anew", "6.4.3"),
    "S15": Row("Active, a greater priority heard: Backup", "6.4.3"),
    "S16": Row("Active, its own priority from a greater address heard: Backup", "6.4.3"),
    "S17": Row("Active, its own priority from a lower address heard: stays", "6.4.3"),
    "S18": Row("Version 3, Active, a lesser advert heard: an advert at once", "6.4.3"),
    "S19": Row("Version 2, Active, a lesser advert heard: silence", "3768 6.4.3"),
    "S20": Row("Shutdown as Active: priority 0, and the addresses are gone", "6.4.3"),
    "S21": Row("After priority 0 the next router is Active within its skew time", "6.4.2"),
    "S22": Row("Two of one priority, started together: one is Active after two down intervals", "8.3.2"),
    "S23": Row("Three routers take over in the order of their priorities, one at a time", "8.3.2"),
    "S24": Row("A timer of the state before has no effect", "6.4"),
    "S25": Row("A step of the clock changes no timer", "practice"),
    "S26": Row("Stalled for longer than the down interval: at most one extra transition", "practice"),
    "A01": Row("Active answers ARP for the address with the virtual MAC only", "8.1.2; 3768 8.2"),
    "A02": Row("Backup answers no ARP for it", "6.4.2"),
    "A03": Row("Backup answers no NS for it and sends no RA from it", "6.4.2"),
    "A04": Row("Backup discards frames to the virtual MAC and packets to the address", "6.4.2"),
    "A05": Row("Active forwards frames sent to the MAC that answers for the address", "6.4.3"),
    "A06": Row(
        "Becoming Active: a gratuitous ARP for each address, broadcast, with the virtual MAC", "6.4.2, erratum 7949"
    ),
    "A07": Row("Becoming Active: an unsolicited NA for each, R=1 S=0 O=1, with the virtual MAC", "6.4.2"),
    "A08": Row("The solicited-node group of each address is joined", "6.4.2, 6.4.3"),
    "A09": Row("NS for the address is answered with R=1", "6.4.3, 8.2.2"),
    "A10": Row("Active sends RAs, from the virtual link-local address", "6.4.3"),
    "A11": Row("Version 3, Accept_Mode false: packets to the address are not accepted", "6.1, 6.4.3"),
    "A12": Row("Version 2, not the owner: packets to the address are not accepted", "3768 6.4.3"),
    "A13": Row("At the start nothing is announced before address and MAC are in place", "8.1.2, 8.2.2"),
    "A14": Row("A restart announces no owned address with the physical MAC", "8.1.2"),
    "A15": Row("Duplicate address detection neither runs on nor breaks the address", "8.2.2"),
    "A16": Row("ICMP redirects come from the virtual address that was used", "8.1.1; 3768 8.1"),
    "A17": Row("Packets addressed to the virtual address are not forwarded", "8.3.1"),
    "A18": Row("No interface identifier is made of the virtual MAC", "7.4"),
    "A19": Row(
        "Versions 2 and 3 at once: sends both, ignores version 2 from a router heard in version 3",
        "8.4.2",
        {"agent": MIXED, "keepalived": MIXED, "frr": MIXED},
    ),
    "X01": Row("auth_hmac: the trailer is keepalived 2.4.2's; a forged one is refused", "keepalived", SIGNED),
    "X02": Row("auth_hmac: a captured advert sent again is refused", "keepalived", SIGNED),
    "X03": Row("auth_hmac: a key roll-over causes no transition", "keepalived", SIGNED),
    "X04": Row("auth_hmac: permissive and receive-only admit what they should", "keepalived", SIGNED),
    "X05": Row("Another implementation on the link: election, kill -9, graceful stop, return", "practice"),
    "X06": Row("Unicast mode checks source and TTL by default", "practice"),
    "X07": Row("A million random and mutated packets: no crash, no transition", "practice"),
    "X08": Row("10,000 forged adverts a second do not delay its own by a tenth of the interval", "practice"),
}
