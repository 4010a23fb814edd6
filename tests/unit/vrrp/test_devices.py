# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces of their own: names, MAC addresses and places as keepalived has them, and frames with the virtual MAC."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Dict, List

import pytest

from lvs_agent.link.state import Address, Device, Held, Interface, Links, Raised, stands
from lvs_agent.vrrp import packet
from lvs_agent.vrrp_instance import VirtualRouter

from .test_plan_vrrp import planned, said
from .vectors import ip

OTHER = (
    "vrrp_instance VI_2 {\n interface eth0\n virtual_router_id 51\n version 3\n use_vmac\n"
    " virtual_ipaddress {\n fe80::100\n 2001:db8::5 use_vmac dev eth1\n }\n}"
)


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


RFC4, RFC6 = mac("00:00:5e:00:01:33"), mac("00:00:5e:00:02:33")
CASES: List[tuple] = [
    ("use_vmac", "10.0.0.1", "", [Device("vrrp.51", "eth0", RFC4)], {"10.0.0.1": "vrrp.51"}),
    ("use_vmac mine", "10.0.0.1", "", [Device("mine", "eth0", RFC4)], {"10.0.0.1": "mine"}),
    ("use_vmac 02:1:2:3:4", "10.0.0.1", "", [Device("vrrp.51", "eth0", mac("02:01:02:03:04:33"))], {}),
    (
        "use_vmac 02:1:2:3:4:5 group 7",
        "10.0.0.1",
        "",
        [Device("vrrp.51", "eth0", mac("02:01:02:03:04:05"), group=7)],
        {},
    ),
    ("version 3\nuse_vmac", "fe80::1", "", [Device("vrrp6.51", "eth0", RFC6)], {"fe80::1": "vrrp6.51"}),
    ("use_vmac", "10.0.0.1\n10.0.0.2 dev eth1", "", [Device("vrrp.51", "eth0", RFC4)], {"10.0.0.2": "eth1"}),
    ("use_vmac", "10.0.0.1\n10.0.0.2 dev eth0", "", [Device("vrrp.51", "eth0", RFC4)], {"10.0.0.2": "vrrp.51"}),
    (
        "use_vmac\nuse_vmac_addr",
        "10.0.0.1\n10.0.0.2 dev eth1\n10.0.0.3 dev eth1",
        "",
        [Device("vrrp.51", "eth0", RFC4), Device("vrrp1.51", "eth1", RFC4)],
        {"10.0.0.2": "vrrp1.51", "10.0.0.3": "vrrp1.51"},
    ),
    (
        "use_vmac 02:1:2:3:4\nuse_vmac_addr",
        "10.0.0.1\n10.0.0.2 dev eth1",
        "",
        [Device("vrrp.51", "eth0", mac("02:01:02:03:04:33")), Device("vrrp1.51", "eth1", mac("02:01:02:03:04:33"))],
        {},
    ),
    (
        "",
        "10.0.0.1\n10.0.0.2 dev eth1 use_vmac",
        "",
        [Device("vrrp1.51", "eth1", RFC4)],
        {"10.0.0.1": "eth0", "10.0.0.2": "vrrp1.51"},
    ),
    ("", "10.0.0.1\n10.0.0.2 use_vmac", "", [Device("vrrp1.51", "eth0", RFC4)], {"10.0.0.1": "vrrp1.51"}),
    (
        "use_vmac\nuse_vmac_addr\nvirtual_ipaddress_excluded {\n 2001:db8::2\n}",
        "10.0.0.1",
        "",
        [Device("vrrp.51", "eth0", RFC4), Device("vrrp1.51", "eth0", RFC6)],
        {"2001:db8::2": "vrrp1.51"},
    ),
    (
        "use_vmac",
        "10.0.0.1",
        "global_defs {\n vmac_prefix x\n vmac_addr_prefix y\n}",
        [Device("x.51", "eth0", RFC4)],
        {"10.0.0.1": "x.51"},
    ),
    (
        "use_vmac\nvirtual_ipaddress_excluded {\n 2001:db8::1 dev eth1 use_vmac\n 2001:db8::2\n}",
        "10.0.0.1",
        "",
        [Device("vrrp.51", "eth0", RFC4), Device("vrrp1.51", "eth1", RFC6)],
        {"2001:db8::1": "vrrp1.51", "2001:db8::2": "vrrp.51"},
    ),
]


