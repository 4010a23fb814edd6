# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes of the agent's own checks against bytes that others published: RFC 2865, RFC 7677, X.690, MySQL's manual."""

from __future__ import annotations

import hashlib

import pytest

from lvs_agent.checks import ber, ldap, mysql, pgsql, radius, sip
from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.scram import MOST_ITERATIONS, Scram, ScramError

END = Endpoint("192.0.2.1", 1812)

# RFC 2865, 7.1: nemo logs in with the password arctangent, the secret is xyzzy5461
AUTHENTICATOR = bytes.fromhex("0f403f9473978057bd83d5cb98f4227a")
PASSWORD = bytes.fromhex("0dbe708d93d413ce3196e43f782a0aee")
ACCEPT = bytes.fromhex("0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103")
NEMO = radius.RadiusCheck(END, "nemo", "arctangent", "xyzzy5461")


def asked(number: int = 0):
    return radius._Asked(NEMO, number, AUTHENTICATOR)


def test_radius_hides_a_password_as_the_rfc_does():
    assert radius.hidden(b"arctangent", b"xyzzy5461", AUTHENTICATOR) == PASSWORD
    assert len(radius.hidden(b"x" * 17, b"s", AUTHENTICATOR)) == 32
    assert len(radius.hidden(b"", b"s", AUTHENTICATOR)) == 16


def test_radius_takes_the_rfc_s_answer_and_no_forged_one():
    assert asked().received(ACCEPT) == (True, "Access-Accept", None, None, "")
    forged = asked().received(ACCEPT[:-1] + b"\x04")
    assert forged is not None
    assert forged[:2] == (False, "the answer is not signed with our secret")
    assert asked(1).received(ACCEPT) is None
    for cut in range(len(ACCEPT)):
        outcome = asked().received(ACCEPT[:cut])
        assert outcome is None or not outcome.ok


def test_radius_signs_its_request():
    data = radius.request(NEMO, 7, AUTHENTICATOR)
    assert data[:2] == b"\x01\x07"
    assert int.from_bytes(data[2:4], "big") == len(data)
    assert data[20:22] == b"\x50\x12"
    assert PASSWORD in data


def test_radius_verifies_the_message_authenticator():
    secret = b"xyzzy5461"
    head = b"\x02\x00\x00\x26" + AUTHENTICATOR
    signed = radius._signed(head + b"\x50\x12" + bytes(16), 22, secret)
    for number, ok in ((0, True), (1, False)):
        body = signed[20:22] + bytes([signed[22] ^ number]) + signed[23:]
        answer = signed[:4] + hashlib.md5(signed[:4] + AUTHENTICATOR + body + secret).digest() + body
        outcome = asked().received(answer)
        assert outcome is not None
        assert outcome.ok is ok, outcome.text


# RFC 7677, 3: user `user`, password `pencil`
NONCE = "rOprNGfwEbeRWgbNEkqO"
FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
FINAL = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
LAST = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_scram_is_the_rfc_s_exchange():
    scram = Scram("user", "pencil", NONCE)
    assert scram.first() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert scram.final(FIRST) == FINAL
    scram.verify(LAST)


@pytest.mark.parametrize(
    "message",
    [b"", b"r=else,s=W22Z,i=1", FIRST.replace(b"%hvY", b""), FIRST.replace(b"i=4096", b"i=0"), FIRST.replace(b"s=W", b"s=!"),
     b"r=" + NONCE.encode() + b",s=W22Z,i=1", FIRST.replace(b"4096", str(MOST_ITERATIONS + 1).encode())],
)  # fmt: skip
def test_scram_refuses_what_is_no_first_message(message):
    scram = Scram("user", "pencil", NONCE)
    if message == FIRST.replace(b"%hvY", b""):
        scram.final(message)  # a shorter nonce of the server's is still one
        return
    with pytest.raises(ScramError):
        scram.final(message)


@pytest.mark.parametrize("message", [b"", b"v=", b"v=AAAA", b"v=!", b"e=other-error", LAST.replace(b"6rri", b"7rri")])
def test_scram_refuses_a_server_that_does_not_know_the_password(message):
    scram = Scram("user", "pencil", NONCE)
    scram.final(FIRST)
    with pytest.raises(ScramError):
        scram.verify(message)


