# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves what: the agent programs real ip_vs, a client asks, and the answers of each server are counted against the
scheduler's rule, for every forwarding method. Answers by other ways than the table's would not have the right names.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import Counter
from pathlib import Path

import pytest
from agent_cluster import Director
from checker_directors import MODULES
from netns import Host, bridge, get, plug, wait

pytestmark = pytest.mark.uml(limit=200)

NAMES = ("s1", "s2", "s3")
ANSWERING = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[2], 53))
while True:
    _data, peer = s.recvfrom(512)
    s.sendto(sys.argv[1].encode(), peer)
"""
ASSOCIATED = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
s.bind((sys.argv[2], 9))
s.listen(16)
while True:
    taken, _peer = s.accept()
    taken.sendall(sys.argv[1].encode())
    taken.close()
"""


def virtual(head: str, lines: str, network: str = "10.9.0.2", weights: tuple = (1, 1, 1), port: int = 80) -> str:
    servers = "".join(
        f" real_server {network}{number} {port} {{\n  weight {weight}\n }}\n"
        for number, weight in enumerate(weights, 1)
    )
    return f"virtual_server {head} {{\n" + "".join(f" {line.strip()}\n" for line in lines.split(";")) + servers + "}\n"


# name: VIP that the client asks, what the director runs, how many requests, how often each server answers
CASES = {
    "DR, rr": ("10.9.0.100", virtual("10.9.0.100 80", "protocol TCP; lvs_sched rr; lvs_method DR"), 12, [4, 4, 4]),
    "DR, wrr": (
        "10.9.0.101",
        virtual("10.9.0.101 80", "protocol TCP; lvs_sched wrr; lvs_method DR", weights=(3, 2, 1)),
        12,
        [6, 4, 2],
    ),
    "DR, drained": (
        "10.9.0.102",
        virtual("10.9.0.102 80", "protocol TCP; lvs_sched rr; lvs_method DR", weights=(1, 0, 1)),
        12,
        [6, 0, 6],
    ),
    "DR, sh": ("10.9.0.103", virtual("10.9.0.103 80", "protocol TCP; lvs_sched sh; lvs_method DR"), 6, "one"),
    "DR, persistence": (
        "10.9.0.104",
        virtual("10.9.0.104 80", "protocol TCP; lvs_sched rr; lvs_method DR; persistence_timeout 60"),
        6,
        "one",
    ),
    "NAT, rr": (
        "10.9.0.105",
        virtual("10.9.0.105 80", "protocol TCP; lvs_sched rr; lvs_method NAT", "10.8.0.2"),
        12,
        [4, 4, 4],
    ),
    "NAT, wrr, another port": (
        "10.9.0.106",
        virtual("10.9.0.106 80", "protocol TCP; lvs_sched wrr; lvs_method NAT", "10.8.0.2", (2, 1, 1), 8080),
        12,
        [6, 3, 3],
    ),
    "TUN, rr": ("10.9.0.107", virtual("10.9.0.107 80", "protocol TCP; lvs_sched rr; lvs_method TUN"), 12, [4, 4, 4]),
    "fwmark, rr": ("10.9.0.108", virtual("fwmark 5", "protocol TCP; lvs_sched rr; lvs_method DR"), 12, [4, 4, 4]),
    "IPv6 DR, rr": (
        "fd09::100",
        virtual("fd09::100 80", "protocol TCP; lvs_sched rr; lvs_method DR", "fd09::2"),
        12,
        [4, 4, 4],
    ),
    "UDP, one packet, rr": (
        "10.9.0.109",
        virtual("10.9.0.109 53", "protocol UDP; lvs_sched rr; lvs_method DR; ops", port=53),
        12,
        [4, 4, 4],
    ),
    "UDP, rr": (
        "10.9.0.110",
        virtual("10.9.0.110 53", "protocol UDP; lvs_sched rr; lvs_method DR", port=53),
        6,
        "one",
    ),
}


def scheduled(number: int, name: str, weights: tuple, served: object, count: int = 12) -> tuple:
    """A service by DR at its own address with that scheduler."""
    vip = f"10.9.0.{number}"
    lines = f"protocol TCP; lvs_sched {name}; lvs_method DR"
    return vip, virtual(f"{vip} 80", lines, weights=weights), count, served