@pytest.mark.parametrize(("lines", "addresses", "before", "devices", "places"), CASES)
def test_devices(lines: str, addresses: str, before: str, devices: list, places: Dict[str, str]) -> None:
    plan = planned(lines, addresses, before=before)
    instance = plan.instances["VI_1"]
    assert list(instance.devices) == devices
    assert list(plan.stands) == devices
    where = {each.address: each.interface for each in instance.addresses}
    assert {text: where[ip(text)] for text in places} == places
    assert instance.settings.addresses[: len(devices)] == tuple(Raised(each.name) for each in devices)


def test_names_are_counted_over_the_whole_file() -> None:
    """As keepalived 2.2.7 named them for the same file."""
    plan = planned("use_vmac\nuse_vmac_addr", "10.0.0.1\n10.0.0.2 dev eth1", after=OTHER)
    assert [each.name for each in plan.stands if isinstance(each, Device)] == [
        "vrrp.51",
        "vrrp1.51",
        "vrrp6.51",
        "vrrp2.51",
    ]
    assert plan.settings == {
        f"ipv4/conf/{name}/{word}": least
        for name in ("eth0", "eth1")
        for word, least in (("arp_announce", 2), ("arp_ignore", 1))
    }


def test_a_name_that_the_kernel_would_refuse_is_refused_at_load() -> None:
    before = "global_defs {\n vmac_prefix much-too-long-x\n}"
    assert [text.partition(":")[0] for level, text in said("use_vmac", before=before) if level == "error"] == [
        "interface name much-too-long-x.51 has more than 15 characters"
    ]


@pytest.mark.parametrize(
    ("lines", "vmac", "hears"),
    [
        ("", b"", ("eth0",)),
        ("use_vmac", RFC4, ("eth0", "vrrp.51")),
        ("use_vmac\nvmac_xmit_base", b"", ("eth0", "vrrp.51")),
        ("use_vmac\nvmac_xmit_base\nstrict_mode on", RFC4, ("eth0", "vrrp.51")),
        ("use_vmac 02:1:2:3:4\nstrict_mode on", RFC4, ("eth0", "vrrp.51")),
        ("use_vmac\nunicast_src_ip 192.0.2.1\nunicast_peer {\n 192.0.2.2\n}", b"", ("eth0",)),
        ("use_ipvlan 192.0.2.7/24", b"", ("vrrp.51",)),
    ],
)
def test_whose_mac_adverts_carry_and_where_they_are_heard(lines: str, vmac: bytes, hears: tuple) -> None:
    own = planned(lines).instances["VI_1"].own
    assert (own.vmac, own.hears) == (vmac, hears)


def test_an_ipvlan_stands_with_its_address_and_is_the_source() -> None:
    plan = planned("use_ipvlan 192.0.2.7/24 private")
    device = Device("vrrp.51", "eth0", b"", 1)
    assert plan.stands == (device, Raised("vrrp.51"), Address(ip("192.0.2.7"), 24, "vrrp.51"))
    assert device.kind == "ipvlan"
    assert plan.instances["VI_1"].source == ip("192.0.2.7")
    assert plan.instances["VI_1"].addresses[0].interface == "vrrp.51"


LINKS: Links = {
    1: Interface(1, "eth0", 0, b"", 0),
    2: Interface(2, "vrrp.51", 0, RFC4, 0, (), "macvlan", 1),
    3: Interface(3, "vrrp.52", 0, RFC4, 0, (), "macvlan", 2),
    4: Interface(4, "vrrp.53", 0, RFC4, 0, (), "dummy", 1),
}


@pytest.mark.parametrize(
    ("device", "there"),
    [
        (Device("vrrp.51", "eth0", RFC4), True),
        (Device("vrrp.51", "eth0", RFC6), False),
        (Device("vrrp.51", "eth9", RFC4), False),
        (Device("vrrp.52", "eth0", RFC4), False),
        (Device("vrrp.53", "eth0", RFC4), False),
        (Device("vrrp.54", "eth0", RFC4), False),
        (Device("vrrp.51", "eth0", b""), False),
    ],
)
def test_whether_it_is_there_as_it_has_to_be(device: Device, there: bool) -> None:
    assert stands(LINKS, device) is there


