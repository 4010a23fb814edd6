# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails: keepalived's own bytes, the switches, and what a mail server may do to whoever sends them."""

from __future__ import annotations

import os
import re
import select
import socket
import threading
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils import conf

from lvs_agent import plan_checks, plan_mail
from lvs_agent.notify import mail as mails
from lvs_agent.notify.mail import Mail, Server
from lvs_agent.notify.scripts import Job, Scripts
from lvs_agent.pool.roster import QuorumDown, QuorumUp
from lvs_agent.vrrp.events import Notice

VECTORS = Path(__file__).parents[2] / "vectors" / "mail" / "keepalived-2.2.7.txt"
GLOBAL = """global_defs {{
 router_id bench
 notification_email {{
  admin@lab.example
  second@lab.example
 }}
 notification_email_from director@lab.example
 smtp_server 127.0.0.1
 {more}
}}
"""
REST = """vrrp_instance VI_0 {
 interface eth0
 virtual_router_id 51
 virtual_ipaddress {
  10.0.0.9
 }
}
vrrp_sync_group G {
 group {
  VI_0
 }
}
virtual_server 10.0.0.1 80 {
 quorum 2
 protocol TCP
 real_server 127.0.0.1 81 {
 }
 real_server 127.0.0.1 82 {
 }
}
"""
RS = "[127.0.0.1]:tcp:81", "[127.0.0.1]:tcp:82"
VS = "[10.0.0.1]:tcp:80"


def document(more: str = "smtp_alert") -> object:
    return conf.read(GLOBAL.format(more=more) + REST, "x.conf").document


def vectors() -> Dict[str, Tuple[str, bytes]]:
    """By subject: the date and the bytes."""
    found = {}
    for text in VECTORS.read_text().split("-----\n")[1:]:
        date, subject = (re.search(f"^{word}: (.*)$", text, re.MULTILINE) for word in ("Date", "Subject"))
        assert date
        assert subject
        found[subject[1] + text.splitlines()[6]] = date[1], text.replace("\n", "\r\n").encode()
    return found


def every_mail() -> List[Mail]:
    """Ours of the events that the vectors are of."""
    planned = plan_mail.mailing(document())
    post = plan_mail.office(document())
    service = next(iter(plan_checks.plan(document()).services.values()))
    assert post is not None
    made = [planned.instance("VI_0", notice) for notice in (Notice.BACKUP, Notice.MASTER, Notice.FAULT)]
    made += [planned.group("G", notice) for notice in (Notice.BACKUP, Notice.MASTER, Notice.FAULT)]
    made += [plan_mail.quorum(post, service, effect) for effect in (QuorumUp(2, 2, True), QuorumDown(1, 2))]
    made += [
        plan_mail.check(post, VS, RS[0], "HTTP_GET", "404", up=False, alive=False),
        plan_mail.check(post, VS, RS[0], "TCP_CHECK", "refused", up=False, alive=False),
        plan_mail.check(post, VS, RS[0], "TCP_CHECK", "", up=True, alive=False),
        plan_mail.removed(post, VS, RS[1], stopping=False),
    ]
    return [each for each in made if each is not None]


def test_every_byte_is_keepalived_s() -> None:
    theirs = vectors()
    assert len(theirs) == 12
    for mail in every_mail():
        date, raw = theirs.pop(mail.subject + mail.body)
        assert mails.message(mail, date) == raw
    assert not theirs


def test_dates_are_rfc_5322_s_whatever_the_locale() -> None:
    assert re.fullmatch(r"Wed, 25 Nov 2026 \d\d:25:59 [+-]\d{4}", mails.date_of(1795573559.4))


# more lines of global_defs; which of (instance MASTER, instance FAULT, group FAULT) are mailed
@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ("", (False, False, False)),
        ("smtp_alert", (True, True, True)),
        ("smtp_alert_vrrp", (True, True, True)),
        ("smtp_alert_checker", (False, False, False)),
        ("smtp_alert\n smtp_alert_vrrp off", (False, False, False)),
        ("smtp_alert\n no_email_faults", (True, False, False)),
    ],
)
def test_switches_of_vrrp(more: str, wanted: Tuple[bool, ...]) -> None:
    planned = plan_mail.mailing(document(more))
    made = (
        planned.instance("VI_0", Notice.MASTER),
        planned.instance("VI_0", Notice.FAULT),
        planned.group("G", Notice.FAULT),
    )
    assert tuple(each is not None for each in made) == wanted
    assert planned.instance("VI_0", Notice.PRIORITY) is None
    assert planned.instance("VI_0", Notice.MASTER_RX_LOWER_PRI) is None


def test_without_a_server_or_a_recipient_nothing_is_mailed() -> None:
    text = GLOBAL.format(more="smtp_alert") + REST
    for word in ("smtp_server 127.0.0.1", "  admin@lab.example\n  second@lab.example"):
        assert plan_mail.office(conf.read(text.replace(word, ""), "x.conf").document) is None


# A mail server that a test tells how to behave


