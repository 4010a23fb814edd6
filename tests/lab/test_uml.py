# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest gives: the modules that this machine lacks, and hosts joined through real IPVS."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from netns import Host, bridge, get, plug

pytestmark = pytest.mark.uml(limit=180)

VIP = "10.1.0.100"


@pytest.mark.parametrize("module", ["ip_vs", "ip_vs_wrr", "ip_vs_mh", "ipip", "dummy", "vrf", "macvlan", "sch_netem"])
def test_module_loads(module):
    subprocess.run(["modprobe", module], check=True)
    assert module in Path("/proc/modules").read_text()


def test_machine_is_read_only():
    # The same file through a fresh hostfs mount, below no overlay.
    Path("/mnt/machine").mkdir()
    subprocess.run(["mount", "-t", "hostfs", "-o", "/", "none", "/mnt/machine"], check=True)
    with pytest.raises(OSError, match="Read-only"):
        Path("/mnt/machine/lvs-lab-was-here").touch()


def test_direct_routing():
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_wrr"], check=True)
    bridge("br0")
    client, director = Host("client"), Host("director")
    plug(client, "eth0", "br0", "10.1.0.10/24")
    plug(director, "eth0", "br0", "10.1.0.1/24", f"{VIP}/32")
    director.run("ipvsadm", "-A", "-t", f"{VIP}:80", "-s", "wrr")
    hosts = [client, director]
    for number, weight in ((11, 3), (12, 1)):
        server = Host(f"rs{number}")
        plug(server, "eth0", "br0", f"10.1.0.{number}/24")
        server.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
        server.batch(f"addr add {VIP}/32 dev lo")
        server.web()
        director.run("ipvsadm", "-a", "-t", f"{VIP}:80", "-r", f"10.1.0.{number}", "-g", "-w", str(weight))
        hosts.append(server)
    assert director.ipvs() == {f"TCP {VIP}:80 wrr": {"10.1.0.11:80": 3, "10.1.0.12:80": 1}}
    with client:
        assert Counter(get(VIP) for _ in range(40)) == {"rs11": 30, "rs12": 10}
    for host in hosts:
        host.close()
