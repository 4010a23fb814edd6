# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS, UDP and ping checks: bytes against scapy's, answers against verdicts."""

from __future__ import annotations

import pytest

from lvs_agent.checks.dns import DnsCheck, question
from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.ping import PAYLOAD as ECHOED
from lvs_agent.checks.ping import PingCheck, checksum
from lvs_agent.checks.udp import UdpCheck

V4, V6 = Endpoint("192.0.2.1", 53), Endpoint("2001:db8::1", 53)

# bytes(scapy.all.DNS(id=0x1234, rd=1, qd=DNSQR(qname=..., qtype=...))), scapy 2.6.
QUERIES = [
    ("SOA", ".", "1234010000010000000000000000060001"),
    ("A", "www.example.com", "12340100000100000000000003777777076578616d706c6503636f6d0000010001"),
    ("AAAA", "www.example.com.", "12340100000100000000000003777777076578616d706c6503636f6d00001c0001"),
    ("DNSKEY", "example", "123401000001000000000000076578616d706c650000300001"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "expected"), QUERIES)
def test_query(kind: str, name: str, expected: str):
    assert question(0x1234, kind, name).hex() == expected
    assert DnsCheck(V4, kind, name).exchange(0xABCD1234).request().hex() == expected


@pytest.mark.parametrize("name", ["a..b", "x" * 64])
def test_no_query_for_what_is_no_name(name: str):
    with pytest.raises(ValueError):
        question(1, "A", name)


@pytest.mark.parametrize(
    ("answer", "ok", "text"),
    [
        # scapy: DNS(id=0x1234, qr=1, rcode=...)
        ("123481800001000100000000", True, "SOA .: answered"),
        ("123481800001000000000000", True, "SOA .: answered"),
        ("123481820001000000000000", False, "SOA .: SERVFAIL"),
        ("123481830001000000000000", False, "SOA .: NXDOMAIN"),
        ("123481850001000000000000", False, "SOA .: REFUSED"),
        ("123481890001000000000000", False, "SOA .: error 9"),
        # Another's number, a query, too short: not ours, the wait goes on.
        ("123581800001000100000000", None, ""),
        ("123401000001000000000000", None, ""),
        ("1234818000", None, ""),
    ],
)
def test_dns_answers(answer: str, ok, text: str):
    outcome = DnsCheck(V4).exchange(0x1234).received(bytes.fromhex(answer))
    assert (None if outcome is None else outcome.ok) is ok
    assert outcome is None or outcome.text == text


def test_dns_silence_is_a_failure():
    assert DnsCheck(V4).exchange(1).silence().ok is False


@pytest.mark.parametrize(
    ("check", "answer", "ok"),
    [
        (UdpCheck(V4), b"anything", True),
        (UdpCheck(V4), b"", True),
        (UdpCheck(V4, reply=""), b"x" * 9000, True),
        (UdpCheck(V4, reply="0102"), b"\x01\x02\x03", True),
        (UdpCheck(V4, reply="0102"), b"\x01\x03", False),
        # A shorter reply is compared as far as it goes, unless min_reply_length forbids it.
        (UdpCheck(V4, reply="0102"), b"\x01", True),
        (UdpCheck(V4, reply="0102", min_length=2), b"\x01", False),
        (UdpCheck(V4, reply="0102", max_length=2), b"\x01\x02\x03", False),
        (UdpCheck(V4, reply="xx0x"), b"\xff\x0a", True),
        (UdpCheck(V4, reply="xx0x"), b"\xff\x1a", False),
    ],
)
def test_udp_replies(check: UdpCheck, answer: bytes, ok: bool):
    assert check.exchange(0).received(answer).ok is ok


def test_udp_silence_is_good_where_no_reply_is_needed():
    assert UdpCheck(V4).exchange(0).silence().ok is True
    assert UdpCheck(V4, reply="").exchange(0).silence().ok is False


# raw(scapy.all.ICMP(id=0x1122, seq=0x3344)/Raw(PAYLOAD)) and ICMPv6EchoRequest likewise, its checksum left out.
def test_echo_request():
    assert PingCheck(V4).exchange(0x11223344).request() == bytes.fromhex("0800da6f11223344") + ECHOED
    assert PingCheck(V6).exchange(0x11223344).request() == bytes.fromhex("8000000011223344") + ECHOED


# The example of RFC 1071, section 3: sum ddf2, complement 220d.
@pytest.mark.parametrize(("data", "expected"), [("0001f203f4f5f6f7", 0x220D), ("", 0xFFFF), ("01", 0xFEFF)])
def test_checksum(data: str, expected: int):
    assert checksum(bytes.fromhex(data)) == expected


HEADER = bytes.fromhex("4500002000004000400100000a0000010a000002")


@pytest.mark.parametrize(
    ("end", "answer", "ok"),
    [
        (V4, bytes.fromhex("0000000099993344") + ECHOED, True),
        (V4, HEADER + bytes.fromhex("0000000011223344") + ECHOED, True),
        (V4, bytes.fromhex("0800000011223344") + ECHOED, None),
        (V4, bytes.fromhex("0000000011223345") + ECHOED, None),
        (V4, bytes.fromhex("0000000011223344") + b"another's", None),
        (V4, bytes.fromhex("000000"), None),
        (V6, bytes.fromhex("8100000011223344") + ECHOED, True),
        (V6, bytes.fromhex("8000000011223344") + ECHOED, None),
    ],
)
def test_echo_replies(end: Endpoint, answer: bytes, ok):
    outcome = PingCheck(end).exchange(0x11223344).received(answer)
    assert (None if outcome is None else outcome.ok) is ok


def test_ping_silence_is_a_failure():
    assert PingCheck(V4).exchange(1).silence().ok is False
