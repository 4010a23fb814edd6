# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order playbooks change directors, and who takes their addresses: the playbooks' own words, by Ansible on
hosts that are nowhere. What modules would have found is said in the inventory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.lvs.cluster.plugins.module_utils.package import layout

ROOT = Path(__file__).parents[2]
SITE, UPGRADE = (yaml.safe_load((ROOT / "playbooks" / f"{name}.yml").read_text()) for name in ("site", "upgrade"))
# By cluster and director: whom the files make master, and who holds addresses now.
CLUSTERS = {
    "bare": {"b1": "master", "b2": "", "b3": ""},
    "usual": {"u1": "master holds", "u2": ""},
    "taken over": {"t2": "holds", "t1": "master"},
    "active-active": {"a1": "master holds", "a2": "master holds"},
    "one": {"o1": "master holds"},
}
FIRST_AND_LAST = [
    (["b2", "b3"], ["b1"]), (["u2"], ["u1"]), (["t1"], ["t2"]), ([], ["a1", "a2"]), ([], ["o1"]), (["x2"], ["x1"])
]  # fmt: skip
LEAVING = {"x1": "holds", "x2": ""}  # director_state: absent


def told(words):
    """A director that was asked."""
    return {"director": {"engine": "agent", "holds": ["192.0.2.80"] if "holds" in words else []}}


def asked(variable, checked):
    """The directors, after they and cluster_check were asked."""
    said = {**LEAVING, **{host: words for of in CLUSTERS.values() for host, words in of.items()}}
    return {"directors": {"hosts": {host: {variable: told(words), **checked} for host, words in said.items()}}}


def play(folder, groups, plays):
    """What Ansible says."""
    (folder / "inventory.yml").write_text(json.dumps(groups))
    (folder / "play.yml").write_text(
        json.dumps([{"gather_facts": False, "connection": "local", **one} for one in plays])
    )
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", str(folder / "inventory.yml"), str(folder / "play.yml")],
        cwd=ROOT, env=dict(os.environ, ANSIBLE_NOCOLOR="1", ANSIBLE_FORKS="1"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def known():
    """What cluster_check would have found."""
    masters = [host for of in CLUSTERS.values() for host, words in of.items() if "master" in words]
    return {"masters": masters, "clusters": {name: list(of) for name, of in CLUSTERS.items()}}


def test_site_changes_last_who_holds_addresses_and_else_who_will(tmp_path):
    order = next(task for task in SITE[0]["tasks"] if "ansible.builtin.group_by" in task)
    turns = next(one for one in SITE if one.get("roles") == [{"role": "lvs.cluster.director"}])
    say = {"ansible.builtin.debug": {"msg": "turn of {{ inventory_hostname }}"}}
    plays = [{"hosts": "directors", "tasks": [order]}, {"hosts": turns["hosts"], "serial": 1, "tasks": [say]}]
    output = play(tmp_path, asked("site_director", {"director_check": known()}), plays)
    found = re.findall(r"turn of (\w+)", output)
    for first, last in FIRST_AND_LAST:
        turn = [host for host in found if host in first + last]
        assert (sorted(turn[: len(first)]), sorted(turn[len(first) :])) == (first, last)


@pytest.mark.parametrize(("played", "expected"), [({"d1", "d2"}, ["r1", "r2"]), ({"d2"}, ["r2"]), ({}, ["r2"])])
def test_site_takes_from_real_servers_what_no_director_can_send(tmp_path, played, expected):
    """played: the directors that a --limit left."""
    kept = {"real_server_settled": {"kept": ["address 192.0.2.80/32 lo"]}}
    real = {"r1": kept, "r2": {**kept, "real_server_state": "absent"}, "r3": {"real_server_settled": {"kept": []}}}
    groups = {"real_servers": {"hosts": real}, "directors": {"hosts": {"d1": {}, "d2": {}}}}
    groups.update(
        {name: {"hosts": {host: {}}} for name, host in (("lvs_last", "d1"), ("lvs_first", "d2")) if host in played}
    )
    last = SITE[-1]
    (role,) = last["roles"]
    say = {"ansible.builtin.debug": {"msg": "taken from {{ inventory_hostname }}"}, "when": role["when"]}
    output = play(tmp_path, groups, [{"hosts": last["hosts"], "vars": last["vars"], "tasks": [say]}])
    assert role["vars"] == {"real_server_phase": "remove"}
    assert re.findall(r"taken from (\w+)", output) == expected


def test_upgrade_moves_addresses_to_a_director_of_the_same_cluster(tmp_path):
    order = next(task for task in UPGRADE[0]["tasks"] if "ansible.builtin.group_by" in task)
    turns = next(one for one in UPGRADE if one["hosts"] == "lvs_now_masters")
    say = {"ansible.builtin.debug": {"msg": "{{ inventory_hostname }} -> {{ upgrade_other }} {{ upgrade_moves }}"}}
    later = {"hosts": turns["hosts"], "vars": {**turns["vars"], "director_engine": "keepalived"}, "tasks": [say]}
    plays = [{"hosts": "directors", "tasks": [order]}, later]
    output = play(tmp_path, asked("upgrade_director", {"upgrade_check": known()}), plays)
    others = {host: (other, moves) for host, other, moves in re.findall(r"(\w+) -> (\w+) (\w+)", output)}
    assert others == {
        "u1": ("u2", "True"),
        "t2": ("t1", "True"),
        "a1": ("a1", "False"),
        "a2": ("a2", "False"),
        "o1": ("o1", "False"),
        "x1": ("x1", "False"),
    }


def test_upgrade_says_when_the_addresses_did_not_move(tmp_path):
    turns = next(one for one in UPGRADE if one["hosts"] == "lvs_now_masters")
    there = {"upgrade_check": {"clusters": {"default": ["d1", "d2"]}}, "upgrade_director": told("holds")}
    agent = str(tmp_path / "lvs-agent")  # not there
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    groups = {
        "all": {"vars": here},
        "lvs_now_backups": {"hosts": {"d2": {}}},
        "lvs_now_masters": {"hosts": {"d1": there}},
    }
    for engine, word in (("agent", "takeover on d2"), ("keepalived", "standby on d1")):
        there["upgrade_director"]["director"]["engine"] = {"agent": "keepalived", "keepalived": "agent"}[engine]
        said = {**turns["vars"], "upgrade_agent": agent, "director_engine": engine}
        output = play(tmp_path, groups, [{"hosts": turns["hosts"], "vars": said, "tasks": turns["pre_tasks"]}])
        assert f"WARNING: {agent} {word} did not move the addresses" in " ".join(output.split())


def test_upgrade_runs_the_agent_that_the_role_installs():
    turns = next(one for one in UPGRADE if one["hosts"] == "lvs_now_masters")
    assert turns["vars"]["upgrade_agent"] == layout.LAUNCHER
    runs = [task["ansible.builtin.command"]["argv"][0] for task in turns["pre_tasks"] + turns["post_tasks"]
            if "ansible.builtin.command" in task]  # fmt: skip
    assert runs == ["{{ upgrade_agent }}"] * 2
