# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module real_server, run by Ansible on a namespace: what it does, and that it undoes all of it."""

from __future__ import annotations

import shlex
import socket
import struct
import subprocess
import threading
from pathlib import Path

import pytest
from netns import Host, bridge, plug, wait
from one_module import own_files, play, state

pytestmark = pytest.mark.netns(limit=360)

VIP = "10.1.0.100"


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory):
    own_files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def hosts():
    """Two hosts on one segment; every test leaves them as it found them."""
    bridge("br0")
    made = [Host("neighbour"), Host("server")]
    for number, host in enumerate(made, 1):
        plug(host, "eth0", "br0", f"10.1.0.{number}/24")
    # IPv6's own addresses settle in the first seconds; they are part of what is compared.
    assert wait(lambda: not any("tentative" in host.run("ip", "-6", "address") for host in made), 10) is not None
    yield made
    for host in made:
        host.close()
    subprocess.run(["ip", "link", "del", "br0"], check=True)


def changes(host, **options):
    return play(host, **options)[0]["changed"]


def sysctl(host, name):
    return host.read(f"/proc/sys/net/ipv4/conf/{name}").strip()


class Asking(threading.Thread):
    """Asks the segment by ARP who has the address, from within `host`, as fast as it can; counts the answers."""

    def __init__(self, host, address):
        super().__init__(daemon=True)
        self.asked = self.answers = 0
        self.over = threading.Event()
        self.address = socket.inet_aton(address)
        with host:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
            self.socket.bind(("eth0", 0x0806))
            self.mac = self.socket.getsockname()[4]
        self.start()

    def run(self):
        # RFC 826; sender 10.1.0.1
        body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + self.mac + bytes([10, 1, 0, 1]) + bytes(6) + self.address
        self.socket.settimeout(0.002)
        while not self.over.is_set():
            self.socket.send(b"\xff" * 6 + self.mac + b"\x08\x06" + body)
            self.asked += 1
            try:
                frame = self.socket.recv(200)
            except TimeoutError:
                continue
            self.answers += frame[20:22] == b"\x00\x02" and frame[28:32] == self.address

    def stop(self):
        self.over.set()
        self.join()
        self.socket.close()
        return self.answers


def test_what_it_does_it_undoes_to_the_byte(hosts):
    _, server = hosts
    before = state(server)
    assert before["/proc/sys/net/ipv4/conf/all/arp_ignore"] == b"0\n"

    assert changes(server, check=True, virtual_ipaddress=[VIP])
    assert state(server) == before
    assert changes(server, virtual_ipaddress=[VIP])
    present = state(server)
    assert not changes(server, virtual_ipaddress=[VIP])
    assert not changes(server, check=True, virtual_ipaddress=[VIP])
    assert state(server) == present

    assert server.has(VIP)
    assert [sysctl(server, f"{link}/{key}") for key in ("arp_ignore", "arp_announce") for link in ("all", "lo")] == [
        "1", "1", "2", "2",
    ]  # fmt: skip

    assert changes(server, check=True, state="absent")
    assert state(server) == present
    assert changes(server, state="absent")
    assert state(server) == before
    assert not changes(server, state="absent")


def test_settings_of_before_come_back_not_defaults(hosts):
    _, server = hosts
    server.sysctl(**{"net/ipv4/conf/all/arp_announce": 1, "net/ipv4/conf/lo/arp_ignore": 8})
    server.batch("address add 10.1.0.101/32 dev lo")
    before = state(server)
    changes(server, virtual_ipaddress=[VIP, "10.1.0.101"])
    changes(server, state="absent")
    assert state(server) == before
    server.sysctl(**{"net/ipv4/conf/all/arp_announce": 0, "net/ipv4/conf/lo/arp_ignore": 0})
    server.batch("address del 10.1.0.101/32 dev lo")


def test_two_clusters_on_one_host(hosts):
    _, server = hosts
    before = state(server)
    changes(server, name="web", virtual_ipaddress=[VIP])
    changes(server, name="mail", virtual_ipaddress=["10.1.0.101", VIP])
    changes(server, name="web", state="absent")
    assert server.has(VIP)
    assert server.has("10.1.0.101")
    assert sysctl(server, "all/arp_ignore") == "1"
    changes(server, name="mail", state="absent")
    assert state(server) == before


