# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takeover and standby between two directors on a real kernel under 200 new connections a second: no request fails.

Pauses are measured in tests/bench/mastership.py, twenty times; a busy machine makes its own.
"""

from __future__ import annotations

import os
import signal
import time

import pytest
from agent_cluster import VIP
from netns import wait
from switching import SWITCHES, Pair, holds

pytestmark = pytest.mark.uml(limit=300)


@pytest.fixture(scope="module")
def pair():
    made = Pair()
    yield made
    made.close()


def test_no_request_fails(pair) -> None:
    for to, name, request in SWITCHES:
        figures = pair.moved(to, name, **request)
        print(request["command"], name, figures)
        assert figures["answer"]["ok"], figures
        assert figures["failed"] == {}
        assert figures["asked"] > 150
    assert pair.status("d1")["vrrp"]["mastership"] == {}


def test_a_wish_survives_its_process_and_ends_in_time(pair) -> None:
    until = time.monotonic() + 14
    assert pair.ask("d1", command="standby", seconds=14)["ok"]
    os.kill(pair.directors["d1"].child("vrrp"), signal.SIGKILL)
    assert wait(lambda: (pair.status("d1")["vrrp"] or {}).get("mastership"), 5, 0.1) is not None
    instance = pair.status("d1")["vrrp"]["instances"]["VI_1"]
    assert (instance["state"], instance["priority"], instance["effective_priority"]) == ("BACKUP", 101, 1)
    d1 = pair.directors["d1"]
    d1.stop(d1.program)  # a whole new agent goes on with it, too
    d1.up()
    assert wait(lambda: os.path.exists(d1.socket), 20, 0.1) is not None  # a graceful stop takes it away
    assert wait(lambda: "VI_1" in (pair.status("d1")["vrrp"] or {}).get("mastership", {}), 20, 0.2) is not None
    assert not holds(d1)
    assert wait(lambda: pair.settled("d1"), until - time.monotonic() + 5, 0.05) is not None
    assert time.monotonic() >= until
    assert pair.status("d1")["vrrp"]["mastership"] == {}


def test_refused(pair) -> None:
    assert (
        "there is no vrrp_instance or vrrp_sync_group VI_9"
        in pair.ask("d1", command="takeover", names=["VI_9"])["error"]
    )
    assert "from 1 to" in pair.ask("d1", command="standby", seconds=0)["error"]
    d2 = pair.directors["d2"]
    d2.stop(d2.program)
    answer = pair.ask("d1", command="standby")
    assert not answer["ok"]
    assert "nobody took over" in answer["error"]
    assert holds(pair.directors["d1"])
    assert pair.status("d1")["vrrp"]["instances"]["VI_1"]["effective_priority"] == 101
    d2.up()
    assert wait(pair.settled, 30, 0.1) is not None


def test_beside_keepalived(pair) -> None:
    """The other director is Debian's keepalived: it gives way and is given way to, by adverts alone."""
    pair.run("keepalived", "agent")
    for to, request in (("d2", {"command": "takeover", "seconds": 60}), ("d1", {"command": "end"})):
        figures = pair.moved(to, "d2", **request)
        print("keepalived", request["command"], figures)
        assert figures["answer"]["ok"], figures
        assert figures["failed"] == {}
    pair.ask("d2", command="takeover")
    assert wait(lambda: holds(pair.directors["d2"]) and not holds(pair.directors["d1"]), 5) is not None
    figures = pair.moved("d1", "d2", command="standby", seconds=60)
    assert figures["answer"]["ok"], figures
    assert figures["failed"] == {}
    assert f"{VIP}" in str(pair.status("d2")["vrrp"]["instances"]["VI_1"])
