# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves our agent's address to keepalived and back beside links and scripts, and what stands whoever is MASTER.

Files, processes, source addresses, delays of interfaces, static things, the packet filter of no_accept, the pace of
announcements, unicast without an interface; the same features on both sides where Debian's keepalived has them.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Optional

import pytest
from netns import Host, bridge, plug, wait

pytestmark = pytest.mark.netns(limit=240)

ROOT = Path(__file__).parents[2]
ENVIRONMENT = f"PYTHONPATH={ROOT / 'agent'}:{ROOT / '.ansible' / 'collections'}"
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


@pytest.fixture(scope="module")
def pair():
    made = Pair()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def quiet(pair):
    """Every test begins and ends with nobody running."""
    yield
    pair.end()


def test_a_tracked_file_moves_the_address_at_once(pair) -> None:
    """keepalived counts the same file in the same way."""
    files = {host: pair.folder(host) / "load" for host in (pair.ours, pair.theirs)}
    text = "track_file F {{\n file {}\n weight 2\n init_file 5\n}}\n"
    lines = "track_file {\n F\n }"
    pair.play(
        text.format(files[pair.ours]) + instance(100, lines),
        rival=text.format(files[pair.theirs]) + instance(95, lines),
    )
    pair.moved(pair.ours)
    assert files[pair.ours].read_text() == "5\n"
    assert pair.status()["instances"]["VI_1"]["effective_priority"] == 110
    files[pair.ours].write_text("-10\n")
    print(f"a number in our file: keepalived after {pair.moved(pair.theirs):.2f} s")
    replaced = files[pair.ours].with_suffix(".new")
    replaced.write_text("6\n")
    replaced.rename(files[pair.ours])
    print(f"another file in its place: ours after {pair.moved(pair.ours):.2f} s")
    files[pair.theirs].write_text("50\n")
    pair.moved(pair.theirs)
    files[pair.theirs].write_text("0\n")
    pair.moved(pair.ours)
    files[pair.ours].write_text("-200\n")
    pair.moved(pair.theirs)
    assert pair.status()["instances"]["VI_1"]["faults"] == ["file F"], "-254 and below is a fault"
    files[pair.ours].unlink()
    pair.moved(pair.ours)


def test_a_tracked_process_moves_the_address_when_it_ends(pair) -> None:
    text = "vrrp_track_process P {\n process sleep 98765\n weight 0\n terminate_delay 0.1\n}\n"
    sleeper = subprocess.Popen(["sleep", "98765"])
    try:
        pair.play(text + instance(110, "track_process {\n P\n }"), rival=instance(100))
        pair.moved(pair.ours)
        sleeper.kill()
        sleeper.wait()
        took = pair.moved(pair.theirs)
        print(f"the process killed: keepalived after {took:.2f} s")
        assert pair.status()["tracking"]["process P"]["verdict"] == "down"
        sleeper = subprocess.Popen(["sleep", "98765"])
        pair.moved(pair.ours)
    finally:
        sleeper.kill()
        sleeper.wait()


BFD = "bfd_instance B {{\n neighbor_ip 10.0.0.{}\n source_ip 10.0.0.{}\n min_tx 50\n min_rx 50\n multiplier 3\n}}\n"


