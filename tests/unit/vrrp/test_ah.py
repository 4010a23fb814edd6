# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication Headers against the frames of Debian's keepalived, sequence by sequence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lvs_agent.vrrp import ah, packet
from lvs_agent.vrrp.packet import Advert, Datagram, Discard, Expect

from .vectors import frames, ip

FRAMES = {name: frame[14:] for name, frame in frames("keepalived-2.2.7.frames").items() if name.startswith("advert-ah")}
KEY = packet.secret("s3cret")
OWN, VIP = ip("192.168.140.7"), ip("192.168.140.141")
FIRST = FRAMES["advert-ah sequence 1 priority 101"]


def received(data: bytes) -> Datagram:
    found = packet.datagram4(data, ah.AH)
    assert isinstance(found, Datagram)
    return found


@pytest.mark.parametrize("name", FRAMES)
def test_sealed_is_keepalived_s_byte_for_byte(name: str) -> None:
    words = name.split()
    message = packet.encode(Advert(2, 53, int(words[4]), 100, (VIP,), packet.AUTH_AH), OWN, packet.GROUP4)
    sequence = int(words[2])
    ours = ah.seal(message, OWN, packet.GROUP4, key=KEY, sequence=sequence, identification=sequence)
    assert ours == FRAMES[name]  # keepalived numbers packets and sequences alike here


def test_keepalived_s_is_unsealed_and_heard() -> None:
    unsealed = ah.unseal(received(FIRST), KEY, 0)
    assert not isinstance(unsealed, Discard)
    datagram, sequence = unsealed
    assert sequence == 1
    expect = Expect(2, 53, ip("192.168.140.8"), 100, frozenset({VIP}), auth_type=packet.AUTH_AH)
    heard = packet.parse(datagram, expect)
    assert isinstance(heard, packet.Heard)
    assert (heard.advert.priority, heard.source) == (101, OWN)


@pytest.mark.parametrize(
    ("data", "key", "last", "cause"),
    [
        (FIRST, packet.secret("s3creT"), 0, Discard.AUTH_DATA),
        (FIRST, KEY, 1, Discard.REPLAY),
        (FIRST, KEY, 7, Discard.REPLAY),
        (FIRST[:-20] + b"\x21\x35\x66" + FIRST[-17:], KEY, 0, Discard.AUTH_DATA),  # another priority
        (FIRST[:15] + b"\x09" + FIRST[16:], KEY, 0, Discard.AUTH_DATA),  # another source
        (FIRST[:5] + b"\x09" + FIRST[6:], KEY, 0, Discard.AUTH_DATA),  # another identification
        (FIRST[:8] + b"\x40" + FIRST[9:], KEY, 0, Discard.AUTH_DATA),  # another TTL, which counts in multicast
        (FIRST[:20] + b"\x06" + FIRST[21:], KEY, 0, Discard.AUTH_TYPE),  # something else inside
    ],
)
def test_what_is_refused(data: bytes, key: bytes, last: int, cause: Discard) -> None:
    assert ah.unseal(received(data), key, last) is cause


def test_a_short_header_is_refused() -> None:
    assert ah.unseal(replace(received(FIRST), payload=bytes(23)), KEY, 0) is Discard.TRUNCATED


def test_a_foreign_spi_is_refused_although_well_signed() -> None:
    message = packet.encode(Advert(2, 53, 101, 100, (VIP,), packet.AUTH_AH), OWN, packet.GROUP4)
    sealed = ah.seal(message, OWN, packet.GROUP4, key=KEY, sequence=1, identification=1)
    datagram = replace(received(sealed), source=ip("192.168.140.9"))
    assert ah.unseal(datagram, KEY, 0) is Discard.AUTH_DATA


def test_the_ttl_is_mutable_for_unicast_only() -> None:
    peer = ip("192.168.140.9")
    message = packet.encode(Advert(2, 53, 101, 100, (VIP,), packet.AUTH_AH), OWN, peer)
    sealed = bytearray(ah.seal(message, OWN, peer, key=KEY, sequence=5, identification=9))
    sealed[8] = 64
    unsealed = ah.unseal(received(bytes(sealed)), KEY, 4)
    assert not isinstance(unsealed, Discard)
    assert unsealed[1] == 5
