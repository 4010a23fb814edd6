# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the file says of the host: static things, delays, paces, the packet filter; and the pure parts that obey it."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils import conf
from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective

from lvs_agent import plan_process
from lvs_agent.bfd.session import Config
from lvs_agent.link import debounce
from lvs_agent.link.debounce import Delay, Steady
from lvs_agent.link.guard import Guard
from lvs_agent.link.state import Address, Hop, Interface, Route, Rule
from lvs_agent.plan_bfd import Neighbour
from lvs_agent.vrrp.process import Pattern, Quorum, Standing, judged
from lvs_agent.vrrp.track import Tracked
from lvs_agent.vrrp_pacing import Pace, Pacer
from lvs_agent.vrrp_place import look

from .test_plan_vrrp import one, planned, said
from .vectors import ip

STATIC = """
track_group G {
    group {
        VI_1
    }
}
static_ipaddress {
    10.1.0.1/24 dev eth1 track_group G
    10.2.0.1/24
}
static_routes {
    192.0.2.0/24 via 10.1.0.254 dev eth1
}
static_rules {
    from 10.1.0.0/24 table 100 preference 5
}
"""


def test_static_things_stand() -> None:
    plan = planned(before=STATIC)
    first = Address(ip("10.1.0.1"), 24, "eth1")
    assert plan.stands == (
        first,
        Address(ip("10.2.0.1"), 24, "eth0"),
        Route(ip("192.0.2.0"), 24, (Hop(ip("10.1.0.254"), "eth1"),)),
        Rule(4, 5, 100, source=(ip("10.1.0.0"), 24)),
    )
    assert plan.instances["VI_1"].watched == (first,)


PLACES: List[Tuple[str, str, str]] = [
    ("", "", ""),
    ("track_src_ip\nmcast_src_ip 10.0.0.9", "", "source address 10.0.0.9 is not there"),
    ("track_src_ip\nmcast_src_ip 10.0.0.1", "", ""),
    ("unicast_fault_no_peer", "", "no unicast_peer"),
    ("", STATIC, "static address 10.1.0.1 is not there"),
    ("use_vmac", "", "interface vrrp.51 is not there"),
]


@pytest.mark.parametrize(("lines", "before", "fault"), PLACES)
def test_faults_of_the_place(lines: str, before: str, fault: str) -> None:
    from lvs_agent.link.state import Held

    links = {1: Interface(1, "eth0", 0x41, bytes(6), 1500, (Held(ip("10.0.0.1"), 24, 0, 0),))}
    assert look(one(lines, before=before), links).faults == ((fault,) if fault else ())


def test_delays_and_settings() -> None:
    plan = planned("promote_secondaries", before="interface_up_down_delays {\n eth0 0.5\n eth1 1 2\n}")
    assert plan.delays == {"eth0": Delay(0.5, 0.5), "eth1": Delay(1.0, 2.0)}
    assert plan.settings == {"ipv4/conf/eth0/promote_secondaries": 1}


def test_a_short_change_does_not_count() -> None:
    delays = {"eth0": Delay(down=1.0, up=2.0)}
    steadies: Dict[str, Steady] = {}
    seen = []
    for now, up in [
        (0, True),
        (1, False),
        (1.5, True),
        (2, False),
        (2.9, False),
        (3, False),
        (4, True),
        (5.9, True),
        (6, True),
    ]:
        links = {1: Interface(1, "eth0", 0x1043 if up else 0x1002, b"", 0)}
        steadies = debounce.steadied(steadies, links, delays, now)
        view = debounce.view(links, steadies)
        seen.append((now, view[1].up, debounce.wake_at(steadies, delays)))
    assert seen == [
        (0, True, None),
        (1, True, 2.0),
        (1.5, True, None),
        (2, True, 3.0),
        (2.9, True, 3.0),
        (3, False, None),
        (4, False, 6.0),
        (5.9, False, 6.0),
        (6, True, None),
    ]
    assert debounce.steadied(steadies, {}, delays, 7) == {}, "one that is gone is gone"


GROUPS = "garp_group {\n garp_interval 0.1\n gna_interval 0.2\n interfaces {\n eth0\n eth1\n }\n}"


