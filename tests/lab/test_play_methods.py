# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One play for DR, NAT and TUN, IPv4 and IPv6, from one description with a secret in it; all of them: `make plays`."""

from __future__ import annotations

import plays
import pytest
from netns import wait

pytestmark = pytest.mark.hosts

METHODS = ("DR", "NAT", "TUN")
SETTLED = 40  # s
CANARY, PATTERN = "kanarie7", "kanari[e]7"  # the pattern does not find the command that looks for it
WATCH = f"systemd-run -q --unit=seen sh -c 'while sleep 0.2; do cat /proc/[0-9]*/cmdline; done | grep -a -m1 {PATTERN} >/run/seen'"
FILES = f"grep -rlI '{PATTERN}' /etc /var /usr/local /run /root /tmp /dev/shm 2>/dev/null | xargs -r stat -c '%a %U %n'"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = plays.up(tmp_path_factory.mktemp("methods") / "lab", ttl=900)
    yield made
    made.down()


@pytest.fixture(scope="module")
def before(cluster):
    """Every host as it was before the play."""
    return {name: plays.state(cluster, name) for name in cluster.hosts}


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    description = plays.description(METHODS)
    description["vrrp_instances"][0]["authentication"] = {"auth_type": "PASS", "auth_pass": CANARY}
    return plays.inventory(tmp_path_factory.mktemp("inventory"), description)


@pytest.fixture(scope="module")
def played(cluster, before, inventory):
    """The play, as loud as it can be, while the directors' command lines are watched."""
    for name in ("d1", "d2"):
        cluster.ssh(name, WATCH)
    play = plays.Play(cluster, inventory, "-vvv")
    assert play.good, play.output
    return play


def test_every_method_serves(cluster, played):
    assert wait(lambda: plays.all_answer(cluster, METHODS), SETTLED, 0.5) is not None


def test_a_secret_is_nowhere_but_in_the_file(cluster, played):
    assert CANARY not in played.output
    assert "auth_pass ********" in played.output
    for name in ("d1", "d2"):
        assert cluster.ssh(name, "systemctl stop seen; cat /run/seen; rm /run/seen").stdout == "", "a command line"
        assert cluster.ssh(name, f"journalctl --no-pager | grep '{PATTERN}'", check=False).stdout == ""
        found = [line.split() for line in cluster.ssh(name, FILES).stdout.splitlines()]
        assert "/etc/keepalived/keepalived.conf" in [path for _mode, _user, path in found]
        assert [(mode, user, path) for mode, user, path in found if user != "root" or int(mode, 8) & 0o027] == []
    for name in ("r1", "r2"):
        assert cluster.ssh(name, FILES).stdout == ""


def test_absent_puts_every_host_back(cluster, before, inventory, played):
    play = plays.Play(cluster, inventory, director_state="absent", real_server_state="absent")
    assert play.good, play.output
    assert plays.differences(cluster, before) == {}