def test_an_address_that_was_taken_away_comes_back(hosts):
    _, server = hosts
    changes(server, virtual_ipaddress=[VIP])
    server.batch(f"address del {VIP}/32 dev lo")
    assert changes(server, virtual_ipaddress=[VIP])
    assert server.has(VIP)
    changes(server, state="absent")


def test_the_address_never_answers_arp(hosts):
    neighbour, server = hosts
    asking = Asking(neighbour, VIP)
    assert wait(lambda: asking.asked > 20, 5) is not None
    for _round in range(2):
        changes(server, virtual_ipaddress=[VIP])
        changes(server, state="absent")
    assert asking.stop() == 0
    assert asking.asked > 100

    # The question would have been answered: the same address, put there without its sysctls, is.
    asking = Asking(neighbour, VIP)
    server.batch(f"address add {VIP}/32 dev lo")
    assert wait(lambda: asking.answers > 0, 5) is not None
    asking.stop()
    server.batch(f"address del {VIP}/32 dev lo")


def test_the_unit_does_the_same_at_boot(hosts):
    _, server = hosts
    changes(server, virtual_ipaddress=[VIP, "fd00::100"])
    unit = Path("/etc/systemd/system/lvs-real-server@default.service").read_text()
    enabled = Path("/etc/systemd/system/multi-user.target.wants/lvs-real-server@default.service")
    assert enabled.read_text() == unit
    after_reboot = Host("rebooted")
    for line in unit.splitlines():
        if line.startswith("ExecStart="):
            after_reboot.run("sh", "-c", line.partition("=")[2])
    try:
        assert after_reboot.has(VIP)
        assert after_reboot.has("fd00::100")
        assert sysctl(after_reboot, "all/arp_ignore") == "1"
        assert sysctl(after_reboot, "lo/arp_announce") == "2"
    finally:
        after_reboot.close()
        changes(server, state="absent")


NAT = {"lvs_method": "NAT", "address": "10.1.0.2", "port": 80, "gateway": "10.1.0.1"}
NAT6 = {"lvs_method": "NAT", "address": "fd01::2", "port": 80, "gateway": "fd01::1"}


def way(server, *words):
    """The next hop of a packet, or "" when it has none."""
    found = server.run("ip", "route", "get", *words, check=False).split()
    return found[found.index("via") + 1] if "via" in found else ""


def test_only_the_answers_of_nat_go_by_the_gateway(hosts):
    _, server = hosts
    server.batch("address add fd01::2/64 dev eth0 nodad", "route add default via 10.1.0.254")
    before = (state(server), *ways(server))
    clusters = [{"name": "web", "services": [NAT, NAT6]}]
    assert changes(server, check=True, clusters=clusters)
    assert (state(server), *ways(server)) == before
    assert changes(server, clusters=clusters)
    assert not changes(server, clusters=clusters)
    answer = ("from", "10.1.0.2", "ipproto", "tcp", "sport")
    assert way(server, "198.51.100.1", *answer, "80") == "10.1.0.1"
    assert way(server, "198.51.100.1", *answer, "22") == "10.1.0.254"
    assert way(server, "10.1.0.7", *answer, "80") == "", "a network that it is in"
    assert way(server, "2001:db8::1", "from", "fd01::2", "ipproto", "tcp", "sport", "80") == "fd01::1"
    unit = Path("/etc/systemd/system/lvs-real-server-route@web.service").read_text()
    made = ways(server)
    server.run("ip", "rule", "del", "pref", "18480")
    for line in unit.splitlines():
        if line.startswith("ExecStart="):
            server.run(*shlex.split(line.partition("=")[2]))
    assert [sorted(lines) for lines in ways(server)] == [sorted(lines) for lines in made]

    assert changes(server, clusters=clusters, route="default")
    assert way(server, "198.51.100.1") == "10.1.0.1"
    assert way(server, "10.1.0.7") == "", "a network that it is in"
    moved = [{"name": "web", "services": [{**NAT, "gateway": "10.1.0.3"}, NAT6]}]
    assert changes(server, clusters=moved, route="default", phase="add")
    assert way(server, "198.51.100.1") == "10.1.0.1", "the directors do not know yet"
    assert changes(server, clusters=moved, route="default", phase="remove")
    assert way(server, "198.51.100.1") == "10.1.0.3"
    two = [*clusters, {"name": "mail", "services": [{**NAT, "gateway": "10.1.0.3"}]}]
    refused = play(server, clusters=two, route="default")[0]["msg"]
    assert "the way back is by 10.1.0.1 and by 10.1.0.3" in refused
    assert changes(server, clusters=[])
    assert (state(server), *ways(server)) == before
    server.batch("address del fd01::2/64 dev eth0", "route del default via 10.1.0.254")


