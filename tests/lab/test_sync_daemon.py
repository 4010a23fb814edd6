# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""lvs_sync_daemon beside Debian's keepalived from the same words, on a real kernel: the same daemons run in every state,
a connection goes on when the VIP moves from one engine to the other, and what somebody else stops runs again.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from agent_cluster import VIP, Cluster
from netns import KeepOpen, wait

pytestmark = pytest.mark.uml(limit=200)

LINES = {
    "instance": "lvs_sync_daemon eth0 VI_1 id 7 maxlen 1200 port 8900 ttl 3 group 224.0.0.82",
    "its id": "lvs_sync_daemon eth0 VI_1",
}


@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    try:
        yield made
    finally:
        for director in (made.d1, made.d2):
            log = Path(director.folder, "log")
            print(f"--- {director.name}\n{log.read_text()[-4000:] if log.exists() else ''}")
        made.close()


def begin(cluster: Cluster, line: str) -> None:
    """d1 with the agent, d2 with keepalived."""
    for director in (cluster.d1, cluster.d2):
        for program in list(director.programs):
            director.stop(program)
        director.write(after=f"global_defs {{\n {line}\n}}\n")
    cluster.d1.up()
    pids = ("-p", f"{cluster.d2.folder}/1", "-r", f"{cluster.d2.folder}/2", "-c", f"{cluster.d2.folder}/3")
    conf, log = cluster.d2.conf, f"{cluster.d2.folder}/log"
    cluster.d2.program = cluster.d2.start("keepalived", "-n", "-l", "-D", "-f", conf, *pids, log=log)
    assert wait(cluster.settled, 30, 0.1) is not None


def daemons(director) -> list:
    return director.run("ipvsadm", "-l", "--daemon").splitlines()


@pytest.mark.parametrize("name", LINES)
def test_both_run_the_same_daemons_and_a_connection_goes_on(cluster, name: str) -> None:
    d1, d2 = cluster.d1, cluster.d2
    begin(cluster, LINES[name])
    wait(lambda: "master" in str(daemons(d1)) and "backup" in str(daemons(d2)), 5, 0.2)
    said = [daemons(d1), daemons(d2)]
    assert ["master" in said[0][0], "backup" in said[1][0]] == [True, True]
    assert said[0][0].split("(")[1].replace("master", "") == said[1][0].split("(")[1].replace("backup", "")
    assert [len(lines) for lines in said] == [1, 1]
    stays = KeepOpen(cluster.client, VIP)
    assert wait(lambda: stays.count > 20, 20) is not None
    time.sleep(3)  # the kernel keeps news back for up to 2 s
    assert d1.stop(d1.program) == 0
    assert daemons(d1) == []
    assert wait(lambda: d2.has(VIP), 6) is not None
    count = stays.count
    assert wait(lambda: stays.count > count + 10 or stays.dead, 20) is not None
    assert stays.dead is None
    # Back from keepalived to the agent.
    d1.up()
    assert wait(cluster.settled, 30, 0.1) is not None
    count = stays.count
    assert wait(lambda: stays.count > count + 10 or stays.dead, 20) is not None
    stays.stop()
    assert (stays.dead, len(stays.names)) == (None, 1)
    assert daemons(d2) == said[1]
    assert wait(lambda: daemons(d1) == said[0], 5, 0.2) is not None


def test_a_new_checker_leaves_the_daemon_of_a_master_alone(cluster) -> None:
    d1 = cluster.d1
    before, said, killed = daemons(d1), len(d1.log()), d1.child("checker")
    os.kill(killed, signal.SIGKILL)
    assert wait(lambda: d1.child("checker") not in (0, killed) and d1.serves(), 20, 0.3) is not None
    assert daemons(d1) == before
    assert "sync daemon" not in d1.log()[said:]


def test_what_others_stop_runs_again(cluster) -> None:
    d1 = cluster.d1
    before = daemons(d1)
    d1.run("ipvsadm", "--stop-daemon", "master")
    d1.run("ipvsadm", "--start-daemon", "backup", "--mcast-interface", "eth0", "--syncid", "99")
    assert wait(lambda: daemons(d1) == before, 15, 0.3) is not None
    checker = d1.status()["checker"]
    assert [daemon["role"] for daemon in checker["sync_daemons"]] == ["master"]
    assert checker["counters"]["repaired"] == 2
