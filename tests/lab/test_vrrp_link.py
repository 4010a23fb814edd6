# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses set and removed by messages built ahead, and the kernel's news, compared with what iproute2 says."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import select
import subprocess
from pathlib import Path
from typing import Dict, List

import pytest

from lvs_agent.link import port, state
from lvs_agent.link.state import Address, Device, Hop, Raised, Route, Rule

pytestmark = pytest.mark.netns(limit=60)


def ip(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def iproute2(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture
def index():
    iproute2("link", "add", "va", "type", "veth", "peer", "name", "vb")
    iproute2("link", "set", "va", "up")
    iproute2("link", "set", "vb", "up")
    yield json.loads(iproute2("-j", "link", "show", "va"))[0]["ifindex"]
    iproute2("link", "del", "va")


@pytest.fixture
def netlink():
    with contextlib.closing(port.Netlink()) as opened:
        yield opened


def shown(device: str = "va") -> Dict[str, dict]:
    entries = json.loads(iproute2("-j", "addr", "show", device))[0]["addr_info"]
    return {entry["local"]: entry for entry in entries if not entry["local"].startswith("fe80:") or "nodad" in entry}


CASES: List[tuple] = [
    (Address(ip("10.0.0.1"), 32, "va"), {"prefixlen": 32, "scope": "global", "label": "va"}),
    (Address(ip("10.0.0.2"), 24, "va", broadcast=ip("10.0.0.255")), {"prefixlen": 24, "broadcast": "10.0.0.255"}),
    (Address(ip("10.0.0.3"), 32, "va", scope=253, label="va:1"), {"scope": "link", "label": "va:1"}),
    (Address(ip("10.0.0.4"), 32, "va", peer=ip("10.9.9.9")), {"address": "10.9.9.9", "prefixlen": 32}),
    (Address(ip("10.0.0.5"), 24, "va", flags=0x200), {"noprefixroute": True}),
    (Address(ip("2001:db8::1"), 128, "va", flags=0x02, preferred=0), {"nodad": True, "deprecated": True}),
    (Address(ip("fe80::100"), 64, "va", flags=0x02), {"nodad": True, "preferred_life_time": 4294967295}),
]


@pytest.mark.parametrize(("address", "fields"), CASES, ids=lambda value: "")
def test_an_address_is_set_as_told_and_removed_again(index, netlink, address: Address, fields: dict) -> None:
    text = str(ipaddress.ip_address(address.address))
    assert netlink.apply(port.batch([address], {"va": index})) == ()
    entry = shown()[text]
    assert {key: entry.get(key) for key in fields} == fields
    assert netlink.apply(port.batch([address], {"va": index})) == (), "setting twice is no error"
    assert netlink.apply(port.batch([address], {"va": index}, remove=True)) == ()
    assert text not in shown()
    assert netlink.apply(port.batch([address], {"va": index}, remove=True)) == (), "nor is removing twice"


def test_a_thousand_addresses_are_set_with_three_sends(index, netlink) -> None:
    many = [Address(ip(f"10.1.{n // 250}.{n % 250 + 1}"), 32, "va") for n in range(1000)]
    assert netlink.apply(port.batch(many, {"va": index})) == ()
    assert len(shown()) == 1000
    assert netlink.apply(port.batch(many, {"va": index}, remove=True)) == ()
    assert shown() == {}


def test_what_the_kernel_refuses_comes_back_with_its_errno(index, netlink) -> None:
    bad = Address(ip("10.0.0.1"), 77, "va")
    good = Address(ip("10.0.0.2"), 32, "va")
    failures = netlink.apply(port.batch([good, bad], {"va": index}))
    assert [(failure.thing, failure.errno) for failure in failures] == [(bad, errno.EINVAL)]
    assert str(failures[0]) == "10.0.0.1 on va: Invalid argument"
    assert "10.0.0.2" in shown()


def test_an_interface_that_is_not_there_is_left_out(index) -> None:
    assert port.batch([Address(ip("10.0.0.1"), 32, "gone")], {"va": index}).messages == ()


def routes(family: str, table: str) -> List[dict]:
    return json.loads(iproute2("-j", family, "route", "show", "table", table, "proto", "18"))


VIA = Hop(ip("10.0.0.254"), "va")
ROUTES: List[tuple] = [
    (Route(ip("192.0.2.0"), 24, (VIA,)), "main", {"dst": "192.0.2.0/24", "gateway": "10.0.0.254", "dev": "va"}),
    (Route(ip("0.0.0.0"), 0, (VIA,), table=100, source=ip("10.0.0.1")), "100", {"dst": "default", "prefsrc": "10.0.0.1"}),
    (Route(ip("192.0.2.1"), 32, (Hop(None, "va"),), priority=7), "main", {"dst": "192.0.2.1", "scope": "link", "metric": 7}),
    (Route(ip("192.0.2.2"), 32, kind=6), "main", {"type": "blackhole", "dst": "192.0.2.2"}),
    (Route(ip("192.0.2.3"), 32, (Hop(ip("10.9.9.9"), "va", onlink=True),)), "main", {"gateway": "10.9.9.9", "flags": ["onlink"]}),
    (Route(ip("192.0.2.4"), 32, (VIA,), metrics=(("RTAX_MTU", 1400), ("RTAX_INITCWND", 20))), "main", {"metrics": [{"mtu": 1400, "initcwnd": 20}]}),
    (Route(ip("192.0.2.5"), 32, (VIA,), metrics=(("RTAX_RTT", 160), ("RTAX_CC_ALGO", "cubic"), ("RTAX_MTU", 1400), ("RTAX_LOCK", 4))), "main", {"metrics": [{"mtu": 1400, "rtt": 20, "congestion": "cubic"}]}),
    (Route(ip("2001:db8:2::"), 48, (Hop(ip("fe80::1"), "va"),), preference=1, expires=600, sources=(ip("2001:db8:3::"), 48)), "main", {"pref": "high", "from": "2001:db8:3::/48"}),
    (Route(ip("2001:db8:1::"), 48, (Hop(ip("fe80::1"), "va"),), table=1000), "1000", {"dst": "2001:db8:1::/48", "gateway": "fe80::1"}),
]  # fmt: skip


@pytest.mark.parametrize(("route", "table", "fields"), ROUTES, ids=lambda value: "")
def test_a_route_is_set_as_told_and_removed_again(index, netlink, route: Route, table: str, fields: dict) -> None:
    iproute2("addr", "add", "10.0.0.1/24", "dev", "va")
    family = "-4" if len(route.destination) == 4 else "-6"
    assert netlink.apply(port.batch([route], {"va": index})) == ()
    assert netlink.apply(port.batch([route], {"va": index})) == (), "setting twice is no error"
    found = routes(family, table)
    assert len(found) == 1
    assert {key: found[0].get(key) for key in fields} == fields
    assert netlink.apply(port.batch([route], {"va": index}, remove=True)) == ()
    assert netlink.apply(port.batch([route], {"va": index}, remove=True)) == (), "nor is removing twice"
    assert routes(family, table) == []


def test_several_gateways(index, netlink) -> None:
    iproute2("addr", "add", "10.0.0.1/24", "dev", "va")
    route = Route(ip("192.0.2.0"), 24, (VIA, Hop(ip("10.0.0.253"), "va", weight=3)))
    assert netlink.apply(port.batch([route], {"va": index})) == ()
    hops = routes("-4", "main")[0]["nexthops"]
    assert [(hop["gateway"], hop["weight"]) for hop in hops] == [("10.0.0.254", 1), ("10.0.0.253", 3)]
    assert netlink.apply(port.batch([route], {"va": index}, remove=True)) == ()
    assert routes("-4", "main") == []


RULES: List[tuple] = [
    (Rule(4, 100, table=100), {"priority": 100, "src": "all", "table": "100"}),
    (
        Rule(4, 101, source=(ip("10.0.0.0"), 8), iif="va"),
        {"src": "10.0.0.0", "srclen": 8, "iif": "va", "table": "main"},
    ),
    (Rule(4, 102, table=1000, destination=(ip("192.0.2.1"), 32), oif="later"), {"dst": "192.0.2.1", "oif": "later"}),
    (Rule(4, 103, mark=(0x10, 0xFF), invert=True), {"fwmark": "0x10", "fwmask": "0xff", "not": None}),
    (Rule(4, 104, action=8), {"action": "prohibit"}),
    (Rule(6, 105, source=(ip("2001:db8::"), 32), ipproto=6, dport=(80, 90)), {"src": "2001:db8::", "ipproto": "tcp"}),
    (Rule(4, 106, suppress_prefixlength=0), {"suppress_prefixlen": 0}),
    (Rule(4, 107, users=(10, 20), tunnel=9), {"uid_start": 10, "uid_end": 20, "tun_id": 9}),
    (Rule(4, 108, table=0, action=2, goto=32766), {"goto": 32766}),
    (Rule(4, 109, table=0, action=3), {"nop": None}),
    (Rule(6, 110, table=0, l3mdev=True), {"l3mdev": None}),
]


@pytest.mark.parametrize(("rule", "fields"), RULES, ids=lambda value: "")
def test_a_rule_is_set_as_told_and_removed_again(index, netlink, rule: Rule, fields: dict) -> None:
    def shown_rules() -> List[dict]:
        found = json.loads(iproute2("-j", f"-{rule.family}", "rule", "show"))
        return [each for each in found if each["priority"] == rule.priority]

    for _ in range(2):
        assert netlink.apply(port.batch([rule], {"va": index})) == ()
    assert len(shown_rules()) == 1
    assert {key: shown_rules()[0].get(key) for key in fields} == fields
    for _ in range(2):
        assert netlink.apply(port.batch([rule], {"va": index}, remove=True)) == ()
    assert shown_rules() == []


def test_things_are_removed_in_reverse_order(index, netlink) -> None:
    things = [Address(ip("10.0.0.1"), 24, "va"), Route(ip("192.0.2.0"), 24, (VIA,)), Rule(4, 100)]
    assert netlink.apply(port.batch(things, {"va": index})) == (), "the route needs the address"
    assert port.batch(things, {"va": index}, remove=True).things == tuple(things[::-1])
    assert netlink.apply(port.batch(things, {"va": index}, remove=True)) == ()


def test_a_macvlan_is_made_as_iproute2_shows_it_and_removed_again(index, netlink) -> None:
    ours = Device("vrrp.51", "va", bytes.fromhex("00005e000133"), group=7)
    up, address = Raised("vrrp.51"), Address(ip("10.0.0.1"), 32, "vrrp.51")
    assert netlink.apply(port.batch([ours], {"va": index})) == ()
    assert netlink.apply(port.adjusting([ours])) == ()
    shown = json.loads(iproute2("-j", "-d", "link", "show", "vrrp.51"))[0]
    assert (shown["address"], shown["link"], shown["group"], "UP" in shown["flags"]) == (
        "00:00:5e:00:01:33",
        "va",
        "7",
        False,
    )
    assert (shown["linkinfo"]["info_kind"], shown["linkinfo"]["info_data"]["mode"]) == ("macvlan", "private")
    assert shown["inet6_addr_gen_mode"] == "none"
    for name, value in (("rp_filter", "2"), ("arp_ignore", "1"), ("promote_secondaries", "1")):
        assert Path(f"/proc/sys/net/ipv4/conf/vrrp.51/{name}").read_text().strip() == value
    monitor = port.Monitor()
    with contextlib.closing(monitor):
        links: state.Links = {}
        for news in monitor.everything():
            links = state.apply(links, news)
        assert state.stands(links, ours)
        indexes = {each.name: each.index for each in links.values()}
        assert netlink.apply(port.batch([up, address], indexes)) == ()
        links = heard(monitor, links)
        macvlan = state.named(links, "vrrp.51")
        assert macvlan is not None
        assert macvlan.flags & state.IFF_UP
        assert [held.address for held in macvlan.addresses] == [ip("10.0.0.1")]
        assert netlink.apply(port.batch([up, address], indexes, remove=True)) == ()
        links = heard(monitor, links)
        macvlan = state.named(links, "vrrp.51")
        assert macvlan is not None
        assert (macvlan.flags & state.IFF_UP, macvlan.addresses) == (0, ())
        for _ in range(2):
            assert netlink.apply(port.batch([ours], indexes, remove=True)) == ()
        assert state.named(heard(monitor, links), "vrrp.51") is None


def heard(monitor: port.Monitor, links: state.Links) -> state.Links:
    for news in monitor.news():
        links = state.apply(links, news)
    return links


def test_the_monitor_tells_what_iproute2_tells(index, request) -> None:
    monitor = port.Monitor()
    request.addfinalizer(monitor.close)
    links: state.Links = {}
    for news in monitor.everything():
        links = state.apply(links, news)
    interface = links[index]
    told = json.loads(iproute2("-j", "link", "show", "va"))[0]
    assert (interface.name, interface.mac.hex(":"), interface.mtu) == ("va", told["address"], told["mtu"])
    assert interface.up

    iproute2("addr", "add", "10.0.0.1/24", "dev", "va")
    iproute2("addr", "add", "10.0.0.2/24", "dev", "va")
    links = heard(monitor, links)
    v4 = [held for held in links[index].addresses if len(held.address) == 4]
    assert [(held.address, held.prefixlen, held.flags & state.IFA_F_SECONDARY) for held in v4] == [
        (ip("10.0.0.1"), 24, 0),
        (ip("10.0.0.2"), 24, 1),
    ]
    iproute2("addr", "del", "10.0.0.1/24", "dev", "va")
    links = heard(monitor, links)
    assert not [held for held in links[index].addresses if len(held.address) == 4], "the secondary goes with it"

    iproute2("link", "set", "vb", "down")
    for _ in range(60):  # the kernel gathers carrier changes for up to a second
        if not links[index].up:
            break
        select.select([monitor], [], [], 0.05)
        links = heard(monitor, links)
    assert not links[index].up, "no carrier"
    iproute2("link", "add", "vc", "type", "veth", "peer", "name", "vd")
    links = heard(monitor, links)
    assert state.named(links, "vc") is not None
    iproute2("link", "del", "vc")
    assert state.named(heard(monitor, links), "vc") is None
