# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advertisements against bytes of keepalived and scapy; the discard rules R01 to R27 of the conformance ledger."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import FrozenSet, Union

import pytest

from lvs_agent.vrrp import packet
from lvs_agent.vrrp.packet import Advert, Datagram, Discard, Expect, Heard, Note

from .vectors import frames, ip

KEEPALIVED = frames("keepalived-2.2.7.frames")
SCAPY = frames("scapy.packets")
OWN = ip("192.168.140.7")
VIPS = tuple(ip(f"192.168.140.{last}") for last in (140, 145))
V6 = ("fe80::ff:fe00:a", ("fe80::100", "2001:db8::100"))

SENT = {
    "advert vrid 51 version 2 priority 101": (Advert(2, 51, 101, 100, VIPS[:1]), None),
    "advert vrid 51 version 2 priority 0": (Advert(2, 51, 0, 100, VIPS[:1]), None),
    "advert vrid 52 version 2 priority 101": (Advert(2, 52, 101, 100, VIPS, packet.AUTH_PASS), "1111"),
    "advert vrid 52 version 2 priority 0": (Advert(2, 52, 0, 100, VIPS, packet.AUTH_PASS), "1111"),
    "advert vrid 54 version 3 priority 200": (
        Advert(3, 54, 200, 50, tuple(ip(f"192.168.140.{last}") for last in (142, 143, 144))),
        None,
    ),
}


def without_identification(header: bytes) -> bytes:
    """The kernel numbers our packets; keepalived counts its own. Identification and header checksum aside."""
    return header[:4] + b"\0\0" + header[6:10] + b"\0\0" + header[12:]


@pytest.mark.parametrize("name", SENT)
def test_ipv4_is_keepalived_s_byte_for_byte(name: str) -> None:
    advert, auth_pass = SENT[name]
    secret = packet.secret(auth_pass) if auth_pass else b""
    ours = packet.ip4(packet.encode(advert, OWN, packet.GROUP4, secret), OWN, packet.GROUP4)
    theirs = KEEPALIVED[name][14:]
    assert without_identification(ours[:20]) == without_identification(theirs[:20])
    assert ours[20:] == theirs[20:]
    assert packet.checksum(ours[:20]) == 0


@pytest.mark.parametrize("priority", [120, 0])
def test_ipv6_is_keepalived_s_byte_for_byte(priority: int) -> None:
    source, addresses = V6
    advert = Advert(3, 55, priority, 100, tuple(map(ip, addresses)))
    theirs = KEEPALIVED[f"advert6 vrid 55 priority {priority}"]
    assert packet.encode(advert, ip(source), packet.GROUP6) == theirs[54:]


@pytest.mark.parametrize(
    ("name", "advert", "source", "secret"),
    [
        ("v2 none", Advert(2, 7, 101, 300, (ip("192.0.2.100"), ip("192.0.2.101"))), "192.0.2.1", b""),
        ("v2 pass", Advert(2, 7, 101, 100, (ip("192.0.2.100"),), packet.AUTH_PASS), "192.0.2.1", b"1111\0\0\0\0"),
        ("v3 ipv4", Advert(3, 8, 200, 25, (ip("198.51.100.100"), ip("198.51.100.101"))), "198.51.100.9", b""),
        ("v3 ipv6", Advert(3, 9, 1, 4095, (ip("fe80::1:1"), ip("2001:db8::1:1"))), "fe80::9", b""),
    ],
)
def test_the_message_is_scapy_s_too(name: str, advert: Advert, source: str, secret: bytes) -> None:
    group, header = (packet.GROUP6, 40) if ":" in source else (packet.GROUP4, 20)
    assert packet.encode(advert, ip(source), group, secret) == SCAPY[name][header:]


def test_the_checksum_of_the_message_alone_is_sent_when_asked_for() -> None:
    advert = Advert(3, 54, 200, 50, VIPS)
    message = packet.encode(advert, OWN, packet.GROUP4, checksum_as_v2=True)
    assert packet.checksum(message) == 0  # RFC 9568 5.2.8, T18
    assert message != packet.encode(advert, OWN, packet.GROUP4)


