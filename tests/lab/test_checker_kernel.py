# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker on a real kernel, Debian's keepalived beside it with the same file: the tables as ipvsadm -Sn prints
them must be equal, at the start, with servers gone and back, and after both have stopped.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from netns import Host, wait

pytestmark = pytest.mark.uml(limit=400)

ROOT = Path(__file__).parents[2]
ENVIRONMENT = f"PYTHONPATH={ROOT / 'agent'}:{ROOT / '.ansible' / 'collections'}"
MODULES = ("ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_lc", "ip_vs_wlc", "ip_vs_sh", "ip_vs_mh", "ip_vs_sed", "ip_vs_nq")
SERVERS = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9", "fd00::1", "fd00::2")

TCP = "TCP_CHECK {\n connect_timeout 1\n connect_port 80\n }"


FILE = "FILE_CHECK {\n track_file F\n }"


def virtual(head: str, *lines: str, servers=(("10.0.0.1 80", ""), ("10.0.0.2 80", "")), check: str = TCP) -> str:
    """One virtual_server with checked real servers, checks in quick succession."""
    text = f"virtual_server {head} {{\n delay_loop 1\n warmup 0\n retry 1\n delay_before_retry 1\n"
    text += "".join(f" {line}\n" for line in lines)
    for address, words in servers:
        text += f" real_server {address} {{\n{words}\n {check}\n }}\n"
    return text + "}\n"


PLAIN = ("protocol TCP", "lvs_sched wrr")
V6 = (("fd00::1 80", "weight 2"), ("fd00::2 80", ""))
FILES = {
    "nat": virtual("192.0.2.1 80", *PLAIN, "lvs_method NAT"),
    "nat-ports": virtual("192.0.2.1 80", *PLAIN, "lvs_method NAT", servers=(("10.0.0.1 8080", ""), ("10.0.0.2 0", ""))),
    "dr": virtual("192.0.2.1 80", *PLAIN, "lb_kind DR"),
    "dr-ports": virtual("192.0.2.1 80", *PLAIN, "lb_kind DR", servers=(("10.0.0.1 8080", ""), ("10.0.0.2 80", ""))),
    "tun": virtual("192.0.2.1 80", *PLAIN, "lvs_method TUN"),
    "tun-gue": virtual("192.0.2.1 80", *PLAIN, "lvs_method TUN type gue port 6080 csum"),
    "tun-gre": virtual("192.0.2.1 80", *PLAIN, "lvs_method TUN type gre"),
    "mixed": virtual(
        "192.0.2.1 80", *PLAIN, "lvs_method DR", servers=(("10.0.0.1 80", "lvs_method NAT"), ("10.0.0.2 80", "lvs_method TUN"))
    ),
    "weights": virtual(
        "192.0.2.1 80",
        *PLAIN,
        "lvs_method DR",
        "weight 7",
        servers=(("10.0.0.1 80", "weight 65535"), ("10.0.0.2 80", "weight 0"), ("10.0.0.3 80", "")),
    ),
    "thresholds": virtual(
        "192.0.2.1 80", *PLAIN, "lvs_method DR", servers=(("10.0.0.1 80", "uthreshold 100\n lthreshold 50"),)
    ),
    "persistence": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "persistence_timeout 50"),
    "persistence-bare": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "persistence_timeout"),
    "granularity": virtual(
        "192.0.2.1 80", *PLAIN, "lvs_method DR", "persistence_timeout 600", "persistence_granularity 255.255.255.0"
    ),
    "any-port": virtual("192.0.2.1", *PLAIN, "lvs_method DR", "persistence_timeout 50", servers=(("10.0.0.1", ""),)),
    "udp-ops": virtual("192.0.2.1 80", "protocol UDP", "lvs_sched rr", "lvs_method DR", "ops"),
    "no-protocol": virtual("192.0.2.1 80", "lvs_sched rr", "lvs_method DR", check="MISC_CHECK {\n misc_path /bin/true\n}"),
    "no-scheduler": virtual("192.0.2.1 80", "protocol TCP", "lvs_method DR"),
    "sctp": virtual("192.0.2.1 80", "protocol SCTP", "lvs_sched lc", "lvs_method NAT"),
    "sh": virtual("192.0.2.1 80", "protocol TCP", "lvs_sched sh", "sh-port", "sh-fallback", "lvs_method DR"),
    "mh": virtual("192.0.2.1 80", "protocol TCP", "lvs_sched mh", "mh-port", "mh-fallback", "lvs_method DR"),
    "fwmark": virtual("fwmark 5", "lvs_sched rr", "lvs_method DR"),
    "fwmark-nat": virtual("fwmark 7", "lvs_sched rr", "lvs_method NAT"),
    "fwmark-v6": virtual("fwmark 6", "lvs_sched rr", "lvs_method DR", servers=V6),
    "v6": virtual("2001:db8::1 80", *PLAIN, "lvs_method DR", servers=V6),
    "v6-granularity": virtual(
        "2001:db8::1 80", *PLAIN, "lvs_method NAT", "persistence_timeout 60", "persistence_granularity 64", servers=V6
    ),
    "tun-across-families": virtual("192.0.2.1 80", *PLAIN, "lvs_method TUN", servers=(*V6, ("10.0.0.1 80", ""))),
    "group": "virtual_server_group G {\n 192.0.2.1 80\n 198.51.100.4-6 443\n fwmark 9\n}\n"
    + virtual("group G", *PLAIN, "lvs_method DR", servers=(("10.0.0.1 80", ""), ("10.0.0.2 80", "weight 4"))),
    "alpha-sorry": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "alpha", "sorry_server 10.0.0.9 80", check="TCP_CHECK {\n connect_port 99\n}"),
    "sorry-inhibit": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "sorry_server 10.0.0.9 80", "sorry_server_inhibit"),
    "inhibit-dead": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "inhibit_on_failure", check="TCP_CHECK {\n connect_port 99\n}"),
    "dead": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", check="TCP_CHECK {\n connect_port 99\n}"),
    "dynamic": virtual(
        "192.0.2.1 80",
        *PLAIN,
        "lvs_method DR",
        servers=(("10.0.0.1 80", "weight 3"),),
        check='MISC_CHECK {\n misc_path "/bin/sh -c \'exit 52\'"\n misc_dynamic\n}',
    ),
    "file": "track_file F {\n file /run/number\n}\n" + virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", check=FILE),
    "file-weight": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", check=FILE.replace("F\n", "F\n weight -1\n")),
    "file-down": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", check=FILE.replace("F\n", "F\n weight 0\n")),
    "no-check": "virtual_server 192.0.2.1 80 {\n protocol TCP\n lvs_sched nq\n lvs_method NAT\n real_server 10.0.0.7 80 {\n }\n}\n",
}  # fmt: skip


