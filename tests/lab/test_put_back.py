# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A director that had a hand-written keepalived.conf before us has it again after `absent`; drains of two clusters.

The tests follow one another. d1 and d2 are clusters of their own, without real servers that run.
"""

from __future__ import annotations

import base64
import json

import pytest
from cluster import Cluster
from director_plays import Play
from netns import wait
from test_site_play import STATE
from topology import HostSpec, Topology

pytestmark = pytest.mark.hosts

HOSTS = Topology(
    hosts=(HostSpec("d1", (("lan", "10.8.0.1/24"),)), HostSpec("d2", (("lan", "10.8.0.2/24"),))),
    client=(("lan", "10.8.0.10/24"),),
)
PATH = "/etc/keepalived/keepalived.conf"


def config(vrid, *servers, interface="eth0"):
    blocks = "".join(f"    real_server {server} 80 {{\n        weight 1\n    }}\n" for server in servers)
    return f"""vrrp_instance V {{
    interface {interface}
    virtual_router_id {vrid}
    state MASTER
    priority 100
    virtual_ipaddress {{
        10.8.0.{vrid}
    }}
}}
virtual_server 10.8.0.{vrid} 80 {{
    lb_kind DR
    protocol TCP
{blocks}}}
"""


OURS = {"d1": config(80, "10.8.0.11", "10.8.0.12"), "d2": config(90, "10.8.0.21", "10.8.0.22")}
HAND_WRITTEN = "# by hand \u00e4\r\n" + config(80, "10.8.0.11")
LOOK = f"""stat -c '%a %U %G' {PATH}; base64 -w0 {PATH}; echo
systemctl is-enabled keepalived; systemctl is-active keepalived; ls /var/lib/lvs-cluster 2>/dev/null; true"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster.up(tmp_path_factory.mktemp("back") / "lab", HOSTS, ttl=1500)
    text = base64.b64encode(HAND_WRITTEN.encode()).decode()
    made.ssh(
        "d1",
        f"echo {text} | base64 -d >{PATH}; chmod 604 {PATH}; chgrp daemon {PATH}; modprobe -a ip_vs ip_vs_wlc; "
        "systemctl enable --now keepalived",
    )
    yield made
    made.down()


@pytest.fixture(scope="module")
def before(cluster):
    assert wait(lambda: " 10.8.0.80/" in cluster.ssh("d1", "ip -o address").stdout, 30, 0.5) is not None
    return cluster.ssh("d1", STATE).stdout.splitlines(), cluster.ssh("d1", LOOK).stdout.splitlines()


@pytest.fixture
def play(cluster, tmp_path):
    clusters = {name: {"director_config": text, "lvs_cluster_name": name} for name, text in OURS.items()}
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"children": {"directors": {"hosts": clusters}}}}))

    def run(name, *arguments, **variables):
        variables = {"director_watch": 8, "director_confirm_within": 90, **variables}
        return Play(cluster, name, *arguments, inventory=tmp_path / "inventory.json", **variables)

    return run


def looked(cluster):
    return cluster.ssh("d1", LOOK).stdout.splitlines()


def test_absent_leaves_a_director_alone_that_was_never_ours(cluster, before, play):
    run = play("site", "--limit", "d1", director_state="absent")
    assert (run.good, run.changes) == (True, {"d1": 0}), run.output
    assert looked(cluster) == before[1] == ["604 root daemon", before[1][1], "enabled", "active"]


def test_a_first_change_that_is_taken_back_leaves_it_as_it_was(cluster, before, play):
    run = play("site", "--limit", "d1", director_config=config(80, "10.8.0.11", interface="eth9"))
    assert not run.good
    assert "eth9" in run.output, run.output
    assert looked(cluster)[:4] == before[1]
    assert "before" not in looked(cluster)


@pytest.mark.parametrize("engine", ["agent", "keepalived"])
def test_absent_brings_back_what_ran_before(cluster, before, play, engine):
    for change in ("", "# another\n"):  # the second is not the one to go back behind
        run = play("site", "--limit", "d1", director_engine=engine, director_config=OURS["d1"] + change)
        assert run.good, run.output
    there = looked(cluster)
    assert (there[0], there[3]) == ("640 root root", {"agent": "inactive", "keepalived": "active"}[engine])
    run = play("site", "--limit", "d1", "--check", director_engine=engine, director_state="absent")
    assert run.good, run.output
    assert "+# by hand" in run.output
    assert "start keepalived.service" in run.output
    assert looked(cluster) == there
    run = play("site", "--limit", "d1", director_engine=engine, director_state="absent")
    assert run.good, run.output
    assert looked(cluster) == before[1]
    assert wait(lambda: set(cluster.ssh("d1", STATE).stdout.splitlines()) == set(before[0]), 20, 0.5) is not None
    run = play("site", "--limit", "d1", director_engine=engine, director_state="absent")
    assert (run.good, run.changes) == (True, {"d1": 0}), run.output


def test_a_server_of_one_cluster_is_drained_and_a_stranger_refused(cluster, play):
    """d1 with keepalived, d2 with the agent."""
    for name, engine in (("d1", "keepalived"), ("d2", "agent")):
        run = play("site", "--limit", name, director_engine=engine)
        assert run.good, run.output
    present = {name: cluster.ssh(name, "ipvsadm -Sn").stdout for name in OURS}
    assert present["d1"].count("-w 1") == present["d2"].count("-w 1") == 2, present
    for state in ("drained", "serving"):
        run = play("drain", drain_server="10.8.0.99", drain_state=state)
        assert not run.good
        for servers in ("10.8.0.11:80, 10.8.0.12:80", "10.8.0.21:80, 10.8.0.22:80"):
            assert f"10.8.0.99 is in no service here; real servers here: {servers}" in run.output, run.output
    assert {name: cluster.ssh(name, "ipvsadm -Sn").stdout for name in OURS} == present
    for server, name, other in (("10.8.0.12", "d1", "d2"), ("10.8.0.22", "d2", "d1")):
        run = play("drain", drain_server=server, drain_state="maintenance")
        assert (run.good, run.changes) == (True, {name: 1, other: 0}), run.output
        table = cluster.ssh(name, "ipvsadm -Sn").stdout
        assert table.count("-w 0") == 1, table
        # of a host with both families one address is enough
        run = play("drain", drain_server=server, drain_state="serving", drain_addresses=["2001:db8::1", server])
        assert (run.good, run.changes) == (True, {name: 1, other: 0}), run.output
    assert {name: cluster.ssh(name, "ipvsadm -Sn").stdout for name in OURS} == present