# The other schedulers of the kernel: requests one after the other, each on a connection of its own. Not twos: Debian's
# kernels, the lab's among them, are built without it.
CASES.update(
    {
        "lc": scheduled(111, "lc", (9, 1, 1), [4, 4, 4]),
        "wlc": scheduled(112, "wlc", (3, 2, 1), [6, 4, 2]),
        "sed": scheduled(113, "sed", (1, 3, 2), [0, 12, 0]),
        "nq": scheduled(114, "nq", (5, 3, 1), "one"),
        "dh": scheduled(115, "dh", (1, 1, 1), "one", 6),
        "mh": scheduled(116, "mh", (1, 1, 1), "one", 6),
        "lblc": scheduled(117, "lblc", (1, 1, 1), "one", 6),
        "lblcr": scheduled(118, "lblcr", (1, 1, 1), "one", 6),
        "fo": scheduled(119, "fo", (1, 3, 2), [0, 6, 0], 6),
        "fo, the first drained": scheduled(120, "fo", (1, 0, 2), [0, 0, 6], 6),
        "ovf": scheduled(121, "ovf", (1, 3, 2), [0, 6, 0], 6),
        "SCTP, rr": (
            "10.9.0.122",
            virtual("10.9.0.122 9", "protocol SCTP; lvs_sched rr; lvs_method DR", port=9),
            6,
            [2, 2, 2],
        ),
    }
)
# Connections that stay: how many, and how many each server has of them by the scheduler's rule.
HELD = {
    "lc": (6, [2, 2, 2]),
    "wlc": (6, [3, 2, 1]),
    "sed": (3, [0, 2, 1]),  # the least (connections + 1) / weight: 1/3, 1/2, 2/3
    "nq": (6, [3, 2, 1]),  # one for each that is idle, then as sed: 2/5 3/5 2/3
    "ovf": (8, [1, 4, 3]),  # the highest weight until it has more connections than its weight
}
VIPS = [case[0] for case in CASES.values() if not case[0].endswith((".105", ".106"))]
FILE = "".join(case[1] for case in CASES.values())


class Segment:
    def __init__(self) -> None:
        os.system(f"modprobe -aq {' '.join(MODULES)} sctp ipip xt_mark iptable_mangle")
        for name in ("br0", "br1"):
            bridge(name)
        self.client = Host("client")
        plug(self.client, "eth0", "br0", "10.9.0.10/24", "fd09::10/64 nodad")
        self.servers = [self.server(number, name) for number, name in enumerate(NAMES, 1)]
        self.director = Director("d1", "10.9.0.1/24", "MASTER", 100)
        d1 = self.director
        plug(d1, "eth1", "br1", "10.8.0.1/24")
        d1.sysctl(**{"net/ipv4/ip_forward": 1, "net/ipv4/vs/conntrack": 0})
        d1.batch(*(f"addr add {case[0]}/32 dev eth0" for case in CASES.values() if "." in case[0]))
        d1.batch("addr add fd09::1/64 dev eth0 nodad", "addr add fd09::100/128 dev eth0 nodad")
        mark = ("-d", "10.9.0.108", "-p", "tcp", "--dport", "80", "-j", "MARK", "--set-mark", "5")
        d1.run("iptables-legacy", "-t", "mangle", "-A", "PREROUTING", *mark)
        Path(d1.conf).write_text(FILE)
        d1.up()

    def server(self, number: int, name: str) -> Host:
        host = Host(name)
        plug(host, "eth0", "br0", f"10.9.0.2{number}/24", f"fd09::2{number}/64 nodad")
        plug(host, "eth1", "br1", f"10.8.0.2{number}/24")
        host.batch("rule add from 10.8.0.0/24 table 8", "route add default via 10.8.0.1 table 8")
        host.sysctl(
            **{
                "net/ipv4/conf/all/arp_ignore": 1,
                "net/ipv4/conf/all/arp_announce": 2,
                "net/ipv4/conf/all/rp_filter": 0,
                "net/ipv4/conf/tunl0/rp_filter": 0,
            }
        )
        host.batch("link set tunl0 up")
        host.batch(*(f"addr add {vip}/{128 if ':' in vip else 32} dev lo{' nodad' * (':' in vip)}" for vip in VIPS))
        host.web("0.0.0.0", 80, 8080)
        host.web("fd09::100")
        for vip in ("10.9.0.109", "10.9.0.110"):
            host.start("python3", "-SE", "-c", ANSWERING, name, vip, log=f"/run/{name}-udp.log")
        host.start("python3", "-SE", "-c", ASSOCIATED, name, "10.9.0.122", log=f"/run/{name}-sctp.log")
        return host

    def close(self) -> None:
        for host in (self.client, self.director, *self.servers):
            host.close()
        os.system("ip link del br0; ip link del br1")


