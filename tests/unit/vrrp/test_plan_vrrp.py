# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the text of a file to what the VRRP child runs, and what is said about the rest."""

from __future__ import annotations

from typing import List, Tuple

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils import conf

from lvs_agent import plan_vrrp
from lvs_agent.link.state import Address, Hop, Route, Rule
from lvs_agent.vrrp import trailer
from lvs_agent.vrrp.events import Notice
from lvs_agent.vrrp.track import Tracked

from .vectors import ip

BLOCK = """
{before}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    {lines}
    virtual_ipaddress {{
        {addresses}
    }}
}}
{after}
"""


def planned(lines: str = "", addresses: str = "192.0.2.100", after: str = "", before: str = "") -> plan_vrrp.Plan:
    reading = conf.read(BLOCK.format(lines=lines, addresses=addresses, after=after, before=before), "x.conf")
    assert [f for f in reading.findings if f.level == "error"] == []
    return plan_vrrp.plan(reading.document)


def one(lines: str = "", addresses: str = "192.0.2.100", after: str = "", before: str = "") -> plan_vrrp.Instance:
    return planned(lines, addresses, after, before).instances["VI_1"]


@pytest.mark.parametrize(
    ("lines", "attribute", "value"),
    [
        ("", "priority", 100),
        ("priority 101", "priority", 101),
        ("", "version", 2),
        ("version 3", "version", 3),
        ("advert_int 3", "advert_int", 3.0),
        ("version 3\nadvert_int 0.1", "advert_int", 0.1),
        ("", "preempt", True),
        ("nopreempt", "preempt", False),
        ("preempt_delay 30", "preempt_delay", 30.0),
        ("", "start_master", False),
        ("state MASTER\npriority 101", "start_master", True),
        ("state MASTER\npriority 255", "start_master", False),
        ("down_timer_adverts 5", "down_timer_adverts", 5),
        ("garp_master_delay 1", "garp_master_delay", 1.0),
        ("garp_master_repeat 2", "garp_master_repeat", 2),
        ("garp_master_refresh 60", "garp_master_refresh", 60.0),
        ("lower_prio_no_advert", "lower_prio_no_advert", True),
        ("", "sync", False),
    ],
)
def test_settings(lines: str, attribute: str, value: object) -> None:
    assert getattr(one(lines).settings, attribute) == value


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("192.0.2.100", Address(ip("192.0.2.100"), 32, "eth0")),
        ("192.0.2.100/24", Address(ip("192.0.2.100"), 24, "eth0")),
        ("192.0.2.100/24 brd + dev eth1", Address(ip("192.0.2.100"), 24, "eth1", broadcast=ip("192.0.2.255"))),
        ("192.0.2.100/24 brd -", Address(ip("192.0.2.100"), 24, "eth0", broadcast=ip("192.0.2.0"))),
        ("192.0.2.100 scope link", Address(ip("192.0.2.100"), 32, "eth0", scope=253)),
        ("192.0.2.100 label eth0:1", Address(ip("192.0.2.100"), 32, "eth0", label="eth0:1")),
        ("192.0.2.100 noprefixroute", Address(ip("192.0.2.100"), 32, "eth0", flags=0x200)),
        ("fe80::100/64", Address(ip("fe80::100"), 64, "eth0", flags=0x02)),
        ("fe80::100", Address(ip("fe80::100"), 128, "eth0", flags=0x02, preferred=0)),
        ("fe80::100 preferred_lft forever", Address(ip("fe80::100"), 128, "eth0", flags=0x02)),
        ("fe80::100/64 -nodad", Address(ip("fe80::100"), 64, "eth0")),
    ],
)
def test_addresses(line: str, address: Address) -> None:
    assert one(addresses=line).settings.addresses == (address,)


