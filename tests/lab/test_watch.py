# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watchers: each fault, injected into a segment with Debian's keepalived, is named with host and mend."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill import watch
from ansible_collections.lvs.cluster.plugins.module_utils.drill.observe import observe
from netns import Host, bridge, plug, wait

pytestmark = pytest.mark.netns(limit=400)

VIP, VIP6 = "10.1.0.100", "fd00::100"
RUNS = 20
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
        assert up is not None, Path("/run/dir1.log").read_text()
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

    def close(self) -> None:
        for host in self.hosts.values():
            host.close()
        subprocess.run(["ip", "link", "del", "br0"], check=True)


@pytest.fixture
def segment():
    made = Segment()
    yield made
    made.close()


def only(found):
    assert len(found) == 1, found
    return found[0]


def codes(found):
    return {(finding.code, finding.host) for finding in found}


def test_healthy(segment):
    for _run in range(RUNS):
        assert (
            segment.judge(
                segment.views(seconds=0.7, ask=0.1, route_to="198.51.100.7"),
                {"rs1": ("10.1.0.1",), "rs2": ("10.1.0.1",)},
            )
            == []
        )


def test_arp_ignore_is_off(segment):
    segment["rs2"].sysctl(**{"net/ipv4/conf/all/arp_ignore": 0})
    finding = only(segment.judge())
    assert (finding.code, finding.host, finding.address) == ("answers-for-vip", "rs2", VIP)
    assert "arp_ignore is 0" in finding.what
    assert "it has the address on lo" in finding.what
    for command in finding.mend.split("; "):
        segment["rs2"].run(*command.split())
    assert segment.judge() == []


def test_the_active_director_alone_sees_it(segment):
    segment["rs2"].sysctl(**{"net/ipv4/conf/all/arp_ignore": 0})
    views = segment.views()
    for other in ("dir2", "rs1", "rs2"):
        views[other]["sightings"] = []
    finding = only(segment.judge(views))
    assert "as seen from dir1" in finding.what


def test_arp_announce_is_off(segment):
    segment["rs1"].sysctl(**{"net/ipv4/conf/all/arp_announce": 0})

    def ask() -> None:
        # An answer of the server to a client whose MAC address it does not know: the question bears the VIP.
        time.sleep(0.4)
        segment["rs1"].run("ping", "-c", "1", "-W", "1", "-I", VIP, "10.1.0.77", check=False)

    thread = threading.Thread(target=ask)
    thread.start()
    found = segment.judge()
    thread.join()
    assert codes(found) == {("vip-as-sender", "rs1")}
    assert "arp_announce is 0" in found[0].what
    assert found[0].mend == "sysctl -w net.ipv4.conf.all.arp_announce=2"
    segment["rs1"].run(*found[0].mend.split())
    thread = threading.Thread(target=ask)
    thread.start()
    assert segment.judge() == []
    thread.join()


def test_ipv6_address_on_the_wrong_interface(segment):
    segment["rs1"].batch(f"addr del {VIP6}/128 dev lo", f"addr add {VIP6}/128 dev eth0 nodad")
    finding = only(segment.judge())
    assert (finding.code, finding.host, finding.address) == ("answers-for-vip", "rs1", VIP6)
    segment["rs1"].run("sh", "-c", finding.mend)
    assert segment.judge() == []


def test_left_on_the_old_master(segment):
    segment["dir1"].stop(segment.daemons["dir1"], signal.SIGKILL)
    subprocess.run(["pkill", "-9", "-g", str(segment.daemons["dir1"].pid)], check=False)
    assert wait(lambda: segment["dir2"].has(VIP) and segment["dir2"].has(VIP6), 10) is not None
    found = segment.judge()
    assert codes(found) == {("vip-left-behind", "dir1")}
    assert {finding.address for finding in found} == {VIP, VIP6}
    assert "dir1 sends no adverts" in found[0].what
    for finding in found:
        segment["dir1"].run(
            "sh", "-c", finding.mend.replace(f"{VIP} ", f"{VIP}/24 ").replace(f"{VIP6} ", f"{VIP6}/64 ")
        )
    assert segment.judge() == []


DEAF = (
    "add table inet drill; add chain inet drill in { type filter hook input priority 0; };"
    " add rule inet drill in meta l4proto 112 drop"
)


def test_one_way_loss_in_the_firewall(segment):
    segment["dir2"].run("nft", DEAF)
    assert wait(lambda: segment["dir2"].has(VIP) and segment["dir2"].has(VIP6), 10) is not None
    found = segment.judge()
    assert codes(found) == {("split-brain", "dir2"), ("adverts-lost", "dir2")}
    split = next(finding for finding in found if finding.code == "split-brain")
    assert "one way" in split.what
    assert "dir2 heard none of them" in split.what
    assert "the adverts reach eth0 of dir2" in split.mend
    segment["dir2"].run("nft", "delete table inet drill")
    assert wait(lambda: not segment["dir2"].has(VIP) and not segment["dir2"].has(VIP6), 10) is not None
    assert segment.judge() == []


