# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole agent on two directors before two real servers (DR), on a real kernel: start, reload, deaths, stop."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from netns import Host, Poller, bridge, get, plug, wait

pytestmark = pytest.mark.uml(limit=300)

ROOT = Path(__file__).parents[2]
ENVIRONMENT = f"PYTHONPATH={ROOT / 'agent'}:{ROOT / '.ansible' / 'collections'}"
VIP = "192.168.140.140"
SERVERS = {"rs1": "192.168.140.137", "rs2": "192.168.140.139"}

CONF = """
global_defs {{ router_id {name} }}
vrrp_instance VI_1 {{
    state {state}
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        192.168.140.140
    }}
}}
virtual_server 192.168.140.140 80 {{
    delay_loop 1
    lb_algo wrr
    lb_kind DR
    protocol TCP
    real_server 192.168.140.137 80 {{
        weight {weight}
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
    real_server 192.168.140.139 80 {{
        weight 1
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
}}
"""


class Director(Host):
    """A namespace with the agent in it."""

    def __init__(self, name: str, address: str, state: str, priority: int) -> None:
        super().__init__(name)
        plug(self, "eth0", "br0", address)
        self.facts = {"name": name, "state": state, "priority": priority}
        self.folder = Path("/run") / name
        self.folder.mkdir(exist_ok=True)
        self.conf, self.socket = str(self.folder / "keepalived.conf"), str(self.folder / "control.sock")
        self.write()

    def write(self, weight: int = 1, after: str = "") -> None:
        Path(self.conf).write_text(CONF.format(weight=weight, **self.facts) + after)

    def agent(self, *arguments: str) -> tuple:
        return ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *arguments)

    def up(self) -> None:
        self.program = self.start(
            *self.agent("run", "-n", "-l", "-D", "-f", self.conf, "--socket", self.socket), log=f"{self.folder}/log"
        )

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def status(self) -> dict:
        return json.loads(self.run(*self.agent("status", "--json", "--socket", self.socket)))

    def child(self, name: str) -> int:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                ours = f"PPid:\t{self.program.pid}\n" in (entry / "status").read_text()
                if ours and (entry / "comm").read_text().strip() == f"lvs-{name}":
                    return int(entry.name)
            except OSError:
                continue
        return 0


class Cluster:
    def __init__(self) -> None:
        os.system("modprobe -a ip_vs ip_vs_wrr")
        # Below the ports that the kernel chooses: a connection that IPVS remembers goes to its old server.
        self.port = 10000
        bridge("br0")
        self.client = Host("client")
        plug(self.client, "eth0", "br0", "192.168.140.10/24")
        self.servers = []
        for name, address in SERVERS.items():
            server = Host(name)
            plug(server, "eth0", "br0", f"{address}/24")
            server.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
            server.batch(f"addr add {VIP}/32 dev lo")
            server.web()
            self.servers.append(server)
        self.d1 = Director("d1", "192.168.140.141/24", "MASTER", 101)
        self.d2 = Director("d2", "192.168.140.143/24", "BACKUP", 100)

    def answers(self, count: int) -> list:
        with self.client:
            ports = range(self.port, self.port + count)
            self.port += count
            return [get(VIP, timeout=5, source_port=port) for port in ports]

    def settled(self) -> bool:
        return self.d1.has(VIP) and not self.d2.has(VIP) and all(len(d.real_servers()) == 2 for d in (self.d1, self.d2))

    def close(self) -> None:
        for host in (self.client, self.d1, self.d2, *self.servers):
            host.close()
        os.system("ip link del br0")


@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    try:
        made.d1.up()
        made.d2.up()
        yield made
    finally:
        for director in (made.d1, made.d2):
            print(f"--- {director.name}\n{director.log()[-4000:]}")
        made.close()


@pytest.fixture(autouse=True)
def settled(cluster):
    """Every test begins with d1 as master and full tables on both."""
    for director in (cluster.d1, cluster.d2):
        if director.program not in director.programs:
            director.write()
            director.up()
    assert wait(cluster.settled, 30, 0.1) is not None, cluster.d1.log()[-3000:] + cluster.d2.log()[-3000:]


def test_the_vip_is_served_by_both_servers(cluster) -> None:
    answers = cluster.answers(10)
    assert sorted(answers) == ["rs1"] * 5 + ["rs2"] * 5
    status = cluster.d1.status()
    assert status["vrrp"]["instances"]["VI_1"]["state"] == "MASTER"
    assert cluster.d2.status()["vrrp"]["instances"]["VI_1"]["state"] == "BACKUP"