def ways(server):
    words = (["-4", "route"], ["-6", "route"], ["-4", "rule"], ["-6", "rule"])
    return [
        server.run("ip", *word, "show", *(["table", "all"] if "route" in word else [])).splitlines() for word in words
    ]


def test_clusters_that_are_not_named_any_more_leave(hosts):
    _, server = hosts
    before = state(server)
    services = [{"virtual_ipaddress": [VIP]}]
    changes(server, clusters=[{"name": "web", "services": services}, {"name": "mail", "services": services}])
    assert changes(server, clusters=[{"name": "web", "services": services}])
    assert server.has(VIP)
    assert changes(server, clusters=[{"name": "web", "services": services}], state="absent")
    assert state(server) == before


def shown(answer):
    """What a diff has of addresses: those before, those after."""
    return tuple(
        " ".join(line.split()[1] for each in answer["diff"] for line in each[key].splitlines() if "address 10." in line)
        for key in ("before", "after")
    )


def test_what_is_old_goes_by_the_second_run_and_check_mode_shows_it_there(hosts):
    _, server = hosts
    before = state(server)
    changes(server, clusters=[{"name": "web", "services": [{"virtual_ipaddress": [VIP]}]}])
    old = state(server)
    new = [{"name": "web", "services": [{"virtual_ipaddress": ["10.1.0.101"]}]}]
    leaving = [f"address {VIP}/32 lo"]

    for phase, addresses in (("add", ("", "10.1.0.101/32")), ("remove", (f"{VIP}/32", ""))):
        foreseen, _ = play(server, check=True, clusters=new, phase=phase)
        assert (foreseen["changed"], shown(foreseen)) == (True, addresses)
        assert foreseen["kept"] == (leaving if phase == "add" else [])
    gone, _ = play(server, check=True, clusters=[], phase="add")
    assert (gone["changed"], set(leaving) < set(gone["kept"])) == (False, True)
    assert state(server) == old

    assert changes(server, clusters=new, phase="add")
    assert server.has(VIP)
    assert server.has("10.1.0.101")
    assert not changes(server, clusters=new, phase="add")
    assert not changes(server, clusters=new, phase="add", state="absent")
    assert changes(server, clusters=new, phase="remove")
    assert not server.has(VIP)
    assert not changes(server, clusters=new, phase="remove")
    assert play(server, clusters=new, phase="add")[0]["kept"] == []
    assert changes(server, clusters=new, phase="remove", state="absent")
    assert state(server) == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"virtual_ipaddress": ["10.1.0.0/24"]}, "has /32"),
        ({"virtual_ipaddress": []}, "at least one address"),
        ({"virtual_ipaddress": [VIP], "name": "../x"}, "other signs"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(hosts, options, says):
    _, server = hosts
    before = state(server)
    answer, _ = play(server, **options)
    assert says in answer["msg"]
    assert state(server) == before


def test_a_directors_sysctls_come_back(hosts):
    _, server = hosts
    before = state(server)
    forward = {"net.ipv4.ip_forward": 1}
    assert changes(server, module="director_kernel", sysctls=forward)
    assert not changes(server, module="director_kernel", sysctls=forward)
    assert server.read("/proc/sys/net/ipv4/ip_forward") == "1\n"
    assert "net.ipv4.ip_forward = 1" in Path("/etc/sysctl.d/60-lvs-director.conf").read_text()
    assert changes(server, module="director_kernel", state="absent")
    assert state(server) == before
