# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our agent beside Debian's keepalived on one segment, the same file on both: they elect, fail over both ways, agree.

Eight virtual routers live through one story at once: version 2 without authentication, with PASS and AH, version 3 over IPv4 and over
IPv6, unicast, and a sync group over two segments. Everything on the wire is captured and read back by scapy.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from ipaddress import IPv4Address
from pathlib import Path
from typing import Dict, List, Tuple

import pytest
from netns import Host, bridge, plug, wait

pytestmark = pytest.mark.netns(limit=420)

ROOT = Path(__file__).parents[2]
ENVIRONMENT = f"PYTHONPATH={ROOT / 'agent'}:{ROOT / '.ansible' / 'collections'}"

# vrid: (version, interface, VIPs, other lines of the block)
ROUTERS: Dict[int, Tuple[int, str, Tuple[str, ...], str]] = {
    51: (2, "eth0", ("10.1.51.100", "10.1.51.101"), ""),
    52: (2, "eth0", ("10.1.52.100",), "authentication {\n auth_type PASS\n auth_pass 1111\n }"),
    53: (3, "eth0", ("10.1.53.100",), ""),
    54: (3, "eth0", ("fe80::54:100/64", "2001:db8::54:100/64"), ""),
    55: (2, "eth0", ("10.1.55.100",), "unicast_src_ip {own}\n unicast_peer {{\n {peer}\n }}"),
    56: (2, "eth0", ("10.1.56.100",), ""),
    57: (2, "eth1", ("10.2.57.100",), ""),
    58: (2, "eth0", ("10.1.58.100",), "authentication {\n auth_type AH\n auth_pass s3cret\n }"),
}
VIPS = [vip.partition("/")[0] for _, _, vips, _ in ROUTERS.values() for vip in vips]


class Director(Host):
    def __init__(self, name: str, last: int) -> None:
        super().__init__(name)
        self.last = last
        for segment in (0, 1):
            plug(self, f"eth{segment}", f"br{segment}", f"10.{segment + 1}.0.{last}/16")
        self.folder = Path("/run") / name
        self.folder.mkdir(exist_ok=True)
        self.conf = str(self.folder / "keepalived.conf")

    def write(self, priority: int, *, extra: str = "", state: str = "BACKUP") -> None:
        own, peer = f"10.1.0.{self.last}", f"10.1.0.{3 - self.last}"
        text = "global_defs {\n router_id x\n vrrp_garp_master_delay 1\n vrrp_garp_master_repeat 2\n}\n"
        text += "vrrp_sync_group G {\n group {\n VI_56\n VI_57\n }\n}\n"
        for vrid, (version, interface, vips, lines) in ROUTERS.items():
            more = lines.format(own=own, peer=peer) if "{own}" in lines else lines
            addresses = "\n  ".join(vips + ((extra,) if extra and vrid == 51 else ()))
            text += (
                f"vrrp_instance VI_{vrid} {{\n version {version}\n state {state}\n interface {interface}\n"
                f" virtual_router_id {vrid}\n priority {priority}\n advert_int 1\n {more}\n"
                f" virtual_ipaddress {{\n  {addresses}\n }}\n}}\n"
            )
        Path(self.conf).write_text(text)

    def held(self) -> List[str]:
        have = self.run("ip", "-br", "addr")
        return [vip for vip in VIPS if f" {vip}/" in have]

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def down(self, signum: int = signal.SIGTERM) -> None:
        self.stop(self.program, signum)

    def lose_power(self) -> None:
        """kill -9 of everything it runs, and its cables are out."""
        self.down(signal.SIGKILL)
        self.batch("link set eth0 down", "link set eth1 down")

    def regain_power(self) -> None:
        self.batch("link set eth0 up", "link set eth1 up")
        self.up()

    def up(self) -> None:
        raise NotImplementedError


