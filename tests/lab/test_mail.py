# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails of our agent beside those of Debian's keepalived: the same file, the same events, a real mail server (Debian's
exim) for each that keeps what it gets. Then what keepalived cannot: STARTTLS with a verified certificate, and AUTH.

keepalived checks nothing without ip_vs, which this machine has not: its mails of checks are in tests/vectors/mail, and
the expected ones here were compared with it under bench/no_ipvs.c.
"""

from __future__ import annotations

import mailbox
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest
from netns import Host, bridge, plug, wait
from speaker import ENVIRONMENT

from lvs_agent.notify import mail as mails

pytestmark = pytest.mark.netns(limit=240)

EXIM = """
primary_hostname = mail.lab.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = 25
log_file_path = {home}/%slog
spool_directory = {home}/spool
pid_file_path = {home}/pid
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
tls_advertise_hosts = *
tls_certificate = {home}/cert.pem
tls_privatekey = {home}/key.pem
acl_smtp_rcpt = recipient
deliver_drop_privilege = true
begin acl
recipient:
  accept authenticated = *
         encrypted = *
  deny local_parts = secure
  accept domains = lab.example
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  file = {home}/boxes/all
  create_file = anywhere
  mode = 0644
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${{if def:tls_in_cipher}}
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{director}}}}{{eq{{$auth3}}{{s3cret}}}}}}}}
  server_set_id = $auth2
