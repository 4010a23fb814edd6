# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's own checks in conversation: what they say, and what they make of answers, good, wrong, cut and hostile."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read
from ansible_collections.lvs.cluster.plugins.module_utils.conf.pcre2.port import Expression

from lvs_agent import plan_checks
from lvs_agent.checks import ber, ldap, mysql, pgsql
from lvs_agent.checks.dialogue import MOST_REPLY
from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.ftp import FtpCheck
from lvs_agent.checks.mail import ImapCheck, PopCheck
from lvs_agent.checks.nntp import NntpCheck
from lvs_agent.checks.port import Runner
from lvs_agent.checks.scheduler import Schedule, begin, judge
from lvs_agent.checks.sip import SipCheck, SipStreamCheck
from lvs_agent.checks.tcp import ACCEPTED
from lvs_agent.checks.tls.settings import Tls
from lvs_agent.loop import Loop

END = Endpoint("192.0.2.1", 21)


def played(check, *answers: bytes):
    """(all that was said, whether it ended well or is None, its text) after these answers; None closes."""
    talk = check.converse(0)
    said, outcome = talk.opened()
    for answer in answers:
        assert outcome is None
        if answer is None:
            outcome = talk.ended()
            break
        more, outcome = talk.received(answer)
        said += more
    return said, None if outcome is None else outcome.ok, "" if outcome is None else outcome.text


GREETED = b"220-Welcome\r\n 220 not the end\r\n220 ready\r\n"
FTP = FtpCheck(END, "me", "pw", "a file")
FTP_SAID = b"USER me\r\nPASS pw\r\nTYPE I\r\nSIZE a file\r\nQUIT\r\n"
IMAP = ImapCheck(END, 'm"e', "p\\w")
IMAP_SAID = b'a1 LOGIN "m\\"e" "p\\\\w"\r\na2 LOGOUT\r\n'


@pytest.mark.parametrize(
    ("check", "answers", "said", "ok", "text"),
    [
        (FTP, (GREETED, b"331 pw?\r\n", b"230 in\r\n", b"200 I\r\n", b"213 5\r\n", b"221 bye\r\n"), FTP_SAID, True, "has the file"),
        (FTP, (GREETED, b"230 in\r\n", b"200 I\r\n", b"213 5\r\n", None), FTP_SAID.replace(b"PASS pw\r\n", b""), True, "has the file"),
        (FTP, (GREETED, b"331 pw?\r\n", b"530 no\r\n"), FTP_SAID[:18], False, "PASS: 530 no"),
        (FTP, (b"421 busy\r\n",), b"", False, "greeting: 421 busy"),
        (FTP, (b"220", None), b"", False, "closed instead of answering greeting"),
        (FTP, (b"x\r\n" * 30000,), b"", False, "reply without an end"),
        (FTP, (b"x" * (MOST_REPLY + 1),), b"", False, "reply without an end"),
        (IMAP, (b"* OK hi\r\n", b"* CAPABILITY X\r\na1 OK in\r\n", b"* BYE\r\na2 OK\r\n"), IMAP_SAID, True, "takes the login"),
        (IMAP, (b"* PREAUTH hi\r\n", b"a1 NO [AUTHENTICATIONFAILED] no\r\n"), IMAP_SAID.partition(b"a2")[0], False, "LOGIN: a1 NO [AUTHENTICATIONFAILED] no"),
        (IMAP, (b"* BYE busy\r\n",), b"", False, "greeting: * BYE busy"),
        (ImapCheck(END), (b"* OK hi\r\n", b"a1 ok\r\n", None), b"a1 CAPABILITY\r\na2 LOGOUT\r\n", True, "greets"),
        (PopCheck(END, "me", "pw"), (b"+OK\r\n", b"+OK\r\n", b"-ERR no\r\n"), b"USER me\r\nPASS pw\r\n", False, "PASS: -ERR no"),
        (PopCheck(END), (b"+OK hi\r\n", b"+OK\r\n"), b"QUIT\r\n", True, "greets"),
        (NntpCheck(END, "comp.os"), (b"201 hi\r\n", b"211 1 1 1 comp.os\r\n", b"205 bye\r\n"), b"GROUP comp.os\r\nQUIT\r\n", True, "has the group"),
        (NntpCheck(END, "comp.os"), (b"200 hi\r\n", b"411 no\r\n"), b"GROUP comp.os\r\n", False, "GROUP: 411 no"),
        (NntpCheck(END), (b"400 down\r\n",), b"", False, "greeting: 400 down"),
    ],
)  # fmt: skip
def test_lines(check, answers, said, ok, text):
    assert played(check, *answers) == (said, ok, text)


def done(code: int, tag: int = 0x65, number: int = 2) -> bytes:
    words = (ber.number(code, ber.ENUMERATED), ber.element(ber.OCTETS), ber.element(ber.OCTETS))
    return ldap.message(number, ber.element(tag, *words))


ENTRY = ldap.message(2, ber.element(0x64, ber.element(ber.OCTETS, b"dc=lab"), ber.element(ber.SEQUENCE)))
BOUND = done(0, 0x61, 1)
LDAP = ldap.LdapCheck(END, "dc=lab", receive=Expression("dc=l.b"))


