# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A segment to be watched: two directors with Debian's keepalived, two real servers, a router; namespaces of one guest."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from ansible_collections.lvs.cluster.plugins.module_utils.drill import alone, watch
from ansible_collections.lvs.cluster.plugins.module_utils.drill.observe import observe
from netns import Host, bridge, plug, wait

GATEWAYS = {"rs1": ("10.1.0.1",), "rs2": ("10.1.0.1",)}
VIP, VIP6 = "10.1.0.100", "fd00::100"
CONF = """vrrp_instance VI {{
    state BACKUP
    interface eth0
    virtual_router_id {vrid}
    priority {priority}
    advert_int 0.2
    version 3
    virtual_ipaddress {{ {vip}/24 }}
}}
vrrp_instance VI6 {{
    state BACKUP
    interface eth0
    virtual_router_id {vrid}
    priority {priority}
    advert_int 0.2
    version 3
    virtual_ipaddress {{
        fe80::100
        {vip6}/64
    }}
}}
"""


def run(words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class Segment:
    """Two directors, two real servers with the virtual addresses on lo, one router that is none of them."""

    def __init__(self) -> None:
        bridge("br0")
        self.hosts = {}
        for number, name in ((1, "dir1"), (2, "dir2"), (11, "rs1"), (12, "rs2"), (254, "router")):
            host = self.hosts[name] = Host(name)
            plug(host, "eth0", "br0", f"10.1.0.{number}/24", f"fd00::{number}/64 nodad", f"fe80::{number}/64 nodad")
        for name in ("rs1", "rs2"):
            host = self.hosts[name]
            host.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
            host.batch(
                f"addr add {VIP}/32 dev lo", f"addr add {VIP6}/128 dev lo nodad", "route add default via 10.1.0.1"
            )
        self.daemons = {name: self.keepalived(name, priority) for name, priority in (("dir1", 150), ("dir2", 100))}
        up = wait(lambda: self["dir1"].has(VIP) and self["dir1"].has(VIP6), 20)
        assert up is not None, self.log("dir1")
        assert wait(lambda: not self["dir2"].has(VIP) and not self["dir2"].has(VIP6), 10) is not None
        # The elections of the start are over.
        quiet = lambda: not any(row["sent"] for row in self.views("dir2", seconds=0.8)["dir2"]["adverts"])  # noqa: E731
        assert wait(quiet, 20) is not None

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def keepalived(self, name: str, priority: int, vrid: int = 51, vip: str = VIP, vip6: str = VIP6):
        path = Path(f"/run/{name}.conf")
        path.write_text(CONF.format(priority=priority, vrid=vrid, vip=vip, vip6=vip6))
        command = ["keepalived", "-n", "-l", "-P", "-f", str(path), "-p", f"/run/{name}.pid", "-r", f"/run/{name}.vrrp"]
        return self[name].start(*command, log=f"/run/{name}.log")

    def hurry(self) -> None:
        """The directors go before all else on the machine: a late advert is a failover, and its traces are findings."""
        for name in ("dir1", "dir2"):
            pid = Path(f"/run/{name}.vrrp").read_text().strip()
            subprocess.run(["chrt", "--rr", "--pid", "10", pid], check=True)

    def views(self, *names: str, seconds: float = 1.2, ask: float = 0.2, route_to: str = ""):
        """Look from several hosts at once, each from its own namespace."""
        found = {}

        def look(name: str) -> None:
            with self[name]:
                found[name] = observe(run, "eth0", [VIP, VIP6], seconds, ask, route_to)

        threads = [threading.Thread(target=look, args=(name,)) for name in names or ("dir1", "dir2", "rs1", "rs2")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    def judge(self, views=None, gateways=None):
        roles = {"dir1": "director", "dir2": "director", "rs1": "real_server", "rs2": "real_server"}
        return watch.judge(watch.Cluster((VIP, VIP6), roles, gateways or {}), views or self.views())

    def healthy(self) -> list:
        """What one short look finds, all hosts together and each director alone: nothing, while nobody breaks anything."""
        views = self.views(seconds=0.7, ask=0.1, route_to="198.51.100.7")
        return self.judge(views, GATEWAYS) + self.alone("dir1", views) + self.alone("dir2", views)

    def alone(self, name: str, views) -> list:
        """What a director alone finds in its view; the real servers' views tell their MAC addresses."""
        routers = (alone.Router(51, (VIP,)), alone.Router(51, ("fe80::100", VIP6)))
        servers = {views[each]["mac"]: each for each in ("rs1", "rs2") if each in views}
        return alone.judge(alone.Own(name, routers, servers), views[name])

    def log(self, name: str) -> str:
        """What this director's keepalived said."""
        return Path(f"/run/{name}.log").read_text()

    def close(self) -> None:
        for host in self.hosts.values():
            host.close()
        subprocess.run(["ip", "link", "del", "br0"], check=True)
