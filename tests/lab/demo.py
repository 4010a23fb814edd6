#!/usr/bin/env python3
# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classic LVS-DR example of the handbooks, played over ssh on four lab hosts and then put to the test.

    client .10 --+-- d1 .141 (priority 101)   VIP 192.168.140.140, virtual_router_id 51
                 +-- d2 .143 (priority 100)
                 +-- r1 .137, r2 .139         web servers, port 80

Exit status 0 when everything held. Logs of the plays and the hosts' consoles stay in .cache/demo.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Dict, Tuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE / "hosts"), str(HERE / "demo")]

from cluster import Cluster, LabError  # noqa: E402
from netns import Poller, get, wait  # noqa: E402
from screen import Screen  # noqa: E402

FOLDER = ROOT / ".cache" / "demo"
VIP = "192.168.140.140"
REAL = {"r1": "192.168.140.137", "r2": "192.168.140.139"}
RECAP = re.compile(r"^(\w+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
TTL = 1500  # s
REQUESTS = 40
PLAY_LIMIT = 300  # s
SETTLE_LIMIT = 30  # s from a play's end to a master with a full table
GONE_LIMIT = 25  # s: delay_loop 6, at most one further attempt and a slow machine
TAKEOVER_LIMIT = 10  # s: Master_Down_Interval is 3 * 1 s + skew_time (256 - 100) / 256 s = 3.6 s
MASTER = "ip -o -4 address show dev eth0"
TABLE = "cat /proc/net/ip_vs"


class Demo:
    """The four hosts, and what is asked of them."""

    def __init__(self, screen: Screen, cluster: Cluster, engine: str) -> None:
        self.screen, self.cluster, self.engine = screen, cluster, engine
        self.plays = 0

    def play(self, what: str, **variables: object) -> Tuple[bool, Dict[str, int], float]:
        """Play playbooks/site.yml: whether all went well, changes for each host, seconds."""
        self.plays += 1
        log = FOLDER / f"play-{self.plays}.log"
        command = [sys.executable, "-m", "ansible", "playbook", "playbooks/site.yml"]
        command += ["-i", f"{FOLDER}/inventory.ini", "-i", str(HERE / "demo" / "inventory.yml")]
        for name, value in {"director_engine": self.engine, **variables}.items():
            command += ["-e", f"{name}={value}"]
        environment = dict(os.environ, ANSIBLE_NOCOLOR="1", ANSIBLE_FORCE_COLOR="0", PYTHONUNBUFFERED="1")
        start = time.monotonic()
        with self.screen.work(what, lambda: task(log)), open(log, "wb") as output:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                timeout=PLAY_LIMIT, check=False,
            )  # fmt: skip
        recap = RECAP.findall(log.read_text())
        good = done.returncode == 0 and {host for host, *_ in recap} == set(self.cluster.hosts)
        if not good:
            self.screen.quote(log.read_text(errors="replace").replace("\\n", "\n"))
        return good, {host: int(changed) for host, _, changed, *_ in recap}, time.monotonic() - start

    def on(self, name: str, command: str) -> str:
        """What a command printed on a host; nothing when the host is not there."""
        return self.cluster.ssh(name, command, check=False).stdout

    def master(self, name: str) -> bool:
        return f" {VIP}/" in self.on(name, MASTER)

    def table(self, name: str) -> Dict[str, int]:
        """Real server -> weight, as the kernel of a director has them."""
        found = {}
        for line in self.on(name, TABLE).splitlines():
            words = line.split()
            if words[:1] == ["->"] and ":" in words[1] and not words[1].startswith("Remote"):
                address = ".".join(str(int(words[1][i : i + 2], 16)) for i in (0, 2, 4, 6))
                found[address] = int(words[3])
        return found

    def serving(self, name: str) -> int:
        """How many real servers a director sends to."""
        return sum(weight > 0 for weight in self.table(name).values())

    def ask(self, count: int = REQUESTS) -> Counter[str]:
        """Who answered that many requests to the VIP, each on a connection of its own."""
        return Counter(get(VIP) or "nobody" for _ in range(count))


def task(log: Path) -> str:
    """The task that a play is at."""
    names = re.findall(r"^TASK \[(.*?)\]", log.read_text(errors="replace"), re.MULTILINE) if log.exists() else []
    return names[-1] if names else ""


def spread(answers: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(answers.items()))


def changes(counts: Dict[str, int]) -> str:
    return "changed=0 on every host" if not any(counts.values()) else f"changed: {spread(Counter(counts))}"


def deploy(demo: Demo) -> bool:
    """The first play, the second that changes nothing, and who is master then."""
    screen = demo.screen
    good, counts, took = demo.play("ansible-playbook playbooks/site.yml")
    screen.line("first play", f"{changes(counts)} in {took:.1f} s", good and any(counts.values()))
    if not good:
        return False
    with screen.work("waiting for a master with a full table"):
        settled = wait(
            lambda: demo.master("d1") and demo.serving("d1") == demo.serving("d2") == len(REAL), SETTLE_LIMIT
        )
    who = [name for name in ("d1", "d2") if demo.master(name)]
    screen.line("master", f"{' and '.join(who) or 'nobody'} (priorities: d1 101, d2 100) has {VIP}", who == ["d1"])
    screen.line("real servers in d1's, d2's table", f"{demo.serving('d1')}, {demo.serving('d2')}", settled is not None)
    again(demo, "second play")
    return settled is not None