class Sink:
    """Takes connections, answers each command, keeps what it was told."""

    def __init__(self, answers: Dict[str, str]) -> None:
        self.answers, self.sessions = answers, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = Server("127.0.0.1", str(self.listener.getsockname()[1]), "director.lab", 5)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                self.sessions.append([])  # whole when the client has its last answer
                self.talk(connection, lines, self.sessions[-1])

    def talk(self, connection: socket.socket, lines: Iterator[bytes], told: List[bytes]) -> None:
        connection.sendall(b"220 sink\r\n")
        body = False
        for line in lines:
            told.append(line)
            if body and line != b".\r\n":
                continue
            word = "." if body else line.split()[0].decode().upper()
            body = word == "DATA"
            usual = {"DATA": "354 go", "QUIT": "221 bye"}.get(word, "250 ok")
            for prefix, answer in self.answers.items():
                if line.decode().upper().startswith(prefix):
                    usual = answer
            connection.sendall(usual.encode() + b"\r\n")
            if word == "QUIT" or usual.startswith("421"):
                break


@pytest.fixture
def sink(request: pytest.FixtureRequest) -> Iterator[Sink]:
    made = Sink(getattr(request, "param", {}))
    yield made
    made.listener.close()


def mail(server: Server, body: str = "=> text <=", recipients: Tuple[str, ...] = ("a@x", "b@x")) -> Mail:
    return Mail(server, "me@x", recipients, "[r] subject", body)


def test_one_connection_takes_all_and_dots_are_stuffed(sink: Sink) -> None:
    assert mails.deliver([(mail(sink.server, ".hidden\r\n.\r\nend"), 0.0), (mail(sink.server), 1.0)]) == {}
    sink.listener.close()
    commands = [line.strip().lower() for line in sink.sessions[0]]
    envelope = [b"mail from:<me@x>", b"rcpt to:<a@x>", b"rcpt to:<b@x>", b"data"]
    assert commands[0] == b"helo director.lab"
    assert [each for each in commands if each in envelope] == envelope * 2
    assert commands[11:14] == [b"..hidden", b"..", b"end"]
    assert (commands[-2], commands[-1]) == (b".", b"quit")


@pytest.mark.parametrize(
    ("sink", "trouble", "bodies"),
    [
        ({"RCPT TO:<B": "550 no such"}, {"recipient b@x: 550 no such": 1}, 1),
        ({"RCPT": "550 no such"}, {"recipient b@x: 550 no such": 1}, 0),
        ({"MAIL": "451 later"}, {"sender me@x: 451 later": 1}, 0),
        ({".\r\n": "554 spam"}, {"554 spam": 1}, 1),
        ({"DATA": "421 going"}, {"421 going": 1}, 0),
    ],
    indirect=["sink"],
)
def test_what_a_server_refuses_is_said(sink: Sink, trouble: Dict[str, int], bodies: int) -> None:
    assert mails.deliver([(mail(sink.server), 0.0)]) == trouble
    sink.thread.join(0.2)
    assert [line for line in sink.sessions[0] if line == b".\r\n"] == [b".\r\n"] * bodies


@pytest.mark.parametrize("words", [{"starttls": True}, {"user": "me", "password": "s3cret"}])
def test_protection_that_is_not_offered_is_not_done_without(sink: Sink, words: Dict[str, object]) -> None:
    server = Server(sink.server.host, sink.server.port, "director.lab", 5, **words)
    with pytest.raises(OSError, match="not supported"):
        mails.deliver([(mail(server), 0.0)])
    sink.thread.join(0.2)
    told = b"".join(line for session in sink.sessions for line in session)
    assert b"MAIL" not in told.upper()
    assert b"s3cret" not in told


def test_the_helper_delivers_what_was_asked_for_before_its_owner_ended(sink: Sink) -> None:
    scripts = Scripts()
    for number in range(3):
        scripts.start(Job((), mail=mail(sink.server, f"number {number}")))
    scripts.close()
    os.waitpid(scripts.pid, 0)
    for _wait in range(100):
        told = b"".join(line for session in sink.sessions for line in session)
        if told.count(b"number") == 3:
            break
        select.select([], [], [], 0.05)
    assert sorted(re.findall(rb"number (\d)", told)) == [b"0", b"1", b"2"], "what is left goes beside what is under way"


def test_a_storm_is_bounded(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails.os, "fork", lambda: 2**30)
    monkeypatch.setattr(mails.os, "waitpid", lambda _pid, _how: (0, 0))
    outbox = mails.Outbox()
    for _number in range(3 * mails.MOST_WAITING):
        outbox.put(mail(sink.server))
    assert len(outbox._waiting) == mails.MOST_WAITING


@pytest.mark.parametrize(
    ("text", "word"), [("/bin/x: exit status 1", "failed"), ("/bin/x: no end within 1 s", "timed out")]
)
def test_a_script_without_an_end_has_words_of_its_own(text: str, word: str) -> None:
    post = plan_mail.office(document())
    assert post is not None
    mail = plan_mail.check(post, VS, RS[0], "MISC_CHECK", text, up=False, alive=False)
    assert mail is not None
    assert mail.body == f"=> MISC CHECK {word} on service <="
