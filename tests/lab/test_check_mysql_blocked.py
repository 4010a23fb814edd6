# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""max_connect_errors: which checks make a real MariaDB refuse the director, each from an address of its own.

Loopback addresses and those that have no name are never counted, so these are others, and /etc/hosts has them.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator, NamedTuple, Tuple

import pytest
import service_servers
from ansible_collections.lvs.cluster.plugins.module_utils import conf

from lvs_agent import plan_checks
from lvs_agent.checks.port import Runner
from lvs_agent.loop import Loop

pytestmark = pytest.mark.netns(limit=90)

SERVER = "10.9.0.1"
RUNS = 20
MOST_ERRORS = 5


class Case(NamedTuple):
    """blocked: whether the server refuses the address in the end; text: what the check says in the end."""

    lines: Tuple[str, ...]
    blocked: bool
    text: str


LOGIN = ("login check", "passwd secret")
CASES = {
    "greeting": Case(("@lvs_agent MYSQL_CHECK {",), False, "greets: "),
    "login": Case(("@lvs_agent MYSQL_CHECK {", *LOGIN), False, "takes the login"),
    "wrong login": Case(("@lvs_agent MYSQL_CHECK {", "login check", "passwd other"), False, "login: 1045 "),
    "login, connects": Case(("@lvs_agent MYSQL_CHECK {", *LOGIN, "connects 4"), False, "takes the login"),
    "greeting, connects": Case(("@lvs_agent MYSQL_CHECK {", "connects 4"), True, "greeting: 1129 "),
    "TCP": Case(("TCP_CHECK {",), True, "connected"),
}
SOURCES = {name: f"10.9.0.{number}" for number, name in enumerate(CASES, 10)}


@pytest.fixture(scope="module")
def server() -> Iterator[service_servers.Server]:
    root = Path(tempfile.mkdtemp(prefix="lvs-mysql-"))
    hosts = "".join(f"{address} host{address.rpartition('.')[2]}\n" for address in SOURCES.values())
    for address in (SERVER, *SOURCES.values()):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    (root / "hosts").write_text(hosts)
    named = f'mount --bind {root}/hosts /etc/hosts && mount --bind /dev/null /etc/resolv.conf && exec "$@"'
    before = ("unshare", "--mount", "sh", "-c", named, "sh")
    started = service_servers.mariadb(root, before, (f"--max-connect-errors={MOST_ERRORS}",))
    yield started
    print((started.home / "output").read_text()[-3000:])
    started.kill()
    shutil.rmtree(root, ignore_errors=True)


def configuration() -> str:
    text = ""
    for number, (name, case) in enumerate(CASES.items()):
        own = "@lvs_agent " if case.lines[0].startswith("@") else ""
        lines = [
            case.lines[0],
            f"{own}bindto {SOURCES[name]}",
            *(f"{own}{line}" for line in case.lines[1:]),
            f"{own}}}",
        ]
        text += (
            f"virtual_server 192.0.2.1 {1000 + number} {{\n protocol TCP\n lvs_sched rr\n delay_loop 0.1\n warmup 0\n"
            f" retry 0\n real_server {SERVER} 3306 {{\n" + "\n".join(lines) + "\n}\n}\n"
        )
    return text


def greeted(source: str) -> bytes:
    with socket.create_connection((SERVER, 3306), 5, (source, 0)) as sock:
        return sock.recv(1000)[4:]


def test_only_interrupted_handshakes_block_the_director(server: service_servers.Server) -> None:
    planned = plan_checks.plan(conf.read(configuration(), "keepalived.conf").document)
    loop = Loop()
    ended = dict.fromkeys(CASES, 0)
    said = {}
    names = dict(zip(planned.services, CASES))
    runner = Runner(loop, lambda *_news: None, lambda: 0.0)
    runner.load(planned.checks, lambda _key: None)
    seen = {}
    while min(ended.values()) < RUNS:
        loop.wake("look", loop.now() + 0.02, lambda _now: loop.stop())
        loop.run()
        for key, _state, last in runner.results():
            name = names[key.service]
            if last is not None and seen.get(name) != last.at:
                seen[name] = last.at
                ended[name] += 1
                if name == "TCP" or last.outcome.text != "connected":
                    said[name] = last.outcome.text
    runner.stop()
    loop.close()
    wrong = {name: said[name] for name, case in CASES.items() if not said[name].startswith(case.text)}
    answers = {name: greeted(SOURCES[name]) for name in CASES}
    blocked = [name for name in CASES if answers[name][:3] == b"\xff\x69\x04"]
    assert (wrong, blocked) == ({}, [name for name, case in CASES.items() if case.blocked]), (said, answers)
