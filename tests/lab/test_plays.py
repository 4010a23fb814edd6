# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/site.yml for each forwarding method, IPv4 and IPv6, with both engines: `make plays`. Tests follow one another."""

from __future__ import annotations

import plays
import pytest
from netns import wait

pytestmark = pytest.mark.hosts

SETTLED = 60  # s
NOTHING = {"d1": 0, "d2": 0, "r1": 0, "r2": 0}
CASES = [(("DR",), "agent"), (("NAT",), "agent"), (("TUN",), "agent"), (("DR", "NAT", "TUN"), "keepalived")]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join([*case[0], case[1]]))
def case(request, tmp_path_factory):
    """(cluster, methods, inventory, engine, the hosts' state before the first play)."""
    methods, engine = request.param
    made = plays.up(tmp_path_factory.mktemp("plays") / "lab", ttl=3000)
    before = {name: plays.state(made, name) for name in made.hosts}
    path = plays.inventory(tmp_path_factory.mktemp("inventory"), plays.description(methods))
    yield made, methods, path, engine, before
    made.down()


def test_check_mode_on_bare_hosts_changes_nothing(case):
    cluster, _methods, path, engine, before = case
    play = plays.Play(cluster, path, "--check", director_engine=engine)
    assert play.good, play.output
    assert all(play.changes.values())
    assert plays.differences(cluster, before) == {}


def test_the_first_play_serves(case):
    cluster, methods, path, engine, _before = case
    play = plays.Play(cluster, path, director_engine=engine)
    assert play.good, play.output
    assert wait(lambda: plays.all_answer(cluster, methods), SETTLED, 0.5) is not None


def test_the_second_play_changes_nothing(case):
    cluster, _methods, path, engine, _before = case
    play = plays.Play(cluster, path, director_engine=engine)
    assert play.good, play.output
    assert play.changes == NOTHING, play.output


def test_a_reboot_of_every_host_brings_the_service_back(case):
    cluster, methods, path, engine, _before = case
    for name in cluster.hosts:
        cluster.ssh(name, "sync")
    for name in cluster.hosts:
        cluster.kill(name)
    cluster.boot(*cluster.hosts)
    assert wait(lambda: plays.all_answer(cluster, methods), SETTLED, 0.5) is not None
    play = plays.Play(cluster, path, director_engine=engine)
    assert play.changes == NOTHING, play.output


def test_absent_puts_every_host_back(case):
    cluster, _methods, path, engine, before = case
    variables = {"director_engine": engine, "director_state": "absent", "real_server_state": "absent"}
    play = plays.Play(cluster, path, **variables)
    assert play.good, play.output
    assert plays.differences(cluster, before) == {}
    assert plays.Play(cluster, path, **variables).changes == NOTHING
