# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests served through every kind of tunnel that the kernel's ip_vs makes: GUE and GRE with each of their checksums,
over IPv4 and IPv6, and tunnels of one family for a service of the other. (IPIP: test_served.py.)

The real server has a device for each kind; one for GRE takes packets with a checksum, or without, and no others. What
came to it is seen on the wire, too.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections import Counter
from ipaddress import ip_address
from pathlib import Path

import pytest
from netns import Host, bridge, get, plug, wait
from speaker import ENVIRONMENT

pytestmark = pytest.mark.uml(limit=120)

GUE = "type gue port 6080"
# name: VIP, the real server's address, the words behind TUN, what the packets are on the wire
CASES = {
    "GUE": ("10.9.0.101", "10.9.0.21", GUE, "IPv4 UDP 6080 IPv4"),
    "GUE, csum": ("10.9.0.102", "10.9.0.21", f"{GUE} csum", "IPv4 UDP 6080 csum IPv4"),
    "GUE, remcsum": ("10.9.0.103", "10.9.0.21", f"{GUE} remcsum", "IPv4 UDP 6080 csum remcsum IPv4"),
    "GRE": ("10.9.0.104", "10.9.0.21", "type gre", "IPv4 GRE IPv4"),
    "GRE, csum": ("10.9.0.105", "10.9.0.31", "type gre csum", "IPv4 GRE csum IPv4"),
    "IPv6 GUE": ("fd09::101", "fd09::21", GUE, "IPv6 UDP 6080 IPv6"),
    "IPv6 GUE, csum": ("fd09::102", "fd09::21", f"{GUE} csum", "IPv6 UDP 6080 csum IPv6"),
    "IPv6 GUE, remcsum": ("fd09::103", "fd09::21", f"{GUE} remcsum", "IPv6 UDP 6080 csum remcsum IPv6"),
    "IPv6 GRE": ("fd09::104", "fd09::21", "type gre", "IPv6 GRE IPv6"),
    "IPv6 GRE, csum": ("fd09::105", "fd09::31", "type gre csum", "IPv6 GRE csum IPv6"),
    "IPv4 in IPv6": ("10.9.0.106", "fd09::21", "", "IPv6 IPv4"),
    "IPv4 in IPv6, GUE": ("10.9.0.107", "fd09::21", GUE, "IPv6 UDP 6080 IPv4"),
    "IPv4 in IPv6, GRE": ("10.9.0.108", "fd09::21", "type gre", "IPv6 GRE IPv4"),
    "IPv6 in IPv4": ("fd09::106", "10.9.0.21", "", "IPv4 IPv6"),
    "IPv6 in IPv4, GUE": ("fd09::107", "10.9.0.21", GUE, "IPv4 UDP 6080 IPv6"),
    "IPv6 in IPv4, GRE": ("fd09::108", "10.9.0.21", "type gre", "IPv4 GRE IPv6"),
}
FAMILIES = {4: "IPv4", 41: "IPv6", 0x0800: "IPv4", 0x86DD: "IPv6"}
DEVICES = ("tunl0", "sit0", "gre4", "gre4csum", "gre6", "gre6csum", "six")
MODULES = "bridge veth ip_vs ip_vs_rr ipip sit ip6_tunnel ip_gre ip6_gre fou fou6"


def configuration() -> str:
    return "".join(
        f"virtual_server {vip} 80 {{\n protocol TCP\n lvs_sched rr\n lvs_method TUN {words}\n real_server {real} 80 {{\n }}\n}}\n"
        for vip, real, words, _wire in CASES.values()
    )