class Ours(Director):
    def agent(self, *arguments: str) -> Tuple[str, ...]:
        socket = ("--socket", f"{self.folder}/control.sock")
        return ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *arguments, *socket)

    def up(self) -> None:
        self.program = self.start(*self.agent("run", "-n", "-l", "-D", "-P", "-f", self.conf), log=f"{self.folder}/log")

    def status(self) -> dict:
        return json.loads(self.run(*self.agent("status", "--json")))["vrrp"]

    def child(self) -> int:
        """The process id of the VRRP child, 0 while there is none that answers."""
        try:
            return self.status()["process"]["pid"]
        except (RuntimeError, KeyError, TypeError):
            return 0


class Keepalived(Director):
    def up(self) -> None:
        pids = ("-p", f"{self.folder}/pid", "-r", f"{self.folder}/vrrp.pid")
        self.program = self.start(
            "keepalived", "-n", "-l", "-D", "-P", "-f", self.conf, *pids, log=f"{self.folder}/log"
        )


class Segment:
    """Two bridges, a director each, and tcpdump on both bridges."""

    def __init__(self) -> None:
        for name in ("br0", "br1"):
            bridge(name)
        self.ours, self.theirs = Ours("ours", 1), Keepalived("theirs", 2)
        self.dumps = [
            subprocess.Popen(
                [
                    "tcpdump",
                    "-i",
                    f"br{n}",
                    "-U",
                    "-w",
                    f"/run/br{n}.pcap",
                    "ip proto 112 or ip proto 51 or ip6 proto 112",
                ],
                stderr=subprocess.DEVNULL,
            )
            for n in (0, 1)
        ]

    def master_is(self, master: Director, other: Director) -> bool:
        return sorted(master.held()) == sorted(VIPS) and not other.held()

    def close(self) -> None:
        for dump in self.dumps:
            dump.terminate()
            dump.wait()
        for host in (self.ours, self.theirs):
            print(f"--- {host.name}\n{host.log()[-6000:]}")
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
def test_one_life_of_a_pair(segment: Segment, ours_is_stronger: bool) -> None:
    strong, weak = (segment.ours, segment.theirs) if ours_is_stronger else (segment.theirs, segment.ours)
    strong.write(101)
    weak.write(100)
    strong.up()
    weak.up()
    settle(segment, strong, weak, 8, "election")
    strong.down()
    settle(segment, weak, strong, 2, "graceful stop")  # a skew time, not three intervals
    strong.up()
    settle(segment, strong, weak, 8, "return")
    strong.lose_power()
    # its dead kernel still has the addresses: on the segment only the other one has them
    assert wait(lambda: sorted(weak.held()) == sorted(VIPS), 6, 0.05) is not None, f"power cut: {weak.held()}"
    strong.regain_power()
    settle(segment, strong, weak, 8, "return after the power cut")
    weak.down()
    time.sleep(1.5)
    assert segment.master_is(strong, weak), "the backup's end is nothing to the master"
    strong.down()
    assert wait(lambda: not strong.held(), 3, 0.05) is not None


def test_equal_priorities_leave_one_master(segment: Segment) -> None:
    segment.ours.write(100)
    segment.theirs.write(100)
    segment.ours.up()
    segment.theirs.up()
    time.sleep(5)
    settle(segment, segment.theirs, segment.ours, 8, "equal priority, the higher address")
    segment.theirs.down()
    settle(segment, segment.ours, segment.theirs, 2, "graceful stop")
    segment.theirs.up()
    time.sleep(5)
    assert segment.master_is(segment.ours, segment.theirs), "an equal priority does not preempt"
    segment.theirs.down()
    segment.ours.down()


def test_a_lost_link_moves_the_group_and_comes_back(segment: Segment) -> None:
    ours, theirs = segment.ours, segment.theirs
    ours.write(101)
    theirs.write(100)
    ours.up()
    theirs.up()
    settle(segment, ours, theirs, 8, "election")
    ours.batch("link set eth1 down")
    assert wait(lambda: theirs.has("10.2.57.100") and theirs.has("10.1.56.100"), 6, 0.05) is not None, theirs.held()
    assert not ours.has("10.1.56.100")
    assert ours.has("10.1.51.100"), "who is not in the group stays"
    ours.batch("link set eth1 up")
    settle(segment, ours, theirs, 8, "link back")