@pytest.mark.parametrize(
    ("check", "answers", "ok", "text"),
    [
        (LDAP, (BOUND, ENTRY + done(0)), True, "binds and finds the entry"),
        (LDAP, (BOUND, ENTRY[:9], ENTRY[9:], done(0)), True, "binds and finds the entry"),
        (
            ldap.LdapCheck(END, receive=Expression("(?R)|x")),
            (BOUND, ENTRY + done(0)),
            False,
            "the search for a match is given up: JIT stack limit reached",
        ),
        (ldap.LdapCheck(END, receive=Expression("else")), (BOUND, ENTRY + done(0)), False, "the entry does not match"),
        (LDAP, (BOUND, done(0)), False, "search: 0 entries"),
        (LDAP, (BOUND, ENTRY + ENTRY + done(0)), False, "search: 2 entries"),
        (LDAP, (BOUND, done(32)), False, "search: noSuchObject"),
        (LDAP, (done(49, 0x61, 1),), False, "bind: invalidCredentials"),
        (LDAP, (ENTRY[:1] + b"\x00",), False, "answer is not LDAP: no message"),
        (LDAP, (b"\x30\x84\x7f\xff\xff\xff",), False, "answer is not LDAP: an element of 2147483647 bytes"),
        (LDAP, (BOUND, None), False, "closed without an answer"),
    ],
)
def test_ldap(check, answers, ok, text):
    assert played(check, *answers)[1:] == (ok, text)


def hello(plugin: bytes = b"mysql_native_password") -> bytes:
    nonce = bytes(range(1, 21))
    rest = nonce[:8] + b"\0\xff\xff\x21\x02\0\xff\xff\x15" + bytes(10) + nonce[8:] + b"\0" + plugin + b"\0"
    return mysql.packet(0, b"\x0a8.0.1\0\x07\0\0\0" + rest)


LOGGED = mysql.packet(2, b"\0\0\0\x02\0\0\0")
REFUSED = mysql.packet(2, b"\xff\x15\x04#28000Access denied")
EOF = mysql.packet(3, b"\xfe\0\0\x02\0")
SQL = mysql.MysqlCheck(END, "me", "pw", "shop", "SELECT 1")
COLUMN = mysql.packet(1, b"\x01") + mysql.packet(2, b"\x03def") + EOF


@pytest.mark.parametrize(
    ("check", "answers", "ok", "text"),
    [
        (mysql.MysqlCheck(END), (hello(), REFUSED), True, "greets: 8.0.1"),
        (mysql.MysqlCheck(END), (hello(), LOGGED), True, "greets: 8.0.1"),
        (mysql.MysqlCheck(END), (hello(), None), True, "greets: 8.0.1"),
        (mysql.MysqlCheck(END), (hello(), mysql.packet(2, b"\xfedialog\0" + bytes(21)), REFUSED), True, "greets: 8.0.1"),
        (mysql.MysqlCheck(END), (hello(), mysql.packet(2, b"\xff\x69\x04#HY000Blocked")), False, "login: 1129 this host is blocked (max_connect_errors): FLUSH HOSTS there; docs/checks.md says why"),
        (mysql.MysqlCheck(END), (mysql.packet(0, b"\xff\x69\x04Blocked"),), False, "greeting: 1129 this host is blocked (max_connect_errors): FLUSH HOSTS there; docs/checks.md says why"),
        (mysql.MysqlCheck(END), (mysql.packet(0, b"\xff\x10\x04Too many connections"),), False, "greeting: 1040 Too many connections"),
        (mysql.MysqlCheck(END), (b"SSH-2.0-x\r\n" * 90,), False, None),
        (mysql.MysqlCheck(END, "me"), (hello(), LOGGED), True, "takes the login"),
        (SQL, (hello(), REFUSED), False, "login: 1045 Access denied"),
        (SQL, (hello(), LOGGED, COLUMN + mysql.packet(4, b"\x011") + EOF), True, "the query gives a row"),
        (SQL, (hello(), LOGGED, COLUMN, EOF), False, "query: no row"),
        (SQL, (hello(), LOGGED, LOGGED), False, "query: no row"),
        (SQL, (hello(), LOGGED, REFUSED), False, "query: 1045 Access denied"),
        (SQL, (hello(b"caching_sha2_password"), mysql.packet(2, b"\x01\x03"), LOGGED, COLUMN, mysql.packet(4, b"\x011")), True, "the query gives a row"),
        (SQL, (hello(b"caching_sha2_password"), mysql.packet(2, b"\x01\x04"), REFUSED), False, "login: caching_sha2_password wants TLS once; log in by another client before"),
        (SQL, (hello(), mysql.packet(2, b"\xfemysql_native_password\0" + bytes(21)), LOGGED, COLUMN + mysql.packet(4, b"\x011")), True, "the query gives a row"),
        (SQL, (hello(), mysql.packet(2, b"\xfedialog\0" + bytes(21)), REFUSED), False, "login: the server wants dialog, which this check has not"),
        (SQL, (mysql.packet(0, b""),), False, "answer is not MySQL's: b''"),
        (SQL, (None,), False, "closed without an answer"),
    ],
)  # fmt: skip
def test_mysql(check, answers, ok, text):
    said, good, seen = played(check, *answers)
    assert (good, seen if text else None) == (ok, text)
    assert len(said) < 400


