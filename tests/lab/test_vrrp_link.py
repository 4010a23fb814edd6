# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses set and removed by messages built ahead, and the kernel's news, compared with what iproute2 says."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import subprocess
from typing import Dict, List

import pytest

from lvs_agent.link import port, state
from lvs_agent.link.state import Address

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
    assert [(failure.address, failure.errno) for failure in failures] == [(bad, errno.EINVAL)]
    assert str(failures[0]) == "10.0.0.1 on va: Invalid argument"
    assert "10.0.0.2" in shown()


def test_an_interface_that_is_not_there_is_left_out(index) -> None:
    assert port.batch([Address(ip("10.0.0.1"), 32, "gone")], {"va": index}).messages == ()


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
    links = heard(monitor, links)
    assert not links[index].up, "no carrier"
    iproute2("link", "add", "vc", "type", "veth", "peer", "name", "vd")
    links = heard(monitor, links)
    assert state.named(links, "vc") is not None
    iproute2("link", "del", "vc")
    assert state.named(heard(monitor, links), "vc") is None
