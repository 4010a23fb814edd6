# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each method needs of a real server, now and at boot."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.host.real_server import AddressError, live, one_way
from ansible_collections.lvs.cluster.plugins.module_utils.host.settings import Kind, Setting, ip_words
from ansible_collections.lvs.cluster.plugins.module_utils.host.units import at_boot

ARP = {
    "net.ipv4.conf.all.arp_announce": "2",
    "net.ipv4.conf.all.arp_ignore": "1",
    "net.ipv4.conf.lo.arp_announce": "2",
    "net.ipv4.conf.lo.arp_ignore": "1",
}
TUNNEL = {"net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.tunl0.rp_filter": "0"}


def served(method, *vips, **more):
    return live([{"lvs_method": method, "virtual_ipaddress": list(vips), **more}])


def of(kind, want):
    return {setting.name: value for setting, value in want.items() if setting.kind is kind}


@pytest.mark.parametrize(
    ("method", "vips", "modules", "sysctls", "links", "addresses"),
    [
        ("DR", ["192.0.2.1"], [], ARP, [], ["192.0.2.1/32 lo"]),
        ("DR", ["192.0.2.1/32", "192.0.2.1"], [], ARP, [], ["192.0.2.1/32 lo"]),
        ("DR", ["2001:DB8:0::1"], [], {}, [], ["2001:db8::1/128 lo"]),
        ("DR", ["192.0.2.1", "2001:db8::1"], [], ARP, [], ["192.0.2.1/32 lo", "2001:db8::1/128 lo"]),
        ("TUN", ["192.0.2.1"], ["ipip"], {**ARP, **TUNNEL}, ["tunl0"], ["192.0.2.1/32 tunl0"]),
        ("TUN", ["2001:db8::1"], ["ip6_tunnel"], {}, ["ip6tnl0"], ["2001:db8::1/128 ip6tnl0"]),
    ],
)
def test_live(method, vips, modules, sysctls, links, addresses):
    want = served(method, *vips)
    assert sorted(of(Kind.MODULE, want)) == modules
    assert of(Kind.SYSCTL, want) == sysctls
    assert of(Kind.LINK, want) == dict.fromkeys(links, "up")
    assert sorted(of(Kind.ADDRESS, want)) == addresses


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("192.0.2", "not an address"),
        ("192.0.2.1/24", "has /32"),
        ("2001:db8::1/64", "has /128"),
        ("127.0.0.1", "cannot be"),
        ("224.0.0.18", "cannot be"),
        ("0.0.0.0", "cannot be"),
        ("::1", "cannot be"),
        ("www", "not an address"),
    ],
)
def test_what_is_no_virtual_address_is_refused(text, says):
    with pytest.raises(AddressError, match=says):
        served("DR", text)


