# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands whoever is MASTER, what is dropped, told and spaced: our agent's features beside keepalived's."""

from __future__ import annotations

import socket
import time
from typing import Dict, List

import pytest
from netns import wait
from vrrp_pair import VIP, Pair, instance

pytestmark = pytest.mark.netns(limit=240)


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
