# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module director_firewall with nftables, in namespaces of this machine's kernel: who is heard, and who is not."""

from __future__ import annotations

import socket
import subprocess

import pytest
from netns import Host, bridge, plug, wait
from one_module import own_files, play, state

pytestmark = pytest.mark.netns(limit=120)

NEEDS = {
    "peers": ["10.1.0.2"],
    "routers": [{"interface": "eth0", "family": 4, "peers": [], "ah": True}],
    "sync": {"interface": "eth0", "port": 8848},
}
GROUP = "224.0.0.18"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """A director, its peer and a stranger on one segment."""
    own_files(tmp_path_factory.mktemp("files"))
    bridge("br0")
    made = [Host("director"), Host("peer"), Host("stranger")]
    for number, host in enumerate(made, 1):
        plug(host, "eth0", "br0", f"10.1.0.{number}/24")
        host.batch("route add 224.0.0.0/4 dev eth0")
    # IPv6's own addresses settle in the first seconds; they are part of what is compared.
    assert wait(lambda: not any("tentative" in host.run("ip", "-6", "address") for host in made), 10) is not None
    yield made
    for host in made:
        host.close()
    subprocess.run(["ip", "link", "del", "br0"], check=True)


def heard(director, sender, protocol, to):
    """Whether what `sender` sends arrives: a protocol over IP, or a UDP datagram to port 8848."""
    udp = protocol == socket.IPPROTO_UDP
    with director:
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_RAW, protocol)
        if udp:
            ear.bind(("", 8848))
        else:
            member = socket.inet_aton(GROUP) + socket.inet_aton("10.1.0.1")
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        ear.settimeout(0.5)
    with sender:
        mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_RAW, protocol)
        mouth.sendto(b"x" * 40, (to, 8848 if udp else 0))
    try:
        ear.recv(100)
    except TimeoutError:
        return False
    finally:
        ear.close()
        mouth.close()
    return True


def reach(director, sender):
    """What of a sender arrives: VRRP, AH that carries it, other AH, connection synchronisation."""
    asked = ((112, GROUP), (51, GROUP), (51, "10.1.0.1"), (socket.IPPROTO_UDP, "10.1.0.1"))
    return [heard(director, sender, protocol, to) for protocol, to in asked]


def rules(director, **options):
    return play(director, module="director_firewall", needs=NEEDS, **options)[0]


def test_only_the_peer_is_heard_and_all_is_put_back(hosts):
    director, peer, stranger = hosts
    before = (state(director), director.run("nft", "list", "ruleset"))
    assert rules(director)["backend"] == "none", "nothing manages this host"
    assert rules(director, backend="nftables", check=True)["changed"]
    assert (state(director), director.run("nft", "list", "ruleset")) == before
    assert reach(director, stranger) == [True, True, True, True]

    assert rules(director, backend="nftables")["changed"]
    assert reach(director, peer) == [True, True, True, True]
    assert reach(director, stranger) == [False, False, True, False]
    assert not rules(director, backend="nftables")["changed"]

    director.run("nft", "flush", "ruleset")
    assert rules(director, backend="nftables")["changed"], "a table that somebody took away comes back"
    assert reach(director, stranger) == [False, False, True, False]

    assert rules(director, state="absent")["changed"]
    assert (state(director), director.run("nft", "list", "ruleset")) == before
