# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab hosts for every forwarding method, IPv4 and IPv6, one description of a cluster for them, and plays on them.

    client --- lan (eth0) --- d1 d2 r1 r2 --- back (eth1)

Services of DR and TUN lead to the real servers' addresses on lan, those of NAT to the ones on back. The client asks NAT
services from a far address, whose network only the directors have a route to.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import yaml
from cluster import Cluster
from topology import HostSpec, Topology

ROOT = Path(__file__).parents[2]
RECAP = re.compile(r"^(\w+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
NUMBERS = {"d1": 1, "d2": 2, "r1": 11, "r2": 12}
NEAR, FAR = {4: "10.9.0.10", 6: "fd00:9::10"}, {4: "172.20.0.10", 6: "fd00:99::10"}
SERVERS = ("r1", "r2")
CLIENT = (
    ("lan", "10.9.0.10/24"),
    ("lan", "172.20.0.10/32"),
    ("lan", "fd00:9::10/64"),
    ("lan", "fd00:99::10/128"),
    ("back", "10.9.1.10/24"),
)
VIPS = {
    method: {4: f"10.9.0.{number}", 6: f"fd00:9::{number}"} for method, number in (("DR", 80), ("NAT", 81), ("TUN", 82))
}
# What a host of a real network would have by its own settings: IPv6 addresses, a route to the clients, a web server.
NET = """#!/bin/sh -e
ip address add fd00:9::{number}/64 dev eth0 nodad
ip address add fd00:91::{number}/64 dev eth1 nodad
{routes}"""
ROUTES = "ip route add 172.20.0.0/24 via 10.9.0.10\nip route add fd00:99::/64 via fd00:9::10\n"
NET_UNIT = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/local/sbin/lab-net\n[Install]\nWantedBy=multi-user.target\n"
WEB_UNIT = "[Service]\nExecStart=/usr/local/sbin/web %H :: 80\n[Install]\nWantedBy=multi-user.target\n"

# Everything a play may leave behind on a host, but for what the running system itself writes there, and for Debian's
# copy of keepalived's "disabled" in the run levels of SysV init.
STATE = r"""
ip -o address | sed 's/ *valid_lft.*//'; ip -o link | sed 's/ qdisc.*//'; grep -oE '^(ip_vs|ipip|sit|ip6_tunnel)[a-z_]*' /proc/modules | sort
ip -4 route show table all; ip -6 route show table all | sed 's/ expires [^ ]*//'; ip -4 rule; ip -6 rule
sysctl -a -r '^net\.(ipv4|ipv6)\.(conf|ip_forward)'
find /etc /usr/local /var/lib -path /var/lib/systemd -prune -o -path '/etc/rc?.d' -prune -o -printf '%p %y %m %l\n' | sort
find /etc /usr/local -type f -print0 | sort -z | xargs -0 sha256sum
systemctl list-unit-files --no-legend 'lvs*' 'keepalived*'
"""


def up(folder, ttl, names=tuple(NUMBERS), servers=SERVERS):
    """The hosts, bare but for their own network settings and a web server on the real servers."""
    numbers = {name: NUMBERS[name] for name in names}
    specs = (
        HostSpec(name, (("lan", f"10.9.0.{number}/24"), ("back", f"10.9.1.{number}/24")))
        for name, number in numbers.items()
    )
    made = Cluster.up(folder, Topology(hosts=tuple(specs), client=CLIENT), ttl=ttl)
    for name, number in numbers.items():
        script = NET.format(number=number, routes=ROUTES if name.startswith("d") else "")
        units = f"printf '%s' {quoted(NET_UNIT)} >/etc/systemd/system/lab-net.service; "
        units += f"printf '%s' {quoted(WEB_UNIT)} >/etc/systemd/system/lab-web.service; "
        enabled = "lab-net lab-web" if name in servers else "lab-net"
        made.ssh(
            name,
            f"printf '%s' {quoted(script)} >/usr/local/sbin/lab-net; chmod 755 /usr/local/sbin/lab-net; {units}"
            f"systemctl daemon-reload; systemctl enable --now {enabled}",
        )
    return made


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def description(methods):
    """The description of a cluster with a service by each method in each family."""
    routers, services = [], []
    for family in (4, 6):
        addresses = [VIPS[method][family] + "/24" * (family == 4) for method in methods]
        if "NAT" in methods:
            addresses.append("10.9.1.254/24 dev eth1" if family == 4 else "fd00:91::254/64 dev eth1")
        routers.append(
            {"name": f"V{family}", "interface": "eth0", "virtual_router_id": 50 + family,
             "virtual_ipaddress": addresses}
        )  # fmt: skip
        back = [{"address": f"10.9.1.{n}" if family == 4 else f"fd00:91::{n}"} for n in (11, 12)]
        services += [
            {"address": VIPS[method][family], "port": 80, "protocol": "TCP", "lvs_sched": "rr", "lvs_method": method,
             "delay_loop": 3, "TCP_CHECK": {"connect_timeout": 3},
             "real_servers": [{**one, "port": 80} for one in back] if method == "NAT" else "real_servers"}
            for method in methods
        ]  # fmt: skip
    return {
        "vrrp_sync_groups": [{"name": "G", "group": ["V4", "V6"]}],
        "vrrp_instances": routers,
        "virtual_servers": services,
    }


def inventory(folder, cluster_description, servers=SERVERS):
    """A file with the groups, the addresses and the description."""
    addresses = {
        name: {"lvs_address": [f"10.9.0.{n}", f"fd00:9::{n}", f"10.9.1.{n}", f"fd00:91::{n}"]}
        for name, n in NUMBERS.items()
    }
    groups = {
        "directors": {"hosts": {name: addresses[name] for name in ("d1", "d2")}},
        "real_servers": {"hosts": {name: addresses[name] for name in servers}},
    }
    path = folder / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"vars": {"lvs_cluster": cluster_description}, "children": groups}}))
    return path