"""
FILE = """global_defs {{
 router_id lab
 notification_email {{
  {recipient}
 }}
 notification_email_from director@lab.example
 smtp_server 127.0.0.1
 smtp_connect_timeout 5
 smtp_alert
 script_user root
 {more}
}}
vrrp_sync_group G {{
 group {{
  VI_1
  VI_2
 }}
}}
{instances}
virtual_server 192.0.2.1 80 {{
 delay_loop 1
 warmup 0
 retry 1
 delay_before_retry 1
 protocol TCP
 lvs_sched rr
 lvs_method NAT
 quorum 2
 hysteresis 1
 {servers}
}}
"""
INSTANCE = """vrrp_instance VI_{0} {{
 version 3
 state BACKUP
 interface eth0
 virtual_router_id 5{0}
 priority 100
 advert_int 0.5
 virtual_ipaddress {{
  10.1.0.10{0}
 }}
}}
"""
TCP = "TCP_CHECK {\n connect_timeout 1\n }"
MISC = 'MISC_CHECK {\n misc_path "/usr/bin/test -e /run/misc"\n }'
HTTP = "HTTP_GET {\n connect_timeout 1\n url {\n path /\n status_code 200\n }\n }"
SERVERS = {81: TCP, 82: TCP, 83: MISC, 84: HTTP}
RS, VS = (
    "Realserver [127.0.0.1]:tcp:{} of virtual server [192.0.2.1]:tcp:80 - {}",
    "Virtualserver [192.0.2.1]:tcp:80 - {}",
)


def instances(state: str) -> List[Tuple[str, str]]:
    """The mails of both instances and their group."""
    does = {"MASTER": "now owning VRRP VIPs"}.get(state, "no longer owning VRRP VIPs")
    own = [(f"VRRP Instance VI_{n} - Entering {state} state", f"=> VRRP Instance is {does} <=") for n in (1, 2)]
    return [
        *own,
        (f"VRRP Group G - Entering {state} state", f"=> All VRRP group instances are now in {state} state <="),
    ]


STORY: Dict[str, List[Tuple[str, str]]] = {
    "start": [
        *instances("BACKUP"),
        *instances("MASTER"),
        (VS.format("UP"), "=> Starting with quorum up 2+1=3 <= 4 <="),
        (RS.format(83, "UP"), "=> MISC CHECK succeeded on service <="),
    ],
    "link down": instances("FAULT"),
    "link up": [*instances("BACKUP"), *instances("MASTER")],
    "82 and 84 die": [
        (RS.format(82, "DOWN"), "=> TCP CHECK failed on service <="),
        (RS.format(84, "DOWN"), "=> CHECK failed on service : HTTP request failed <="),
    ],
    "83 fails": [
        (RS.format(83, "DOWN"), "=> MISC CHECK failed on service <="),
    ],
    "81 dies": [
        (RS.format(81, "DOWN"), "=> TCP CHECK failed on service <="),
        (VS.format("DOWN"), "=> Lost quorum 2+1=1 <= 0 <="),
    ],
    "all are back": [
        (RS.format(81, "UP"), "=> TCP CHECK succeed on service <="),
        (RS.format(82, "UP"), "=> TCP CHECK succeed on service <="),
        (RS.format(83, "UP"), "=> MISC CHECK succeeded on service <="),
        (RS.format(84, "UP"), "=> CHECK succeed on service <="),
        (VS.format("UP"), "=> Gained quorum 2+1=3 <= 3 <="),
    ],
    "82 is not in the file any more": [(RS.format(82, "DOWN"), "=> Removing <=")],
}
LAST = [
    *((f"VRRP Instance VI_{n} - Stopping", "=> VRRP Instance stopping <=") for n in (1, 2)),
    ("VRRP Group G - Stopping", "=> All VRRP group instances are now stopping <="),
]


class Director(Host):
    """A namespace with an engine, the servers that it checks, and a mail server."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        bridge(f"br-{name}")
        plug(self, "eth0", f"br-{name}", "10.1.0.1/24")
        self.folder = Path("/run") / name
        (self.folder / "boxes").mkdir(parents=True)
        for folder in (self.folder, self.folder / "boxes"):
            folder.chmod(0o777)
        self.conf = str(self.folder / "keepalived.conf")
        self.certificate = self.folder / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail.lab.example"]
            + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(self.folder / "key.pem")]
            + ["-out", str(self.certificate)],
            check=True,
            capture_output=True,
        )
        (self.folder / "key.pem").chmod(0o644)
        (self.folder / "exim.conf").write_text(EXIM.format(home=self.folder))
        self.start("exim4", "-bdf", "-C", str(self.folder / "exim.conf"), log=f"{self.folder}/exim.out")
        self.webs = {port: self.web("127.0.0.1", port) for port in (81, 82, 84)}
        self.seen: Counter = Counter()

    def write(self, recipient: str = "admin@lab.example", more: str = "", without: int = 0) -> None:
        servers = "\n ".join(
            f"real_server 127.0.0.1 {port} {{\n {check}\n }}" for port, check in SERVERS.items() if port != without
        )
        both = INSTANCE.format(1) + INSTANCE.format(2)
        Path(self.conf).write_text(FILE.format(recipient=recipient, more=more, instances=both, servers=servers))

    def mails(self, box: str = "admin") -> List[mailbox.mboxMessage]:
        path = self.folder / "boxes" / "all"
        if not path.exists():
            return []
        with closing(mailbox.mbox(path, create=False)) as found:
            return [each for each in found if each["To"] == f"{box}@lab.example"]

    def news(self) -> Counter:
        """(subject, body) of the mails that came since it was last asked."""
        said: Counter = Counter()
        for each in self.mails():
            assert each["X-Mailer"] == "Keepalived"
            assert each["From"] == "director@lab.example"
            assert each["Date"]
            assert each["Subject"].startswith("[lab] ")
            said[each["Subject"][6:], each.get_payload().strip()] += 1
        new, self.seen = said - self.seen, said
        return new

    def up(self) -> None:
        raise NotImplementedError


