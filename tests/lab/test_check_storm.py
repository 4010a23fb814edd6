# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check storm on a real kernel: every server fails at once, every script hangs, the log's disk is full. No VRRP advert
comes late enough for a peer to take over, and no verdict is lost. 1000 servers.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from agent_cluster import Director
from netns import Host, bridge, plug, wait

pytestmark = pytest.mark.uml(limit=300, mem="1G")

SERVERS = 1000
INTERVAL = 0.25  # seconds between adverts; a peer takes over after three of them and its skew

VRRP = f"""global_defs {{
 script_user root
 vrrp_version 3
}}
vrrp_instance VI_1 {{
 state MASTER
 interface eth0
 virtual_router_id 51
 priority 200
 advert_int {INTERVAL}
 virtual_ipaddress {{
  10.9.0.100
 }}
}}
"""


def configuration() -> str:
    text = VRRP
    for start in range(0, SERVERS, 10):
        text += f"virtual_server 10.{start // 2500 + 20}.{start // 10 % 250}.1 80 {{\n delay_loop 2\n retry 1\n"
        text += " delay_before_retry 1\n warmup 0\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n"
        for number in range(start, start + 10):
            text += f" real_server 127.1.{number // 250}.{number % 250 + 1} 80 {{\n"
            text += '  notify_down "/bin/sleep 100"\n' * (number == start)
            text += "  TCP_CHECK {\n   connect_timeout 1\n  }\n }\n"
        text += "}\n"
    return text


class Adverts(threading.Thread):
    """When adverts reach a neighbour."""

    def __init__(self, host: Host) -> None:
        super().__init__(daemon=True)
        with host:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
            member = socket.inet_aton("224.0.0.18") + socket.inet_aton("10.9.0.10")
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        self.times: list = []
        self.start()

    def run(self) -> None:
        while True:
            self.socket.recv(2048)
            self.times.append(time.monotonic())

    def longest(self, since: float) -> float:
        times = [since, *(moment for moment in self.times if moment > since), time.monotonic()]
        return max(later - earlier for earlier, later in zip(times, times[1:]))


def accept(host: Host) -> socket.socket:
    with host:
        listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", 80))
    listener.listen(4096)

    def serve() -> None:
        try:
            while True:
                listener.accept()[0].close()
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    return listener


def test_a_storm_delays_no_advert_and_loses_no_verdict() -> None:
    os.system("modprobe -aq ip_vs ip_vs_rr")
    bridge("br0")
    neighbour = Host("peer")
    plug(neighbour, "eth0", "br0", "10.9.0.10/24")
    director = Director("d1", "10.9.0.1/24", "MASTER", 100)
    listener = accept(director)
    disk = director.folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=True)
    Path(director.conf).write_text(configuration())
    heard = Adverts(neighbour)
    words = ("run", "-n", "-l", "-D", "-f", director.conf, "--socket", director.socket)
    director.program = director.start(*director.agent(*words), log=str(disk / "log"))
    try:
        assert (
            wait(lambda: director.read("/proc/thread-self/net/ip_vs").count("->") == SERVERS + 1, 60, 0.2) is not None
        )
        assert wait(lambda: len(heard.times) > 8, 20) is not None
        begun = time.monotonic()
        while (disk / "fill").exists() is False or os.statvfs(disk).f_bavail:
            with (disk / "fill").open("ab") as file:
                try:
                    file.write(b"x" * 4096)
                    file.flush()
                except OSError:
                    break
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        gone = wait(lambda: director.read("/proc/thread-self/net/ip_vs").count("->") == 1, 90, 0.2)
        time.sleep(2)
        longest = heard.longest(begun)
        print(f"{SERVERS} servers gone after {gone} s, longest time between adverts {longest:.3f} s")
        assert gone is not None
        assert longest < 3 * INTERVAL
        status = director.status()
        servers = [server for service in status["checker"]["services"] for server in service["servers"]]
        assert len(servers) == SERVERS
        assert not any(server["alive"] for server in servers)
        assert status["vrrp"]["instances"]["VI_1"]["state"] == "MASTER"
        listener = accept(director)
        back = wait(lambda: director.read("/proc/thread-self/net/ip_vs").count("->") == SERVERS + 1, 90, 0.2)
        print(f"back after {back} s, longest {heard.longest(begun):.3f} s")
        assert back is not None
        assert heard.longest(begun) < 3 * INTERVAL
    finally:
        for host in (director, neighbour):
            host.close()
