# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our agent beside a keepalived on one segment, with a client and a second segment; each test plays files of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from netns import Host, bridge, plug, wait
from speaker import ENVIRONMENT

if TYPE_CHECKING:
    import subprocess

VIP = "10.0.0.100"
INSTANCE = """
vrrp_instance {name} {{
    version 3
    interface eth0
    virtual_router_id {vrid}
    priority {priority}
    advert_int 0.2
    garp_master_delay 0
    garp_master_repeat 1
    {lines}
    virtual_ipaddress {{
        {addresses}
    }}
}}
"""


def instance(priority: int, lines: str = "", name: str = "VI_1", vrid: int = 51, addresses: str = VIP) -> str:
    return INSTANCE.format(priority=priority, lines=lines, name=name, vrid=vrid, addresses=addresses)


class Pair:
    def __init__(self) -> None:
        for name in ("br0", "br1"):
            bridge(name)
        self.ours, self.theirs, self.client = Host("ours"), Host("theirs"), Host("client")
        for last, host in ((1, self.ours), (2, self.theirs), (9, self.client)):
            plug(host, "eth0", "br0", f"10.0.0.{last}/24")
            plug(host, "eth1", "br1", f"10.1.0.{last}/24")
            self.folder(host).mkdir(exist_ok=True)
        self.agent = ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent")
        self.socket = ("--socket", f"{self.folder(self.ours)}/control.sock")
        self.program: Optional[subprocess.Popen[bytes]] = None
        self.rival: Optional[subprocess.Popen[bytes]] = None

    def folder(self, host: Host) -> Path:
        return Path("/run") / host.name

    def play(self, text: str, *, rival: str = "") -> None:
        """Our agent with this file from now on; a rival beside it when its file is given."""
        conf = self.folder(self.ours) / "conf"
        conf.write_text(text)
        if self.program is None:
            command = (*self.agent, "run", "-n", "-l", "-P", "-f", str(conf), *self.socket)
            begun = self.begun()
            self.program = self.ours.start(*command, log=f"{self.folder(self.ours)}/log")
            assert wait(lambda: self.begun() > begun, 30) is not None, self.log()[-2000:]
        else:
            reloads = self.status()["reloads"]
            self.program.send_signal(signal.SIGHUP)
            assert wait(lambda: self.status()["reloads"] == reloads + 1, 10) is not None, self.log()[-2000:]
        if rival:
            theirs = self.folder(self.theirs)
            (theirs / "conf").write_text(rival)
            pids = ("-p", f"{theirs}/pid", "-r", f"{theirs}/vrrp.pid")
            command = ("keepalived", "-n", "-l", "-D", "-P", "-f", f"{theirs}/conf", *pids)
            self.rival = self.theirs.start(*command, log=f"{theirs}/log")

    def end(self) -> None:
        if self.rival is not None:
            self.theirs.stop(self.rival)
        if self.program is not None:
            self.ours.stop(self.program)
        self.program = self.rival = None

    def status(self) -> dict:
        return json.loads(self.ours.run(*self.agent, "status", "--json", *self.socket))["vrrp"]

    def begun(self) -> int:
        """How often an agent began here, by its own words: it takes seconds on a busy machine."""
        log = self.folder(self.ours) / "log"
        return log.read_text().count(" starts on ") if log.exists() else 0

    def log(self) -> str:
        return (self.folder(self.ours) / "log").read_text()

    def moved(self, to: Host, limit: float = 8.0) -> float:
        """Seconds until only that host has the address."""
        other = self.theirs if to is self.ours else self.ours
        reached = wait(lambda: to.has(VIP) and not other.has(VIP), limit, 0.02)
        assert reached is not None, f"{self.log()[-1500:]}"
        return reached

    def close(self) -> None:
        for host in (self.ours, self.theirs):
            log = self.folder(host) / "log"
            print(f"--- {host.name}\n{log.read_text()[-5000:] if log.exists() else ''}")
        for host in (self.client, self.ours, self.theirs):
            host.close()
        os.system("ip link del br0; ip link del br1")
