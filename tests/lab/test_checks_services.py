# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks against servers of every kind from Debian's packages, over IPv4 and IPv6: healthy, asked the
wrong thing, slow, hanging (SIGSTOP), back again, and dead.
"""

from __future__ import annotations

import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Tuple

import pytest
import service_servers
from ansible_collections.lvs.cluster.plugins.module_utils import conf
from delay import Delay
from service_servers import V4, V6

from lvs_agent import plan_checks, prove
from lvs_agent.checks.outcome import Conversation, Outcome, Step
from lvs_agent.checks.port import Runner
from lvs_agent.checks.tls.port import TlsConversation, context
from lvs_agent.checks.tls.settings import Tls
from lvs_agent.loop import Loop

pytestmark = pytest.mark.netns(limit=150)

TIMEOUT = 2.0
DELAYS = {"slow": 0.3, "late": 5.0}
OFFSET = {"slow": 10000, "late": 20000}


class Case(NamedTuple):
    """One check. up: its verdict on a healthy server."""

    keyword: str
    port: int
    up: bool
    lines: Tuple[str, ...] = ()
    udp: bool = False


LOGIN = ("login check", "passwd secret")
WRONG = ("login check", "passwd other")
TLS = ("tls", "tls_verify", "tls_ca CAFILE")
URL = ("url {", "path /", "}")
VERIFY = "@lvs_agent tls_verify"
CASES = {
    "http": Case("HTTP_GET", 80, True, URL),
    "http-page": Case("HTTP_GET", 80, False, ("url {", "path /absent", "}")),
    "ssl": Case("SSL_GET", 443, True, URL),
    "ssl-verified": Case("SSL_GET", 443, True, (VERIFY, "virtualhost lab", *URL)),
    "ssl-verified-address": Case("SSL_GET", 443, True, (VERIFY, *URL)),
    "ssl-other-name": Case("SSL_GET", 443, False, (VERIFY, "virtualhost else.example", *URL)),
    "ssl-elsewhere": Case("SSL_GET", 80, False, URL),
    "smtp": Case("SMTP_CHECK", 25, True),
    "smtp-elsewhere": Case("SMTP_CHECK", 143, False),
    "dns": Case("DNS_CHECK", 53, True, ("type A", "name www.lab.example"), udp=True),
    "dns-no-name": Case("DNS_CHECK", 53, False, ("type A", "name absent.lab.example"), udp=True),
    "simpletcp": Case("SIMPLETCP_CHECK", 21, True, ('receive "^220 "',)),
    "simpletcp-asked": Case("SIMPLETCP_CHECK", 110, True, (r'request "CAPA\r\n"', r'receive "\r\nUIDL\r\n"')),
    "simpletcp-else": Case("SIMPLETCP_CHECK", 21, False, ('receive "^421 "',)),
    "ftp": Case("FTP_CHECK", 21, True),
    "ftp-file": Case("FTP_CHECK", 21, True, ("request there",)),
    "ftp-no-file": Case("FTP_CHECK", 21, False, ("request absent",)),
    "ftp-login": Case("FTP_CHECK", 21, False, WRONG),
    "ftp-elsewhere": Case("FTP_CHECK", 143, False),
    "imap": Case("IMAP_CHECK", 143, True),
    "imap-login": Case("IMAP_CHECK", 143, True, LOGIN),
    "imap-wrong": Case("IMAP_CHECK", 143, False, WRONG),
    "imap-tls": Case("IMAP_CHECK", 993, True, (*LOGIN, *TLS)),
    "imap-tls-unverified": Case("IMAP_CHECK", 993, True, ("tls",)),
    "imap-tls-name": Case("IMAP_CHECK", 993, True, (*TLS, "tls_name lab")),
    "imap-tls-other-name": Case("IMAP_CHECK", 993, False, (*TLS, "tls_name other.example")),
    "imap-tls-untrusted": Case("IMAP_CHECK", 993, False, ("tls", "tls_verify")),
    "imap-tls-on-plain": Case("IMAP_CHECK", 143, False, ("tls",)),
    "imap-elsewhere": Case("IMAP_CHECK", 110, False),
    "pop": Case("POP_CHECK", 110, True),
    "pop-login": Case("POP_CHECK", 110, True, LOGIN),
    "pop-wrong": Case("POP_CHECK", 110, False, WRONG),
    "pop-tls": Case("POP_CHECK", 995, True, (*LOGIN, *TLS)),
    "pop-elsewhere": Case("POP_CHECK", 143, False),
    "ldap": Case("LDAP_CHECK", 389, True),
    "ldap-base": Case("LDAP_CHECK", 389, True, ("request dc=lab,dc=example", "receive Lab")),
    "ldap-bind": Case("LDAP_CHECK", 389, True, ("login cn=check,dc=lab,dc=example", "passwd secret")),
    "ldap-wrong": Case("LDAP_CHECK", 389, False, ("login cn=check,dc=lab,dc=example", "passwd other")),
    "ldap-no-base": Case("LDAP_CHECK", 389, False, ("request dc=lab,dc=absent",)),
    "ldap-else": Case("LDAP_CHECK", 389, False, ("request dc=lab,dc=example", "receive Barn")),
    "ldap-tls": Case("LDAP_CHECK", 636, True, TLS),
    "ldap-elsewhere": Case("LDAP_CHECK", 143, False),
    "nntp": Case("NNTP_CHECK", 119, True),
    "nntp-no-group": Case("NNTP_CHECK", 119, False, ("request there.is.none",)),
    "nntp-elsewhere": Case("NNTP_CHECK", 143, False),
    "mysql": Case("MYSQL_CHECK", 3306, True),
    "mysql-login": Case("MYSQL_CHECK", 3306, True, LOGIN),
    "mysql-no-password": Case("MYSQL_CHECK", 3306, True, ("login open",)),
    "mysql-wrong": Case("MYSQL_CHECK", 3306, False, WRONG),
    "mysql-query": Case("MYSQL_CHECK", 3306, True, (*LOGIN, "database shop", 'request "SELECT * FROM things"')),
    "mysql-no-row": Case("MYSQL_CHECK", 3306, False, (*LOGIN, "database shop", 'request "SELECT 1 FROM things WHERE 0"')),
    "mysql-no-result": Case("MYSQL_CHECK", 3306, False, (*LOGIN, 'request "DO 1"')),
    "mysql-error": Case("MYSQL_CHECK", 3306, False, (*LOGIN, "database shop", 'request "SELECT 1 FROM absent"')),
    "mysql-no-database": Case("MYSQL_CHECK", 3306, False, (*LOGIN, "database absent")),
    "mysql-elsewhere": Case("MYSQL_CHECK", 143, False),
    "pgsql": Case("PGSQL_CHECK", 5432, True),
    "pgsql-scram": Case("PGSQL_CHECK", 5432, True, (*LOGIN, "database postgres")),
    "pgsql-md5": Case("PGSQL_CHECK", 5432, True, ("login hashed", "passwd secret", "database postgres")),
    "pgsql-clear": Case("PGSQL_CHECK", 5432, True, ("login clear", "passwd secret", "database postgres")),
    "pgsql-wrong": Case("PGSQL_CHECK", 5432, False, (*WRONG, "database postgres")),
    "pgsql-query": Case("PGSQL_CHECK", 5432, True, (*LOGIN, "database postgres", 'request "SELECT 1"')),
    "pgsql-no-row": Case("PGSQL_CHECK", 5432, False, (*LOGIN, "database postgres", 'request "SELECT 1 WHERE false"')),
    "pgsql-error": Case("PGSQL_CHECK", 5432, False, (*LOGIN, "database postgres", 'request "SELECT absent"')),
    "pgsql-no-database": Case("PGSQL_CHECK", 5432, False, LOGIN),
    "pgsql-elsewhere": Case("PGSQL_CHECK", 143, False),
    "radius": Case("RADIUS_CHECK", 1812, True, (*LOGIN, "secret shared"), udp=True),
    "radius-wrong": Case("RADIUS_CHECK", 1812, False, (*WRONG, "secret shared"), udp=True),
    "radius-secret": Case("RADIUS_CHECK", 1812, False, (*LOGIN, "secret other"), udp=True),
    "radius-elsewhere": Case("RADIUS_CHECK", 5060, False, (*LOGIN, "secret shared"), udp=True),
    "sip": Case("SIP_CHECK", 5060, True, udp=True),
    "sip-tcp": Case("SIP_CHECK", 5060, True),
    "sip-user": Case("SIP_CHECK", 5060, False, ("login nobody",), udp=True),
    "sip-elsewhere": Case("SIP_CHECK", 143, False),
}  # fmt: skip
FAMILIES = {"v4": V4, "v6": V6}
KEEPALIVED = {check.keyword for check in conf.model.KEEPALIVED_CHECKS}
HEALTHY = {f"{name}-{family}": case.up for family in FAMILIES for name, case in CASES.items()}
# through a server in between that passes everything on after a while
SLOW = {f"{name}-{family}": case for family in FAMILIES for name, case in CASES.items() if case.up}


def configuration(root: Path, ports: Callable[[Case], int], names: Dict[str, bool]) -> str:
    """One virtual server a check, told by its port."""
    text = f"SSL {{\n  ca {root}/ca.pem\n}}\n"
    for number, name in enumerate(names):
        case_name, _dash, family = name.rpartition("-")
        case = CASES[case_name]
        own = "" if case.keyword in KEEPALIVED else "@lvs_agent "
        lines = [f"{case.keyword} {{", f"connect_port {ports(case)}", "retry 0", *case.lines, "}"]
        body = "".join(f"    {own}{line}\n" for line in lines).replace("CAFILE", f"{root}/ca.pem")
        text += (
            f"virtual_server {FAMILIES[family]} {1000 + number} {{\n  protocol {'UDP' if case.udp else 'TCP'}\n"
            f"  lvs_sched rr\n  lvs_method NAT\n  delay_loop 1\n  warmup 0\n  connect_timeout {TIMEOUT:g}\n"
            f"  real_server {FAMILIES[family]} {ports(case)} {{\n{body}  }}\n}}\n"
        )
    return text


class Watch:
    """The checks of a configuration, running; `settle` waits until they all say what is expected."""

    def __init__(self, text: str, names: Dict[str, bool]) -> None:
        reading = conf.read(text, "keepalived.conf")
        assert [finding.render() for finding in reading.findings if finding.level == "error"] == []
        planned = plan_checks.plan(reading.document)
        self.names = dict(zip(planned.services, names))
        self.loop = Loop()
        self.runner = Runner(self.loop, lambda *_news: None, lambda: 0.0)
        self.warnings: List[str] = []
        self.runner.warn = lambda key, _name, text: self.warnings.append(f"{self.names[key.service]}: {text}")
        self.since = 0.0
        self.runner.load(planned.checks, lambda _key: None)
        assert len(planned.checks) == len(names)

    def settle(self, wanted: Dict[str, bool], seconds: float = 15.0) -> Dict[str, str]:
        """What the checks that say something else saw, once there are none or the time is up."""
        self.since, end = self.loop.now(), self.loop.now() + seconds
        print(f"{time.monotonic():.1f} {sum(wanted.values())} of {len(wanted)} are to be up")
        wrong = self.wrong(wanted)
        while wrong and self.loop.now() < end:
            self.loop.wake("look", self.loop.now() + 0.2, lambda _now: self.loop.stop())
            self.loop.run()
            wrong = self.wrong(wanted)
        return wrong

    def wrong(self, wanted: Dict[str, bool]) -> Dict[str, str]:
        found = {}
        for key, state, last in self.runner.results():
            name = self.names[key.service]
            if (
                last is None
                or last.at < self.since + 0.01
                or state.up is not wanted[name]
                or last.outcome.ok is not wanted[name]
            ):
                found[name] = last.outcome.text if last is not None else "no outcome"
        return found

    def close(self) -> None:
        self.runner.stop()
        self.loop.close()


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A folder that servers of other users reach: pytest closes its own to them whenever another pytest starts."""
    made = Path(tempfile.mkdtemp(prefix="lvs-services-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def servers(root: Path) -> Iterator[Dict[str, service_servers.Server]]:
    started = service_servers.start_all(root)
    yield started
    service_servers.stop_all(started)


@pytest.fixture(scope="module")
def watch(servers: Dict[str, service_servers.Server], root: Path) -> Iterator[Watch]:
    made = Watch(configuration(root, lambda case: case.port, HEALTHY), HEALTHY)
    yield made
    made.close()


def test_healthy_servers_and_wrong_answers(watch: Watch) -> None:
    assert watch.settle(HEALTHY, 30.0) == {}


def test_a_verified_certificate_that_ends_soon_is_said_once_a_check(watch: Watch) -> None:
    told = sorted(text.partition(": ")[0] for text in watch.warnings)
    assert set(told) == {f"{name}-{family}" for family in FAMILIES for name, case in CASES.items() if case.up and {"tls_verify", VERIFY} & set(case.lines)}  # fmt: skip
    assert {text.partition(": ")[2] for text in watch.warnings} == {"the certificate ends in 10 days"}


class Page(Conversation):
    """Says hello, and is content with anything."""

    def opened(self) -> Step:
        return b"hello", None

    def received(self, data: bytes) -> Step:
        return b"", Outcome(True, data.decode())


@pytest.mark.parametrize("compliant", [True, False])
def test_tls_compliant_ends_tls_with_a_good_bye(
    servers: Dict[str, service_servers.Server], root: Path, compliant: bool
) -> None:
    """Both sides on memory buffers. The server sees the end of TLS, or not."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(root / "cert.pem", root / "key.pem")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    side = server.wrap_bio(incoming, outgoing, server_side=True)
    wanted = Tls(True, "lab", str(root / "ca.pem"), verify=True, expiry=9, compliant=compliant)
    talk = TlsConversation(context(wanted), "lab", Page(), wanted)
    said, outcome = talk.opened()
    while outcome is None:
        incoming.write(said)
        try:
            side.do_handshake()
            assert side.read(100) == b"hello"
            side.write(b"hi")
        except ssl.SSLWantReadError:
            pass
        said, outcome = talk.received(outgoing.read())
    assert outcome == Outcome(True, "hi")
    incoming.write(said)
    if compliant:
        assert side.read(100) == b""
    else:
        with pytest.raises(ssl.SSLWantReadError):
            side.read(100)


def test_scripts_are_proven_in_a_network_of_their_own(servers: Dict[str, service_servers.Server]) -> None:
    """What asks a server fails there, though the server is well here; what asks nobody stays green."""
    ask = "/usr/bin/socat -u OPEN:/dev/null TCP:127.0.0.1:21"
    text = "virtual_server 10.0.0.1 80 {\nprotocol TCP\nreal_server 10.0.0.2 80 {\n"
    for path in (ask, "/usr/bin/true", "/usr/bin/false"):
        text += f'MISC_CHECK {{\nmisc_path "{path}"\nuser root\n}}\n'
    proofs = prove.prove(conf.read(text + "}\n}\n", "keepalived.conf").document)
    assert subprocess.run(ask.split(), check=False).returncode == 0
    assert [(proof.green, proof.open) for proof in proofs] == [([], ""), ([prove.Fault.CLOSED], ""), ([], "")]


@pytest.mark.parametrize("speed", DELAYS)
def test_slow_servers(servers: Dict[str, service_servers.Server], root: Path, speed: str) -> None:
    """What answers within connect_timeout is up, however often it has to answer; what does not is down."""
    ports = {(case.port, case.udp) for case in SLOW.values()}
    between = [Delay(OFFSET[speed] + port, port, DELAYS[speed], udp=udp) for port, udp in ports]
    wanted = dict.fromkeys(SLOW, speed == "slow")
    made = Watch(configuration(root, lambda case: OFFSET[speed] + case.port, wanted), wanted)
    wrong = made.settle(wanted, 25.0)
    made.close()
    for delay in between:
        delay.close()
    assert wrong == {}


def test_hanging_servers_are_down_and_up_again(watch: Watch, servers: Dict[str, service_servers.Server]) -> None:
    for server in servers.values():
        server.signal(signal.SIGSTOP)
    down = dict.fromkeys(HEALTHY, False)
    hung = watch.settle(down, 20.0)
    for server in servers.values():
        server.signal(signal.SIGCONT)
    assert hung == {}
    assert watch.settle(HEALTHY) == {}


def test_dead_servers_are_down(watch: Watch, servers: Dict[str, service_servers.Server]) -> None:
    service_servers.stop_all(servers)
    assert watch.settle(dict.fromkeys(HEALTHY, False)) == {}