@pytest.mark.parametrize(
    ("advert", "source", "says"),
    [
        (Advert(2, 1, 100, 100, VIPS[:1] * 256), OWN, "256 addresses"),
        (Advert(3, 1, 100, 100, (ip("fe80::1"),)), OWN, "another family"),
        (Advert(2, 1, 100, 50, VIPS), OWN, "interval of 50"),
        (Advert(2, 1, 100, 25600, VIPS), OWN, "interval of 25600"),
        (Advert(3, 1, 100, 0, VIPS), OWN, "interval of 0"),
        (Advert(3, 1, 100, 4096, VIPS), OWN, "interval of 4096"),
        (Advert(2, 1, 100, 100, (ip("fe80::1"),)), ip("fe80::2"), "IPv4 only"),
    ],
)
def test_what_the_wire_cannot_say_is_refused(advert: Advert, source: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        packet.encode(advert, source, packet.GROUP4 if len(source) == 4 else packet.GROUP6)


# Receiving: one good packet a version, and each rule broken alone

LISTENER = ip("192.168.140.8")
EXPECT = {
    2: Expect(2, 52, LISTENER, 100, frozenset(VIPS), auth_type=1, secret=packet.secret("1111")),
    3: Expect(3, 52, LISTENER, 100, frozenset(VIPS)),
    6: Expect(3, 55, ip("fe80::8"), 100, frozenset(map(ip, V6[1])), packet.GROUP6),
}
GOOD = {
    2: KEEPALIVED["advert vrid 52 version 2 priority 101"][34:],
    3: packet.encode(Advert(3, 52, 101, 100, VIPS), OWN, packet.GROUP4),
    6: KEEPALIVED["advert6 vrid 55 priority 120"][54:],
}


def heard(
    which: int,
    payload: Union[bytes, None] = None,
    *,
    resum: bool = True,
    source: Union[bytes, None] = None,
    destination: Union[bytes, None] = None,
    ttl: int = 255,
    **expect: object,
) -> Union[Heard, Discard]:
    message = bytearray(GOOD[which] if payload is None else payload)
    source = source or (OWN if which < 6 else ip(V6[0]))
    destination = destination or (packet.GROUP4 if which < 6 else packet.GROUP6)
    if resum and payload is not None and len(message) >= 8:
        message[6:8] = b"\0\0"
        covered = b"" if message[0] >> 4 == 2 else packet.pseudo_header(source, destination, len(message))
        message[6:8] = packet.checksum(covered + bytes(message)).to_bytes(2, "big")
    wanted = replace(EXPECT[which], **expect)  # type: ignore[arg-type]
    return packet.parse(Datagram(source, destination, ttl, bytes(message)), wanted)


def patched(which: int, at: int, value: int) -> bytes:
    message = bytearray(GOOD[which])
    message[at] = value
    return bytes(message)


@pytest.mark.parametrize("which", [2, 3, 6])
def test_a_good_packet_is_heard(which: int) -> None:
    result = heard(which)
    assert isinstance(result, Heard)
    assert (result.advert.version, result.advert.interval) == (2 if which == 2 else 3, 100)
    assert result.advert.addresses == (tuple(map(ip, V6[1])) if which == 6 else VIPS)
    assert result.notes == frozenset()


@pytest.mark.parametrize(
    ("row", "which", "change", "cause"),
    [
        ("R01", 2, {"ttl": 254}, Discard.TTL),
        ("R01", 6, {"ttl": 5}, Discard.TTL),
        ("R02", 2, {"payload": patched(2, 0, 0x31)}, Discard.VERSION),
        ("R02", 3, {"payload": patched(3, 0, 0x21)}, Discard.VERSION),
        ("R03", 2, {"payload": patched(2, 0, 0x22)}, Discard.TYPE),
        ("R04", 2, {"payload": patched(2, 3, 3)}, Discard.TRUNCATED),
        ("R04", 3, {"payload": patched(3, 3, 3)}, Discard.TRUNCATED),
        ("R04", 3, {"payload": GOOD[3][:7]}, Discard.TRUNCATED),
        ("R04", 3, {"payload": b""}, Discard.TRUNCATED),
        ("R05", 2, {"payload": GOOD[2] + b"\0\0\0\0"}, Discard.TRAILING),
        ("R05", 3, {"payload": GOOD[3] + b"\0"}, Discard.TRAILING),
        ("R07", 2, {"payload": patched(2, 7, GOOD[2][7] ^ 1), "resum": False}, Discard.CHECKSUM),
        ("R07", 3, {"payload": patched(3, 7, GOOD[3][7] ^ 1), "resum": False}, Discard.CHECKSUM),
        ("R07", 6, {"payload": patched(6, 7, GOOD[6][7] ^ 1), "resum": False}, Discard.CHECKSUM),
        ("R09", 3, {"vrid": 53}, Discard.VRID),
        ("R10", 2, {"owner": True}, Discard.OWNER),
        ("R12", 2, {"interval": 200}, Discard.INTERVAL),
        ("R14", 3, {"payload": patched(3, 5, 0)}, Discard.INTERVAL_ZERO),
        ("R14", 2, {"payload": patched(2, 5, 0)}, Discard.INTERVAL_ZERO),
        ("R15", 3, {"payload": patched(3, 3, 0)[:8]}, Discard.COUNT_ZERO),
        ("R15", 2, {"payload": patched(2, 3, 0)[:8] + GOOD[2][-8:]}, Discard.COUNT_ZERO),
        ("R18", 2, {"auth_type": 0}, Discard.AUTH_TYPE),
        ("R18", 2, {"payload": patched(2, 4, 2)}, Discard.AUTH_TYPE),
        ("R18", 2, {"payload": patched(2, 4, 0)}, Discard.AUTH_TYPE),
        ("R20", 2, {"secret": packet.secret("1112")}, Discard.AUTH_DATA),
        ("R22", 6, {"payload": GOOD[6][:8] + GOOD[6][24:40] + GOOD[6][8:24]}, Discard.LINK_LOCAL),
        ("R23", 2, {"source": LISTENER}, Discard.OWN),
        ("R24", 2, {"destination": LISTENER}, Discard.DESTINATION),
        ("R24", 2, {"peers": frozenset({OWN})}, Discard.DESTINATION),
        ("R25", 3, {"peers": frozenset({ip("192.168.140.9")}), "destination": LISTENER}, Discard.SOURCE),
    ],
)
def test_each_rule_discards_alone(row: str, which: int, change: dict, cause: Discard) -> None:
    assert heard(which, **change) is cause, row


@pytest.mark.parametrize(
    ("row", "which", "change", "notes"),
    [
        (
            "R08",
            3,
            {
                "payload": packet.encode(Advert(3, 52, 101, 100, VIPS), OWN, packet.GROUP4, checksum_as_v2=True),
                "resum": False,
            },
            set(),
        ),
        ("R11", 3, {"payload": patched(3, 2, 255), "owner": True}, {Note.RIVAL_OWNER}),
        ("R13", 3, {"interval": 50}, {Note.INTERVAL}),
        ("R16", 2, {"addresses": frozenset(VIPS[:1])}, {Note.ADDRESSES}),
        ("R17", 3, {"addresses": frozenset()}, {Note.ADDRESSES}),
        ("R19", 2, {"payload": patched(2, 4, 0), "auth_type": 0}, set()),
        ("R21", 3, {"payload": patched(3, 4, 0xF0)}, set()),
        (
            "R25",
            3,
            {
                "payload": packet.encode(Advert(3, 52, 101, 100, VIPS), OWN, LISTENER),
                "peers": frozenset({OWN}),
                "destination": LISTENER,
            },
            set(),
        ),
    ],
)
def test_each_tolerated_oddity_is_heard(row: str, which: int, change: dict, notes: FrozenSet[Note]) -> None:
    result = heard(which, **change)
    assert isinstance(result, Heard), row
    assert result.notes == notes


@pytest.mark.parametrize(
    ("text", "wire"),
    [("1111", b"1111\0\0\0\0"), ("", b"\0" * 8), ("12345678", b"12345678"), ("123456789", b"12345678")],
)
def test_pass_is_cut_and_padded(text: str, wire: bytes) -> None:
    assert packet.secret(text) == wire


# The IPv4 packet around it

IP = KEEPALIVED["advert vrid 51 version 2 priority 101"][14:]


def test_frame_padding_is_no_part_of_the_message() -> None:  # R06
    padded = packet.datagram4(IP.ljust(46, b"\xaa"))
    assert isinstance(padded, Datagram)
    assert padded == packet.datagram4(IP)
    assert len(padded.payload) == 20


def test_options_do_not_shift_the_message() -> None:  # R27
    header = bytes((0x46,)) + IP[1:2] + (len(IP) + 4).to_bytes(2, "big") + IP[4:20] + b"\x94\x04\0\0"
    found = packet.datagram4(header + IP[20:])
    assert isinstance(found, Datagram)
    assert found.payload == IP[20:]


@pytest.mark.parametrize(
    "packet_bytes",
    [b"", IP[:19], b"\x65" + IP[1:], b"\x41" + IP[1:], IP[:-1], IP[:2] + b"\0\x13" + IP[4:], IP[:6] + b"\x20\0" + IP[8:],
     IP[:6] + b"\0\x01" + IP[8:], IP[:9] + b"\x33" + IP[10:]],
)  # fmt: skip
def test_what_is_no_whole_packet_is_refused(packet_bytes: bytes) -> None:
    assert packet.datagram4(packet_bytes) is Discard.IP_HEADER


def test_random_and_mutated_packets_are_judged_without_a_crash() -> None:  # R27, X07 in small
    rng = random.Random(7)
    for _ in range(20_000):
        which = rng.choice((2, 3, 6))
        message = bytearray(rng.choice((GOOD[which], rng.randbytes(rng.randrange(60)))))
        for _ in range(rng.randrange(1, 4)):
            if message:
                message[rng.randrange(len(message))] = rng.randrange(256)
        expected = EXPECT[which]
        result = packet.parse(Datagram(OWN if which < 6 else ip(V6[0]), expected.group, 255, bytes(message)), expected)
        if isinstance(result, Heard):
            assert bytes(message[:2]) == GOOD[which][:2]
            assert result.advert.interval > 0