@pytest.mark.parametrize(
    ("before", "paces"),
    [
        ("", {}),
        ("global_defs {\n vrrp_garp_interval 0.5\n}", {"eth0": Pace("eth0", 0.5, 0.0), "eth1": Pace("eth1", 0.5, 0.0)}),
        (GROUPS, {"eth0": Pace("garp_group 0", 0.1, 0.2), "eth1": Pace("garp_group 0", 0.1, 0.2)}),
    ],
)
def test_paces(before: str, paces: dict) -> None:
    assert planned(addresses="10.0.0.1\n10.0.0.2 dev eth1", before=before).paces == paces


class Clock:
    """A loop that is told what time it is."""

    def __init__(self) -> None:
        self.time = 0.0
        self.due: Dict[object, tuple] = {}

    def now(self) -> float:
        return self.time

    def wake(self, key, when, due) -> None:
        self.due[key] = (when, due)

    def run(self, until: float) -> None:
        while self.due and min(when for when, _due in self.due.values()) <= until:
            key = min(self.due, key=lambda key: self.due[key][0])
            when, due = self.due.pop(key)
            self.time = when
            due(when)
        self.time = until


class Sent:
    def __init__(self, clock: Clock) -> None:
        self.clock, self.frames = clock, []

    def send(self, interface, _index, frames) -> Optional[int]:
        frames = getattr(frames, "frames", frames)
        self.frames += [(round(self.clock.time, 3), interface, bytes(frame)[:1]) for frame in frames]
        return None


class Bundle:
    def __init__(self, *frames: bytes) -> None:
        self.frames = frames

    def __len__(self) -> int:
        return len(self.frames)


def test_announcements_keep_their_pace_and_what_is_no_longer_true_is_not_sent() -> None:
    arp = [name + bytes(11) + b"\x08\x06" for name in (b"a", b"b", b"c")]
    clock = Clock()
    sent = Sent(clock)
    counted: List[int] = []
    pacer = Pacer(clock, sent)  # type: ignore[arg-type]

    def done(count: int, refused: Optional[int]) -> None:
        assert refused is None
        counted.append(count)

    pacer.send("VI", "eth9", 9, Bundle(*arp), done)  # type: ignore[arg-type]
    pacer.adopt({"eth0": Pace("lane", 0.1, 0.2), "eth1": Pace("lane", 0.1, 0.2)})
    pacer.send("VI", "eth0", 1, Bundle(*arp[:2]), done)  # type: ignore[arg-type]
    pacer.send("VJ", "eth1", 2, Bundle(*arp), done)  # type: ignore[arg-type]
    pacer.forget("VJ", frozenset(arp[1:2]))
    clock.run(10)
    assert sent.frames == [
        (0.0, "eth9", b"a"),
        (0.0, "eth9", b"b"),
        (0.0, "eth9", b"c"),
        (0.0, "eth0", b"a"),
        (0.1, "eth0", b"b"),
        (0.2, "eth1", b"a"),
        (0.3, "eth1", b"c"),
    ]
    assert counted == [3, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("lines", "accepts"),
    [
        ("", True),
        ("no_accept", False),
        ("no_accept\npriority 255", False),
        ("strict_mode on\nversion 3", False),
        ("strict_mode on\nversion 3\naccept", True),
        ("strict_mode on\npriority 255", True),
    ],
)
def test_who_accepts(lines: str, accepts: bool) -> None:
    plan = planned(lines)
    assert plan.instances["VI_1"].accepts is accepts
    assert plan.guard.addresses == (frozenset() if accepts else {ip("192.0.2.100")})
    assert plan.instances["VI_1"].tracked == (() if accepts else (Tracked("packet filter", "no_accept", 0),))


def test_the_rules_of_the_packet_filter() -> None:
    assert Guard().commands() == "add table inet lvs_agent; delete table inet lvs_agent"
    text = Guard(frozenset({ip("10.0.0.2"), ip("10.0.0.1"), ip("fe80::1")}), "mine", 5, counters=True).commands()
    assert text.split("; ", 2)[2] == (
        "add table inet mine; "
        "add chain inet mine in { type filter hook input priority 5; policy accept; }; "
        "add rule inet mine in icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; "
        "add rule inet mine in ip daddr { 10.0.0.1, 10.0.0.2 } counter drop; "
        "add rule inet mine in ip6 daddr { fe80::1 } counter drop"
    )


