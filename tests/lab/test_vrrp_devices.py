# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""use_ipvlan and VRFs of our agent beside keepalived's, in a guest: this machine's kernel has neither."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from netns import Host, bridge, plug, wait
from speaker import ENVIRONMENT

pytestmark = pytest.mark.uml(limit=180)

VIPS = ["10.0.0.100", "10.0.0.101", "10.0.0.102"]
CONF = """
vrrp_instance IPVLAN {{
    version 3
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 0.5
    use_ipvlan 10.0.0.1{last}/24
    virtual_ipaddress {{
        10.0.0.100
    }}
}}
vrrp_instance SLAVE {{
    version 3
    interface eth1
    virtual_router_id 52
    priority {priority}
    advert_int 0.5
    virtual_ipaddress {{
        10.0.0.101
    }}
}}
vrrp_instance VRF {{
    version 3
    {where}
    virtual_router_id 53
    priority {priority}
    advert_int 0.5
    unicast_src_ip 10.1.0.{last}
    unicast_peer {{
        10.1.0.{peer}
    }}
    virtual_ipaddress {{
        10.0.0.102 dev eth1
    }}
}}
"""


class Pair:
    def __init__(self) -> None:
        subprocess.run(["modprobe", "-a", "ipvlan", "vrf", "macvlan"], check=True)
        self.hosts = {}
        for name in ("br0", "br1"):
            bridge(name)
        for last, name in ((1, "ours"), (2, "theirs")):
            host = self.hosts[name] = Host(name)
            plug(host, "eth0", "br0", f"10.0.0.{last}/24")
            plug(host, "eth1", "br1")
            host.batch(
                "link add red type vrf table 10",
                "link set red up",
                "link set eth1 master red",
                f"addr add 10.1.0.{last}/24 dev eth1",
                "link set eth1 up",
            )
        self.ours, self.theirs = self.hosts["ours"], self.hosts["theirs"]

    def up(self, host: Host, priority: int) -> None:
        last = 1 if host is self.ours else 2
        where = "vrf red" if host is self.ours else "interface eth1"  # keepalived 2.2.7 has no instance without one
        conf = f"/run/{host.name}.conf"
        Path(conf).write_text(CONF.format(priority=priority, last=last, peer=3 - last, where=where))
        if host is self.ours:
            command = ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", "run", "-n", "-l", "-P", "-f", conf)
            self.program = host.start(*command, "--socket", "/run/ours/control.sock", log="/run/ours.log")
        else:
            pids = ("-p", "/run/theirs.pid", "-r", "/run/theirs.vrrp.pid")
            self.rival = host.start("keepalived", "-n", "-l", "-D", "-P", "-f", conf, *pids, log="/run/theirs.log")

    def only(self, host: Host) -> bool:
        other = self.theirs if host is self.ours else self.ours
        return all(host.has(vip) and not other.has(vip) for vip in VIPS)

    def moved(self, host: Host, limit: float, what: str) -> None:
        reached = wait(lambda: self.only(host), limit, 0.1)
        assert reached is not None, f"{what}: " + self.ours.run("ip", "-br", "a") + self.theirs.run("ip", "-br", "a")
        print(f"{what}: {host.name} has all after {reached:.2f} s")

    def close(self) -> None:
        for host in self.hosts.values():
            print(f"--- {host.name}\n{Path(f'/run/{host.name}.log').read_text()[-4000:]}")
            host.close()
        os.system("ip link del br0; ip link del br1")


@pytest.fixture
def pair():
    made = Pair()
    try:
        yield made
    finally:
        made.close()


def test_ipvlan_and_vrf_move_both_ways(pair) -> None:
    ours, theirs = pair.ours, pair.theirs
    pair.up(theirs, 100)
    pair.up(ours, 110)
    pair.moved(ours, 40, "election")
    assert " 10.0.0.100/" in ours.run("ip", "-br", "addr", "show", "vrrp.51")
    assert " 10.0.0.11/" in ours.run("ip", "-br", "addr", "show", "vrrp.51")
    assert "ipvlan" in ours.run("ip", "-d", "link", "show", "vrrp.51")
    ours.stop(pair.program)
    pair.moved(theirs, 5, "graceful stop")
    assert "vrrp.51" not in ours.run("ip", "-br", "link"), "nothing is left"
    pair.up(ours, 90)
    theirs.stop(pair.rival)
    pair.moved(ours, 40, "keepalived's stop")