def again(demo: Demo, label: str, **variables: object) -> None:
    good, counts, took = demo.play(f"{label}: nothing may change", **variables)
    demo.screen.line(label, f"{changes(counts)} in {took:.1f} s", good and not any(counts.values()))


def requests(demo: Demo) -> None:
    """With persistence all requests of a client go to one real server, without it they are spread."""
    screen = demo.screen
    answers = demo.ask()
    screen.line(
        f"{REQUESTS} requests, persistence 50 s", spread(answers), len(answers) == 1 and set(answers) < set(REAL)
    )
    good, counts, took = demo.play("the same without persistence", persistence_timeout=0)
    only = {host for host, count in counts.items() if count} == {"d1", "d2"}
    screen.line("play without persistence", f"{changes(counts)} in {took:.1f} s", good and only)
    wait(lambda: "persistent" not in demo.on("d1", "ipvsadm -Ln"), SETTLE_LIMIT, 0.2)
    answers = demo.ask()
    fair = all(abs(answers[name] - REQUESTS / 2) <= 2 for name in REAL)
    screen.line(f"{REQUESTS} requests, no persistence", spread(answers), fair)


def lose_real_server(demo: Demo) -> None:
    """A stopped web server leaves the table and comes back."""
    screen = demo.screen
    demo.on("r2", "systemctl stop web")
    with screen.work("r2's web server is stopped"):
        gone = wait(lambda: demo.serving("d1") == 1, GONE_LIMIT, 0.05)
    screen.line("r2 stopped, gone from the table", "never" if gone is None else f"after {gone:.1f} s", gone is not None)
    answers = demo.ask()
    screen.line(f"{REQUESTS} requests meanwhile", spread(answers), set(answers) == {"r1"})
    demo.on("r2", "systemctl start web")
    with screen.work("r2's web server is started"):
        back = wait(lambda: demo.serving("d1") == demo.serving("d2") == len(REAL), GONE_LIMIT, 0.05)
    screen.line("r2 started, back in the table", "never" if back is None else f"after {back:.1f} s", back is not None)


def lose_director(demo: Demo) -> None:
    """The active director's power is cut; then it comes back and preempts."""
    screen = demo.screen
    poller = Poller(None, VIP, every=0.01, timeout=0.15)
    time.sleep(1)
    cut = time.monotonic()
    demo.cluster.kill("d1")
    with screen.work("d1's power is cut"):
        taken = wait(lambda: demo.master("d2"), TAKEOVER_LIMIT, 0.1)
        wait(lambda: poller.log[-1][2], TAKEOVER_LIMIT)
        time.sleep(2)
    blackout = poller.blackout(cut)
    figure = f"{blackout:.2f} s, {poller.failed(cut)} requests failed, then d2 serves"
    screen.line("d1's power cut, blackout", figure, taken is not None and blackout < TAKEOVER_LIMIT)
    start = time.monotonic()
    with screen.work("d1 boots"):
        demo.cluster.boot("d1")
        back = wait(lambda: demo.master("d1") and not demo.master("d2"), SETTLE_LIMIT, 0.1)
        took = time.monotonic() - start
        wait(lambda: demo.serving("d1") == len(REAL), SETTLE_LIMIT, 0.1)
        time.sleep(2)
    poller.stop()
    blackout = poller.blackout(start)
    figure = f"{took:.1f} s after power on; blackout {blackout:.2f} s, {poller.failed(start)} requests failed"
    screen.line(
        "d1 back, preempts", "never" if back is None else figure, back is not None and blackout < TAKEOVER_LIMIT
    )
    answers = demo.ask()
    screen.line(f"{REQUESTS} requests through d1", spread(answers), set(answers) == set(REAL))


def run(screen: Screen, engine: str) -> None:
    screen.heading(f"LVS-DR on {VIP}: d1 and d2 run {'lvs-agent' if engine == 'agent' else engine}, r1 and r2 serve")
    start = time.monotonic()
    with screen.work("booting four hosts"):
        cluster = Cluster.up(FOLDER, ttl=TTL)
    try:
        screen.line("hosts booted", f"4 in {time.monotonic() - start:.1f} s: Debian 12, systemd, sshd, ip_vs")
        cluster.enter()  # from here on this program is the client
        for name in REAL:
            cluster.ssh(name, "systemctl enable --now web")
        demo = Demo(screen, cluster, engine)
        if not deploy(demo):
            return
        requests(demo)
        lose_real_server(demo)
        lose_director(demo)
        again(demo, "last play", persistence_timeout=0)
    finally:
        if screen.failures:
            for name in cluster.hosts:
                done = cluster.ssh(name, "journalctl -b -o short-precise --no-hostname", check=False)
                (FOLDER / name / "journal.log").write_text(done.stdout)
        cluster.down()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("agent", "keepalived"), default="agent", help="what the directors run")
    options = parser.parse_args()
    screen = Screen()
    try:
        run(screen, options.engine)
    except (LabError, OSError, subprocess.SubprocessError) as error:
        screen.line("the demo", f"ended early: {error}", held=False)
    except KeyboardInterrupt:
        screen.line("the demo", "interrupted", held=False)
    total = time.monotonic() - screen.began
    where = f"; logs in {FOLDER.relative_to(ROOT)}" if screen.failures else ""
    screen.heading(f"{'FAILED: ' + str(screen.failures) if screen.failures else 'All held'}, {total:.0f} s{where}")
    return 1 if screen.failures else 0


if __name__ == "__main__":
    sys.exit(main())
