# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/site.yml over ssh on the demo's hosts: real systemd, real ip_vs. The tests follow one another."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from cluster import Cluster
from netns import wait
from topology import DEMO

pytestmark = pytest.mark.hosts

ROOT = Path(__file__).parents[2]
INVENTORY = Path(__file__).parent / "demo" / "inventory.yml"
CONFIG = yaml.safe_load(INVENTORY.read_text())["all"]["children"]["directors"]["vars"]["director_config"]
VIP = "192.168.140.140"
RECAP = re.compile(r"^(\w+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
NOTHING = {"d1": 0, "d2": 0, "r1": 0, "r2": 0}
SETTLED = 30  # s

# Everything a play may leave behind on a host, but for what the running system itself writes there, and for Debian's
# copy of keepalived's "disabled" in the run levels of SysV init.
STATE = r"""
ip -o address | sed 's/ *valid_lft.*//'; ip -o link | sed 's/ qdisc.*//'; grep -oE '^(ip_vs|ipip)[a-z_]*' /proc/modules | sort
sysctl -a -r '^net\.(ipv4|ipv6)\.(conf|ip_forward)'
find /etc /usr/local /var/lib -path /var/lib/systemd -prune -o -path '/etc/rc?.d' -prune -o -printf '%p %y %m %l\n' | sort
find /etc /usr/local -type f -print0 | sort -z | xargs -0 sha256sum
systemctl list-unit-files --no-legend 'lvs*' 'keepalived*'
"""


class Play:
    """What one run of the playbook said."""

    def __init__(self, cluster, *arguments, inventory=INVENTORY, **variables):
        command = [sys.executable, "-m", "ansible", "playbook", str(ROOT / "playbooks/site.yml"), "--diff"]
        command += ["-i", str(inventory), *arguments]
        if inventory == INVENTORY:
            command += ["-i", f"{cluster.folder}/inventory.ini"]
        # How long a change is watched, and waits for a slow controller, is tested in test_safe_change.py.
        variables = {"director_watch": 8, "director_confirm_within": 90, **variables}
        settings = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_SSH_ARGS": f"-F {cluster.folder}/ssh_config"}
        done = subprocess.run(
            [*command, "-e", json.dumps(variables)],
            cwd=ROOT, env=dict(os.environ, **settings), capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.output = done.stdout + done.stderr
        self.good = done.returncode == 0
        self.changes = {host: int(changed) for host, changed, *_ in RECAP.findall(self.output)}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster.up(tmp_path_factory.mktemp("site") / "lab", DEMO, ttl=1500)
    for name in ("r1", "r2"):
        made.ssh(name, "systemctl enable --now web")
    yield made
    made.down()


@pytest.fixture(scope="module")
def before(cluster):
    """Every host as it was before the first play."""
    return {name: state(cluster, name) for name in cluster.hosts}


def state(cluster, name):
    return cluster.ssh(name, STATE).stdout.splitlines()


def differences(cluster, before):
    """What is gone and what is new on the hosts, for each where something is."""
    found = {name: (set(lines), set(state(cluster, name))) for name, lines in before.items()}
    return {name: (sorted(old - new), sorted(new - old)) for name, (old, new) in found.items() if old != new}


def table(cluster, name):
    return cluster.ssh(name, "ipvsadm -Sn").stdout


def serves(cluster):
    """Who answers twenty requests to the virtual address; None when one of them is lost."""
    asked = f"for i in $(seq 20); do curl -s -m 1 http://{VIP}/ || exit 1; echo; done"
    done = cluster.run(["sh", "-c", asked], check=False)
    return Counter(done.stdout.split()) if done.returncode == 0 else None


def masters(cluster):
    return [name for name in ("d1", "d2") if f" {VIP}/" in cluster.ssh(name, "ip -o -4 address show dev eth0").stdout]


def engines(cluster, name):
    return cluster.ssh(name, "systemctl is-active lvs-agent keepalived", check=False).stdout.split()


def test_check_mode_on_bare_hosts_changes_nothing(cluster, before):
    play = Play(cluster, "--check")
    assert play.good, play.output
    assert all(play.changes.values())
    assert "+    virtual_router_id 51" in play.output
    assert "1111" not in play.output
    assert differences(cluster, before) == {}


def test_a_mistake_is_refused_before_any_host_is_touched(cluster, before):
    mistaken = CONFIG.replace("protocol TCP", "{{ 'protocl' if inventory_hostname == 'd2' else 'protocol' }} TCP")
    play = Play(cluster, director_config=mistaken)
    assert not play.good
    assert not any(play.changes.values())
    assert re.search(r"d2:keepalived\.conf:\d+:5: error\[unknown-keyword\]", play.output), play.output
    assert "did you mean 'protocol'?" in play.output
    assert "Prepare the real servers" not in play.output
    assert differences(cluster, before) == {}


def test_the_first_play_makes_a_cluster_that_serves(cluster, before):
    play = Play(cluster, persistence_timeout=0)
    assert play.good, play.output
    assert all(play.changes.values())
    assert play.output.index("changed: [d2]") < play.output.index("changed: [d1]"), "the backup comes first"
    assert wait(lambda: masters(cluster) == ["d1"], SETTLED, 0.5) is not None
    assert wait(lambda: serves(cluster) == {"r1": 10, "r2": 10}, SETTLED, 0.5) is not None
    assert table(cluster, "d1") == table(cluster, "d2")
    # the journal has the event with its fields, and from the process that it came from
    asked = "journalctl -u lvs-agent -o json --no-pager LVS_EVENT=vrrp-state LVS_TO=MASTER"
    told = json.loads(cluster.ssh("d1", asked).stdout.splitlines()[-1])
    fields = ("LVS_VRRP_INSTANCE", "LVS_FROM", "PRIORITY", "SYSLOG_IDENTIFIER", "_COMM")
    assert [told[name] for name in fields] == ["VI_1", "BACKUP", "6", "lvs-agent", "lvs-vrrp"]
    assert len(told["MESSAGE_ID"]) == 32


def test_the_second_play_changes_nothing(cluster):
    play = Play(cluster, persistence_timeout=0)
    assert play.good, play.output
    assert play.changes == NOTHING, play.output


def test_a_mistake_keeps_the_cluster_as_it_is(cluster):
    present = {name: state(cluster, name) for name in cluster.hosts}
    play = Play(cluster, director_config=CONFIG.replace("weight 1", "weight many"))
    assert not play.good
    assert not any(play.changes.values())
    assert differences(cluster, present) == {}


def test_a_check_that_fails_is_taken_back_by_the_backup_itself(cluster):
    """The rest of such changes, under load, is in test_safe_change.py (make safe)."""
    present = {
        name: (table(cluster, name), cluster.ssh(name, "cat /etc/keepalived/keepalived.conf").stdout)
        for name in ("d1", "d2")
    }
    wrong = CONFIG.replace("connect_timeout 10", "connect_timeout 2\n            connect_port 81")
    play = Play(cluster, director_config=wrong, persistence_timeout=0)
    assert not play.good
    assert "has no server any more, it had 192.168.140.137:80, 192.168.140.139:80" in play.output, play.output
    assert serves(cluster), "the master never got it"
    for name, (kernel, file) in present.items():
        assert cluster.ssh(name, "cat /etc/keepalived/keepalived.conf").stdout == file
        assert wait(lambda n=name, k=kernel: table(cluster, n) == k, SETTLED, 0.5) is not None


def test_a_change_is_reloaded_not_restarted(cluster):
    asked = "systemctl show -p MainPID -p NRestarts lvs-agent"
    running = cluster.ssh("d1", asked).stdout
    play = Play(cluster, "--limit", "d1", persistence_timeout=77)
    assert play.good, play.output
    assert "reload lvs-agent.service" in play.output
    assert wait(lambda: "-p 77" in table(cluster, "d1"), SETTLED, 0.2) is not None
    assert cluster.ssh("d1", asked).stdout == running
    assert masters(cluster) == ["d1"]


def test_a_play_that_ended_before_the_reload_is_made_good(cluster):
    cluster.ssh("d1", "sed -i 's/persistence_timeout 77/persistence_timeout 78/' /etc/keepalived/keepalived.conf")
    play = Play(cluster, "--limit", "d1", persistence_timeout=78)
    assert play.good, play.output
    assert play.changes == {"d1": 1}, play.output
    assert wait(lambda: "-p 78" in table(cluster, "d1"), SETTLED, 0.2) is not None


def test_who_holds_the_address_now_is_changed_last(cluster):
    cluster.ssh("d2", "lvs-agent takeover --for 300")
    assert wait(lambda: masters(cluster) == ["d2"], SETTLED, 0.2) is not None
    play = Play(cluster, persistence_timeout=79)
    assert play.good, play.output
    turns = [play.output.index(f"changed: [{name}]") for name in ("d1", "d2")]
    assert turns == sorted(turns), play.output
    cluster.ssh("d2", "lvs-agent takeover --end")
    assert wait(lambda: masters(cluster) == ["d1"], SETTLED, 0.2) is not None
    assert Play(cluster, persistence_timeout=78).good


def test_another_engine_runs_the_same_file(cluster):
    play = Play(cluster, "--limit", "d2", director_engine="keepalived", persistence_timeout=78)
    assert play.good, play.output
    assert engines(cluster, "d2") == ["inactive", "active"]
    assert wait(lambda: table(cluster, "d2") == table(cluster, "d1"), SETTLED, 0.5) is not None
    assert masters(cluster) == ["d1"], "lvs-agent and keepalived agree who is master"
    assert Play(cluster, "--limit", "d2", director_engine="keepalived", persistence_timeout=78).changes == {"d2": 0}

    play = Play(cluster, "--limit", "d2", persistence_timeout=78)
    assert play.good, play.output
    assert engines(cluster, "d2") == ["active", "inactive"]
    assert cluster.ssh("d2", "systemctl is-enabled lvs-agent keepalived", check=False).stdout.split() == [
        "enabled",
        "disabled",
    ]


def test_hosts_that_lost_power_come_back_by_themselves(cluster):
    for name in ("r1", "d1"):
        cluster.ssh(name, "sync")
        cluster.kill(name)
    cluster.boot("r1", "d1")
    assert wait(lambda: masters(cluster) == ["d1"], SETTLED, 0.5) is not None
    assert f"inet {VIP}/32" in cluster.ssh("r1", "ip address show dev lo").stdout
    arp = "sysctl -n net.ipv4.conf.{all,lo}.{arp_ignore,arp_announce}"
    assert cluster.ssh("r1", f"bash -c '{arp}'").stdout.split() == ["1", "2", "1", "2"]
    assert wait(lambda: table(cluster, "d1").count(":80 -g") == 2, SETTLED, 0.5) is not None
    assert wait(lambda: serves(cluster) is not None, SETTLED, 0.5) is not None


def test_absent_puts_every_host_back(cluster, before):
    play = Play(cluster, director_state="absent", real_server_state="absent")
    assert play.good, play.output
    assert all(play.changes.values())
    assert differences(cluster, before) == {}
    again = Play(cluster, "--limit", "d2:r2", director_state="absent", real_server_state="absent")
    assert again.changes == {"d2": 0, "r2": 0}, again.output


def readme(name):
    """A file of the README's quick start, as it stands there."""
    text = (ROOT / "README.md").read_text()
    return re.search(rf"```yaml\n# {re.escape(name)}\n(.*?)```", text, re.DOTALL).group(1)


def test_the_readme_s_files_make_a_cluster_that_serves(cluster, tmp_path):
    (tmp_path / "group_vars").mkdir()
    for name in ("inventory.yml", "group_vars/all.yml"):
        (tmp_path / name).write_text(readme(name))
    assert len(readme("group_vars/all.yml").splitlines()) <= 25
    play = Play(cluster, inventory=tmp_path / "inventory.yml")
    assert play.good, play.output
    assert "WARNING" not in play.output
    assert wait(lambda: serves(cluster) == {"r1": 10, "r2": 10}, SETTLED, 0.5) is not None
    assert masters(cluster) == ["d1"]
