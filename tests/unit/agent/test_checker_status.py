# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker's status is put together as text: it has to be JSON, whatever the servers say."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils import conf

from lvs_agent import checker_status, parent_status, plan_checks
from lvs_agent.checks import scheduler
from lvs_agent.checks.outcome import Outcome
from lvs_agent.checks.task import Last

TEXT = """virtual_server 192.0.2.1 80 {
 protocol TCP
 sorry_server 10.0.0.9 80
 real_server 10.0.0.1 80 {
  weight 3
  TCP_CHECK {
  }
 }
 real_server 10.0.0.2 80 {
 }
}
"""


def checker(last, failed=False):
    planned = plan_checks.plan(conf.read(TEXT, "x").document)
    states = plan_checks.starting_states(planned)
    told = [(key, scheduler.State(not failed, True, 1, 0, None, 107.25), last) for key in planned.checks]
    silent = SimpleNamespace(status=list, refused="")
    return SimpleNamespace(
        loop=SimpleNamespace(now=lambda: 100.0, lateness=0.5),
        runner=SimpleNamespace(results=lambda: iter(told), runs=7, not_made={"EMFILE": 2}),
        plan=planned,
        states=states,
        moment=100.0,
        counters={"changes": 1},
        drains=silent,
        notices=silent,
        sync=silent,
        refused=(),
        away="",
    )


RUN = {"check": "TCP_CHECK", "target": "[10.0.0.1]:80", "up": True, "has_run": True, "failures": 1, "next": 7.25}


@pytest.mark.parametrize(
    ("last", "shown"),
    [
        (None, RUN),
        (
            Last(Outcome(True, "connected"), 99.5, 0.001),
            {**RUN, "ok": True, "text": "connected", "age": 0.5, "took": 0.001},
        ),
        (
            Last(Outcome(False, 'said "no"\\\n\t\x00 ü \udcff'), 40.0, 5.0),
            {**RUN, "ok": False, "text": 'said "no"\\\n\t\x00 ü \udcff', "age": 60.0, "took": 5.0},
        ),
    ],
)
def test_the_checkers_part_is_json(last, shown) -> None:
    told = json.loads(checker_status.report(checker(last)))
    none = {"alive": True, "held": False, "slow_start": False, "weight": 1, "configured_weight": 1, "checks": []}
    assert told.pop("services") == [
        {
            "name": "[192.0.2.1]:tcp:80",
            "quorum": 1,
            "hysteresis": 0,
            "quorum_up": True,
            "weight_sum": 4,
            "sorry_server": {"name": "[10.0.0.9]:tcp:80", "in": False},
            "servers": [
                {**none, "name": "[10.0.0.1]:tcp:80", "weight": 3, "configured_weight": 3, "checks": [shown]},
                {**none, "name": "[10.0.0.2]:tcp:80"},
            ],
        }
    ]
    counters = {"changes": 1, "checks": 7, "not_made": {"EMFILE": 2}, "lateness": 0.5}
    empty = {"drains": [], "pipes": [], "refused": [], "sync_daemons": []}
    assert told == {"counters": counters, **empty, "kernel": "ok"}


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ({}, {"version": "1"}),
        ({"checker": '{"kernel":"ok"}', "vrrp": {"groups": ()}}, {"checker": {"kernel": "ok"}, "vrrp": {"groups": []}}),
        ({"checker": None}, {"checker": None}),
    ],
)
def test_the_parts_are_joined(parts, whole) -> None:
    assert json.loads(parent_status.joined({"version": "1"}, parts)) == {"version": "1", **whole}