def test_the_unit_sets_sysctls_first_and_addresses_last():
    files = at_boot("web", served("TUN", "192.0.2.1", "2001:db8::1"))
    (unit,) = of(Kind.FILE, files).values()
    commands = [line.partition("=")[2] for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert [command.split("'")[1].split()[0] for command in commands] == ["modprobe", "echo", "ip", "ip"]
    assert (
        "ip address replace 192.0.2.1/32 dev tunl0; ip address replace 2001:db8::1/128 dev ip6tnl0 nodad" in commands[3]
    )
    assert "ip link set ip6tnl0 up; ip link set tunl0 up" in commands[2]


def test_the_unit_is_done_before_a_network_comes_up():
    (unit,) = of(Kind.FILE, at_boot("web", served("DR", "192.0.2.1"))).values()
    assert "Before=network-pre.target" in unit.splitlines()


def test_clusters_have_units_of_their_own():
    web, mail = (at_boot(name, served("DR", "192.0.2.1")) for name in ("web", "mail"))
    assert not set(web) & set(mail)
    ((link, target),) = of(Kind.SYMLINK, web).items()
    assert link == "/etc/systemd/system/multi-user.target.wants/lvs-real-server@web.service"
    assert target in of(Kind.FILE, web)


NAT = {"lvs_method": "NAT", "address": "10.0.0.11", "port": 80, "protocol": "tcp", "gateway": "10.0.0.1"}
CHOSEN = "from 10.0.0.11 ipproto tcp sport 80"


def test_only_the_answers_of_nat_go_back_through_the_director():
    want = live([NAT])
    ((route, _),) = of(Kind.ROUTE, want).items()
    table = route.split()[2]
    assert route == f"4 table {table} default via 10.0.0.1"
    assert sorted(of(Kind.RULE, want)) == [
        f"4 18480 {CHOSEN} lookup main suppress_prefixlength 0",
        f"4 18481 {CHOSEN} lookup {table}",
    ]
    assert ip_words(Setting(Kind.ROUTE, route), "add") == f"route add default via 10.0.0.1 table {table}"
    assert ip_words(Setting(Kind.RULE, f"4 1 {CHOSEN} lookup 2"), "del") == f"rule del pref 1 {CHOSEN} lookup 2"


@pytest.mark.parametrize(
    ("service", "route", "routes", "rules"),
    [
        (NAT, "default", ["default via 10.0.0.1"],
         ["4 18480 from all lookup main suppress_prefixlength 0", "4 18481 from all lookup TABLE"]),
        ({**NAT, "gateway": "fd00::1", "address": "fd00::11"}, "default", ["default via fd00::1"],
         ["6 18480 from all lookup main suppress_prefixlength 0", "6 18481 from all lookup TABLE"]),
        ({**NAT, "address": None}, "default", ["default via 10.0.0.1"],
         ["4 18480 from all lookup main suppress_prefixlength 0", "4 18481 from all lookup TABLE"]),
        (NAT, "none", [], []),
        ({**NAT, "gateway": None}, "policy", [], []),
    ],
)  # fmt: skip
def test_other_ways_back(service, route, routes, rules):
    want = live([service], route)
    assert [name.split(" ", 3)[3] for name in of(Kind.ROUTE, want)] == routes
    table = next((name.split()[2] for name in of(Kind.ROUTE, want)), "")
    assert sorted(of(Kind.RULE, want)) == [rule.replace("TABLE", table) for rule in rules]


@pytest.mark.parametrize(
    ("gateways", "route", "refused"),
    [
        (("10.0.0.1", "10.0.0.1"), "default", False),
        (("10.0.0.1", "fd00::1"), "default", False),
        (("10.0.0.1", "10.0.0.2"), "default", True),
        (("10.0.0.1", "10.0.0.2"), "policy", False),
    ],
)
def test_all_that_a_host_sends_goes_one_way(gateways, route, refused):
    own = {"10": "10.0.0.11", "fd": "fd00::11"}
    wants = [live([{**NAT, "gateway": one, "address": own[one[:2]]}], route) for one in gateways]
    with pytest.raises(AddressError, match=r"10\.0\.0\.1 and by 10\.0\.0\.2") if refused else contextlib.nullcontext():
        one_way(wants, route)


def test_gateways_have_tables_of_their_own():
    tables = {
        name.split()[2]
        for gateway in ("10.0.0.1", "10.0.0.2", "10.0.0.3")
        for name in of(Kind.ROUTE, live([{**NAT, "gateway": gateway}]))
    }
    assert len(tables) == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"address": None}, "needs the real server's own address"),
        ({"gateway": "fd00::1"}, "different families"),
        ({"gateway": "router"}, "not an address"),
    ],
)
def test_what_cannot_be_a_way_back(change, says):
    with pytest.raises(AddressError, match=says):
        live([{**NAT, **change}])


def test_ipv6_in_ipv4_has_another_tunnel():
    want = served("TUN", "2001:db8::1", address="10.0.0.11")
    assert (list(of(Kind.MODULE, want)), list(of(Kind.LINK, want))) == (["sit"], ["sit0"])
    with pytest.raises(AddressError, match="not supported"):
        served("TUN", "192.0.2.1", address="fd00::11")


def test_routes_have_a_unit_that_is_tried_again():
    want = at_boot("web", live([NAT, {"lvs_method": "DR", "virtual_ipaddress": ["192.0.2.1"]}]))
    early, late = (
        of(Kind.FILE, want)[f"/etc/systemd/system/lvs-real-server{kind}@web.service"] for kind in ("", "-route")
    )
    assert "Before=network-pre.target" in early
    assert "10.0.0.1" not in early
    assert "Restart=on-failure" in late
    commands = [line.partition("=")[2].split("'")[1] for line in late.splitlines() if line.startswith("ExecStart=")]
    assert commands[0].startswith("ip -4 route replace default via 10.0.0.1 table ")
    assert commands[1].startswith(f"ip -4 rule del pref 18480 {CHOSEN} ")
