# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""use_vmac of our agent beside keepalived's: the virtual MAC on the wire and in neighbours' caches, and nothing left behind.

Four virtual routers on one segment, the same file on both: over IPv4, over IPv4 from the base interface
(vmac_xmit_base), over IPv6, and one with an address on another interface (use_vmac_addr).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from typing import Dict, List, Set, Tuple

import pytest
from netns import Host, bridge, plug, wait
from speaker import ENGINES, Speaker

pytestmark = pytest.mark.netns(limit=240)

ROUTERS: Dict[int, Tuple[int, str, str]] = {
    51: (3, "10.0.0.51", "use_vmac"),
    52: (3, "10.0.0.52", "use_vmac\n vmac_xmit_base"),
    53: (3, "fe80::53:100/64\n  fd00::53/64", "use_vmac"),
    54: (3, "10.0.0.54\n  10.1.0.54 dev eth1", "use_vmac myvmac 02:11:22:33:44\n use_vmac_addr"),
}
VIPS = ["10.0.0.51", "10.0.0.52", "10.0.0.54", "10.1.0.54", "fe80::53:100", "fd00::53"]
MACS = {
    "10.0.0.51": "00:00:5e:00:01:33",
    "10.0.0.52": "00:00:5e:00:01:34",
    "fd00::53": "00:00:5e:00:02:35",
    "10.0.0.54": "02:11:22:33:44:36",
    "10.1.0.54": "02:11:22:33:44:36",
}
MACVLANS = {"vrrp.51", "vrrp.52", "vrrp6.53", "myvmac", "vrrp1.54"}


class Director(Speaker):
    def __init__(self, name: str, last: int, engine: str) -> None:
        super().__init__(name, engine)
        for segment in (0, 1):
            plug(self, f"eth{segment}", f"br{segment}", f"10.{segment}.0.{last}/24", f"fd0{segment}::{last}/64")

    def write(self, priority: int, *, without: Tuple[int, ...] = ()) -> None:
        text = "global_defs {\n vrrp_garp_master_delay 1\n vrrp_garp_master_repeat 1\n}\n"
        for vrid, (version, addresses, lines) in ROUTERS.items():
            if vrid not in without:
                text += (
                    f"vrrp_instance VI_{vrid} {{\n version {version}\n interface eth0\n virtual_router_id {vrid}\n"
                    f" priority {priority}\n advert_int 0.3\n {lines}\n virtual_ipaddress {{\n  {addresses}\n }}\n}}\n"
                )
        self.conf.write_text(text)

    def held(self) -> List[str]:
        have = self.run("ip", "-br", "addr")
        return [vip for vip in VIPS if f" {vip}/" in have]

    def macvlans(self) -> Dict[str, bool]:
        """By name: whether it is up."""
        shown = json.loads(self.run("ip", "-j", "link", "show", "type", "macvlan"))
        return {each["ifname"]: "UP" in each["flags"] for each in shown if "ifname" in each}


class Segment:
    def __init__(self) -> None:
        for name in ("br0", "br1"):
            bridge(name)
            os.system(f"ip link set {name} type bridge mcast_snooping 0")
        self.ours, self.theirs = (Director(*words) for words in (("ours", 1, ENGINES[0]), ("theirs", 2, ENGINES[1])))
        # keepalived lets its kernel ask for the client with the address behind the physical MAC; ours sets this itself
        self.theirs.sysctl(**{"net/ipv4/conf/all/arp_announce": 2})
        self.client = Host("client")
        for segment in (0, 1):
            plug(self.client, f"eth{segment}", f"br{segment}", f"10.{segment}.0.9/24", f"fd0{segment}::9/64")
        with self.client:
            self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.wire.bind(("eth0", 3))
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

    def master_is(self, master: Director, other: Director) -> bool:
        return sorted(master.held()) == sorted(VIPS) and not other.held()

    def speakers(self, seconds: float) -> Dict[int, Set[str]]:
        """Who sent adverts to the first segment: source MAC addresses by VRID."""
        self.wire.setblocking(False)
        while True:
            try:
                self.wire.recv(4096)
            except BlockingIOError:
                break
        seen: Dict[int, Set[str]] = {}
        end = time.monotonic() + seconds
        self.wire.settimeout(0.1)
        while time.monotonic() < end:
            try:
                frame = self.wire.recv(4096)
            except TimeoutError:
                continue
            four = frame[12:14] == b"\x08\x00" and frame[23] == 112
            if four or (frame[12:14] == b"\x86\xdd" and frame[20] == 112):
                vrid = frame[14 + (20 if four else 40) + 1]
                seen.setdefault(vrid, set()).add(frame[6:12].hex(":"))
        return seen

    def resolved(self) -> Dict[str, str]:
        """What the client's caches say after asking each address anew."""
        found = {}
        self.client.run("ip", "neigh", "flush", "all")
        for vip in MACS:
            self.client.run("ping", "-c1", "-W2", vip, check=False)
        for each in json.loads(self.client.run("ip", "-j", "neigh")):
            found[each["dst"]] = each.get("lladdr", "")
        return {vip: found.get(vip, "") for vip in MACS}

    def close(self) -> None:
        self.wire.close()
        for host in (self.ours, self.theirs):
            print(f"--- {host.name}\n{(host.folder / 'log').read_text()[-5000:]}")
        for host in (self.client, self.ours, self.theirs):
            host.close()
        os.system("ip link del br0; ip link del br1")


@pytest.fixture(scope="module")
def segment():
    made = Segment()
    try:
        yield made
    finally:
        made.close()