class Segment:
    def __init__(self) -> None:
        assert not os.system(f"modprobe -a {MODULES}")
        bridge("br0")
        self.client, self.server, self.director = Host("client"), Host("s1"), Host("d1")
        plug(self.client, "eth0", "br0", "10.9.0.10/24", "fd09::10/64 nodad")
        self.prepare_server()
        d1 = self.director
        plug(d1, "eth0", "br0", "10.9.0.1/24", "fd09::1/64 nodad")
        # preferred_lft 0: else the kernel takes one for the source of tunnels (docs/checks.md)
        d1.batch(
            *(f"addr add {vip}/{host_bits(vip)} dev eth0{' nodad preferred_lft 0' * (':' in vip)}" for vip in VIPS)
        )
        Path("/run/d1").mkdir()
        Path("/run/d1/conf").write_text(configuration())
        words = ("run", "-C", "-n", "-l", "-D", "-f", "/run/d1/conf", "--socket", "/run/d1/control.sock")
        d1.start("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *words, log="/run/d1/log")
        assert wait(lambda: d1.run("ipvsadm", "-Sn").count("-a ") == len(CASES), 20, 0.1) is not None, self.log()

    def prepare_server(self) -> None:
        s1 = self.server
        s1.sysctl(**{f"net/ipv4/conf/{each}/rp_filter": 0 for each in ("all", "default")})
        s1.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
        plug(s1, "eth0", "br0", "10.9.0.21/24", "10.9.0.31/24", "fd09::21/64 nodad", "fd09::31/64 nodad")
        s1.batch(
            "fou add port 6080 gue",
            "link add gre4 type gre local 10.9.0.21 remote 10.9.0.1",
            "link add gre4csum type gre local 10.9.0.31 remote 10.9.0.1 icsum",
            "link add gre6 type ip6gre local fd09::21 remote fd09::1",
            "link add gre6csum type ip6gre local fd09::31 remote fd09::1 icsum",
            "link add six type ip6tnl mode any local fd09::21 remote fd09::1",
        )
        s1.run("ip", "-6", "fou", "add", "port", "6080", "gue")
        s1.batch(*(f"link set {device} up" for device in DEVICES))
        s1.sysctl(**{f"net/ipv4/conf/{device}/rp_filter": 0 for device in DEVICES})
        s1.batch(*(f"addr add {vip}/{host_bits(vip)} dev lo{' nodad' * (':' in vip)}" for vip in VIPS))
        s1.web("::")

    def log(self) -> str:
        return Path("/run/d1/log").read_text()[-3000:]

    def close(self) -> None:
        for host in (self.client, self.server, self.director):
            host.close()
        os.system("ip link del br0")


VIPS = [case[0] for case in CASES.values()]


def host_bits(address: str) -> int:
    return 128 if ":" in address else 32


@pytest.fixture(scope="module")
def segment():
    made = Segment()
    try:
        yield made
    finally:
        print(made.log())
        made.close()


def kind(packet: bytes) -> tuple:
    """What a packet is, from its outer header to the family of the inner one, and where that one goes; ("", "") where it
    is no tunnel's.
    """
    six = packet[0] >> 4 == 6
    protocol, body = (packet[6], packet[40:]) if six else (packet[9], packet[20:])
    words = ["IPv6" if six else "IPv4"]
    if protocol == 17:
        words += ["UDP", str(int.from_bytes(body[2:4], "big"))] + ["csum"] * any(body[6:8])
        length, protocol, flags = body[8] & 31, body[9], body[11]  # draft-ietf-intarea-gue
        words += ["remcsum"] * bool(length and flags & 1 and body[12] & 0x80)
        body = body[12 + 4 * length :]
    elif protocol == 47:
        words += ["GRE"] + ["csum"] * (body[0] >> 7)
        protocol, body = int.from_bytes(body[2:4], "big"), body[8 if body[0] >> 7 else 4 :]
    if protocol not in FAMILIES:
        return "", ""
    words.append(FAMILIES[protocol])
    return " ".join(words), str(ip_address(body[24:40] if words[-1] == "IPv6" else body[16:20]))


@pytest.mark.parametrize("name", CASES)
def test_requests_are_served_through_the_tunnel(segment, name: str) -> None:
    vip, _real, _words, wire = CASES[name]
    with segment.server:
        seen = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    with seen:
        seen.bind(("eth0", 3))
        seen.setblocking(False)
        with segment.client:
            assert [get(vip, timeout=2) for _ in range(3)] == ["s1"] * 3
        came = Counter()
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, place = seen.recvfrom(2048)
                if place[1] in FAMILIES and place[2] != socket.PACKET_OUTGOING:
                    came[kind(packet)] += 1
    came = {what: count for (what, inner), count in came.items() if inner == vip}
    assert list(came) == [wire], came
    assert came[wire] >= 3 * 4  # SYN, ACK, the request, FIN of each
