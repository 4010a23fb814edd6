# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each method needs of a real server, now and at boot."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.host.real_server import AddressError, live
from ansible_collections.lvs.cluster.plugins.module_utils.host.settings import Kind
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
