# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole agent on two directors before two real servers (DR), on a real kernel: start, reload, deaths, stop."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from agent_cluster import SERVERS, VIP, Cluster
from netns import Poller, wait

pytestmark = pytest.mark.uml(limit=300)


@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    try:
        made.d1.up()
        made.d2.up()
        yield made
    finally:
        for director in (made.d1, made.d2):
            print(f"--- {director.name}\n{director.log()[-4000:]}")
        made.close()


@pytest.fixture(autouse=True)
def settled(cluster):
    """Every test begins with d1 as master and full tables on both."""
    for director in (cluster.d1, cluster.d2):
        if director.program not in director.programs:
            director.write()
            director.up()
    assert wait(cluster.settled, 30, 0.1) is not None, cluster.d1.log()[-3000:] + cluster.d2.log()[-3000:]


def test_the_vip_is_served_by_both_servers(cluster) -> None:
    answers = cluster.answers(10)
    assert sorted(answers) == ["rs1"] * 5 + ["rs2"] * 5
    status = cluster.d1.status()
    assert status["vrrp"]["instances"]["VI_1"]["state"] == "MASTER"
    assert cluster.d2.status()["vrrp"]["instances"]["VI_1"]["state"] == "BACKUP"


def test_a_hup_with_a_mistake_keeps_serving(cluster) -> None:
    d1 = cluster.d1
    poller = Poller(cluster.client, VIP, timeout=1)
    before = d1.ipvs()
    d1.write(weight=7, after="virtual_servr 10.0.0.1 80 { }\n")
    d1.program.send_signal(signal.SIGHUP)
    assert wait(lambda: "is refused" in d1.log(), 10, 0.1) is not None
    time.sleep(1.5)
    poller.stop()
    assert d1.ipvs() == before
    assert cluster.settled()
    assert poller.failed(0) == 0
    status = d1.status()["config"]
    assert status["reloads"]["refused"] == 1
    line = Path(d1.conf).read_text().splitlines().index("virtual_servr 10.0.0.1 80 { }") + 1
    assert f"{d1.conf}:{line}:1: error[" in status["last_refusal"][0]
    assert "virtual_server" in status["last_refusal"][0]


def test_a_hup_changes_only_what_changed(cluster) -> None:
    d1 = cluster.d1
    poller = Poller(cluster.client, VIP, timeout=1)
    vrrp = d1.status()["vrrp"]["instances"]["VI_1"]
    d1.write(weight=5)
    d1.program.send_signal(signal.SIGHUP)
    assert wait(lambda: d1.ipvs()[f"TCP {VIP}:80 wrr"]["192.168.140.137:80"] == 5, 10, 0.05) is not None
    poller.stop()
    after = d1.status()["vrrp"]["instances"]["VI_1"]
    assert after["state"] == "MASTER"
    assert after["since"] == vrrp["since"]
    assert poller.failed(0) == 0
    d1.write(weight=1)
    d1.program.send_signal(signal.SIGHUP)
    assert wait(lambda: d1.ipvs()[f"TCP {VIP}:80 wrr"]["192.168.140.137:80"] == 1, 10, 0.05) is not None


def test_diff_shows_what_a_file_would_change(cluster) -> None:
    d1 = cluster.d1
    d1.write(weight=9)
    said = d1.run(*d1.agent("diff", d1.conf))
    d1.write()
    assert said.splitlines() == [line for line in said.splitlines() if "192.168.140.137:80" in line]
    assert "9" in said
    assert "nothing would change" in d1.run(*d1.agent("diff", d1.conf))


@pytest.mark.parametrize("name", ["vrrp", "checker"])
def test_a_killed_child_is_back_and_nobody_else_holds_the_vip(cluster, name: str) -> None:
    d1, d2 = cluster.d1, cluster.d2
    poller = Poller(cluster.client, VIP, timeout=1)
    pid = d1.child(name)
    assert pid > 0
    table = d1.ipvs()
    os.kill(pid, signal.SIGKILL)
    back = wait(lambda: d1.child(name) not in (0, pid), 5)
    assert back is not None
    assert back < 2
    seen = []
    for _ in range(25):  # longer than the peer's active-down interval of 3.6 s
        seen.append((d1.has(VIP), d2.has(VIP), d1.ipvs() == table))
        time.sleep(0.2)
    poller.stop()
    assert set(seen) == {(True, False, True)}
    assert poller.failed(0) == 0
    status = d1.status()
    assert status["vrrp"]["instances"]["VI_1"]["state"] == "MASTER"
    assert status["processes"][name]["deaths"] >= 1


def test_a_stop_hands_over_within_the_skew_time(cluster) -> None:
    d1, d2 = cluster.d1, cluster.d2
    poller, start = Poller(cluster.client, VIP), time.monotonic()
    assert d1.stop(d1.program) == 0
    assert not d1.has(VIP)
    assert wait(lambda: d2.has(VIP), 5) is not None
    time.sleep(0.5)
    poller.stop()
    print(f"blackout of a stop: {poller.blackout(start):.3f} s")
    assert d1.ipvs() == {}
    assert poller.log[-1][2] in SERVERS


def test_a_killed_parent_without_a_successor_leaves_nothing_behind(cluster) -> None:
    d1, d2 = cluster.d1, cluster.d2
    os.kill(d1.program.pid, signal.SIGKILL)
    d1.program.wait()
    time.sleep(2)
    assert (d1.has(VIP), d2.has(VIP)) == (True, False)
    assert wait(lambda: not d1.has(VIP), 12) is not None
    assert wait(lambda: d1.ipvs() == {}, 3) is not None, "another process, which comes after the one with priority"
    assert wait(lambda: d2.has(VIP), 6) is not None
    assert wait(lambda: d1.child("vrrp") == 0, 5) is not None
    d1.programs.remove(d1.program)


def test_a_dead_server_leaves_and_comes_back(cluster) -> None:
    d1, server = cluster.d1, cluster.servers[0]
    server.kill()
    gone = wait(lambda: d1.real_servers() == ["192.168.140.139:80"], 15)
    assert gone is not None, d1.ipvs()
    assert set(cluster.answers(6)) == {"rs2"}
    server.web()
    assert wait(lambda: len(d1.real_servers()) == 2, 15) is not None
