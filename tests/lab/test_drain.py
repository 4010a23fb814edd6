# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server drained on both directors under 200 requests a second and with held connections, on a real kernel."""

from __future__ import annotations

import os
import signal
import time

import pytest
from agent_cluster import VIP, Load
from netns import KeepOpen, get, wait
from switching import Pair, holds

pytestmark = pytest.mark.uml(limit=300)

RS1 = "192.168.140.137"
BOTH = ("d1", "d2")


@pytest.fixture(scope="module")
def pair():
    made = Pair()
    yield made
    made.close()


def weights(pair, name):
    """The weight of rs1 in every service of a director; None where it is not in the table."""
    return [
        table.get(f"{RS1}:{port}")
        for port in (80, 8080)
        for key, table in pair.directors[name].ipvs().items()
        if f":{port} " in key
    ]


def asked(pair) -> set:
    """Who answers fresh connections now."""
    return set(pair.cluster.answers(20))


def test_drain(pair) -> None:
    held = [KeepOpen(pair.cluster.client, VIP, 80, every=0.2) for _ in range(4)]
    assert wait(lambda: all(each.names for each in held), 10, 0.1) is not None
    assert {name for each in held for name in each.names} == {"rs1", "rs2"}
    load = Load(pair.cluster.client, port=8080)
    time.sleep(1)
    answers = {name: pair.ask(name, command="drain", server=RS1, deadline=25) for name in BOTH}
    begin = time.monotonic()
    assert all(answer["ok"] for answer in answers.values()), answers
    assert answers["d1"]["drains"][0]["connections"] > 0
    assert answers["d1"]["drains"][0]["clients"] == 1
    assert [weights(pair, name) for name in BOTH] == [[0, 0], [0, 0]]
    # a floor keeps the last one in
    refused = pair.ask("d1", command="drain", server="192.168.140.139")
    assert "would keep 0 of its servers" in refused["error"]
    before = load.stop()
    assert before["failed"] == {}
    after = Load(pair.cluster.client, port=8080)
    assert asked(pair) == {"rs2"}
    # the agent and then its checker are killed: what comes after them goes on with the journal
    d1 = pair.directors["d1"]
    d1.killed()
    assert wait(pair.directors["d1"].serves, 20, 0.2) is not None
    os.kill(d1.child("checker"), signal.SIGKILL)
    assert wait(pair.directors["d1"].serves, 20, 0.2) is not None
    assert [weights(pair, name) for name in BOTH] == [[0, 0], [0, 0]]
    assert pair.status("d1")["checker"]["drains"][0]["server"] == RS1
    assert pair.ask("d1", command="reload")["ok"]
    figures = after.stop()
    assert figures["failed"] == {}
    assert set(figures["names"]) == {"rs2"}, "a new connection after the drain"
    assert time.monotonic() - begin < 24, "too slow a machine for this deadline"
    assert [each.dead for each in held] == [None] * 4, "a held one was cut too early"
    # the deadline: what is left of it is cut, the others go on
    assert wait(lambda: [weights(pair, name) for name in BOTH] == [[None, None]] * 2, 30, 0.2) is not None
    assert time.monotonic() - begin >= 24.5
    assert all(pair.ask(name, command="undrain", server=RS1)["ok"] for name in BOTH)
    assert wait(lambda: [weights(pair, name) for name in BOTH] == [[1, 1]] * 2, 5, 0.1) is not None
    assert asked(pair) == {"rs1", "rs2"}
    for each in held:
        each.stop()


def test_a_port_that_is_taken_again(pair) -> None:
    """The kernel still knows the connection before it, to the drained server."""
    service, ports = f"{RS1}:8080", range(20001, 20021)

    def asked_again() -> set:
        with pair.cluster.client:
            return {get(VIP, 8080, 5, port) for port in ports}

    assert asked_again() == {"rs1", "rs2"}
    assert pair.ask("d1", command="drain", server=service)["ok"]
    assert asked_again() == {"rs2"}
    assert pair.ask("d1", command="undrain", server=service)["ok"]


def test_a_failover_in_the_middle(pair) -> None:
    """Each director has its own journal: who becomes master gives the drained one nothing either."""
    assert all(pair.ask(name, command="drain", server=f"{RS1}:8080")["ok"] for name in BOTH)
    time.sleep(0.5)
    load = Load(pair.cluster.client, port=8080)
    time.sleep(1)
    for request, to in (("takeover", "d2"), ("end", "d1")):
        assert pair.ask("d2", command=request)["ok"]
        assert wait(lambda to=to: [n for n, d in pair.directors.items() if holds(d)] == [to], 5) is not None
        time.sleep(0.5)
    figures = load.stop()
    assert figures["failed"] == {}
    assert set(figures["names"]) == {"rs2"}
    d2 = pair.directors["d2"]
    d2.stop(d2.program)  # a director that comes back keeps its journal
    d2.up()
    assert wait(pair.directors["d2"].serves, 20, 0.2) is not None
    assert wait(lambda: weights(pair, "d2") == [1, 0], 20, 0.2) is not None
    assert all(pair.ask(name, command="undrain", server=f"{RS1}:8080")["ok"] for name in BOTH)
    assert wait(lambda: [weights(pair, name) for name in BOTH] == [[1, 1]] * 2, 5, 0.1) is not None


def test_maintenance_directory(pair) -> None:
    folder = pair.directors["d1"].folder / "maintenance"
    folder.mkdir()
    d1 = pair.directors["d1"]
    with open(d1.conf, "a") as file:
        file.write(f"global_defs {{\n    @lvs_agent maintenance_dir {folder}\n}}\n")
    assert pair.ask("d1", command="reload")["ok"]
    assert weights(pair, "d1") == [1, 1]
    (folder / f"{RS1}:8080").write_text("")
    assert wait(lambda: weights(pair, "d1") == [1, 0], 5, 0.1) is not None
    (folder / f"{RS1}:8080").unlink()
    assert wait(lambda: weights(pair, "d1") == [1, 1], 5, 0.1) is not None
