# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director's firewall gets."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.host import firewalls
from ansible_collections.lvs.cluster.plugins.module_utils.host.firewall import (
    RULES,
    UNIT,
    UNITS,
    Passage,
    firewalld,
    nftables,
    passages,
    ufw,
)
from ansible_collections.lvs.cluster.plugins.module_utils.host.settings import Kind, Setting

NETWORKS = {"eth0": ["192.0.2.1/24", "fe80::1/64"], "eth1": ["10.0.0.1/24"]}
PEERS = ["192.0.2.2", "192.0.2.3", "2001:db8::2"]
VRRP = Passage("vrrp", "eth0", 4, ("192.0.2.2",))
SYNC = Passage("sync", "eth0", 4, ("192.0.2.2",), 8848)
AH = Passage("ah", "eth0", 4, ("192.0.2.2",))


def router(interface="eth0", family=4, peers=(), ah=False):
    return {"interface": interface, "family": family, "peers": list(peers), "ah": ah}


@pytest.mark.parametrize(
    ("routers", "sync", "found", "unknown"),
    [
        ([router()], None, [("vrrp", "eth0", 4, ("192.0.2.2", "192.0.2.3"), 0)], []),
        ([router(ah=True)], None, [("ah", "eth0", 4, ("192.0.2.2", "192.0.2.3"), 0),
                                   ("vrrp", "eth0", 4, ("192.0.2.2", "192.0.2.3"), 0)], []),
        ([router("eth1")], None, [], ["eth1"]),
        ([router("eth1", peers=["10.9.9.9"])], None, [("vrrp", "eth1", 4, ("10.9.9.9",), 0)], []),
        ([router(family=6)], None, [("vrrp", "eth0", 6, ("fe80::/10",), 0)], []),
        ([], {"interface": "eth0", "port": 8848}, [("sync", "eth0", 4, ("192.0.2.2", "192.0.2.3"), 8848)], []),
        ([], {"interface": "eth2"}, [], ["eth2"]),
        ([], None, [], []),
    ],
)  # fmt: skip
def test_who_may_send_what_where(routers, sync, found, unknown):
    assert passages({"peers": PEERS, "routers": routers, "sync": sync}, NETWORKS) == (found, unknown)


def test_nftables_drops_what_others_send():
    want = nftables([VRRP, AH, SYNC])
    text = want[Setting(Kind.FILE, RULES)]
    assert [line.strip() for line in text.splitlines() if "drop" in line] == [
        'iifname "eth0" meta nfproto ipv4 meta l4proto vrrp ip saddr != { 192.0.2.2 } counter drop',
        'iifname "eth0" meta nfproto ipv4 meta l4proto ah ip daddr 224.0.0.18 ip saddr != { 192.0.2.2 } counter drop',
        'iifname "eth0" meta nfproto ipv4 udp dport 8848 ip saddr != { 192.0.2.2 } counter drop',
    ]
    (digest,) = [value for setting, value in want.items() if setting.kind is Kind.TABLE]
    assert f"chain digest_{digest} " in text
    assert nftables([]) == {}
    assert nftables([VRRP]) != nftables([SYNC])


def test_nftables_own_unit_is_active_where_systemd_runs():
    """An inactive unit does not hear what becomes of nftables.service."""
    active = Setting(Kind.UNIT, UNIT)
    assert nftables([VRRP])[active] == "active"
    assert max(nftables([VRRP])) == active, "the last to be set, the first to go"
    assert active not in nftables([VRRP], systemd=False)
    lines = nftables([VRRP])[Setting(Kind.FILE, f"{UNITS}/{UNIT}")].splitlines()
    assert {
        "PartOf=nftables.service",
        "ReloadPropagatedFrom=nftables.service",
        f"ExecReload=/usr/sbin/nft -f {RULES}",
    } <= {*lines}