def test_a_hup_with_a_mistake_keeps_serving(cluster) -> None:
    d1 = cluster.d1
    poller = Poller(cluster.client, VIP, timeout=1)
    before = d1.ipvs()
    d1.write(weight=7, after="virtual_servr 10.0.0.1 80 { }\n")
    d1.program.send_signal(signal.SIGHUP)
    assert wait(lambda: "is refused" in d1.log(), 10, 0.1) is not None
    time.sleep(1.5)
    poller.stop()
    assert d1.ipvs() == before
    assert cluster.settled()
    assert poller.failed(0) == 0
    status = d1.status()["config"]
    assert status["reloads"]["refused"] == 1
    line = Path(d1.conf).read_text().splitlines().index("virtual_servr 10.0.0.1 80 { }") + 1
    assert f"{d1.conf}:{line}:1: error[" in status["last_refusal"][0]
    assert "virtual_server" in status["last_refusal"][0]


def test_a_hup_changes_only_what_changed(cluster) -> None:
    d1 = cluster.d1
    poller = Poller(cluster.client, VIP, timeout=1)
    vrrp = d1.status()["vrrp"]["instances"]["VI_1"]
    d1.write(weight=5)
    d1.program.send_signal(signal.SIGHUP)
    assert wait(lambda: d1.ipvs()[f"TCP {VIP}:80 wrr"]["192.168.140.137:80"] == 5, 10, 0.05) is not None
    poller.stop()
    after = d1.status()["vrrp"]["instances"]["VI_1"]
    assert after["state"] == "MASTER"
    assert after["since"] == vrrp["since"]
    assert poller.failed(0) == 0
    d1.write(weight=1)
    d1.program.send_signal(signal.SIGHUP)
    assert wait(lambda: d1.ipvs()[f"TCP {VIP}:80 wrr"]["192.168.140.137:80"] == 1, 10, 0.05) is not None


def test_diff_shows_what_a_file_would_change(cluster) -> None:
    d1 = cluster.d1
    d1.write(weight=9)
    said = d1.run(*d1.agent("diff", d1.conf))
    d1.write()
    assert said.splitlines() == [line for line in said.splitlines() if "192.168.140.137:80" in line]
    assert "9" in said
    assert "nothing would change" in d1.run(*d1.agent("diff", d1.conf))


@pytest.mark.parametrize("name", ["vrrp", "checker"])
def test_a_killed_child_is_back_and_nobody_else_holds_the_vip(cluster, name: str) -> None:
    d1, d2 = cluster.d1, cluster.d2
    poller = Poller(cluster.client, VIP, timeout=1)
    pid = d1.child(name)
    assert pid > 0
    table = d1.ipvs()
    os.kill(pid, signal.SIGKILL)
    back = wait(lambda: d1.child(name) not in (0, pid), 5)
    assert back is not None
    assert back < 2
    seen = []
    for _ in range(25):  # longer than the peer's active-down interval of 3.6 s
        seen.append((d1.has(VIP), d2.has(VIP), d1.ipvs() == table))
        time.sleep(0.2)
    poller.stop()
    assert set(seen) == {(True, False, True)}
    assert poller.failed(0) == 0
    status = d1.status()
    assert status["vrrp"]["instances"]["VI_1"]["state"] == "MASTER"
    assert status["processes"][name]["deaths"] >= 1


def test_a_stop_hands_over_within_the_skew_time(cluster) -> None:
    d1, d2 = cluster.d1, cluster.d2
    poller, start = Poller(cluster.client, VIP), time.monotonic()
    assert d1.stop(d1.program) == 0
    assert not d1.has(VIP)
    assert wait(lambda: d2.has(VIP), 5) is not None
    time.sleep(0.5)
    poller.stop()
    print(f"blackout of a stop: {poller.blackout(start):.3f} s")
    assert d1.ipvs() == {}
    assert poller.log[-1][2] in SERVERS


def test_a_killed_parent_leaves_nothing_behind(cluster) -> None:
    d1, d2 = cluster.d1, cluster.d2
    os.kill(d1.program.pid, signal.SIGKILL)
    d1.program.wait()
    assert wait(lambda: not d1.has(VIP), 5) is not None
    assert wait(lambda: d2.has(VIP), 6) is not None
    assert wait(lambda: d1.child("vrrp") == 0, 5) is not None
    d1.programs.remove(d1.program)


def test_a_dead_server_leaves_and_comes_back(cluster) -> None:
    d1, server = cluster.d1, cluster.servers[0]
    server.kill()
    gone = wait(lambda: d1.real_servers() == ["192.168.140.139:80"], 15)
    assert gone is not None, d1.ipvs()
    assert set(cluster.answers(6)) == {"rs2"}
    server.web()
    assert wait(lambda: len(d1.real_servers()) == 2, 15) is not None
