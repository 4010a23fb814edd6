# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two directors beside one another, our checker in one and Debian's keepalived in the other, with real servers on
their own loopback, in a guest.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, Tuple

from netns import Host, wait
from speaker import ENVIRONMENT

SCHEDULERS = ("rr", "wrr", "lc", "wlc", "sh", "mh", "sed", "nq", "dh", "lblc", "lblcr", "fo", "ovf")
MODULES = ("ip_vs", *(f"ip_vs_{name}" for name in SCHEDULERS))
SERVERS = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9", "fd00::1", "fd00::2")

TCP = "TCP_CHECK {\n connect_timeout 1\n connect_port 80\n }"


def virtual(head: str, *lines: str, servers=(("10.0.0.1 80", ""), ("10.0.0.2 80", "")), check: str = TCP) -> str:
    """One virtual_server with checked real servers, checks in quick succession."""
    text = f"virtual_server {head} {{\n delay_loop 1\n warmup 0\n retry 1\n delay_before_retry 1\n"
    text += "".join(f" {line}\n" for line in lines)
    for address, words in servers:
        text += f" real_server {address} {{\n{words}\n {check}\n }}\n"
    return text + "}\n"


PLAIN = ("protocol TCP", "lvs_sched wrr")


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
        return json.loads(self.agent("status", "--json"))["checker"]

    def agent(self, *words: str) -> str:
        """What a command of the agent says."""
        socket = ("--socket", f"{self.folder}/control.sock")
        return self.run("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *words, *socket)


class Theirs(Director):
    def up(self) -> None:
        pids = ("-p", f"{self.folder}/1", "-c", f"{self.folder}/2", "-b", f"{self.folder}/3")
        self.daemon = self.start("keepalived", "-C", "-n", "-l", "-D", "-f", self.conf, *pids, log=self.log)


def both() -> Iterator[Tuple[Ours, Theirs]]:
    """The body of a fixture."""
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
    table, other = ours.saved(), theirs.saved()
    assert table == other, f"ours:\n{table}\nkeepalived's:\n{other}"
    return table


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