BEFORE = """
track_file F {{
    file /run/f
    {file}
}}
vrrp_track_process P {{
    process haproxy -f x
    {process}
}}
"""


@pytest.mark.parametrize(
    ("file", "process", "lines", "tracked"),
    [
        ("", "", "F", Tracked("file", "F", 1)),
        ("weight 5", "", "F", Tracked("file", "F", 5)),
        ("weight 5 reverse", "", "F", Tracked("file", "F", 5, True)),
        ("weight 5", "", "F weight 0", Tracked("file", "F", 0)),
        ("", "", "P", Tracked("process", "P", 1)),
        ("", "weight 0", "P", Tracked("process", "P", 0)),
        ("", "weight 10", "P weight -20", Tracked("process", "P", -20)),
    ],
)
def test_tracked_files_and_processes(file: str, process: str, lines: str, tracked: Tracked) -> None:
    plan = planned(f"track_{tracked.kind} {{\n {lines}\n}}", before=BEFORE.format(file=file, process=process))
    assert plan.instances["VI_1"].tracked == (tracked,)
    assert (list(plan.tracking.files), list(plan.tracking.processes)) == (
        ([tracked.name], []) if tracked.kind == "file" else ([], [tracked.name])
    )


def test_a_tracked_neighbour() -> None:
    before = "bfd_instance B {\n neighbor_ip 10.0.0.2\n source_ip 10.0.0.1\n min_tx 50\n min_rx 60\n multiplier 3\n max_hops 2\n}"
    plan = planned("track_bfd {\n B weight -20\n}", before=before)
    assert plan.instances["VI_1"].tracked == (Tracked("bfd", "B", -20),)
    config = Config(min_tx=0.05, min_rx=0.06, multiplier=3)
    assert plan.tracking.neighbours == {"B": Neighbour("10.0.0.2", config, "10.0.0.1", max_hops=2)}
    assert planned(before=before).tracking.neighbours == {}, "nobody tracks it"


@pytest.mark.parametrize(
    ("process", "quorum"),
    [
        ("", Quorum()),
        ("quorum 2\nquorum_max 3", Quorum(2, 3)),
        ("quorum_max 0", Quorum(0, 0)),
        ("delay 1", Quorum(fork_delay=1.0, terminate_delay=1.0)),
        ("delay 1\nfork_delay 2", Quorum(fork_delay=2.0, terminate_delay=1.0)),
    ],
)
def test_the_quorum_of_a_process(process: str, quorum: Quorum) -> None:
    plan = planned("track_process {\n P\n}", before=BEFORE.format(file="", process=process))
    assert plan.tracking.processes["P"].quorum == quorum


@pytest.mark.parametrize(
    ("pattern", "name", "line", "fits"),
    [
        (Pattern(("sshd",)), "sshd", (), True),
        (Pattern(("ssh",)), "sshd", (), False),
        (Pattern(("a-very-long-name-indeed",)), "a-very-long-nam", (), True),
        (Pattern(("a", "b")), "x", ("a", "b"), True),
        (Pattern(("a", "b")), "x", ("a", "b", "c"), False),
        (Pattern(("a", "b"), "partial"), "x", ("a", "b", "c"), True),
        (Pattern(("a", "b", "c"), "partial"), "x", ("a", "b"), False),
        (Pattern(("a", "b", "c"), "initial"), "x", ("a", "b", "cde", "f"), True),
        (Pattern(("a", "b", "c"), "initial"), "x", ("a", "bb", "cde"), False),
        (Pattern(("a", "b", "c"), "initial"), "x", ("a", "b"), False),
        (Pattern(("a",), "exact"), "x", ("a",), True),
        (Pattern(("a",), "exact"), "x", ("a", "b"), False),
        (Pattern(("/bin/a",), "", full=True), "a", ("/bin/a",), True),
        (Pattern(("/bin/a",), "", full=True), "a", (), False),
    ],
)
def test_which_process_counts(pattern: Pattern, name: str, line: tuple, fits: bool) -> None:
    assert pattern.fits(name, line) is fits


