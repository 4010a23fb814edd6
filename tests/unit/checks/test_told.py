# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that are told (BFD_CHECK), who has the sessions, and checks that rest (ha_suspend)."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

from lvs_agent import plan_bfd, plan_checks
from lvs_agent.checks.bfd import BfdCheck
from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.port import Runner
from lvs_agent.checks.scheduler import Schedule
from lvs_agent.checks.tcp import TcpCheck
from lvs_agent.loop import Loop

BFD = "bfd_instance B {\n neighbor_ip 10.0.0.2\n}\n"


@pytest.fixture
def loop():
    made = Loop()
    made.wake("limit", made.now() + 20.0, lambda _now: made.stop())
    yield made
    made.close()


def turn(loop: Loop, seconds: float = 0.0) -> None:
    loop.wake("turn", loop.now() + seconds, lambda _now: loop.stop())
    loop.run()


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize(
    ("told", "news"),
    [
        ([{}], []),
        ([{"other": 0}], []),
        ([{"B": 1}], [True]),
        ([{"B": 0}], [False]),
        ([{"B": 0}, {"B": 0}, {"B": 1}, {"B": 1, "other": 1}, {"B": 0}], [False, True, False]),
        ([{"B": 1}, {}], [True]),
    ],
)
def test_a_check_is_what_the_session_is(loop: Loop, alpha, told, news):
    heard = []
    runner = Runner(loop, lambda _key, _before, after, _outcome: heard.append(after.up), lambda: 0.0)
    runner.load({"check": (Schedule(0.0, 0.0, 0, 0.0, alpha), BfdCheck("B"))}, lambda _key: None)
    turn(loop)
    assert runner.state("check").up is not alpha, "until somebody says something"
    for states in told:
        runner.hear(states)
    turn(loop)
    assert heard == news


def test_what_was_told_before_holds_for_a_check_that_comes_later(loop: Loop):
    runner = Runner(loop, lambda *_news: None, lambda: 0.0)
    runner.hear({"B": 0})
    runner.load({"check": (Schedule(0.0, 0.0, 0, 0.0), BfdCheck("B"))}, lambda _key: None)
    turn(loop)
    assert not runner.state("check").up


@pytest.mark.parametrize(
    ("vrrp", "checkers", "tracked", "alone"),
    [
        (True, True, False, True),
        (True, True, True, False),
        (False, True, True, True),
        (True, False, False, False),
        (False, False, False, False),
    ],
)
def test_whose_the_sessions_are(vrrp, checkers, tracked, alone):
    check = model.BfdCheck(name="B")
    real = model.RealServer("10.0.0.2", 80, checks=(check, model.TcpCheck()))
    document = model.Document(
        bfd_instances=(model.BfdInstance("B", neighbor_ip="10.0.0.2"), model.BfdInstance("C", neighbor_ip="10.0.0.3")),
        vrrp_instances=(model.VrrpInstance("V", track_bfd=(model.Track("B"),) if tracked else ()),),
        virtual_servers=(model.VirtualServer("192.0.2.1", 80, protocol="TCP", real_servers=(real,)),),
    )
    assert plan_bfd.alone(document, vrrp=vrrp, checkers=checkers) is alone
    assert set(plan_bfd.neighbours(document, plan_bfd.checked(document))) == {"B"}
    (key, (schedule, made)), _tcp = plan_checks.plan(document).checks.items()
    assert (made, key.server, schedule.retry) == (BfdCheck("B"), "[10.0.0.2]:tcp:80", 0)


@pytest.mark.parametrize(
    ("words", "awaits"),
    [
        ({"address": "192.0.2.1", "port": 80}, {"192.0.2.1"}),
        ({"address": "2001:DB8:0::1", "port": 80}, {"2001:db8::1"}),
        ({"fwmark": 5}, set()),
        ({"group": "G"}, {"192.0.2.7", "192.0.2.8"}),
        ({"group": "M"}, set()),
    ],
)
def test_which_addresses_are_awaited(words, awaits):
    member = model.GroupMember
    address = "2001:db8::9" if ":" in words.get("address", "") else "10.0.0.2"
    block = model.VirtualServer(**words, protocol="TCP", ha_suspend=True, real_servers=(model.RealServer(address, 80),))
    groups = (
        model.VirtualServerGroup("G", (member("192.0.2.7", port=80), member("192.0.2.8", port=80))),
        model.VirtualServerGroup("M", (member("192.0.2.7", port=80), member(fwmark=7))),
    )
    (service,) = plan_checks.plan(
        model.Document(virtual_servers=(block,), virtual_server_groups=groups)
    ).services.values()
    assert service.awaits == awaits


def test_a_check_that_rests_is_not_made_and_then_at_once(loop: Loop):
    heard = []
    runner = Runner(loop, lambda _key, _before, after, _outcome: (heard.append(after.up), loop.stop()), lambda: 0.0)
    resting = {"check"}
    runner.suspended = lambda key: key in resting
    with socket.create_server(("127.0.0.1", 0)) as server:
        check = TcpCheck(Endpoint("127.0.0.1", server.getsockname()[1]))
        runner.load({"check": (Schedule(0.05, 0.05, 0, 0.0, alpha=True), check)}, lambda _key: None)
        turn(loop, 0.3)
        assert (runner.runs, heard) == (0, [])
        runner.load({"check": (Schedule(3600.0, 0.05, 0, 0.0, alpha=True), check)}, lambda _key: None)
        turn(loop, 0.1)
        resting.clear()
        runner.resume(lambda key: key == "check")
        loop.run()
    assert heard == [True]
    runner.stop()
