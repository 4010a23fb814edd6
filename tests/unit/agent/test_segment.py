# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's looks at its segment: what is looked for, and which findings count."""

from __future__ import annotations

import logging

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read
from ansible_collections.lvs.cluster.plugins.module_utils.drill.alone import Router

from lvs_agent import plan_segment
from lvs_agent.segment_child import AGAIN, Watcher

TEXT = """
global_defs {
    @lvs_agent segment_watch 60
}
vrrp_instance A {
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        192.0.2.80/24
        198.51.100.80/24 dev eth1
    }
    virtual_ipaddress_excluded {
        192.0.2.81
        198.51.100.81 dev eth1
    }
}
vrrp_instance B {
    interface eth1
    virtual_router_id 52
    priority 100
    virtual_ipaddress {
        fe80::80
        2001:db8::80
    }
}
virtual_server 192.0.2.80 80 {
    lvs_sched rr
    lvs_method DR
    sorry_server 127.0.0.1 80
    real_server 192.0.2.11 80 {
    }
    real_server 2001:0db8::11 80 {
    }
}
"""


def document(text: str = TEXT):
    return read(text, "k.conf").document


def test_what_is_looked_for() -> None:
    assert plan_segment.period(document()) == 60
    assert plan_segment.period(document("global_defs {\n@lvs_agent segment_watch 60\n}\n")) is None
    assert plan_segment.period(document(TEXT.replace("@lvs_agent segment_watch 60", ""))) is None
    assert plan_segment.routers(document()) == {
        "eth0": (Router(51, ("192.0.2.80", "198.51.100.80"), ("192.0.2.81",)),),
        "eth1": (Router(52, ("fe80::80", "2001:db8::80")),),
    }
    assert plan_segment.servers(document()) == {"192.0.2.11", "2001:db8::11"}


class Loop:
    """As much of a loop as is needed: remembers how far away the next look is."""

    due = 0.0

    def now(self) -> float:
        return 100.0

    def wake(self, _key: object, when: float, _due: object) -> None:
        self.due = when - 100.0


ONE = {"code": "split-brain", "host": "d2", "address": "192.0.2.80", "what": "w", "mend": "m"}
OTHER = {**ONE, "host": "d3", "what": "x"}


@pytest.fixture
def watcher():
    made = Watcher(Loop(), document())
    made.looks = 1
    return made


def test_a_finding_counts_when_two_looks_in_a_row_have_it(watcher, caplog) -> None:
    caplog.set_level(logging.INFO)
    steps = [
        ([ONE], [], AGAIN),
        ([], [], 60),
        ([ONE], [], AGAIN),
        ([{**ONE, "what": "said otherwise"}, OTHER], ["d2"], AGAIN),
        ([ONE, OTHER], ["d2", "d3"], 60),
        ([OTHER], ["d3"], 60),
        ([], [], 60),
    ]
    for found, certain, due in steps:
        watcher._judge(found, "")
        assert ([row["host"] for row in watcher.status()["findings"]], watcher.loop.due) == (certain, due)
    said = [record.getMessage().partition(")")[0] + ")" for record in caplog.records]
    new, over = "segment: split-brain ({})", "segment: no longer split-brain ({})"
    assert said == [new.format("d2"), new.format("d3"), over.format("d2"), over.format("d3")]


def test_a_look_that_fails_is_told_once_and_changes_nothing(watcher, caplog) -> None:
    watcher._judge([ONE], "")
    watcher._judge([ONE], "")
    caplog.clear()
    for _turn in range(2):
        watcher._judge(None, "eth0: No such device")
    assert [record.getMessage() for record in caplog.records] == [
        "the segment cannot be looked at: eth0: No such device"
    ]
    assert watcher.status() == {"findings": [ONE], "looks": 1, "age": 100.0, "failed": "eth0: No such device"}
    assert watcher.loop.due == 60
