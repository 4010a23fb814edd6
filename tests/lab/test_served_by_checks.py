# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves a client while checks take servers out and let them in again: sorry servers, quorum and hysteresis,
inhibit_on_failure. The agent programs real ip_vs, the client counts the answers of each server.

A server has two doors: port 80 serves, port 81 is checked. With the second one closed it is out and would serve still.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from netns import Host, KeepOpen, Poller, bridge, get, plug, wait
from speaker import ENVIRONMENT

pytestmark = pytest.mark.uml(limit=240)

NAMES = ("s1", "s2", "s3")
SORRY = "sorry_server 10.9.0.29 80"
SERVICES = {
    "plain": "",
    "sorry": SORRY,
    "sorry, inhibited": f"{SORRY}\n sorry_server_inhibit",
    "quorum 2": f"quorum 2\n {SORRY}",
    "quorum 2, hysteresis 1": f"quorum 2\n hysteresis 1\n {SORRY}",
    "inhibited": "inhibit_on_failure",
}
STEPS = {
    # what happens: who serves then, of each service; 9 is the sorry server
    "": ("123", "123", "123", "123", "123", "123"),
    "s1 fails": ("23", "23", "23", "23", "23", "23"),
    "s2 fails": ("3", "3", "3", "9", "3", "3"),
    "s3 fails": ("", "9", "9", "9", "9", ""),
    "s1 heals": ("1", "1", "1", "9", "9", "1"),
    "s2 heals": ("12", "12", "12", "12", "9", "12"),
    "s3 heals": ("123", "123", "123", "123", "123", "123"),
}
WHO = {"1": "s1", "2": "s2", "3": "s3", "9": "sorry"}
ALL = STEPS[""]
VIPS = {name: f"10.9.0.{number}" for number, name in enumerate(SERVICES, 100)}


def configuration() -> str:
    text = ""
    for name, words in SERVICES.items():
        text += f"virtual_server {VIPS[name]} 80 {{\n protocol TCP\n lvs_sched rr\n lvs_method DR\n {words}\n"
        text += " delay_loop 0.3\n warmup 0\n retry 1\n delay_before_retry 0.1\n"
        for number in range(1, 4):
            text += (
                f" real_server 10.9.0.2{number} 80 {{\n TCP_CHECK {{\n connect_port 81\n connect_timeout 1\n }}\n }}\n"
            )
        text += "}\n"
    return text


class Server(Host):
    """A real server by direct routing that has every virtual address."""

    def __init__(self, name: str, address: str) -> None:
        super().__init__(name)
        plug(self, "eth0", "br0", f"{address}/24")
        self.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
        self.batch(*(f"addr add {vip}/32 dev lo" for vip in VIPS.values()))
        self.web()
        self.checked = self.web("0.0.0.0", 81)

    def fail(self) -> None:
        self.stop(self.checked)

    def heal(self) -> None:
        self.checked = self.web("0.0.0.0", 81)