def kind(letter: bytes, content: bytes) -> bytes:
    return pgsql.message(letter, content)


READY, IN = kind(b"Z", b"I"), kind(b"R", b"\0\0\0\0")
ROW = kind(b"T", b"\0\1") + kind(b"D", b"\0\1") + kind(b"C", b"SELECT 1\0")
PG = pgsql.PgsqlCheck(END, "md5_user", "secret", "shop", "SELECT 1")


@pytest.mark.parametrize(
    ("check", "answers", "ok", "text"),
    [
        (pgsql.PgsqlCheck(END, "me"), (IN + READY,), True, "takes the login"),
        (PG, (kind(b"R", b"\0\0\0\x05salt"), IN, READY, ROW + READY), True, "the query gives a row"),
        (PG, (kind(b"R", b"\0\0\0\x03"), IN + READY, kind(b"C", b"SELECT 0\0") + READY), False, "query: no row"),
        (PG, (kind(b"E", b"SFATAL\0C28P01\0Mwrong password\0\0"),), False, "login: wrong password"),
        (PG, (IN + READY, kind(b"E", b"Mno such table\0\0")), False, "query: no such table"),
        (PG, (kind(b"R", b"\0\0\0\x07"),), False, "login: the server wants authentication of kind 7, which this check has not"),
        (PG, (kind(b"R", b"\0\0"),), False, None),
        (PG, (kind(b"R", b"\0\0\0\x0bv=AAAA"),), False, None),
        (PG, (b"HTTP/1.0 400 Bad\r\n",), False, None),
        (PG, (None,), False, "closed without an answer"),
    ],
)  # fmt: skip
def test_postgresql(check, answers, ok, text):
    assert played(check, *answers)[1:] == (ok, text) if text else played(check, *answers)[1] is ok


def test_a_whole_check_between_connects():
    schedule = Schedule(delay_loop=1.0, retry=0, warmup=0.0, connects=2)
    state = begin(schedule, 0.0, 0.0)
    steps = []
    for ok in (True, True, True, True, True, False, True, False, False, True, True):
        steps.append(state.step)
        state = judge(schedule, state, ok, 0.0, 0.0)
    assert steps == [0, 1, 2, 0, 1, 2, 0, 1, 0, 0, 1]
    assert judge(Schedule(), state, True, 0.0, 0.0).step == 0


def test_beyond_its_last_step_a_check_only_connects():
    runner = Runner(Loop(), lambda *_news: None, lambda: 0.0)
    assert runner.converse(PopCheck(END), 1) is ACCEPTED
    assert runner.converse(PopCheck(END), 0) is not ACCEPTED
    runner.loop.close()


def planned(words: str, protocol: str = "TCP"):
    lines = "".join(f"@lvs_agent {line}\n" for line in words.split("\n"))
    text = f"virtual_server 192.0.2.9 80 {{\nprotocol {protocol}\nlvs_sched rr\nlvs_method DR\nreal_server 192.0.2.1 21 {{\n{lines}}}\n}}\n"
    ((schedule, check),) = plan_checks.plan(read(text, "x.conf").document).checks.values()
    return schedule, check


@pytest.mark.parametrize(
    ("words", "protocol", "wanted"),
    [
        ("FTP_CHECK {\n}", "TCP", FtpCheck(END)),
        ("FTP_CHECK {\nlogin me\npasswd pw\nrequest x\n}", "TCP", FtpCheck(END, "me", "pw", "x")),
        ("IMAP_CHECK {\ntls\n}", "TCP", ImapCheck(END, tls=Tls())),
        ("POP_CHECK {\ntls\ntls_verify\ntls_name pop.example\ntls_ca /ca\n}", "TCP", PopCheck(END, tls=Tls(True, "pop.example", "/ca", verify=True, expiry=14))),
        ("POP_CHECK {\ntls\ntls_verify\ntls_expiry 0\n}", "TCP", PopCheck(END, tls=Tls(verify=True))),
        ("SIP_CHECK {\n}", "UDP", SipCheck(END)),
        ("SIP_CHECK {\n}", "TCP", SipStreamCheck(END)),
        ("SIP_CHECK {\ntransport udp\nlogin me\n}", "TCP", SipCheck(END, "me")),
        ("SIP_CHECK {\ntls\n}", "UDP", SipStreamCheck(END, tls=Tls())),
        ("NNTP_CHECK {\nrequest comp.os\n}", "TCP", NntpCheck(END, "comp.os")),
    ],
)  # fmt: skip
def test_words_make_checks(words, protocol, wanted):
    assert planned(words, protocol)[1] == wanted


def test_connects_is_of_the_schedule():
    assert planned("FTP_CHECK {\nconnects 9\n}")[0].connects == 9
    assert planned("FTP_CHECK {\n}")[0].connects == 0