def test_a_killed_child_is_back_and_nobody_else_took_over(segment: Segment) -> None:
    ours, theirs = segment.ours, segment.theirs
    before = ours.child()
    assert before
    os.kill(before, signal.SIGKILL)
    assert wait(lambda: ours.child() not in (0, before), 2) is not None
    time.sleep(4)
    assert segment.master_is(ours, theirs)
    assert {i["state"] for i in ours.status()["instances"].values()} == {"MASTER"}
    assert {i["reason"] for i in ours.status()["instances"].values()} == {"resumed"}


def test_a_reload_changes_priority_and_addresses_of_a_master(segment: Segment) -> None:
    ours, theirs = segment.ours, segment.theirs
    before = ours.status()["instances"]
    ours.write(150, extra="10.1.51.102")
    ours.program.send_signal(signal.SIGHUP)
    assert wait(lambda: ours.has("10.1.51.102"), 3) is not None
    assert segment.master_is(ours, theirs)
    after = ours.status()["instances"]
    assert {name: i["since"] for name, i in after.items()} == {name: i["since"] for name, i in before.items()}
    assert {i["effective_priority"] for i in after.values()} == {150}
    ours.write(150)
    ours.program.send_signal(signal.SIGHUP)
    assert wait(lambda: not ours.has("10.1.51.102"), 3) is not None
    assert segment.master_is(ours, theirs)


def test_a_killed_parent_leaves_nothing_behind(segment: Segment) -> None:
    ours, theirs = segment.ours, segment.theirs
    os.kill(ours.program.pid, signal.SIGKILL)
    ours.program.wait(5)
    ours.programs.remove(ours.program)
    settle(segment, theirs, ours, 14, "the parent killed, and no other came")
    theirs.down()


def test_scapy_reads_every_advert_and_both_agree(segment: Segment) -> None:
    from scapy.all import AH, IP, IPv6, rdpcap
    from scapy.layers.vrrp import VRRP, VRRPv3

    seen: Dict[int, Dict[str, set]] = {}
    for name in ("br0", "br1"):
        for frame in rdpcap(f"/run/{name}.pcap"):
            header = frame[IP] if IP in frame else frame[IPv6]
            assert (header.ttl if IP in frame else header.hlim) == 255
            assert (header.tos if IP in frame else header.tc) == 0xC0
            if AH in frame:
                message = VRRP(bytes(frame[AH].payload))
                assert (frame[AH].nh, frame[AH].payloadlen, frame[AH].spi) == (112, 4, int(IPv4Address(header.src)))
                header = IP(
                    bytes(IP(src=header.src, dst=header.dst, proto=112, ttl=header.ttl, tos=header.tos) / message)
                )
            message = header[VRRP] if VRRP in header else header[VRRPv3]
            rebuilt = header.copy()
            rebuilt[type(message)].chksum = None
            assert type(header)(bytes(rebuilt))[type(message)].chksum == message.chksum
            fields = dict(message.fields)
            fields.pop("chksum")
            fields.pop("priority")
            fields["addrlist"] = tuple(fields["addrlist"])
            director = {"1": "ours", "2": "theirs"}.get(str(header.src).rpartition(".")[2], str(header.src))
            if "10.1.51.102" not in fields["addrlist"]:
                seen.setdefault(message.vrid, {}).setdefault(director, set()).add(tuple(sorted(fields.items())))
    assert sorted(seen) == sorted(ROUTERS)
    for vrid, speakers in seen.items():
        assert len(speakers) == 2, f"vrid {vrid}: only {list(speakers)} spoke"
        assert len(set.union(*speakers.values())) == 1, f"vrid {vrid}: {speakers}"