@pytest.fixture(scope="module")
def segment():
    made = Segment()
    try:
        assert wait(lambda: made.director.run("ipvsadm", "-Sn").count("-a ") == 3 * len(CASES), 20, 0.1) is not None, (
            made.director.log()
        )
        yield made
    finally:
        print(made.director.log()[-3000:])
        made.close()


def ask(segment: Segment, vip: str, count: int) -> list:
    """How often each server answered."""
    with segment.client:
        if vip in ("10.9.0.109", "10.9.0.110"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(3)
                sock.connect((vip, 53))
                answers = []
                for _ in range(count):
                    sock.send(b"?")
                    answers.append(sock.recv(512).decode())
        elif vip == "10.9.0.122":
            answers = [associate(vip) for _ in range(count)]
        else:
            answers = [get(vip, timeout=5) for _ in range(count)]
    counted = Counter(answers)
    assert set(counted) <= set(NAMES), counted
    return [counted[name] for name in NAMES]


@pytest.mark.parametrize("name", CASES)
def test_each_server_serves_its_share(segment, name: str) -> None:
    vip, _text, count, expected = CASES[name]
    served = ask(segment, vip, count)
    if expected == "one":
        assert sorted(served) == [0, 0, count]
    else:
        assert served == expected


def associate(vip: str) -> str:
    """Who answers a new SCTP association."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP) as sock:
        sock.settimeout(5)
        sock.bind(("10.9.0.10", 0))  # of one address, as the service has one
        sock.connect((vip, 9))
        return sock.recv(64).decode()


@pytest.mark.parametrize("name", HELD)
def test_connections_that_stay_are_counted(segment, name: str) -> None:
    vip, _text, _count, _served = CASES[name]
    count, expected = HELD[name]
    held = []
    with segment.client:
        for _number in range(count):
            held.append(socket.create_connection((vip, 80), 5))
            time.sleep(0.05)  # until the director has seen it established
    names = []
    for connection in held:
        with connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n")
            names.append(connection.makefile("rb").read().rpartition(b"\r\n\r\n")[2].decode())
    assert [names.count(each) for each in NAMES] == expected, names


COUNTED = 2.5
"""Seconds after which the kernel has taken its counters into what it tells (every 2 s, net/netfilter/ipvs/ip_vs_est.c)."""


def counters(director: Director) -> list:
    """Connections of each of the three servers, as ipvsadm tells them."""
    lines = director.run("ipvsadm", "-Ln", "--stats", "--exact", "-t", "10.9.0.100:80").splitlines()
    return [int(line.split()[2]) for line in lines[-3:]]


def test_the_kernels_counters_say_the_same(segment) -> None:
    """lvs-agent ipvs stats and ipvsadm tell of one connection a request."""
    d1 = segment.director
    time.sleep(COUNTED)
    before = counters(d1)
    ask(segment, "10.9.0.100", 9)
    time.sleep(COUNTED)
    table = d1.run(*d1.agent("ipvs", "stats", "--exact"))
    theirs = d1.run("ipvsadm", "-Ln", "--stats", "--exact")
    assert [line.split() for line in table.splitlines()] == [line.split() for line in theirs.splitlines()]
    assert [now - then for then, now in zip(before, counters(d1))] == [3, 3, 3]


def test_what_is_saved_is_restored(segment) -> None:
    """save equals ipvsadm -Sn, and restore --clear of it changes nothing."""
    d1 = segment.director
    saved = d1.run(*d1.agent("ipvs", "save"))
    assert saved == d1.run("ipvsadm", "-Sn")
    d1.stop(d1.program, signal.SIGKILL)
    d1.run("ipvsadm", "-C")
    file = d1.folder / "saved"
    file.write_text(saved)
    words = " ".join(d1.agent("ipvs", "restore", "--clear"))
    d1.run("sh", "-c", f"{words} < {file}")
    assert d1.run("ipvsadm", "-Sn") == saved