# Made by scapy 2.8.0: Ether / IP or IPv6 / VRRPv3 with the same addresses, identification 0.
SCAPY4 = "01005e00001200005e000133080045c0002000000000ff70189ac0000201e0000012" + "3133640100640572c0000264"
SCAPY6 = (
    "33330000001200005e00023386dd6c000000001870fffe800000000000000000000000000001ff020000000000000000000000000012"
    "3133640100646cc7fe800000000000000000000000000100"
)


@pytest.mark.parametrize(
    ("own", "group", "vip", "source", "mac", "scapy"),
    [
        (packet.ip4, packet.GROUP4, "192.0.2.100", "192.0.2.1", RFC4, SCAPY4),
        (packet.ip6, packet.GROUP6, "fe80::100", "fe80::1", RFC6, SCAPY6),
    ],
)
def test_a_frame_is_what_scapy_makes(own, group: bytes, vip: str, source: str, mac: bytes, scapy: str) -> None:
    body = packet.encode(packet.Advert(3, 51, 100, 100, (ip(vip),)), ip(source), group)
    assert (packet.ethernet(mac, group) + own(body, ip(source), group)).hex() == scapy


def seen(*interfaces: tuple) -> Links:
    """(name, up, MAC, kind, addresses) of each; the first one is number 1, and what the others stand on."""
    return {
        number: Interface(
            number, name, 0x1043 if up else 0x1002, mac, 1500, tuple(Held(ip(a), 32, 0, 0) for a in held), kind, 1
        )
        for number, (name, up, mac, kind, held) in enumerate(interfaces, 1)
    }


ETH0, VRRP51 = ("eth0", True, bytes(6), ""), ("vrrp.51", True, RFC4, "macvlan")


@pytest.mark.parametrize(
    ("lines", "addresses", "links", "missing"),
    [
        ("", "10.0.0.1", seen((*ETH0, ["10.0.0.1"])), []),
        ("", "10.0.0.1", seen((*ETH0, [])), ["10.0.0.1"]),
        ("", "10.0.0.1\n10.0.0.2 dev eth9", seen((*ETH0, ["10.0.0.1"])), []),
        ("", "10.0.0.1\n10.0.0.2 no_track", seen((*ETH0, [])), ["10.0.0.1"]),
        ("use_vmac", "10.0.0.1", seen((*ETH0, []), (*VRRP51, ["10.0.0.1"])), []),
        ("use_vmac", "10.0.0.1", seen((*ETH0, ["10.0.0.1"]), (*VRRP51, [])), ["10.0.0.1"]),
        ("use_vmac", "10.0.0.1", seen((*ETH0, []), ("vrrp.51", False, RFC4, "macvlan", ["10.0.0.1"])), ["10.0.0.1"]),
        ("use_vmac", "10.0.0.1", seen((*ETH0, [])), []),
    ],
)
def test_what_a_master_has_lost_and_a_successor_may_resume_without(
    lines: str, addresses: str, links: Links, missing: List[str]
) -> None:
    """An address on an interface that is not there is nobody's loss: a master is resumed without it."""
    router = VirtualRouter(planned(lines, addresses).instances["VI_1"], None, SimpleNamespace(announcer=None), float)  # type: ignore[arg-type]
    assert [each.address for each in router.missing(links)] == [ip(text) for text in missing]


@pytest.mark.parametrize(
    ("lines", "up", "ear"),
    [("", False, "eth0"), ("use_vmac", False, "eth0"), ("use_vmac", True, "vrrp.51")],
)
def test_an_advert_counts_where_it_is_sure_to_arrive(lines: str, up: bool, ear: str) -> None:
    router = VirtualRouter(planned(lines).instances["VI_1"], None, SimpleNamespace(announcer=None), float)  # type: ignore[arg-type]
    router.listen(seen((*ETH0, []), ("vrrp.51", up, RFC4, "macvlan", [])))
    assert router.ear == ear