@pytest.mark.parametrize(
    ("line", "route"),
    [
        ("192.0.2.0/24 via 10.0.0.254 dev eth1", Route(ip("192.0.2.0"), 24, (Hop(ip("10.0.0.254"), "eth1"),))),
        ("default via 10.0.0.254 table 100", Route(bytes(4), 0, (Hop(ip("10.0.0.254")),), table=100)),
        ("default via fe80::1 dev eth1", Route(bytes(16), 0, (Hop(ip("fe80::1"), "eth1"),))),
        ("src 10.0.0.1 to 192.0.2.1 dev eth1 scope link", Route(ip("192.0.2.1"), 32, (Hop(None, "eth1"),), scope=253, source=ip("10.0.0.1"))),
        ("blackhole 192.0.2.0/24 metric 10", Route(ip("192.0.2.0"), 24, kind=6, priority=10)),
        ("192.0.2.0/24 via 10.0.0.254 mtu 1400", Route(ip("192.0.2.0"), 24, (Hop(ip("10.0.0.254")),), metrics=(("RTAX_MTU", 1400),))),
        ("192.0.2.0/24 via 10.0.0.254 mtu lock 1400", Route(ip("192.0.2.0"), 24, (Hop(ip("10.0.0.254")),), metrics=(("RTAX_MTU", 1400), ("RTAX_LOCK", 4)))),
        (
            "192.0.2.0/24 via 10.0.0.254 rtt 20ms rttvar 8 rto_min 1s features ecn quickack 1 congctl cubic",
            Route(ip("192.0.2.0"), 24, (Hop(ip("10.0.0.254")),), metrics=(
                ("RTAX_RTT", 160), ("RTAX_RTTVAR", 8), ("RTAX_RTO_MIN", 1000), ("RTAX_FEATURES", 1), ("RTAX_QUICKACK", 1),
                ("RTAX_CC_ALGO", "cubic"), ("RTAX_LOCK", 1 << 13),
            )),
        ),
        ("192.0.2.0/24 via 10.0.0.254 realms 1/2", Route(ip("192.0.2.0"), 24, (Hop(ip("10.0.0.254")),), realms=0x10002)),
        ("2001:db8::/32 via fe80::1 dev eth1 pref high expires 60", Route(ip("2001:db8::"), 32, (Hop(ip("fe80::1"), "eth1"),), preference=1, expires=60)),
        ("192.0.2.0/24 via 10.0.0.1 or 10.0.0.2 dev eth1", Route(ip("192.0.2.0"), 24, (Hop(ip("10.0.0.1"), "eth1"), Hop(ip("10.0.0.2"), "eth1")))),
        (
            "192.0.2.0/24 nexthop via 10.0.0.1 weight 2 nexthop via 10.0.0.2",
            Route(ip("192.0.2.0"), 24, (Hop(ip("10.0.0.1"), "", 2), Hop(ip("10.0.0.2")))),
        ),
    ],
)  # fmt: skip
def test_routes_come_after_addresses(line: str, route: Route) -> None:
    plan = one(f"virtual_routes {{\n {line}\n }}")
    assert plan.brings == (Address(ip("192.0.2.100"), 32, "eth0"), route)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("from 10.0.0.0/8 table 100 preference 5", Rule(4, 5, 100, source=(ip("10.0.0.0"), 8))),
        ("to 2001:db8::/32 table 100 preference 5", Rule(6, 5, 100, destination=(ip("2001:db8::"), 32))),
        ("fwmark 1/0xff table 100 preference 5", Rule(4, 5, 100, mark=(1, 255))),
        ("from 10.0.0.1 l3mdev preference 5", Rule(4, 5, 0, source=(ip("10.0.0.1"), 32), l3mdev=True)),
        ("uidrange 10-20 table 100 preference 5", Rule(4, 5, 100, users=(10, 20))),
        ("from 10.0.0.1 goto 100 preference 5", Rule(4, 5, 0, action=2, source=(ip("10.0.0.1"), 32), goto=100)),
        ("realms 3 tunnel-id 9 table main protocol static preference 5", Rule(4, 5, realms=3, tunnel=9, protocol=4)),
        ("suppress_ifgroup default table 100 preference 5", Rule(4, 5, 100, suppress_group=0)),
    ],
)
def test_rules_come_last(line: str, rule: Rule) -> None:
    plan = one(f"virtual_rules {{\n {line}\n }}")
    assert plan.brings[-1] == rule


