# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""director_firewall's own unit beside Debian's nftables.service, under systemd, without a boot in between.

A guest's kernel has no family inet, so a script stands for nft and keeps the one table as a file; what a kernel makes of
the table is in test_director_firewall.py.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import Cluster
from netns import wait
from topology import HostSpec, Topology

pytestmark = pytest.mark.hosts

ROOT = Path(__file__).parents[2]
ONE = Topology(hosts=(HostSpec("d1", (("lan", "10.7.0.1/24"),)),), client=(("lan", "10.7.0.10/24"),))
NEEDS = {"peers": ["10.7.0.2"], "routers": [{"interface": "eth0", "family": 4, "peers": [], "ah": False}], "sync": None}
NFT = """#!/bin/sh
case "$*" in
"list table inet lvs_director") cat /run/table ;;
"delete table inet lvs_director") rm /run/table ;;
"-f /etc/lvs-cluster/director.nft") cp /etc/lvs-cluster/director.nft /run/table ;;
*) rm -f /run/table ;; # nftables.service: flush ruleset
esac
"""
FILES = "find /etc/systemd /etc/lvs-cluster /var/lib/lvs-cluster 2>/dev/null | sort"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster.up(tmp_path_factory.mktemp("unit") / "lab", ONE, ttl=300)
    program = base64.b64encode(NFT.encode()).decode()
    made.ssh("d1", f"echo {program} | base64 -d >/usr/sbin/nft; systemctl start nftables")
    yield made
    made.down()


def module(cluster, **options):
    """Whether the module changed anything; its failure is one of the test."""
    words = [sys.executable, "-m", "ansible", "adhoc", "-i", f"{cluster.folder}/inventory.ini", "d1", "-o"]
    words += ["-m", "lvs.cluster.director_firewall", "-a", json.dumps({"needs": NEEDS, **options})]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return "CHANGED" in done.stdout


def test_the_table_outlives_whatever_becomes_of_nftables(cluster):
    before = cluster.ssh("d1", FILES).stdout
    assert module(cluster, backend="nftables")
    assert not module(cluster, backend="nftables")
    for order in ("reload", "restart", "stop", "start"):
        cluster.ssh("d1", f"systemctl {order} nftables")
        there = wait(lambda: cluster.ssh("d1", "test -e /run/table", check=False).returncode == 0, 5, 0.2) is not None
        assert there == (order != "stop"), f"after systemctl {order} nftables"
    assert not module(cluster, backend="nftables"), "the unit is active again too"
    assert module(cluster, state="absent")
    assert cluster.ssh("d1", FILES).stdout == before
    assert cluster.ssh("d1", "systemctl is-active lvs-firewall; test -e /run/table", check=False).returncode
    assert not module(cluster, state="absent")
