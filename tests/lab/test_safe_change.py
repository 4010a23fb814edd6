# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad changes of each kind, power cuts, upgrades of the engine and the way back, on lab hosts over ssh under 100 requests a second.

`make safe`. The tests follow one another: whatever a test changes for good is what the next one begins with.
"""

from __future__ import annotations

import json
import time

import pytest
import yaml
from cluster import Cluster
from director_plays import (
    DIRECTORS,
    INVENTORY,
    VIP,
    Load,
    Otherwise,
    Play,
    engine,
    masters,
    serve,
    table,
    without_keepalived,
)
from netns import wait

pytestmark = pytest.mark.hosts

CONFIG = yaml.safe_load(INVENTORY.read_text())["all"]["children"]["directors"]["vars"]["director_config"]
SETTLED = 30  # s
BACK = 30  # s within which the old configuration has to be there again
MEND = 90  # s
STATE = "cat /run/lvs-cluster/change.json"
# Whatever takes an unconfirmed change back; and the guard, by its lock.
LEFT = """ls -d /var/lib/lvs-cluster/unconfirmed 2>/dev/null
systemctl list-unit-files --no-legend 'lvs-take-back*'; systemctl is-active -q lvs-guard && echo waiting; :"""
KILL_GUARD = r"""inode=$(stat -c %i /run/lvs-cluster/change.lock)
kill -KILL $(awk -v i=":$inode\$" '$2 == "FLOCK" && $6 ~ i {print $5}' /proc/locks)"""
PORTS, USUAL_PORTS, FRESH_PORTS = "/proc/sys/net/ipv4/ip_local_port_range", "32768 60999", "10000 14999"
IN_FLIGHT = 2
"""Requests that a planned failover may break where one of the two is keepalived: it hands no connections over."""
FIGURES: list[str] = []


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster.up(tmp_path_factory.mktemp("safe") / "lab", DIRECTORS, ttl=3000)
    for name in ("r1", "r2"):
        serve(made, name)
    play = Play(made, "site", persistence_timeout=0)
    assert play.good, play.output
    assert wait(lambda: masters(made) == ["d1"], SETTLED, 0.5) is not None
    yield made
    made.down()
    print("\n".join(["", *FIGURES]))


@pytest.fixture
def load(cluster, tmp_path, request):
    """Requests while the test runs; it says how many failed when it stops them."""
    running = Load(cluster, tmp_path / "load.json")

    def stop():
        time.sleep(1)
        figures = running.stop()
        told = {name: figures[name] for name in ("asked", "failed", "slow", "longest", "pause")}
        FIGURES.append(f"{request.node.name}: {json.dumps(told)}")
        return figures

    yield stop
    if running.process.poll() is None:
        running.stop()


def left(cluster):
    """What is left on the directors of what takes a change back."""
    return "".join(cluster.ssh(name, LEFT).stdout for name in ("d1", "d2"))


def file(cluster, name):
    return cluster.ssh(name, "cat /etc/keepalived/keepalived.conf").stdout


def wrong(old, new):
    """The configuration with one mistake."""
    assert old in CONFIG
    return CONFIG.replace(old, new)


# What is wrong, what the play has to say about it, and on which hosts it is seen: on none but the controller, or on d2.
MISTAKES = {
    "syntax": (wrong("protocol TCP", "protocl TCP"), "did you mean 'protocol'?", "controller"),
    "cluster rule": (
        wrong("virtual_router_id 51", "virtual_router_id {{ 51 if inventory_hostname == 'd1' else 52 }}"),
        "error[",
        "controller",
    ),
    "check fails": (
        wrong("connect_timeout 10", "connect_timeout 2\n            connect_port 81"),
        "has no server any more, it had",
        "director",
    ),
    "wrong interface": (wrong("interface eth0", "interface eth1"), "has two holders", "director"),
    "no such interface": (wrong("interface eth0", "interface eth9"), "eth9", "director"),
}  # fmt: skip


ADDRESSES = {"d1": "192.168.140.141", "d2": "192.168.140.143", "r1": "192.168.140.137", "r2": "192.168.140.139"}
DERIVED = {
    "lab_addresses": ADDRESSES,
    "lvs_address": "{{ lab_addresses[inventory_hostname] }}",
    "real_server_virtual_ipaddress": [],
    "persistence_timeout": 0,
}


def holds_address(cluster, name):
    return f" {VIP}/32" in cluster.ssh(name, "ip -o -4 address show dev lo").stdout


def test_a_real_server_leaves_and_comes_back(cluster, load):
    """It has the address for as long as a director sends to it; a play of the same again has nothing to take away.

    Before any test with persistence: such connections keep their ports with their server for as long as clients take these
    again within two minutes, and the kernel drops what they send when the server has left.
    """
    both = f"['{ADDRESSES['r1']}', '{ADDRESSES['r2']}']"
    fewer = wrong(both, f"['{ADDRESSES['r1']}']")
    foreseen = Play(cluster, "site", "--check", director_config=fewer, **DERIVED)
    assert foreseen.good, foreseen.output
    assert foreseen.changes == {"d1": 1, "d2": 1, "r1": 0, "r2": 1}, foreseen.output
    for config, there in ((fewer, False), (CONFIG, True)):
        play = Play(cluster, "site", director_config=config, **DERIVED)
        assert play.good, play.output
        assert play.changes == {"d1": 1, "d2": 1, "r1": 0, "r2": 1}, play.output
        assert [holds_address(cluster, name) for name in ("r1", "r2")] == [True, there]
        again = Play(cluster, "site", director_config=config, **DERIVED)
        assert again.changes == {"d1": 0, "d2": 0, "r1": 0, "r2": 0}, again.output
    figures = load()
    # The kernel drops what comes on a connection whose server has just left its table: one that nobody drained before.
    assert sum(figures["failed"].values()) <= 2, figures
    assert min(figures["names"].values()) > 0
    assert Play(cluster, "site", persistence_timeout=0).good  # as the other tests know the real servers


@pytest.mark.parametrize("serving", ["agent", "keepalived"], scope="class")
class TestEngine:
    """All of it for each engine; the first test moves the directors to it."""

    def test_upgrade_to_the_engine(self, cluster, load, serving, tmp_path):
        """Where keepalived is not installed yet: its package's own start must not take a director over unwatched."""
        if serving == "keepalived":
            without_keepalived(cluster, ("d1", "d2"), tmp_path)
            assert [engine(cluster, name) for name in ("d1", "d2")] == ["agent", "agent"]
        play = Play(cluster, "upgrade", director_engine=serving, persistence_timeout=0)
        assert play.good, play.output
        assert [engine(cluster, name) for name in ("d1", "d2")] == [serving, serving]
        assert wait(lambda: masters(cluster) == ["d1"], SETTLED, 0.5) is not None
        if serving == "keepalived":
            started = "journalctl -u keepalived -o short-unix -q | grep -c 'Starting Keepalived'"
            assert {cluster.ssh(name, started).stdout.strip() for name in ("d1", "d2")} == {"1"}
            assert "keepalived.service" not in cluster.ssh("d1", "ls /run/systemd/system").stdout
        figures = load()
        assert sum(figures["failed"].values()) <= {"agent": 0, "keepalived": IN_FLIGHT}[serving], figures

    def test_a_server_is_drained_and_brought_back(self, cluster, load, serving):
        """On both directors, by the address that the tables have; meanwhile it is asked nothing.

        From ports of its own: for two minutes the kernel keeps those of connections under persistence with their server.
        """
        play = Play(cluster, "drain", drain_server="192.168.140.137", drain_deadline=20)
        assert play.good, play.output
        assert play.changes == {"d1": 1, "d2": 1}, play.output
        assert all(table(cluster, name).count("-w 0") == 1 for name in ("d1", "d2"))
        assert Play(cluster, "drain", drain_server="192.168.140.137").changes == {"d1": 0, "d2": 0}
        refused = Play(cluster, "drain", drain_server="192.168.140.139")
        assert not refused.good
        assert "the floor" in refused.output, refused.output
        cluster.run(["sh", "-c", f"echo {FRESH_PORTS} >{PORTS}"])
        drained = Load(cluster, cluster.folder / "drained.json")
        time.sleep(3)
        asked = set(drained.stop()["names"])
        cluster.run(["sh", "-c", f"echo {USUAL_PORTS} >{PORTS}"])
        assert asked == {"r2"}
        play = Play(cluster, "drain", drain_server="192.168.140.137", drain_state="serving")
        assert play.good, play.output
        assert wait(lambda: not any("-w 0" in table(cluster, name) for name in ("d1", "d2")), SETTLED, 0.5) is not None
        figures = load()
        assert figures["failed"] == {}, figures
        assert min(figures["names"].values()) > 0

    @pytest.mark.parametrize("mistake", MISTAKES)
    def test_a_bad_change_is_taken_back(self, cluster, load, serving, mistake):
        config, said, where = MISTAKES[mistake]
        before = [table(cluster, name) for name in ("d1", "d2")]
        files = {name: Otherwise(cluster, name) for name in ("d1", "d2")}
        play = Play(cluster, "site", director_config=config, director_engine=serving, persistence_timeout=0)
        assert not play.good, play.output
        assert said in play.output, play.output
        longest = {name: file.seconds() for name, file in files.items()}
        figures = load()
        FIGURES.append(f"    another file on d1, d2: {longest}")
        assert all(seconds < BACK and back for seconds, back in longest.values()), longest
        assert longest["d1"][0] == 0, "the master is never touched after the backup was unhealthy"
        if where == "controller":
            assert longest["d2"][0] == 0
        assert figures["failed"] == {}, figures
        assert engine(cluster, "d2") == serving
        assert wait(lambda: [table(cluster, name) for name in ("d1", "d2")] == before, MEND, 0.5) is not None
        assert masters(cluster) == ["d1"]
        assert left(cluster) == ""

    def test_a_controller_that_is_killed_is_no_confirmation(self, cluster, load, serving):
        files = {name: Otherwise(cluster, name) for name in ("d1", "d2")}
        # Its check is another one too, so that there is something to be watched for a while.
        config = wrong("connect_timeout 10", "connect_timeout 9")
        play = Play(cluster, "site", director_config=config, director_engine=serving, persistence_timeout=77)
        # A new file is in force on the backup, and it is being watched.
        assert wait(lambda: "-p 77" in table(cluster, "d2"), 120, 0.2) is not None
        play.murder()
        killed = time.monotonic()
        assert wait(lambda: "-p 77" not in table(cluster, "d2"), 60, 0.2) is not None, cluster.ssh("d2", STATE).stdout
        took = time.monotonic() - killed
        back = wait(lambda: '"back"' in cluster.ssh("d2", STATE).stdout, SETTLED, 0.2)
        assert back is not None, cluster.ssh("d2", STATE).stdout
        longest = {name: file.seconds() for name, file in files.items()}
        figures = load()
        FIGURES.append(f"    killed, the table as before after {took:.1f} s; another file on d1, d2: {longest}")
        assert all(seconds < BACK and back for seconds, back in longest.values()), longest
        assert "was not confirmed" in cluster.ssh("d2", STATE).stdout
        assert figures["failed"] == {}, figures

    def test_a_guard_that_is_killed_is_followed_by_one_that_takes_back(self, cluster, load, serving):
        before = file(cluster, "d2")
        config = wrong("connect_timeout 10", "connect_timeout 9")
        play = Play(cluster, "site", director_config=config, director_engine=serving, persistence_timeout=76)
        assert wait(lambda: "-p 76" in table(cluster, "d2"), 120, 0.2) is not None
        cluster.ssh("d2", KILL_GUARD)
        killed = time.monotonic()
        assert wait(lambda: file(cluster, "d2") == before, BACK, 0.2) is not None
        took = time.monotonic() - killed
        assert wait(lambda: "-p 76" not in table(cluster, "d2"), SETTLED, 0.5) is not None
        assert not play.good, play.output
        assert "its guard, or the director, ended before it was confirmed" in play.output, play.output
        figures = load()
        FIGURES.append(f"    guard killed, old file back after {took:.1f} s")
        assert figures["failed"] == {}, figures
        assert engine(cluster, "d2") == serving
        assert left(cluster) == ""

    def test_what_nobody_took_back_is_taken_back_by_the_next_play(self, cluster, load, serving):
        before = file(cluster, "d2")
        config = wrong("connect_timeout 10", "connect_timeout 9")
        play = Play(cluster, "site", director_config=config, director_engine=serving, persistence_timeout=74)
        assert wait(lambda: "-p 74" in table(cluster, "d2"), 120, 0.2) is not None
        cluster.ssh("d2", f"systemctl stop lvs-guard; {KILL_GUARD}")
        play.murder()
        assert file(cluster, "d2") != before
        play = Play(cluster, "site", director_engine=serving, persistence_timeout=0)
        assert play.good, play.output
        assert "its guard was gone: it was taken back first" in play.output
        assert file(cluster, "d2") == before
        assert left(cluster) == ""
        figures = load()
        assert figures["failed"] == {}, figures

    def test_a_power_cut_is_no_confirmation(self, cluster, serving):
        """The master alone is changed, its file and its engine. Without load, of which a power cut costs requests."""
        before, rows = file(cluster, "d1"), table(cluster, "d1")
        other = {"agent": "keepalived", "keepalived": "agent"}[serving]
        play = Play(cluster, "site", "--limit", "d1", director_engine=other, persistence_timeout=75)
        assert wait(lambda: engine(cluster, "d1") == other, 120, 0.2) is not None
        play.murder()
        cluster.kill("d1")
        assert wait(lambda: f" {VIP}/" in cluster.ssh("d2", "ip -o -4 address").stdout, SETTLED, 0.5) is not None
        booted = time.monotonic()
        cluster.boot("d1")
        found = wait(lambda: masters(cluster) == ["d1"], SETTLED, 0.5)
        FIGURES.append(
            f"    power cut, old engine holds the address again {time.monotonic() - booted:.1f} s after power on"
        )
        assert engine(cluster, "d1") == serving
        assert file(cluster, "d1") == before
        assert found is not None
        assert "ended before it was confirmed" in cluster.ssh("d1", STATE).stdout
        assert wait(lambda: table(cluster, "d1") == rows, MEND, 0.5) is not None
        assert left(cluster) == ""

    def test_a_good_change_is_confirmed_and_rolled_back(self, cluster, load, serving):
        play = Play(cluster, "site", director_engine=serving, persistence_timeout=78)
        assert play.good, play.output
        assert all("-p 78" in table(cluster, name) for name in ("d1", "d2"))
        play = Play(cluster, "rollback")
        assert play.good, play.output
        assert not any("-p 78" in table(cluster, name) for name in ("d1", "d2"))
        assert left(cluster) == ""
        figures = load()
        assert figures["failed"] == {}, figures

    def test_check_mode_shows_what_would_change_and_changes_nothing(self, cluster, load, serving):
        before = [table(cluster, name) for name in ("d1", "d2")]
        play = Play(cluster, "site", "--check", director_engine=serving, persistence_timeout=79)
        assert play.good, play.output
        load()
        assert "+    persistence_timeout 79" in play.output
        assert "+virtual_servers[192.168.140.140 80].persistence_timeout = 79" in play.output
        assert "~ -A -t 192.168.140.140:80 -s wrr -p 79" in play.output
        assert "inactive connections" in play.output
        assert [table(cluster, name) for name in ("d1", "d2")] == before


def test_upgrade_back_to_the_agent(cluster, load):
    play = Play(cluster, "upgrade", director_engine="agent", persistence_timeout=0)
    assert play.good, play.output
    assert [engine(cluster, name) for name in ("d1", "d2")] == ["agent", "agent"]
    assert wait(lambda: masters(cluster) == ["d1"], SETTLED, 0.5) is not None
    figures = load()
    assert sum(figures["failed"].values()) <= IN_FLIGHT, figures