class Segment:
    def __init__(self) -> None:
        os.system("modprobe -a bridge veth ip_vs ip_vs_rr")
        # Below the ports that the kernel chooses: a connection that IPVS remembers goes to its old server.
        self.port = 10000
        bridge("br0")
        self.client = Host("client")
        plug(self.client, "eth0", "br0", "10.9.0.10/24")
        self.servers = [Server(name, f"10.9.0.2{number}") for number, name in enumerate(NAMES, 1)]
        self.sorry = Server("sorry", "10.9.0.29")
        self.director = d1 = Host("d1")
        plug(d1, "eth0", "br0", "10.9.0.1/24")
        d1.batch(*(f"addr add {vip}/32 dev eth0" for vip in VIPS.values()))
        Path("/run/d1").mkdir()
        Path("/run/d1/conf").write_text(configuration())
        words = ("run", "-C", "-n", "-l", "-D", "-f", "/run/d1/conf", "--socket", "/run/d1/control.sock")
        d1.start("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *words, log="/run/d1/log")

    def table(self) -> dict:
        """By service the servers that take connections, as the kernel has them."""
        table = {key.split()[1].partition(":")[0]: pool for key, pool in self.director.ipvs().items()}
        return {
            name: sorted(s[7:9] for s, weight in table.get(vip, {}).items() if weight) for name, vip in VIPS.items()
        }

    def settled(self, places: tuple) -> None:
        """Wait until these take connections, by service the last digits of their addresses."""
        want = {name: [f"2{digit}" for digit in digits] for name, digits in zip(SERVICES, places)}
        assert wait(lambda: self.table() == want, 15, 0.1) is not None, (want, self.table())

    def answers(self, name: str, count: int = 6) -> dict:
        """Ask so often: how many answers of whom."""
        with self.client:
            ports = range(self.port, self.port + count)
            self.port += count
            counted = Counter(get(VIPS[name], timeout=5, source_port=port) for port in ports)
        return dict(counted)

    def close(self) -> None:
        for host in (self.client, self.director, self.sorry, *self.servers):
            host.close()
        os.system("ip link del br0")


@pytest.fixture(scope="module")
def segment():
    made = Segment()
    try:
        yield made
    finally:
        print(Path("/run/d1/log").read_text()[-5000:])
        made.close()


def test_who_answers_as_servers_fail_and_heal(segment) -> None:
    for step, places in STEPS.items():
        name, _, what = step.partition(" ")
        if name:
            getattr(segment.servers[NAMES.index(name)], what[:-1])()
        segment.settled(places)
        expected = {vip: Counter({WHO[d]: 6 // len(ds) for d in ds} or {None: 6}) for vip, ds in zip(SERVICES, places)}
        assert {vip: segment.answers(vip) for vip in SERVICES} == expected, step


def test_a_server_that_dies_is_asked_no_more_until_it_is_back(segment) -> None:
    segment.settled(ALL)
    s1 = segment.servers[0]
    poller = Poller(segment.client, VIPS["plain"], timeout=3)  # a guest may wait for the machine
    time.sleep(1)
    died = time.monotonic()
    s1.kill()
    segment.settled(STEPS["s1 fails"])
    out = time.monotonic()
    time.sleep(1)
    again = time.monotonic()
    s1.web()
    s1.heal()
    segment.settled(ALL)
    back = time.monotonic()
    time.sleep(1)
    log = poller.stop().log

    def counted(begin: float, end: float) -> dict:
        return dict(Counter(body for start, done, body in log if begin <= start and done <= end))

    before, during, after = counted(0, died), counted(out, again), counted(back, time.monotonic())
    assert (set(before), set(during), set(after)) == ({"s1", "s2", "s3"}, {"s2", "s3"}, {"s1", "s2", "s3"})
    for counts in (before, during, after):  # in turn, but for the edges
        assert max(counts.values()) - min(counts.values()) <= 3, counts
    assert set(counted(died, out)) >= {None, "s2", "s3"}


def test_connections_of_an_inhibited_server_go_on_and_it_gets_no_new_ones(segment) -> None:
    """The others' packets are dropped while it is out, and go on when it is back."""
    segment.settled(ALL)
    held = {}
    for name in ("inhibited", "plain"):
        connections = [KeepOpen(segment.client, VIPS[name]) for _ in range(3)]
        assert wait(lambda each=connections: all(one.names for one in each), 10) is not None
        (held[name],) = (one for one in connections if one.names == {"s1"})
    segment.servers[0].fail()
    segment.settled(STEPS["s1 fails"])
    time.sleep(0.2)
    counts = {name: one.count for name, one in held.items()}
    assert [segment.answers(name) for name in held] == [{"s2": 3, "s3": 3}] * 2
    time.sleep(1)
    assert held["inhibited"].count > counts["inhibited"] + 5
    assert held["plain"].count == counts["plain"]
    segment.servers[0].heal()
    segment.settled(ALL)
    assert wait(lambda: held["plain"].count > counts["plain"], 15) is not None
    assert [(one.stop().dead, one.names) for one in held.values()] == [(None, {"s1"})] * 2