class Ours(Director):
    def up(self) -> None:
        run = ("run", "-n", "-l", "-D", "-f", self.conf, "--socket", f"{self.folder}/control.sock")
        self.daemon = self.start("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *run, log=f"{self.folder}/log")


class Theirs(Director):
    def up(self) -> None:
        pids = ("-p", f"{self.folder}/1", "-c", f"{self.folder}/2", "-r", f"{self.folder}/3")
        self.daemon = self.start("keepalived", "-P", "-n", "-l", "-D", "-f", self.conf, *pids, log=f"{self.folder}/log")


@pytest.fixture(scope="module")
def directors() -> Iterator[Tuple[Ours, Theirs]]:
    Path("/run/misc").touch()
    made = (Ours("ours"), Theirs("theirs"))
    try:
        yield made
    finally:
        for director in made:
            for name in ("log", "exim.out", "mainlog", "paniclog"):
                path = director.folder / name
                print(f"--- {director.name} {name}\n{path.read_text()[-3000:] if path.exists() else 'none'}")
            director.close()


def happen(director: Director, event: str) -> None:
    if event == "start":
        director.write()
        director.up()
    elif event.startswith("link"):
        director.batch(f"link set eth0 {event.split()[1]}")
    elif event == "82 and 84 die":
        for port in (82, 84):
            director.stop(director.webs.pop(port), signal.SIGKILL)
    elif event == "81 dies":
        director.stop(director.webs.pop(81), signal.SIGKILL)
    elif event == "83 fails":
        Path("/run/misc").unlink(missing_ok=True)
    elif event == "all are back":
        Path("/run/misc").touch()
        director.webs = {port: director.web("127.0.0.1", port) for port in (81, 82, 84)}
    else:
        director.write(without=82)
        director.daemon.send_signal(signal.SIGHUP)


def collected(director: Director, wanted: List[Tuple[str, str]]) -> Counter:
    """The news, waited for until all that is wanted has come, and a moment longer for what is not."""
    found: Counter = Counter()

    def enough() -> bool:
        found.update(director.news())
        return not Counter(wanted) - found

    wait(enough, 40, 0.2)
    return found


def test_the_same_events_make_the_same_mails(directors) -> None:
    for event, wanted in STORY.items():
        for director in directors:
            happen(director, event)
        for director in directors:
            due = wanted if director is directors[0] else [each for each in wanted if each[0].startswith("VRRP")]
            said = collected(director, due)
            assert list((Counter(due) - said) + (said - Counter(due))) == [], f"{event}: {director.name}"


def test_the_last_mails_are_delivered_too(directors) -> None:
    """keepalived opens connections for them and ends before it has said HELO."""
    ours, theirs = directors
    for director in directors:
        director.stop(director.daemon)
    assert collected(ours, LAST) == Counter(LAST)
    assert theirs.news() == Counter()


def test_starttls_and_auth(directors) -> None:
    """A recipient whom the mail server takes only from who is authenticated over TLS."""
    ours, _theirs = directors
    words = "\n ".join(
        f"@lvs_agent {line}"
        for line in (
            "smtp_starttls",
            f"smtp_ca_file {ours.certificate}",
            "smtp_auth_user director",
            "smtp_auth_pass s3cret",
        )
    )
    ours.write("secure@lab.example", words)
    ours.up()
    assert wait(lambda: len(ours.mails("secure")) >= 8, 40, 0.2) is not None
    assert "TLS" in ours.mails("secure")[0]["Received"]
    ours.stop(ours.daemon)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ca": ""}, "certificate verify failed"),
        ({"password": "wrong"}, "535"),
        ({"starttls": False}, "not supported"),
        ({"user": "", "password": ""}, ""),
    ],
    ids=["unknown-certificate", "wrong-password", "no-tls", "no-auth"],
)
def test_without_one_of_them_nothing_is_delivered(directors, change: Dict[str, object], words: str) -> None:
    ours, _theirs = directors
    usual = {"starttls": True, "ca": str(ours.certificate), "user": "director", "password": "s3cret"}
    server = mails.Server("127.0.0.1", "25", "director.lab", 5, **{**usual, **change})
    letter = (mails.Mail(server, "director@lab.example", ("secure@lab.example",), "[lab] no", "no"), time.time())
    with ours:
        if words:
            with pytest.raises(OSError, match=words):
                mails.deliver([letter])
        else:
            assert list(mails.deliver([letter])) == ["recipient secure@lab.example: 550 Administrative prohibition"]