class Play:
    """What one run of the playbook said."""

    def __init__(self, cluster, path, *arguments, **variables):
        command = [sys.executable, "-m", "ansible", "playbook", str(ROOT / "playbooks/site.yml"), "--diff"]
        command += ["-i", f"{cluster.folder}/inventory.ini", "-i", str(path), *arguments]
        done = subprocess.run(
            [*command, "-e", json.dumps(variables)],
            cwd=ROOT, env=dict(os.environ, ANSIBLE_NOCOLOR="1"), capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.output = done.stdout + done.stderr
        self.good = done.returncode == 0
        self.changes = {host: int(changed) for host, changed, *_ in RECAP.findall(self.output)}


def state(cluster, name):
    return cluster.ssh(name, STATE).stdout.splitlines()


def differences(cluster, before):
    """What is gone and what is new on the hosts, for each where something is."""
    found = {name: (set(lines), set(state(cluster, name))) for name, lines in before.items()}
    return {name: (sorted(old - new), sorted(new - old)) for name, (old, new) in found.items() if old != new}


def answers(cluster, method, family):
    """Who answers ten requests to the virtual address; None when one of them is lost."""
    source = (FAR if method == "NAT" else NEAR)[family]
    vip = VIPS[method][family]
    url = f"http://[{vip}]/" if family == 6 else f"http://{vip}/"
    asked = f"for i in $(seq 10); do curl -g -s -m 1 --interface {source} '{url}' || exit 1; echo; done"
    done = cluster.run(["sh", "-c", asked], check=False)
    return Counter(done.stdout.split()) if done.returncode == 0 else None


def all_answer(cluster, methods, servers=SERVERS):
    """Whether every service is answered by its real servers in turn."""
    fair = dict.fromkeys(servers, 10 // len(servers))
    return all(answers(cluster, method, family) == fair for method in methods for family in (4, 6))
