# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent restarted, reloaded, and killed, each of its processes, under 200 requests a second through the VIP of a
pair on a real kernel: no request fails, the table is never empty, the VIP never moves.
"""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from agent_cluster import VIP, Cluster, Load
from netns import wait

pytestmark = pytest.mark.uml(limit=300)

LOADED = """virtual_server 192.168.140.140 8080 {
    delay_loop 1
    lvs_sched rr
    lvs_method DR
    protocol TCP
    real_server 192.168.140.137 8080 {
        TCP_CHECK {
            connect_timeout 1
        }
    }
    real_server 192.168.140.139 8080 {
        TCP_CHECK {
            connect_timeout 1
        }
    }
}
"""
FULL = {
    f"TCP {VIP}:80 wrr": {"192.168.140.137:80": 1, "192.168.140.139:80": 1},
    f"TCP {VIP}:8080 rr": {"192.168.140.137:8080": 1, "192.168.140.139:8080": 1},
}


@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    try:
        for director in (made.d1, made.d2):
            director.write(after=LOADED)
            director.up()
        assert wait(lambda: settled(made), 30, 0.1) is not None
        yield made
    finally:
        for director in (made.d1, made.d2):
            print(f"--- {director.name}\n{director.log()[-4000:]}")
        made.close()


def holds(director) -> bool:
    """The VIP is local; without starting a program."""
    return f"-- {VIP}\n" in director.read("/proc/thread-self/net/fib_trie")


def settled(cluster: Cluster) -> bool:
    """The master has the VIP, both have full tables."""
    directors = (cluster.d1, cluster.d2)
    return [holds(d) for d in directors] == [True, False] and all(d.ipvs() == FULL for d in directors)


class Watch(threading.Thread):
    """Looks 20 times a second whether the table of d1 is as it should be and who has the VIP; keeps what was odd."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(daemon=True)
        self.cluster, self.seen, self.over = cluster, [], threading.Event()
        self.start()

    def run(self) -> None:
        while not self.over.wait(0.05):
            table, places = self.cluster.d1.ipvs(), [holds(d) for d in (self.cluster.d1, self.cluster.d2)]
            if table != FULL or places != [True, False]:
                self.seen.append((table, places))

    def stop(self) -> list:
        self.over.set()
        self.join()
        return self.seen


def kill_child(name: str):
    def kill(cluster: Cluster) -> None:
        os.kill(cluster.d1.child(name), signal.SIGKILL)

    return kill


def restart(cluster: Cluster) -> None:
    d1 = cluster.d1
    assert "restarting" in d1.run(*d1.agent("restart", "--socket", d1.socket))


def reload(cluster: Cluster) -> None:
    for _ in range(3):
        cluster.d1.program.send_signal(signal.SIGHUP)
        time.sleep(0.3)


WAYS = {
    "reloaded": reload,
    "checker killed": kill_child("checker"),
    "vrrp killed": kill_child("vrrp"),
    "restarted": restart,
    "parent killed": lambda cluster: cluster.d1.killed(),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_request_fails(cluster, way: str) -> None:
    d1 = cluster.d1
    parent, children = d1.program.pid, (d1.child("checker"), d1.child("vrrp"))
    load, watch = Load(cluster.client, port=8080), Watch(cluster)
    time.sleep(1)
    WAYS[way](cluster)
    assert wait(d1.serves, 20, 0.1) is not None
    time.sleep(1.5 if way in ("reloaded", "checker killed") else 4.5)  # the peer's active-down interval is 3.6 s
    figures, odd = load.stop(), watch.stop()
    print(f"{way}: {figures}")
    assert figures["failed"] == {}
    assert figures["rate"] > 190, figures
    assert odd == []
    status = d1.status()
    assert status["vrrp"]["instances"]["VI_1"]["state"] == "MASTER"
    assert (d1.program.pid == parent) is (way != "parent killed")
    replaced = tuple(d1.child(name) != pid for name, pid in zip(("checker", "vrrp"), children))
    assert replaced == (way not in ("reloaded", "vrrp killed"), way not in ("reloaded", "checker killed"))


def test_what_the_old_file_had_goes_with_a_restart_under_a_new_file(cluster) -> None:
    """The parent is killed, the file changes, the successor takes the checker's place."""
    d1 = cluster.d1
    extra = (
        "virtual_server 192.168.140.140 81 {\n protocol TCP\n lvs_method DR\n real_server 192.168.140.137 81 {\n }\n}\n"
    )
    d1.write(after=LOADED + extra)
    d1.program.send_signal(signal.SIGHUP)
    assert wait(lambda: len(d1.ipvs()) == 3, 10) is not None
    d1.write(after=LOADED)
    watch = Watch(cluster)
    d1.killed()
    assert wait(lambda: d1.ipvs() == FULL, 10) is not None
    assert all({**table, **FULL} == table for table, _places in watch.stop())
    assert wait(lambda: settled(cluster), 30, 0.1) is not None