def test_a_neighbour_that_keepalived_s_bfd_stands_for(pair) -> None:
    folder = pair.folder(pair.client)
    text = BFD.format(1, 9) + instance(50, "track_bfd {\n B\n }", vrid=99, addresses="10.0.0.90")
    (folder / "conf").write_text(text)
    pids = ("-p", f"{folder}/pid", "-r", f"{folder}/vrrp.pid", "-b", f"{folder}/bfd.pid")
    command = ("keepalived", "-n", "-l", "-D", "-f", f"{folder}/conf", *pids)
    neighbour = pair.client.start(*command, log=f"{folder}/log")
    try:
        pair.play(BFD.format(9, 1) + instance(110, "track_bfd {\n B\n }"), rival=instance(100))
        pair.moved(pair.ours, 20)
        assert wait(lambda: pair.client.has("10.0.0.90"), 10) is not None, "keepalived sees us up"
        pair.client.stop(neighbour, signal.SIGKILL)
        took = pair.moved(pair.theirs)
        print(f"the neighbour killed: keepalived master after {took:.2f} s")
        assert pair.status()["instances"]["VI_1"]["faults"] == ["bfd B"]
        neighbour = pair.client.start(*command, log=f"{folder}/log")
        pair.moved(pair.ours, 20)
        assert wait(lambda: pair.client.has("10.0.0.90"), 10) is not None
        pair.ours.stop(pair.program)
        pair.program = None
        assert wait(lambda: not pair.client.has("10.0.0.90"), 2) is not None, "our last word was heard"
    finally:
        print((folder / "log").read_text()[-3000:])
        pair.client.kill()


def test_a_timer_served_late_is_noticed_and_the_process_has_its_manners(pair) -> None:
    pair.play(instance(100))
    assert wait(lambda: pair.ours.has(VIP), 8) is not None
    status = pair.status()
    assert status["process"]["scheduler"] == "SCHED_FIFO 10"
    assert status["process"]["memory"] == "locked"
    os.kill(status["process"]["pid"], signal.SIGSTOP)
    time.sleep(0.5)
    os.kill(status["process"]["pid"], signal.SIGCONT)
    assert wait(lambda: "its own timer was served" in pair.log(), 2) is not None
    status = pair.status()
    assert status["instances"]["VI_1"]["counters"]["late_timer"] >= 1
    assert status["lateness_seconds"] > 0.3
    assert status["instances"]["VI_1"]["state"] == "MASTER"


def test_a_lost_source_address_and_a_lost_static_one_are_faults(pair) -> None:
    pair.ours.batch("addr add 10.0.0.11/24 dev eth0")
    static = "track_group G {\n group {\n VI_1\n }\n}\nstatic_ipaddress {\n 10.1.0.50/24 dev eth1 track_group G\n}\n"
    static += "static_routes {\n 192.0.2.0/24 via 10.1.0.9 dev eth1\n}\n"
    static += "static_rules {\n from 192.0.2.0/24 table 100 preference 77\n}\n"
    pair.play(static + instance(110, "track_src_ip\n mcast_src_ip 10.0.0.11"), rival=instance(100))
    pair.moved(pair.ours)
    assert pair.ours.has("10.1.0.50")
    assert "192.0.2.0/24 via 10.1.0.9" in pair.ours.run("ip", "route")
    assert "77:" in pair.ours.run("ip", "rule")
    pair.ours.batch("addr del 10.0.0.11/24 dev eth0")
    pair.moved(pair.theirs)
    assert pair.status()["instances"]["VI_1"]["faults"] == ["source address 10.0.0.11 is not there"]
    pair.ours.batch("addr add 10.0.0.11/24 dev eth0")
    pair.moved(pair.ours)
    pair.ours.batch("addr del 10.1.0.50/24 dev eth1")
    pair.moved(pair.theirs)
    pair.ours.batch("link set eth1 down", "link set eth1 up")
    pair.moved(pair.ours)
    assert "192.0.2.0/24 via 10.1.0.9" in pair.ours.run("ip", "route"), "what the link took with it is set again"
    pair.play(instance(110, "mcast_src_ip 10.0.0.11"))
    assert not pair.ours.has("10.1.0.50")
    assert "77:" not in pair.ours.run("ip", "rule")
    assert pair.ours.has(VIP)
    pair.end()
    pair.ours.batch("addr del 10.0.0.11/24 dev eth0")