def test_a_process_counts_after_its_delays() -> None:
    quorum = Quorum(1, 2, fork_delay=1.0, terminate_delay=2.0)
    standing = Standing()
    seen = []
    for now, count in [(0, 1), (1, 0), (2, 1), (3, 0), (5, 0), (6, 3), (7, 2), (8, 2), (9, 3), (11, 3)]:
        standing = judged(standing, quorum, count, now)
        seen.append((now, standing.up, standing.wake_at(quorum)))
    assert seen == [
        (0, True, None),
        (1, True, 3.0),
        (2, True, None),
        (3, True, 5.0),
        (5, False, None),
        (6, False, None),
        (7, False, 8.0),
        (8, True, None),
        (9, True, 11.0),
        (11, False, None),
    ]


@pytest.mark.parametrize(
    ("lines", "attribute", "value"),
    [
        ("nopreempt", "late_stands_by", False),
        ("nopreempt\ntimer_expired_backup", "late_stands_by", True),
        ("timer_expired_backup", "late_stands_by", False),
        ("nopreempt\ntimer_expired_backup 101", "late_stands_by", True),
        ("nopreempt\ntimer_expired_backup 100", "late_stands_by", False),
        ("garp_extra_if 60", "garp_extra", 60.0),
        ("garp_extra_if 60", "garp_extra_addresses", ()),
        ("garp_extra_if all 60", "garp_extra_addresses", (Address(ip("10.0.0.2"), 32, "eth1"),)),
        ("use_vmac\ngarp_extra_if 60", "garp_extra_addresses", ()),
        ("use_vmac\nvmac_xmit_base\ngarp_extra_if 60", "garp_extra_addresses", (Address(ip("10.0.0.1"), 32, "vrrp.51"),)),
        ("use_vmac\nuse_vmac_addr\ngarp_extra_if 60", "garp_extra_addresses", (Address(ip("10.0.0.2"), 32, "vrrp1.51"),)),
        ("strict_mode on\nversion 3\nstate MASTER", "start_master", False),
    ],
)  # fmt: skip
def test_settings_that_have_to_be_thought_about(lines: str, attribute: str, value: object) -> None:
    assert getattr(one(lines, "10.0.0.1\n10.0.0.2 dev eth1").settings, attribute) == value


@pytest.mark.parametrize(
    ("words", "mask"), [("022", 0o22), ("0x12", 0o22), ("18", 0o22), ("IWGRP | IWOTH", 0o22), ("S_IRWXO", 0o7)]
)
def test_umask(words: str, mask: int) -> None:
    document = conf.read(f"global_defs {{\n umask {words}\n}}", "x.conf").document
    assert plan_process.umask(effective.global_defs(document)) == mask


UNICAST = "unicast_src_ip 10.0.0.1\nunicast_peer {{\n 10.0.0.2 {}\n}}\n{}"


@pytest.mark.parametrize(
    ("peer", "lines", "ttls"),
    [
        ("", "", {}),
        ("min_ttl 250", "", {ip("10.0.0.2"): (250, 255)}),
        ("max_ttl 64", "", {ip("10.0.0.2"): (0, 64)}),
        ("min_ttl 60 max_ttl 64", "unicast_ttl 64", {ip("10.0.0.2"): (60, 64)}),
        ("", "unicast_ttl 64", {ip("10.0.0.2"): (0, 64)}),
        ("", "unicast_ttl 255", {}),
    ],
)
def test_ttls_of_peers(peer: str, lines: str, ttls: dict) -> None:
    assert one(UNICAST.format(peer, lines)).ttls == ttls


def test_an_instance_without_an_interface_needs_devices_for_its_addresses() -> None:
    words = [text for level, text in said("", "10.0.0.100") if level == "error"]
    assert words == []
    text = UNICAST.format("", "vrf red")
    plan = planned(text, "10.0.0.100 dev eth1")
    assert plan.instances["VI_1"].interface == "eth0", "an interface goes before a VRF"