@pytest.mark.parametrize(
    ("number", "data"),
    [(0, "020100"), (127, "02017f"), (128, "02020080"), (256, "02020100")],  # X.690, 8.3, and RFC 2078's examples
)
def test_ber_numbers(number, data):
    assert ber.number(number).hex() == data
    found = ber.take(bytes.fromhex(data), 10)
    assert found is not None
    assert found[0].number == number


def test_ber_lengths():
    for size, head in ((127, "047f"), (128, "048180"), (256, "04820100")):
        data = ber.element(ber.OCTETS, bytes(size))
        assert data.startswith(bytes.fromhex(head))
        assert ber.take(data, size) == (ber.Element(ber.OCTETS, bytes(size)), b"")
        assert ber.take(data[:-1], size) is None
        with pytest.raises(ValueError, match=f"{size} bytes"):
            ber.take(data, size - 1)
    with pytest.raises(ValueError, match="no length"):
        ber.take(b"\x30\x80\x00\x00", 10)
    with pytest.raises(ValueError, match="cut"):
        list(ber.elements(b"\x02\x02\x00"))


def test_ldap_binds_as_rfc_4511_says():
    # put together by hand from its ASN.1: 4.1.1, 4.2
    assert ldap.bind("cn=check,dc=lab", "secret").hex() == (
        "3021" "020101" "601c" "020103" "040f636e3d636865636b2c64633d6c6162" "8006736563726574"
    )  # fmt: skip


def test_mysql_scrambles_as_the_manual_says():
    # SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password))); the stored hash of `secret` is MariaDB's PASSWORD('secret')
    nonce = bytes(range(20))
    stored = bytes.fromhex("14E65567ABDB5135D0CFD9A70B3032C179A49EE7")
    answer = mysql.scrambled("mysql_native_password", "secret", nonce)
    once = bytes(one ^ other for one, other in zip(answer, hashlib.sha1(nonce + stored).digest()))
    assert hashlib.sha1(once).digest() == stored
    assert mysql.scrambled("mysql_native_password", "", nonce) == b""
    with pytest.raises(ValueError, match="wants dialog"):
        mysql.scrambled("dialog", "secret", nonce)


def test_a_caching_sha2_answer_is_taken_by_its_verifier():
    # the server keeps SHA256(SHA256(password)); it undoes the mask and hashes what is left once more
    nonce = bytes(range(20))
    stored = hashlib.sha256(hashlib.sha256(b"secret").digest()).digest()
    answer = mysql.scrambled("caching_sha2_password", "secret", nonce)
    once = bytes(one ^ other for one, other in zip(answer, hashlib.sha256(stored + nonce).digest()))
    assert hashlib.sha256(once).digest() == stored


def test_postgresql_is_asked_for_tls_by_who_only_asks_whether_it_is_there():
    talk = pgsql.PgsqlCheck(END).converse(0)
    assert talk.opened()[0].hex() == "0000000804d2162f"
    assert [talk.received(data)[1][0] for data in (b"S", b"N", b"E...", b"HTTP")] == [True, True, False, False]


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_sip_names_the_server_with_brackets_where_they_belong(address):
    said = sip.options(Endpoint(address, 5060), None, "UDP", "c1").decode()
    where = f"[{address}]" if ":" in address else address
    assert said.startswith(f"OPTIONS sip:{where}:5060 SIP/2.0\r\n")
    assert said.endswith("\r\n\r\n")


def test_sip_answers():
    good = b"SIP/2.0 200 OK\r\nCall-ID: c1@lvs-agent\r\nContent-Length: 0\r\n\r\n"
    assert sip.judge(good, "c1") == (True, "SIP/2.0 200 OK", None, None, "")
    assert sip.judge(good, "c2") is None
    assert sip.judge(good.replace(b"200 OK", b"100 Trying"), "c1") is None
    for line in (b"SIP/2.0 404 Not Found", b"SIP/2.0 500 No"):
        outcome = sip.judge(good.replace(b"SIP/2.0 200 OK", line), "c1")
        assert outcome is not None
        assert outcome[:2] == (False, line.decode())
    junk = sip.judge(b"HTTP/1.0 200 OK\r\n\r\n", "c1")
    assert junk is not None
    assert not junk.ok