def test_rules_without_a_preference_get_keepalived_s() -> None:
    """As keepalived 2.2.7 numbered the same file."""
    plan = planned(
        "virtual_rules {\n from 10.1.0.0/24 table 1\n to 10.2.0.0/24 table 2\n from 2001:db8::/32 table 3\n }",
        before="static_rules {\n from 10.9.0.0/24 table 9\n}",
        after="vrrp_instance VI_2 {\n interface eth0\n virtual_router_id 52\n virtual_ipaddress {\n 192.0.2.7\n }\n"
        " virtual_rules {\n from 10.3.0.0/24 table 4\n from 10.4.0.0/24 table 5 preference 7\n }\n}",
    )
    found = [*plan.stands, *plan.instances["VI_1"].brings, *plan.instances["VI_2"].brings]
    assert [(rule.table, rule.priority) for rule in found if isinstance(rule, Rule)] == [
        (9, 16384),
        (1, 16383),
        (2, 16382),
        (3, 16384),
        (4, 16381),
        (5, 7),
    ]


def test_excluded_addresses_are_set_but_not_advertised() -> None:
    plan = one("virtual_ipaddress_excluded {\n 2001:db8::1/64\n }")
    assert plan.advertised == (ip("192.0.2.100"),)
    assert [address.address for address in plan.settings.addresses] == [ip("192.0.2.100"), ip("2001:db8::1")]