class Director(Host):
    """A namespace with real servers on its loopback and a daemon that checks them."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.folder = Path("/run") / name
        self.folder.mkdir(exist_ok=True)
        self.conf, self.log = str(self.folder / "keepalived.conf"), str(self.folder / "log")
        self.batch(*(f"addr add {address} dev lo{' nodad' * (':' in address)}" for address in SERVERS))
        self.webs = {address: self.web(address) for address in SERVERS}
        self.daemon = None

    def load(self, text: str) -> None:
        Path(self.conf).write_text("global_defs {\n script_user root\n}\n" + text)

    def saved(self) -> str:
        return self.run("ipvsadm", "-Sn")

    def kill_web(self, address: str) -> None:
        self.stop(self.webs.pop(address), signal.SIGKILL)

    def revive_web(self, address: str) -> None:
        self.webs[address] = self.web(address)


class Ours(Director):
    def up(self) -> None:
        run = ("run", "-C", "-n", "-l", "-D", "-f", self.conf, "--socket", f"{self.folder}/control.sock")
        self.daemon = self.start("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *run, log=self.log)

    def checker(self) -> int:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if f"PPid:\t{self.daemon.pid}\n" in (entry / "status").read_text():
                    return int(entry.name)
            except OSError:
                continue
        return 0

    def status(self) -> dict:
        status = ("status", "--json", "--socket", f"{self.folder}/control.sock")
        return json.loads(self.run("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *status))["checker"]


class Theirs(Director):
    def up(self) -> None:
        pids = ("-p", f"{self.folder}/1", "-c", f"{self.folder}/2")
        self.daemon = self.start("keepalived", "-C", "-n", "-l", "-D", "-f", self.conf, *pids, log=self.log)


@pytest.fixture(scope="module")
def directors():
    subprocess.run(["modprobe", "-a", *MODULES], check=True)
    Path("/run/number").write_text("12\n")
    made = (Ours("ours"), Theirs("theirs"))
    yield made
    for director in made:
        director.close()


def equal(directors, limit: float = 15.0) -> str:
    """Wait until both tables are equal and not about to change; the table."""
    ours, theirs = directors
    wait(lambda: ours.saved() == theirs.saved() and (time.sleep(1.5), ours.saved() == theirs.saved())[1], limit, 0.3)
    assert ours.saved() == theirs.saved()
    return ours.saved()


def run(directors, text: str) -> None:
    for director in directors:
        if director.daemon is not None:
            director.stop(director.daemon)
        director.load(text)
        director.up()


def checked(directors) -> None:
    """Wait until every check of ours has run, and keepalived had its second of grace."""
    ours, _theirs = directors

    def all_ran() -> bool:
        try:
            servers = [server for service in ours.status()["services"] for server in service["servers"]]
        except (RuntimeError, TypeError, ValueError):
            return False
        return all(check["has_run"] for server in servers for check in server["checks"])

    assert wait(all_ran, 15, 0.3) is not None, Path(ours.log).read_text()


def numbered(name: str) -> str:
    """The file of one name with addresses of its own, so that all of them make one file."""
    number = list(FILES).index(name) + 10
    return FILES[name].replace("192.0.2.1", f"192.0.2.{number}").replace("2001:db8::1", f"2001:db8::{number}")


@pytest.fixture(scope="module")
def tables(directors):
    """What both make of all files at once, and what is left when they have stopped."""
    run(directors, "".join(numbered(name) for name in FILES))
    checked(directors)
    wait(lambda: directors[0].saved() == directors[1].saved(), 20, 0.5)
    full = [director.saved() for director in directors]
    for director in directors:
        director.stop(director.daemon)
        director.daemon = None
    return full, [director.saved() for director in directors]


def test_same_tables_from_the_same_file(tables):
    assert tables[0][0].splitlines() == tables[0][1].splitlines()


@pytest.mark.parametrize("name", FILES)
def test_same_service_from_the_same_words(tables, name):
    heads = re.findall(r"virtual_server (?:fwmark )?(\d\S*)|^ (?:fwmark )?(\d\S*)", numbered(name), re.MULTILINE)
    wanted = {word.partition("-")[0] for pair in heads for word in pair if word}
    of_it = [
        [line for line in saved.splitlines() if {*re.split(r"[]\[ ]|:80|:443|:0", line)} & wanted]
        for saved in tables[0]
    ]
    assert of_it[0] == of_it[1] != []


def test_both_leave_nothing_behind(tables):
    assert tables[1] == ["", ""]


def test_servers_go_and_come_back_with_a_sorry_server(directors):
    run(directors, virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "sorry_server 10.0.0.9 80"))
    checked(directors)
    assert equal(directors).count("-r 10.0.0.") == 2
    for address, left in (("10.0.0.1", "-r 10.0.0.2:80"), ("10.0.0.2", "-r 10.0.0.9:80")):
        for director in directors:
            director.kill_web(address)
        assert wait(
            lambda left=left: [d.saved().count("-r") for d in directors] == [1, 1] and left in directors[0].saved(), 20
        )
        assert left in equal(directors)
    for address, there in (("10.0.0.2", ["10.0.0.2"]), ("10.0.0.1", ["10.0.0.1", "10.0.0.2"])):
        for director in directors:
            director.revive_web(address)
        assert wait(lambda there=there: all(f"-r {address}:80" in directors[0].saved() for address in there), 20)
        assert "10.0.0.9" not in equal(directors)


def test_an_inhibited_server_has_weight_0(directors):
    run(directors, virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "inhibit_on_failure"))
    checked(directors)
    for director in directors:
        director.kill_web("10.0.0.1")
    assert wait(lambda: "-r 10.0.0.1:80 -g -w 0" in directors[0].saved(), 20)
    assert "-r 10.0.0.1:80 -g -w 0" in equal(directors)
    for director in directors:
        director.revive_web("10.0.0.1")
    assert wait(lambda: "-r 10.0.0.1:80 -g -w 1" in directors[0].saved(), 20)
    assert "-r 10.0.0.1:80 -g -w 1" in equal(directors)


def test_quorum_and_hysteresis(directors):
    words = ("lvs_method DR", "quorum 3", "hysteresis 1", "sorry_server 10.0.0.9 80")
    servers = (("10.0.0.1 80", "weight 2"), ("10.0.0.2 80", "weight 1"), ("10.0.0.3 80", "weight 1"))
    run(directors, virtual("192.0.2.1 80", *PLAIN, *words, servers=servers))
    checked(directors)
    assert equal(directors).count("-r") == 3
    for address, expected in (("10.0.0.3", "10.0.0.2"), ("10.0.0.1", "10.0.0.9")):
        for director in directors:
            director.kill_web(address)
        time.sleep(4)
        assert expected in equal(directors)
    for director in directors:
        director.revive_web("10.0.0.1")
    time.sleep(3)
    assert "10.0.0.9" in equal(directors)
    for director in directors:
        director.revive_web("10.0.0.3")
    assert wait(lambda: "10.0.0.9" not in directors[0].saved(), 20)
    assert equal(directors).count("-r") == 3


def test_reload_changes_what_changed(directors):
    run(directors, virtual("192.0.2.1 80", *PLAIN, "lvs_method DR") + virtual("192.0.2.2 80", *PLAIN, "lvs_method NAT"))
    checked(directors)
    equal(directors)
    ours = directors[0]
    before = {
        check["text"]
        for service in ours.status()["services"]
        for server in service["servers"]
        for check in server["checks"]
    }
    assert before == {"connected"}
    changes = ours.status()["counters"]["changes"]
    servers = (("10.0.0.1 80", "weight 5"), ("10.0.0.3 80", ""))
    for director in directors:
        director.load(virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", servers=servers))
        director.daemon.send_signal(signal.SIGHUP)
    assert wait(lambda: "192.0.2.2" not in ours.saved(), 10)
    saved = equal(directors)
    assert "-r 10.0.0.1:80 -g -w 5" in saved
    assert "-r 10.0.0.2" not in saved
    # One weight, one new server, one gone, one service gone.
    assert ours.status()["counters"]["changes"] == changes + 4


def test_what_others_change_is_repaired_and_what_is_theirs_is_left(directors):
    ours = directors[0]
    run((ours,), virtual("192.0.2.1 80", *PLAIN, "lvs_method DR"))
    checked(directors)
    saved = ours.saved()
    ours.run("ipvsadm", "-A", "-t", "192.0.2.77:80")
    ours.run("ipvsadm", "-d", "-t", "192.0.2.1:80", "-r", "10.0.0.1:80")
    ours.run("ipvsadm", "-e", "-t", "192.0.2.1:80", "-r", "10.0.0.2:80", "-g", "-w", "9")
    foreign = "-A -t 192.0.2.77:80 -s wlc\n"
    assert wait(lambda: sorted(ours.saved().splitlines()) == sorted((saved + foreign).splitlines()), 15) is not None
    assert ours.status()["counters"]["repaired"] == 2
    ours.stop(ours.daemon)
    ours.daemon = None
    assert ours.saved() == foreign
    ours.run("ipvsadm", "-C")


def test_a_killed_checker_leaves_the_table_and_its_successor_adopts_it(directors):
    ours = directors[0]
    # alpha and a long warmup: without adoption the table would be empty for a while.
    text = virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "alpha").replace("warmup 0", "warmup 1")
    run((ours,), text)
    assert wait(lambda: ours.saved().count("-r") == 2, 20) is not None
    ours.kill_web("10.0.0.2")
    assert wait(lambda: ours.saved().count("-r") == 1, 20) is not None
    saved, seen, killed = ours.saved(), set(), ours.checker()
    os.kill(killed, signal.SIGKILL)
    wait(lambda: seen.add(ours.saved()) or ours.checker() not in (0, killed), 10)
    wait(lambda: bool(seen.add(ours.saved())), 4, 0.05)
    assert seen == {saved}
    ours.revive_web("10.0.0.2")
    assert wait(lambda: ours.saved().count("-r") == 2, 20) is not None


def test_notify_scripts_run(directors):
    ours = directors[0]
    told = ours.folder / "told"
    lines = [f"{word} \"/bin/sh -c 'echo {word} >> {told}'\"" for word in ("quorum_up", "quorum_down")]
    words = "\n".join(f"{word} \"/bin/sh -c 'echo {word} >> {told}'\"" for word in ("notify_up", "notify_down"))
    run((ours,), virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "omega", *lines, servers=(("10.0.0.1 80", words),)))
    checked(directors)
    ours.kill_web("10.0.0.1")
    assert wait(lambda: told.exists() and "quorum_down" in told.read_text(), 20) is not None
    ours.revive_web("10.0.0.1")
    assert wait(lambda: told.read_text().count("quorum_up") == 2, 20) is not None
    ours.stop(ours.daemon)
    ours.daemon = None
    assert wait(lambda: told.read_text().count("quorum_down") == 2, 10) is not None
    expected = "quorum_up notify_down quorum_down notify_up quorum_up notify_down quorum_down"
    assert sorted(told.read_text().split()) == sorted(expected.split())