def test_routes_and_rules_that_somebody_takes_are_set_again(pair) -> None:
    static = "static_routes {\n 198.51.100.0/24 via 10.1.0.9 dev eth1\n}\n"
    routes = "virtual_routes {\n 192.0.2.0/24 via 10.0.0.9 table 100\n 192.0.2.1 via 10.0.0.9 table 100 no_track\n }\n"
    rules = "virtual_rules {\n from 192.0.2.0/24 table 100 preference 77\n }"
    pair.play(static + instance(100, routes + rules))
    assert wait(lambda: pair.ours.has(VIP), 8) is not None
    for line in ("route del 192.0.2.0/24 table 100", "route del 192.0.2.1 table 100", "rule del pref 77"):
        pair.ours.batch(line)
    pair.ours.batch("route del 198.51.100.0/24")
    assert wait(lambda: "77:" in pair.ours.run("ip", "rule"), 4) is not None
    assert "192.0.2.0/24 via" in pair.ours.run("ip", "route", "show", "table", "100")
    assert "192.0.2.1 via" not in pair.ours.run("ip", "route", "show", "table", "100"), "no_track"
    assert "198.51.100.0/24 via" in pair.ours.run("ip", "route")
    assert pair.status()["instances"]["VI_1"]["state"] == "MASTER"


def test_a_short_loss_of_the_link_does_not_count(pair) -> None:
    delays = "interface_up_down_delays {\n eth1 1.5 0\n}\n"
    pair.play(delays + instance(110, "track_interface {\n eth1\n }"), rival=instance(100))
    pair.moved(pair.ours)
    pair.ours.batch("link set eth1 down")
    time.sleep(0.5)
    pair.ours.batch("link set eth1 up")
    time.sleep(1.5)
    assert pair.ours.has(VIP)
    pair.ours.batch("link set eth1 down")
    took = pair.moved(pair.theirs)
    assert took > 1.2, "the delay was not kept"
    pair.ours.batch("link set eth1 up")
    pair.moved(pair.ours)


def test_no_accept_drops_what_is_sent_to_the_address_and_nothing_else(pair) -> None:
    six = instance(100, "no_accept", "VI_6", 66, "fe80::66:1/64\n  fd00::66:1/64")
    pair.ours.batch("addr add fd00::1/64 dev eth0 nodad")
    pair.client.batch("addr add fd00::9/64 dev eth0 nodad")
    pair.play(instance(100, "no_accept") + six)
    assert wait(lambda: pair.ours.has(VIP) and pair.ours.has("fd00::66:1"), 5) is not None, pair.log()
    for vip, real in ((VIP, "10.0.0.1"), ("fd00::66:1", "fd00::1")):
        assert "1 received" not in pair.client.run("ping", "-c1", "-W1", vip, check=False)
        assert "1 received" in pair.client.run("ping", "-c1", "-W1", real, check=False)
        assert "lladdr" in pair.client.run("ip", "neigh", "show", vip), "ARP and ND are answered all the same"
    pair.play(instance(100, "accept"))
    assert wait(lambda: "1 received" in pair.client.run("ping", "-c1", "-W1", VIP, check=False), 4) is not None
    pair.play(instance(100, "no_accept"))
    assert wait(lambda: "1 received" not in pair.client.run("ping", "-c1", "-W1", VIP, check=False), 4) is not None
    assert pair.status()["instances"]["VI_1"]["state"] == "MASTER", "a reload keeps a master"
    pair.end()
    assert "lvs_agent" not in pair.ours.run("nft", "list", "tables")


def test_without_nft_an_instance_that_must_not_accept_stays_in_fault(pair) -> None:
    pair.play("global_defs {\n nftables 1bad\n}\n" + instance(100, "no_accept"))
    assert wait(lambda: "nft refused" in pair.log(), 5) is not None
    assert pair.status()["instances"]["VI_1"]["faults"] == ["packet filter no_accept"]
    assert not pair.ours.has(VIP)


