# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two directors that are the real servers as well, by DR and TUN: `make plays`. Tests follow one another."""

from __future__ import annotations

import plays
import pytest
from netns import wait

pytestmark = pytest.mark.hosts

METHODS, BOTH = ("DR", "TUN"), ("d1", "d2")
SETTLED = 60  # s
SYNC = "eth1 V4"


@pytest.fixture(scope="module", params=["agent", "keepalived"])
def case(request, tmp_path_factory):
    """(cluster, folder, engine)."""
    made = plays.up(tmp_path_factory.mktemp("two") / "lab", 1500, BOTH, BOTH)
    yield made, tmp_path_factory.mktemp("inventory"), request.param
    made.down()


def play(case, servers=BOTH, **variables):
    cluster, folder, engine = case
    description = {**plays.description(METHODS), "global_defs": {"lvs_sync_daemon": SYNC}}
    path = plays.inventory(folder, description, servers)
    done = plays.Play(cluster, path, director_engine=engine, **variables)
    assert done.good, done.output
    return done


def backup_only(cluster):
    """The sysctl on both."""
    return [cluster.ssh(name, "cat /proc/sys/net/ipv4/vs/backup_only").stdout.strip() for name in BOTH]


def holders(cluster):
    """Who has the virtual addresses where clients see them."""
    return [name for name in BOTH if "10.9.0.80/24" in cluster.ssh(name, "ip address show dev eth0").stdout]


def test_both_serve_and_a_second_play_changes_nothing(case):
    cluster, *_ = case
    play(case)
    assert wait(lambda: plays.all_answer(cluster, METHODS, BOTH), SETTLED, 0.5) is not None
    assert holders(cluster) == ["d1"]
    assert backup_only(cluster) == ["1", "1"]
    again = play(case)
    assert set(again.changes.values()) == {0}, again.output


def test_one_alone_serves(case):
    cluster, *_ = case
    cluster.kill("d1")
    assert wait(lambda: plays.all_answer(cluster, METHODS, ["d2"]), SETTLED, 0.5) is not None
    cluster.boot("d1")
    assert wait(lambda: plays.all_answer(cluster, METHODS, BOTH), SETTLED, 0.5) is not None
    assert backup_only(cluster) == ["1", "1"]


def test_a_director_that_is_no_real_server_any_more_is_put_back(case):
    cluster, *_ = case
    show = "cat /var/lib/lvs-cluster/host.json; ip -o address show dev lo; ip -o address show dev tunl0"
    assert "10.9.0.80/32" in cluster.ssh("d1", show).stdout
    play(case, ["d2"])
    assert wait(lambda: plays.all_answer(cluster, METHODS, ["d2"]), SETTLED, 0.5) is not None
    left = cluster.ssh("d1", show, check=False).stdout
    assert "/32" not in left.replace("127.0.0.1/8", "")
    assert "real_server" not in left
    assert "10.9.0.80/32" in cluster.ssh("d2", show).stdout
    assert backup_only(cluster) == ["0", "1"]
    again = play(case, ["d2"])
    assert set(again.changes.values()) == {0}, again.output
