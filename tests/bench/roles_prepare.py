# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real-server preparation of many hosts, one task of ours beside the per-setting tasks of a usual role.

Hosts are network namespaces reached by Ansible's local connection, so that what is measured is Ansible and Python, not
ssh; over ssh each further task also costs round trips. The other side does the same by Ansible's own modules: a task
for each of the four ARP sysctls now and one for each at boot, the address now, its unit, and systemd's list of units
(ansible.posix.sysctl would be one task a sysctl as well). Both sides are played twice, the second time with nothing to
do, interleaved.

usage: roles_prepare.py [HOSTS [ROUNDS]]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VIP = "10.1.0.100"
KEYS = [f"{link}.{key}" for link in ("all", "lo") for key in ("arp_ignore", "arp_announce")]
VALUES = {"arp_ignore": "1", "arp_announce": "2"}


def ours() -> list[dict[str, object]]:
    """One task."""
    return [{"name": "Prepare", "lvs.cluster.real_server": {"virtual_ipaddress": [VIP], "service_manager": "none"}}]


def theirs() -> list[dict[str, object]]:
    """A task for each setting, now and at boot."""
    tasks: list[dict[str, object]] = []
    for key in KEYS:
        value = VALUES[key.split(".")[1]]
        path = f"/proc/sys/net/ipv4/conf/{key.replace('.', '/')}"
        tasks.append(
            {"name": f"Set {key}", "register": "answer", "changed_when": "'set' in answer.stdout",
             "ansible.builtin.shell": f"[ $(cat {path}) = {value} ] || {{ echo {value} >{path}; echo set; }}"}
        )  # fmt: skip
        tasks.append(
            {"name": f"Keep {key}", "ansible.builtin.lineinfile": {
                "path": "{{ home }}/sysctl.conf", "create": True, "mode": "0644", "regexp": f"^net.ipv4.conf.{key}=",
                "line": f"net.ipv4.conf.{key}={value}"}}
        )  # fmt: skip
    shell = f"ip -o address show dev lo | grep -q ' {VIP}/32 ' || {{ ip address add {VIP}/32 dev lo; echo set; }}"
    tasks.append({"name": "Set the address", "ansible.builtin.shell": shell, "register": "answer",
                  "changed_when": "'set' in answer.stdout"})  # fmt: skip
    unit = f"[Service]\nType=oneshot\nExecStart=/sbin/ip address replace {VIP}/32 dev lo\n"
    tasks.append({"name": "Keep the address", "ansible.builtin.copy": {
        "dest": "{{ home }}/lvs-vip.service", "content": unit, "mode": "0644"}})  # fmt: skip
    tasks.append({"name": "Enable it", "ansible.builtin.file": {
        "src": "{{ home }}/lvs-vip.service", "dest": "{{ home }}/enabled", "state": "link"}})  # fmt: skip
    return tasks


def play(folder: Path, name: str, tasks: list[dict[str, object]], hosts: list[str]) -> tuple[float, float, int]:
    """Seconds by the clock, seconds of processor, changed hosts of one run."""
    book = folder / f"{name}.json"
    book.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    before, begin = os.times(), time.monotonic()
    environment = {**os.environ, "ANSIBLE_FORKS": "20", "ANSIBLE_PIPELINING": "1", "ANSIBLE_NOCOLOR": "1"}
    command = [sys.executable, "-m", "ansible", "playbook", "-i", str(folder / "inventory"), str(book)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    took, after = time.monotonic() - begin, os.times()
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    recap = [line for line in done.stdout.splitlines() if "changed=" in line and "unreachable=0" in line]
    if len(recap) != len(hosts):
        sys.exit(done.stdout)
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return took, used, sum("changed=0" not in line for line in recap)


def make(folder: Path, hosts: list[str]) -> None:
    """A namespace and an interpreter that enters it for each host, each with its own /var/lib."""
    lines = []
    for host in hosts:
        subprocess.run(["ip", "netns", "add", host], check=True)
        subprocess.run(["ip", "-n", host, "link", "set", "lo", "up"], check=True)
        home = folder / host
        home.mkdir()
        script = folder / f"python-{host}"
        inner = f'mount --bind {home} /var/lib; exec nsenter --net=/run/netns/{host} {sys.executable} "$@"'
        script.write_text(f"#!/bin/sh\nexec unshare --mount sh -c '{inner}' sh \"$@\"\n")
        script.chmod(0o755)
        lines.append(f"{host} ansible_connection=local ansible_python_interpreter={script} home={home}")
    (folder / "inventory").write_text("\n".join(lines) + "\n")


def unmake(hosts: list[str]) -> None:
    for host in hosts:
        subprocess.run(["ip", "netns", "del", host], check=False)


def main() -> None:
    count, rounds = (int(word) for word in (*sys.argv[1:], *("20", "3")[len(sys.argv) - 1 :]))
    if os.environ.get("LVS_BENCH") != "inside":
        os.environ["LVS_BENCH"] = "inside"
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv])
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    figures: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for number in range(rounds):
        hosts = [f"h{number}-{index}" for index in range(count)]
        for name, tasks in (("ours", ours()), ("theirs", theirs())):
            with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as home:
                make(Path(home), hosts)
                for run, changed in (("first", count), ("second", 0)):
                    took, used, changes = play(Path(home), name, tasks, hosts)
                    if changes != changed:
                        sys.exit(f"{name}, {run} run: {changes} hosts changed, not {changed}")
                    figures.setdefault((name, run), []).append((took, used))
                unmake(hosts)
    print(f"{count} hosts, {rounds} rounds, tasks a host: ours {len(ours())}, per-setting {len(theirs())}")
    for run in ("first", "second"):
        mine, other = ([statistics.median(part) for part in zip(*figures[name, run])] for name in ("ours", "theirs"))
        print(
            f"{run:6} run: ours {mine[0]:6.2f} s ({mine[1]:.1f} s CPU), per-setting {other[0]:6.2f} s ({other[1]:.1f} s CPU),"
            f" ratio {other[0] / mine[0]:.1f} by the clock, {other[1] / mine[1]:.1f} in CPU"
        )


if __name__ == "__main__":
    main()