def arps(sniffer: socket.socket, seconds: float) -> Dict[str, List[float]]:
    """When gratuitous ARPs came, by address."""
    seen: Dict[str, List[float]] = {}
    end = time.monotonic() + seconds
    sniffer.settimeout(0.05)
    while time.monotonic() < end:
        try:
            frame = sniffer.recv(2048)
        except TimeoutError:
            continue
        if frame[28:32] == frame[38:42]:
            seen.setdefault(socket.inet_ntoa(frame[28:32]), []).append(time.monotonic())
    return seen


def test_announcements_are_spaced_and_repeated_elsewhere(pair) -> None:
    addresses = "\n".join([*(f"10.0.0.{n}" for n in range(100, 110)), "10.1.0.100 dev eth1"])
    pace = "garp_group {\n garp_interval 0.1\n interfaces {\n eth0\n }\n}\n"
    with pair.client:
        sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        elsewhere = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
    sniffer.bind(("eth0", 0x0806))
    elsewhere.bind(("eth1", 0x0806))
    with sniffer, elsewhere:
        pair.play(pace + instance(100, "garp_extra_if all 1", addresses=addresses))
        seen = arps(sniffer, 4)
        times = sorted(when for whens in seen.values() for when in whens)
        assert len(seen) == 10
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        assert min(gaps) > 0.05, gaps
        assert 0.85 < times[-1] - times[0] < 1.6, "ten announcements at 0.1 s"
        assert len(arps(elsewhere, 0.3)["10.1.0.100"]) >= 3, "every second on the other interface"


def test_unicast_without_an_interface(pair) -> None:
    text = """
vrrp_instance VI_1 {{
    version 3
    virtual_router_id 51
    priority {priority}
    advert_int 0.2
    {where}
    unicast_src_ip 10.0.0.{own}
    unicast_peer {{
        10.0.0.{peer} min_ttl 255
    }}
    virtual_ipaddress {{
        10.0.0.100 dev eth0
    }}
}}
"""
    theirs = text.format(priority=100, own=2, peer=1, where="interface eth0")
    pair.play(text.format(priority=110, own=1, peer=2, where=""), rival=theirs)
    pair.moved(pair.ours)
    pair.ours.stop(pair.program)
    pair.program = None
    pair.moved(pair.theirs)
    pair.play(text.format(priority=110, own=1, peer=2, where=""))
    pair.moved(pair.ours)


def test_promote_secondaries_keeps_the_others_and_is_put_back(pair) -> None:
    setting = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries"
    assert pair.ours.read(setting) == "0\n"
    pair.play(instance(100, "promote_secondaries", addresses="10.7.0.1/24\n 10.7.0.2/24"))
    assert wait(lambda: pair.ours.has("10.7.0.2"), 4) is not None
    assert pair.ours.read(setting) == "1\n"
    pair.play(instance(100, "promote_secondaries", addresses="10.7.0.2/24"))
    assert wait(lambda: not pair.ours.has("10.7.0.1"), 4) is not None
    assert pair.ours.has("10.7.0.2")
    pair.end()
    assert pair.ours.read(setting) == "0\n"


def test_a_deleted_instance_is_told_of_as_keepalived_does(pair) -> None:
    notify = pair.folder(pair.ours) / "notify"
    told = pair.folder(pair.ours) / "told"
    notify.write_text(f'#!/bin/sh\necho "$@" >> {told}\n')
    notify.chmod(0o755)
    kept = instance(100, name="VI_9", vrid=9, addresses="10.0.0.99")
    first = instance(100, f"notify {notify}")
    second = instance(100, f"notify {notify}\n notify_deleted", "VI_2", 52, "10.0.0.102")
    pair.play(kept + first + second)
    assert wait(lambda: pair.ours.has(VIP) and pair.ours.has("10.0.0.102"), 4) is not None
    pair.play(kept)
    assert wait(lambda: told.read_text().count("\n") >= 6, 4) is not None
    assert {line for line in told.read_text().splitlines() if "MASTER" not in line and "BACKUP" not in line} == {
        "INSTANCE VI_1 FAULT 100",
        "INSTANCE VI_2 DELETED 100",
    }
    assert pair.ours.has("10.0.0.99")