@pytest.mark.parametrize(
    ("family", "count", "advertised"), [(4, 300, 255), (6, 120, 90)], ids=["one octet", "one packet of 1500 bytes"]
)
def test_what_does_not_fit_an_advert_is_not_in_it(family: int, count: int, advertised: int) -> None:
    base = "192.0.{}.{}" if family == 4 else "fe80::{}:{}"
    plan = one(addresses="\n".join(base.format(n // 200, n % 200 + 1) for n in range(count)))
    assert (len(plan.advertised), len(plan.settings.addresses)) == (advertised, count)


def test_pass_unicast_and_sources() -> None:
    plan = one(
        "authentication {\n auth_type PASS\n auth_pass 1111\n}\nunicast_src_ip 192.0.2.1\nunicast_peer {\n 192.0.2.2\n}"
    )
    assert (plan.secret, plan.source, plan.peers) == (b"1111\0\0\0\0", ip("192.0.2.1"), (ip("192.0.2.2"),))
    assert one().group == ip("224.0.0.18")
    assert one("version 3", "fe80::100").group == ip("ff02::12")
    assert (one().secret, one().source, one().peers, one().keys) == (b"", None, (), None)


HMAC = "auth_hmac {{\n key 1 {first}\n key 2 hex:{second}\n active_key {active}\n {more}\n }}"


def hmac_block(first: str = "x" * 32, second: str = "ab" * 32, active: int = 2, more: str = "") -> str:
    return "version 3\n" + HMAC.format(first=first, second=second, active=active, more=more)


def test_hmac_keys(tmp_path) -> None:
    (tmp_path / "key").write_text("hex:" + "cd" * 40 + "\n")
    keys = one(hmac_block(f"file:{tmp_path}/key")).keys
    assert keys == trailer.Keys(((1, b"\xcd" * 40), (2, b"\xab" * 32)), 2, 5, trailer.Mode.ENFORCE)


@pytest.mark.parametrize(
    ("more", "window", "mode"),
    [
        ("", 5, "enforce"),
        ("mode permissive", 5, "permissive"),
        ("time_window 60\n mode receive-only", 60, "receive-only"),
        ("anti_replay monotonic", None, "enforce"),
        ("anti_replay monotonic\n time_window 60", None, "enforce"),
    ],
)
def test_hmac_window_and_mode(more: str, window: object, mode: str) -> None:
    keys = one(hmac_block(more=more)).keys
    assert keys is not None
    assert (keys.window, keys.mode.value) == (window, mode)


def test_strict_mode_enforces_auth_hmac() -> None:
    keys = one(hmac_block(more="mode permissive") + "\nstrict_mode on").keys
    assert keys is not None
    assert keys.mode is trailer.Mode.ENFORCE


GROUP = "vrrp_sync_group G {\n group {\n VI_1\n }\n {lines}\n}\n"


def test_a_sync_group() -> None:
    plan = planned(after=GROUP.replace("{lines}", "notify_master /bin/true"))
    assert plan.groups[0].members == ("VI_1",)
    assert plan.groups[0].scripts.by_notice[Notice.MASTER].argv == ("/bin/true",)
    assert plan.instances["VI_1"].settings.sync is True


SCRIPT = "vrrp_script s {\n script /bin/true\n interval 2\n fall 3\n rise 2\n {lines}\n}\n"


@pytest.mark.parametrize(
    ("default", "line", "expected"),
    [
        ("", "s", Tracked("script", "s", 0)),
        ("weight -20", "s", Tracked("script", "s", -20)),
        ("weight -20", "s weight 5", Tracked("script", "s", 5)),
        ("weight -20", "s weight 0", Tracked("script", "s", 0)),
        ("weight 20 reverse", "s", Tracked("script", "s", 20, True)),
    ],
)
def test_a_tracked_script(default: str, line: str, expected: Tracked) -> None:
    plan = planned(f"track_script {{\n {line}\n }}", before=SCRIPT.replace("{lines}", default))
    assert plan.instances["VI_1"].tracked == (expected,)
    script = plan.tracking.scripts["s"]
    assert (script.interval, script.timeout, script.rise, script.fall, script.init_fail) == (2.0, 2.0, 2, 3, False)


def test_a_script_that_nobody_tracks_is_not_run() -> None:
    assert planned(before=SCRIPT.replace("{lines}", "")).tracking.scripts == {}


def test_trackers_of_a_group_are_its_members_and_a_member_has_no_weights() -> None:
    before = SCRIPT.replace("{lines}", "weight 5")
    after = GROUP.replace("{lines}", "track_script {\n s weight 7\n }")
    plan = one("track_interface {\n eth1 weight 3\n }\ntrack_script {\n s\n }", after=after, before=before)
    assert plan.tracked == (Tracked("interface", "eth1", 0), Tracked("script", "s", 7))


@pytest.mark.parametrize(
    ("lines", "same"),
    [("priority 90", True), ("advert_int 2", True), ("nopreempt", True), ("version 3", False)],
)
def test_what_makes_it_another_virtual_router(lines: str, same: bool) -> None:
    assert (one(lines).identity == one().identity) is same


def said(lines: str = "", addresses: str = "192.0.2.100", after: str = "", before: str = "") -> List[Tuple[str, str]]:
    document = conf.read(BLOCK.format(lines=lines, addresses=addresses, after=after, before=before), "x.conf").document
    return [(f.level, f.message) for f in plan_vrrp.unsupported(document, "x.conf")]


@pytest.mark.parametrize(
    ("lines", "level", "words"),
    [
        ("track_bfd {\n b\n }", "error", "track_bfd b: nothing of this name is declared"),
        ("use_vmac group blue", "error", "interface group blue: write its number"),
        ("use_ipvlan", "error", "use_ipvlan needs an IPv4 address"),
        ("strict_mode on\nauthentication {\n auth_type PASS\n auth_pass x\n }", "error", "strict mode has no auth"),
        ("track_file {\n f\n }", "error", "track_file f: nothing of this name is declared"),
        ("version 3\nauthentication {\n auth_type PASS\n auth_pass x\n }", "error", "only in VRRP version 2"),
        ("virtual_routes {\n 192.0.2.0/24 via 10.0.0.1 ttl-propagate enabled\n }", "error", "ttl_propagate of a route"),
        ("virtual_routes {\n 192.0.2.0/24 via 10.0.0.1 table bluish\n }", "error", "bluish is not in /etc/iproute2"),
        (hmac_block(first="file:/nowhere/at/all"), "error", "/nowhere/at/all cannot be read"),
        (hmac_block(active=3), "error", "active_key 3 is not one of the keys"),
    ],
)
def test_what_is_not_done_is_said(lines: str, level: str, words: str) -> None:
    assert [(found, words in text) for found, text in said(lines) if words in text] == [(level, True)]


def test_nothing_is_said_about_the_classic_file() -> None:
    assert (
        said("state MASTER\npriority 101\nadvert_int 1\nauthentication {\n auth_type PASS\n auth_pass 1111\n }") == []
    )


def test_addresses_of_the_other_family_are_refused() -> None:
    assert [level for level, text in said(addresses="192.0.2.100\n 2001:db8::1") if "another family" in text] == [
        "error"
    ]


def test_an_ipv6_instance_without_a_link_local_address_is_warned_about() -> None:
    assert [level for level, text in said("version 3", "2001:db8::1") if "link-local" in text] == ["warning"]