@pytest.mark.parametrize(
    ("interface", "zone"), [("eth0", "zone=internal "), ("eth1", ""), ("eth2", "")], ids=["known", "empty", "none"]
)
def test_firewalld_has_the_rules_in_the_zone_of_the_interface(interface, zone):
    def run(words, _text):
        assert words[0] == "firewall-cmd"
        asked = {"--get-zone-of-interface=eth0": (0, "internal\n", ""), "--get-zone-of-interface=eth1": (0, "\n", "")}
        return asked.get(words[1], (2, "no zone\n", ""))

    (name,) = [s.name for s in firewalld([VRRP._replace(interface=interface)], firewalls.zones(run, [interface]))]
    rule = 'rule family="ipv4" source address="192.0.2.2" protocol value="vrrp" accept'
    assert name == f"{zone}{rule}"
    where = [f"--{zone.strip()}"] if zone else []
    for value, order in (("present", "add"), (None, "remove")):
        assert firewalls.orders(Setting(Kind.RICH_RULE, name), value) == [
            ["firewall-cmd", *where, f"--{order}-rich-rule={rule}"],
            ["firewall-cmd", "--permanent", *where, f"--{order}-rich-rule={rule}"],
        ]
    answers, asked = answering(firewall_cmd="yes")
    assert firewalls.value(answers, Setting(Kind.RICH_RULE, name)) == "present"
    assert asked[1] == ["firewall-cmd", "--permanent", *where, f"--query-rich-rule={rule}"]


def test_firewalld_and_ufw_let_the_peers_in():
    assert [setting.name for setting in firewalld([VRRP, AH, SYNC], {})] == [
        'rule family="ipv4" source address="192.0.2.2" protocol value="vrrp" accept',
        'rule family="ipv4" source address="192.0.2.2" protocol value="ah" accept',
        'rule family="ipv4" source address="192.0.2.2" port port="8848" protocol="udp" accept',
    ]
    assert [setting.name for setting in ufw([VRRP, SYNC])] == [
        "in on eth0 from 192.0.2.2 proto vrrp",
        "in on eth0 from 192.0.2.2 to any port 8848 proto udp",
    ]


def answering(**outputs):
    """Runs no program: answers as the ones that are named would, all others are not there."""
    asked = []

    def run(words, _text):
        asked.append(list(words))
        name = words[0].replace("-", "_")
        return (0, outputs[name], "") if name in outputs else (firewalls.NOT_FOUND, "", "")

    return run, asked


def test_which_firewall_there_is():
    assert firewalls.active(answering()[0]) is None
    assert firewalls.active(answering(ufw="Status: inactive\n")[0]) is None
    assert firewalls.active(answering(ufw="Status: active\n")[0]) == "ufw"
    assert firewalls.active(answering(firewall_cmd="running\n")[0]) == "firewalld"


def test_a_rule_is_read_set_and_taken_away():
    table = Setting(Kind.TABLE, "inet lvs_director /f")
    assert firewalls.value(answering()[0], table) is None
    assert firewalls.value(answering(nft="table inet x {\n\tchain digest_12ab {\n")[0], table) == "12ab"
    assert firewalls.orders(table, "12ab") == [["nft", "-f", "/f"]]
    assert firewalls.orders(table, None) == [["nft", "delete", "table", "inet", "lvs_director"]]
    rule = Setting(Kind.UFW_RULE, "in on eth0 from 192.0.2.2 proto vrrp")
    assert firewalls.value(answering(ufw="ufw allow in on eth0 from 192.0.2.2 proto vrrp\n")[0], rule) == "present"
    assert firewalls.orders(rule, None) == [["ufw", "delete", "allow", *rule.name.split()]]
    unit = Setting(Kind.UNIT, "lvs-firewall.service")
    assert firewalls.value(answering()[0], unit) is None
    assert firewalls.value(answering(systemctl="")[0], unit) == "active"
    assert firewalls.orders(unit, "active") == [["systemctl", "start", unit.name]]
    assert firewalls.orders(unit, None) == [["systemctl", "stop", unit.name]]
    rich = Setting(Kind.RICH_RULE, "rule accept")
    assert firewalls.value(answering(firewall_cmd="yes")[0], rich) == "present"
    assert firewalls.orders(rich, "present") == [
        ["firewall-cmd", "--add-rich-rule=rule accept"],
        ["firewall-cmd", "--permanent", "--add-rich-rule=rule accept"],
    ]