def settle(segment: Segment, master: Director, other: Director, limit: float, what: str) -> None:
    reached = wait(lambda: segment.master_is(master, other), limit, 0.05)
    assert reached is not None, f"{what}: {master.name} has {master.held()}, {other.name} has {other.held()}"
    print(f"{what}: {master.name} master after {reached:.2f} s")


@pytest.mark.parametrize("ours_is_stronger", [True, False], ids=["ours-is-stronger", "keepalived-is-stronger"])
def test_the_virtual_mac_moves_with_the_address(segment: Segment, ours_is_stronger: bool) -> None:
    strong, weak = (segment.ours, segment.theirs) if ours_is_stronger else (segment.theirs, segment.ours)
    strong.write(101)
    weak.write(100)
    strong.up()
    weak.up()
    settle(segment, strong, weak, 20, "election")
    assert wait(lambda: set(segment.ours.macvlans()) == MACVLANS, 20, 0.1) is not None, segment.ours.macvlans()
    assert set(segment.ours.macvlans().values()) == {ours_is_stronger}, "up as MASTER, down as BACKUP"
    assert segment.resolved() == MACS
    speaks = segment.speakers(1)
    physical = json.loads(strong.run("ip", "-j", "link", "show", "eth0"))[0]["address"]
    assert speaks == {
        51: {MACS["10.0.0.51"]},
        52: {physical},
        53: {MACS["fd00::53"]},
        54: {MACS["10.0.0.54"]},
    }
    strong.down()
    settle(segment, weak, strong, 2, "graceful stop")
    assert segment.resolved() == MACS, "as before: nobody had to learn anything"
    strong.up()
    settle(segment, strong, weak, 20, "return")
    strong.down(signal.SIGKILL)
    strong.batch("link set eth0 down", "link set eth1 down")
    assert wait(lambda: sorted(weak.held()) == sorted(VIPS), 6, 0.05) is not None, f"power cut: {weak.held()}"
    segment.ours.sysctl(**{f"net/ipv4/conf/eth{n}/arp_ignore": 0 for n in (0, 1)})  # as after a boot
    strong.batch("link set eth0 up", "link set eth1 up")
    strong.batch("addr replace fd00::1/64 dev eth0", "addr replace fd01::1/64 dev eth1")
    strong.up()
    settle(segment, strong, weak, 20, "return after the power cut, its macvlans still there")
    strong.down()
    weak.down()
    assert segment.ours.macvlans() == {}
    assert segment.ours.read("/proc/sys/net/ipv4/conf/eth0/arp_ignore") == "0\n"


def test_a_killed_child_is_back_with_its_macvlans(segment: Segment) -> None:
    ours, theirs = segment.ours, segment.theirs
    ours.write(101)
    theirs.write(100)
    ours.up()
    theirs.up()
    settle(segment, ours, theirs, 20, "election")
    before = ours.child()
    os.kill(before, signal.SIGKILL)
    assert wait(lambda: ours.child() not in (0, before), 2) is not None
    time.sleep(2)
    assert segment.master_is(ours, theirs)
    assert {i["reason"] for i in ours.status()["instances"].values()} == {"resumed"}


def test_a_reload_takes_one_and_the_others_see_nothing(segment: Segment) -> None:
    ours = segment.ours
    before = {name: each["since"] for name, each in ours.status()["instances"].items()}
    ours.write(101, without=(54,))
    ours.program.send_signal(signal.SIGHUP)
    assert wait(lambda: set(ours.macvlans()) == MACVLANS - {"myvmac", "vrrp1.54"}, 3) is not None, ours.macvlans()
    del before["VI_54"]
    assert {name: each["since"] for name, each in ours.status()["instances"].items()} == before
    ours.write(101)
    ours.program.send_signal(signal.SIGHUP)
    settle(segment, ours, segment.theirs, 8, "and back")


def test_a_macvlan_that_somebody_removes_or_lowers_is_back(segment: Segment) -> None:
    ours = segment.ours
    ours.batch("link del vrrp.51", "link set vrrp6.53 down")
    assert wait(lambda: len(ours.held()) < len(VIPS), 1) is not None
    assert wait(lambda: segment.master_is(ours, segment.theirs), 8, 0.1) is not None, ours.held()
    assert segment.resolved() == MACS


def test_a_killed_parent_leaves_nothing(segment: Segment) -> None:
    ours, theirs = segment.ours, segment.theirs
    os.kill(ours.program.pid, signal.SIGKILL)
    ours.program.wait(5)
    ours.programs.remove(ours.program)
    settle(segment, theirs, ours, 14, "the parent killed, and no other came")
    assert wait(lambda: ours.macvlans() == {}, 2) is not None, ours.macvlans()
    assert ours.read("/proc/sys/net/ipv4/conf/eth0/arp_ignore") == "0\n"
    theirs.down()


def test_release_takes_off_what_a_dead_agent_left(segment: Segment) -> None:
    ours = segment.ours
    ours.up()
    assert wait(lambda: sorted(ours.held()) == sorted(VIPS), 20, 0.1) is not None
    ours.down(signal.SIGKILL)
    assert set(ours.macvlans()) == MACVLANS
    assert ours.read("/proc/sys/net/ipv4/conf/eth0/arp_ignore") == "1\n"
    ours.run(*ours.agent("release", ours.conf))
    assert (ours.macvlans(), ours.held()) == ({}, [])
    assert ours.read("/proc/sys/net/ipv4/conf/eth0/arp_ignore") == "0\n"
