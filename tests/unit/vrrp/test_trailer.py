# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""auth_hmac against the vectors of draft-cassen-vrrp-auth-hmac (as in keepalived's test/auth_hmac_test.c), and its rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

import pytest

from lvs_agent.vrrp import packet, trailer
from lvs_agent.vrrp.packet import Advert, Datagram, Discard
from lvs_agent.vrrp.trailer import Keys, Marks, Mode

from .vectors import ip

KEY = bytes(range(32))
KEYS = Keys(((1, KEY), (2, b"k" * 64)), 1, 5)
SEQUENCE = 0x6800000080000000
NOW = float(0x68000000) + 0.5
V4 = bytes.fromhex("3133c80100644402c0000264")
V4_TRAILER = bytes.fromhex("0101000068000000800000001b84bc4e8e43892dc6d98448f8ee2265")
V6 = bytes.fromhex("3133c8010064a2e9fe800000000000000000000000000100")
V6_TRAILER = bytes.fromhex("010100006800000080000000c8c56146ebfd66ee10ec4d8186461b78")
SOURCE4, SOURCE6, PEER6 = ip("198.51.100.10"), ip("fe80::10"), ip("fe80::20")


@pytest.mark.parametrize(
    ("message", "source", "expected"), [(V4, SOURCE4, V4_TRAILER), (V6, SOURCE6, V6_TRAILER)], ids=["v4", "v6"]
)
def test_the_published_vectors(message: bytes, source: bytes, expected: bytes) -> None:
    assert trailer.sign(KEYS, message, 3, source, SEQUENCE) == expected


def test_the_whole_packet_of_the_vectors() -> None:
    # the draft's IPv4 image has the checksum of the message alone, its IPv6 image is unicast to fe80::20
    v4 = Advert(3, 51, 200, 100, (ip("192.0.2.100"),))
    assert packet.encode(v4, SOURCE4, packet.GROUP4, checksum_as_v2=True) == V4
    v6 = packet.encode(Advert(3, 51, 200, 100, (ip("fe80::100"),)), SOURCE6, PEER6)
    assert packet.with_trailer6(v6, V6_TRAILER, SOURCE6, PEER6) == V6 + V6_TRAILER


@pytest.mark.parametrize("family", [4, 6])
def test_a_signed_packet_is_cut_and_heard(family: int) -> None:
    if family == 4:
        source, own, message, behind = SOURCE4, packet.GROUP4, V4, V4_TRAILER
        expect = packet.Expect(3, 51, ip("198.51.100.11"), 100, frozenset())
    else:
        source, own, message, behind = SOURCE6, PEER6, V6, V6_TRAILER
        expect = packet.Expect(3, 51, PEER6, 100, frozenset(), peers=frozenset({SOURCE6}))
    datagram = packet.cut(Datagram(source, own, 255, message + behind), 3, trailer.LENGTH)
    assert (datagram.payload, datagram.trailer) == (message, behind)
    assert isinstance(packet.parse(datagram, expect), packet.Heard)
    # without auth_hmac it is a packet with something behind it
    assert packet.parse(Datagram(source, own, 255, message + behind), expect) is Discard.TRAILING


@pytest.mark.parametrize("payload", [b"", V4, V4 + V4_TRAILER[:-1], V4 + V4_TRAILER + b"\0", b"\x31\x33\xc8"])
def test_what_has_no_trailer_is_left_whole(payload: bytes) -> None:
    datagram = Datagram(SOURCE4, packet.GROUP4, 255, payload)
    assert packet.cut(datagram, 3, trailer.LENGTH) is datagram


def verified(
    behind: bytes = V4_TRAILER,
    message: bytes = V4,
    keys: Keys = KEYS,
    marks: Marks = (),
    now: float = NOW,
    source: bytes = SOURCE4,
    version: int = 3,
) -> Optional[Discard]:
    return trailer.verify(keys, marks, message, behind, version=version, source=source, now=now, senders=4)[0]


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