def test_one_way_loss_on_the_way(segment):
    # The switch drops multicast towards dir2 as one with IGMP snooping does; its port stays as it is for the rest.
    subprocess.run(["bridge", "link", "set", "dev", "dir2-eth0", "mcast_flood", "off"], check=True)
    subprocess.run(["ip", "link", "set", "br0", "type", "bridge", "mcast_snooping", "0"], check=True)
    assert wait(lambda: segment["dir2"].has(VIP), 10) is not None
    found = segment.judge()
    split = next(finding for finding in found if finding.code == "split-brain" and finding.address == VIP)
    assert split.host == "dir2"
    assert "do not reach eth0 of dir2" in split.mend


def test_partition(segment):
    for name in ("dir1", "dir2"):
        segment[name].run("nft", DEAF)
    assert wait(lambda: segment["dir2"].has(VIP) and segment["dir2"].has(VIP6), 10) is not None
    found = [finding for finding in segment.judge() if finding.code == "split-brain"]
    assert len(found) == 2
    assert all("both ways" in finding.what for finding in found)


def test_two_holders_that_hear_each_other(segment):
    segment["dir2"].stop(segment.daemons["dir2"])
    segment.keepalived("dir2", 100, vrid=52)
    assert wait(lambda: segment["dir2"].has(VIP) and segment["dir2"].has(VIP6), 10) is not None
    found = segment.judge()
    assert {finding.code for finding in found} == {"split-brain"}
    assert "VRID 51" in found[0].what
    assert "VRID 52" in found[0].what


def test_a_stranger_speaks_our_vrid(segment):
    segment.keepalived("router", 50, vip="10.1.0.200", vip6="fd00::200")
    # A lower priority keeps quiet; a group of its own, as an address list differs, does not matter to VRRP: make it loud.
    segment["router"].run("nft", DEAF)
    assert wait(lambda: segment["router"].has("10.1.0.200") and segment["router"].has("fd00::200"), 10) is not None
    found = segment.judge()
    assert codes(found) == {("vrid-clash", "dir1")}
    assert any("10.1.0.254" in finding.what and "10.1.0.200" in finding.what for finding in found)
    assert "1, 2, 3" in found[0].mend


def test_an_unknown_host_has_the_address(segment):
    segment["router"].batch(f"addr add {VIP}/32 dev eth0")
    finding = only(segment.judge())
    assert (finding.code, finding.host) == ("unknown-holder", "")
    mac = segment["router"].run("ip", "-o", "link", "show", "eth0").split("link/ether ")[1].split()[0]
    assert mac in finding.what


def test_asking_changes_no_cache(segment):
    """Two hosts answer, and the asker's own cache goes on with the one that it had; so do those of the asked."""
    segment["dir1"].stop(segment.daemons["dir1"], signal.SIGKILL)
    segment["dir2"].stop(segment.daemons["dir2"])
    for name in ("dir1", "dir2"):
        segment[name].run(
            "sh", "-c", f"ip address replace {VIP}/24 dev eth0; ip address replace {VIP6}/64 dev eth0 nodad"
        )

    def caches():
        shown = segment["router"].run("ip", "neigh", "show", "dev", "eth0").splitlines()
        return sorted(
            line.split(" lladdr ")[0:1] + line.split(" lladdr ")[1].split()[:1]
            for line in shown
            if VIP in line or VIP6 in line
        )

    for address in (VIP, VIP6):
        segment["router"].run("ping", "-c", "1", "-W", "1", address)
    before = caches()
    assert len(before) == 2
    for _run in range(3):
        seen = segment.views("router", seconds=1.2, ask=0.1)["router"]["sightings"]
        assert {(row["address"], row["how"]) for row in seen} == {(VIP, "reply"), (VIP6, "reply")}
        assert len({row["mac"] for row in seen}) == 2
        assert caches() == before
    for name in ("dir1", "dir2"):
        own = segment["router"].run("ip", "-o", "link", "show", "eth0").split("link/ether ")[1].split()[0]
        for line in segment[name].run("ip", "neigh", "show", "10.1.0.254").splitlines():
            assert own in line


def test_nobody_has_the_address(segment):
    for name in ("dir1", "dir2"):
        segment[name].stop(segment.daemons[name])
    assert codes(segment.judge()) == {("no-holder", "")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("route replace default via 10.1.0.254", "through 10.1.0.254"),
        ("route del default", "nowhere"),
        ("route replace 198.51.100.0/24 dev eth0", "straight"),
    ],
)
def test_wrong_way_back(segment, change, words):
    segment["rs2"].batch(change)
    views = segment.views(route_to="198.51.100.7")
    finding = only(segment.judge(views, {"rs1": ("10.1.0.1",), "rs2": ("10.1.0.1",)}))
    assert (finding.code, finding.host) == ("route-back", "rs2")
    assert words in finding.what
    assert finding.mend == "ip route replace default via 10.1.0.1"