@pytest.mark.parametrize(
    ("what", "cause"),
    [
        ({}, None),
        ({"behind": b""}, Discard.HMAC_MISSING),
        ({"behind": b"", "keys": replace(KEYS, mode=Mode.PERMISSIVE)}, None),
        ({"behind": b"", "keys": replace(KEYS, mode=Mode.RECEIVE_ONLY)}, None),
        ({"behind": changed(V4_TRAILER, 20), "keys": replace(KEYS, mode=Mode.PERMISSIVE)}, Discard.HMAC_INVALID),
        ({"behind": changed(V4_TRAILER, 20), "keys": replace(KEYS, mode=Mode.RECEIVE_ONLY)}, Discard.HMAC_INVALID),
        ({"behind": changed(V4_TRAILER, 0)}, Discard.HMAC_MALFORMED),
        ({"behind": changed(V4_TRAILER, 2)}, Discard.HMAC_MALFORMED),
        ({"behind": V4_TRAILER[:1] + b"\x03" + V4_TRAILER[2:]}, Discard.HMAC_UNKNOWN_KEY),
        ({"behind": V4_TRAILER[:1] + b"\x02" + V4_TRAILER[2:]}, Discard.HMAC_INVALID),
        ({"behind": changed(V4_TRAILER, 27)}, Discard.HMAC_INVALID),
        ({"behind": changed(V4_TRAILER, 11)}, Discard.HMAC_INVALID),
        ({"message": changed(V4, 2)}, Discard.HMAC_INVALID),
        ({"message": changed(V4, 11)}, Discard.HMAC_INVALID),
        ({"message": changed(V4, 7)}, None),  # the checksum is not signed
        ({"source": ip("198.51.100.11")}, Discard.HMAC_INVALID),
        ({"version": 2}, Discard.HMAC_INVALID),
        ({"now": NOW + 5}, None),
        ({"now": NOW + 6}, Discard.HMAC_STALE),
        ({"now": NOW - 5}, None),
        ({"now": NOW - 6.6}, Discard.HMAC_STALE),
        ({"now": NOW + 10_000, "keys": replace(KEYS, window=None)}, None),
        ({"marks": ((SOURCE4, SEQUENCE),)}, Discard.HMAC_REPLAY),
        ({"marks": ((SOURCE4, SEQUENCE + 1),)}, Discard.HMAC_REPLAY),
        ({"marks": ((SOURCE4, SEQUENCE - 1),)}, None),
        ({"marks": ((ip("198.51.100.11"), SEQUENCE + 1),)}, None),
        ({"marks": ((SOURCE4, SEQUENCE + (60 << 32)),)}, None),  # beyond the window: the clock was set back
        ({"marks": ((SOURCE4, SEQUENCE + (60 << 32)),), "keys": replace(KEYS, window=None)}, Discard.HMAC_REPLAY),
    ],
)  # fmt: skip
def test_verdicts(what: dict, cause: Optional[Discard]) -> None:
    assert verified(**what) is cause


def test_a_captured_advert_is_refused_the_second_time() -> None:  # X02
    refused, marks = trailer.verify(KEYS, (), V4, V4_TRAILER, version=3, source=SOURCE4, now=NOW, senders=4)
    assert refused is None
    again, after = trailer.verify(KEYS, marks, V4, V4_TRAILER, version=3, source=SOURCE4, now=NOW, senders=4)
    assert (again, after) == (Discard.HMAC_REPLAY, marks)


def test_a_forged_advert_moves_no_mark_and_a_fifth_sender_pushes_out_the_oldest() -> None:
    marks: Marks = ()
    sources = [ip(f"198.51.100.{n}") for n in range(1, 6)]
    for source in sources:
        signed = trailer.sign(KEYS, V4, 3, source, SEQUENCE)
        _, forged = trailer.verify(KEYS, marks, V4, changed(signed, 20), version=3, source=source, now=NOW, senders=4)
        assert forged == marks
        _, marks = trailer.verify(KEYS, marks, V4, signed, version=3, source=source, now=NOW, senders=4)
    assert [source for source, _ in marks] == sources[:0:-1]


def test_keys_change_without_a_gap() -> None:  # X03: old and new are both known, each side signs with either
    for active in (1, 2):
        signed = trailer.sign(replace(KEYS, active=active), V4, 3, SOURCE4, SEQUENCE)
        assert verified(signed) is None


@pytest.mark.parametrize(
    ("last", "now", "window", "following"),
    [
        (0, NOW, 5, SEQUENCE),
        (SEQUENCE, NOW, 5, SEQUENCE + 1),  # the clock stands
        (SEQUENCE + 7, NOW, 5, SEQUENCE + 8),
        (SEQUENCE, NOW + 1, 5, SEQUENCE + (1 << 32)),
        (SEQUENCE + (3 << 32), NOW, 5, SEQUENCE + (3 << 32) + 1),  # set back within the window
        (SEQUENCE + (60 << 32), NOW, 5, SEQUENCE),  # set back beyond it: anew from the clock
        (SEQUENCE + (60 << 32), NOW, None, SEQUENCE + (60 << 32) + 1),  # monotonic: growth is all there is
    ],
)
def test_the_next_sequence(last: int, now: float, window: Optional[int], following: int) -> None:
    assert trailer.following(last, now, window) == following
