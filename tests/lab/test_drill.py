# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/drill.yml on whole hosts: every scenario, its report beside tcpdump, and everything put back.

The client is the cluster's own network namespace; a connection every 50 ms, as hosts and client share two processors.
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cluster import Cluster
from netns import wait
from topology import DEMO

pytestmark = pytest.mark.hosts

ROOT = Path(__file__).parents[2]
INVENTORY = Path(__file__).parent / "demo" / "inventory.yml"
VIP, CLIENT = "192.168.140.140", "192.168.140.10"
INTERVAL = 0.05
ANSWER = re.compile(rf"^([0-9.]+) IP {re.escape(VIP)}\.80 > [0-9.]+\.(\d+): .* length (\d+)")

# What a drill may change, as long as it lasts.
STATE = """
ip -o link show dev eth0 | grep -o 'state [A-Z]*'; tc qdisc show dev eth0 | grep -c netem
iptables-legacy -S 2>/dev/null; nft list ruleset 2>/dev/null
systemctl is-active lvs-agent keepalived web; ls -A /run/lvs-drill 2>/dev/null | grep -E '[.]armed$|^lock$'
"""


class Lab:
    """The demo's cluster and a client in its namespace that Ansible takes for a host."""

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster.up(folder / "lab", DEMO, ttl=2400)
        for name in ("r1", "r2"):
            self.cluster.ssh(name, "systemctl enable --now web")
        python = folder / "client-python"
        python.write_text(
            f'#!/bin/sh\nexec nsenter --net=/proc/{self.cluster.keeper.pid}/ns/net /usr/bin/python3 "$@"\n'
        )
        python.chmod(0o755)
        self.reports = folder / "reports"
        client = {"ansible_connection": "local", "ansible_python_interpreter": str(python)}
        common = {
            "drill_address": VIP,
            "drill_probe_address": CLIENT,
            "drill_probe_interface": "lan",
            "drill_real_server_unit": "web",
            "drill_interval": INTERVAL,
            "drill_dest": str(self.reports),
            "persistence_timeout": 0,
        }
        self.inventory = folder / "probe.yml"
        hosts = {"all": {"vars": common, "children": {"drill_probes": {"hosts": {"client": client}}}}}
        self.inventory.write_text(json.dumps(hosts))
        self.engine = ""

    def command(self, playbook: str, **variables):
        command = [sys.executable, "-m", "ansible", "playbook", str(ROOT / "playbooks" / playbook)]
        command += ["-i", f"{self.cluster.folder}/inventory.ini", "-i", str(INVENTORY), "-i", str(self.inventory)]
        return [*command, "-e", json.dumps({"director_engine": self.engine, **variables})]

    def play(self, playbook: str, meanwhile=None, **variables):
        """Run a playbook to its end; `meanwhile` is called when it has begun. Its result, with all it said."""
        command = self.command(playbook, **variables)
        log = self.reports.parent / "play.log"
        with open(log, "w") as output:
            environment = dict(os.environ, ANSIBLE_NOCOLOR="1")
            playing = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        if meanwhile:
            meanwhile()
        return subprocess.CompletedProcess(command, playing.wait(600), log.read_text(), "")

    def site(self, engine: str) -> None:
        if self.engine != engine:
            self.engine = engine
            done = self.play("site.yml")
            assert done.returncode == 0, done.stdout
        assert wait(self.rests, 60, 0.5) is not None

    def rests(self) -> bool:
        """d1 alone has the address, and both real servers answer."""
        has = [name for name in ("d1", "d2") if f" {VIP}/" in self.cluster.ssh(name, "ip -o -4 address").stdout]
        asked = f"for i in $(seq 8); do curl -s -m 1 http://{VIP}/ || exit 1; echo; done"
        done = self.cluster.run(["sh", "-c", asked], check=False)
        return has == ["d1"] and done.returncode == 0 and set(done.stdout.split()) == {"r1", "r2"}

    def state(self):
        return {name: self.cluster.ssh(name, STATE, check=False).stdout for name in self.cluster.hosts}

    def power_on_again(self) -> None:
        """The lab's hosts do not come back from a reboot by themselves."""
        assert wait(lambda: not self.cluster._program("d1").runs(), 120, 0.2) is not None
        self.cluster._program("d1").popen.wait(10)
        self.cluster._forget("d1")
        self.cluster.boot("d1")

    def drill(self, scenario: str, **variables):
        """Play one drill beside tcpdump: (ansible's result, the report, tcpdump's blackout in s)."""
        pcap = self.reports.parent / "pcap"
        listen = self.cluster.inside(["tcpdump", "-i", "lan", "-s", "128", "-U", "-w", str(pcap), "tcp port 80"])
        dump = subprocess.Popen(listen, stderr=subprocess.PIPE)
        assert b"listening" in dump.stderr.readline()
        before = set(self.reports.glob("*/report.json"))
        meanwhile = self.power_on_again if scenario == "reboot" else None
        done = self.play("drill.yml", meanwhile, drill_scenario=scenario, drill_confirm=scenario, **variables)
        dump.send_signal(signal.SIGINT)
        dump.wait(20)
        dump.stderr.close()
        new = set(self.reports.glob("*/report.json")) - before
        if not new:
            return done, None, 0.0
        (path,) = new
        pcap = pcap.rename(path.parent / "pcap")
        log = [json.loads(line) for line in (path.parent / "probe.jsonl").read_text().splitlines()]
        return done, json.loads(path.read_text()), blackout(pcap, log)


def answers(pcap: Path, log) -> list:
    """Port and time of the first octets that tcpdump saw on each connection that the probe opened, on its clock.

    A port comes again within a drill: what follows a handshake is another connection's.
    """
    said = subprocess.run(["tcpdump", "-tt", "-n", "-r", str(pcap)], capture_output=True, text=True, check=True).stdout
    clocks = [(record["w"], record["t"]) for record in log if record["e"] in ("start", "clock", "end")]
    ports = {record["p"] for record in log if record["e"] == "new"}
    first, fresh = [], set()
    for line in said.splitlines():
        found = ANSWER.match(line)
        if not found or int(found[2]) not in ports:
            continue
        wall, port = float(found[1]), int(found[2])
        if "Flags [S.]" in line:
            fresh.add(port)
        elif int(found[3]) and port in fresh:
            fresh.discard(port)
            near, moment = min(clocks, key=lambda pair: abs(pair[0] - wall))
            first.append((port, wall - near + moment))
    return first


def blackout(pcap: Path, log) -> float:
    """The longest time between first answers on connections that the probe opened, from the fault to the putting back."""
    marks = {record["label"]: record["t"] for record in reversed([r for r in log if r["e"] == "mark"])}
    begin, end = marks["fault"], marks.get("undo", log[-1]["t"])
    first = answers(pcap, log)
    times = sorted(time for _port, time in first)
    edges = [max(t for t in times if t <= begin), *[t for t in times if begin < t < end]]
    edges += [min((t for t in times if t >= end), default=end)]
    told = [record for record in log if record["e"] == "new" and record.get("a")]
    apart = [min((abs(r["a"] - t) for p, t in first if p == r["p"]), default=math.inf) for r in told]
    print(f"{len(told)} answers told, {len(times)} seen by tcpdump, apart by {max(apart):.4f} s at most")
    return max(later - earlier for earlier, later in zip(edges, edges[1:]))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    made = Lab(tmp_path_factory.mktemp("drill"))
    yield made
    made.cluster.down()


AGENT = ("takeover", "standby")
AGENT += ("stop", "kill", "freeze", "link_down", "one_way_loss", "partition", "real_server_killed", "all_real_servers")
AGENT += ("real_server_slow", "check_storm", "reload_under_load", "clock_step", "reboot")
KEEPALIVED = ("stop", "kill", "freeze", "link_down", "one_way_loss", "partition", "reload_under_load")
KEEPALIVED += ("real_server_killed", "clock_step")


@pytest.mark.parametrize(
    ("engine", "scenario"), [*(("agent", name) for name in AGENT), *(("keepalived", name) for name in KEEPALIVED)]
)
def test_scenario(lab, engine, scenario):
    lab.site(engine)
    before = lab.state()
    done, report, independent = lab.drill(scenario)
    assert done.returncode == 0, done.stdout[-4000:]
    measured = report["measured"]
    print(f"\n{engine} {scenario}: {measured} tcpdump {independent:.4f} theory {report['theory']['seconds']}")
    assert abs(measured["blackout"] - independent) <= INTERVAL
    assert report["scenario"]["engine"] == engine
    assert any(moment["label"] == "fault" for moment in report["moments"])
    assert wait(lab.rests, 90, 0.5) is not None
    assert lab.state() == before
    if scenario in ("takeover", "standby"):
        # a request that was under way is unknown to the other director; rest is the lab's own
        assert measured["lost"] <= 2
        assert max(measured["blackout"], measured["return_blackout"]) < 0.5
    if scenario in ("takeover", "standby", "stop", "link_down"):
        assert [holder["host"] for holder in report["holders"]][:2] == ["d1", "d2"]
        assert measured["vip_move"] is not None
        assert measured["detection"] <= measured["vip_move"] + INTERVAL


def test_a_broken_limit_fails_the_play(lab):
    lab.site("agent")
    done, report, _independent = lab.drill("link_down", drill_max_blackout=0.5)
    assert done.returncode != 0
    assert report["verdict"] == "failed"
    assert "is above max_blackout 0.5 s" in done.stdout
    assert wait(lab.rests, 60, 0.5) is not None


def test_what_takes_too_long_is_broken_off_and_put_back(lab):
    lab.site("agent")
    before = lab.state()
    begin = time.monotonic()
    done, report, _independent = lab.drill("all_real_servers", drill_abort_after=2, drill_hold=60)
    assert done.returncode != 0
    assert report["verdict"] == "failed" or "broken off" in done.stdout
    undo = next(moment["at"] for moment in report["moments"] if moment["label"] == "undo")
    assert undo < 20, "not before its time"
    assert time.monotonic() - begin < 120
    assert wait(lab.rests, 60, 0.5) is not None
    assert lab.state() == before


def test_a_dead_controller_leaves_nothing(lab):
    lab.site("agent")
    before = lab.state()
    command = lab.command("drill.yml", drill_scenario="freeze", drill_confirm="freeze", drill_hold=12)
    controller = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    for line in controller.stdout:
        if "Wait, but not for longer" in line:
            break
    frozen = "systemctl show -p MainPID --value lvs-agent | xargs -I{} grep State /proc/{}/status"
    assert wait(lambda: "T (stopped)" in lab.cluster.ssh("d1", frozen, check=False).stdout, 20, 0.2) is not None
    os.killpg(controller.pid, signal.SIGKILL)
    controller.wait()
    controller.stdout.close()
    assert wait(lambda: "T (stopped)" not in lab.cluster.ssh("d1", frozen, check=False).stdout, 30, 0.5) is not None
    assert wait(lab.rests, 60, 0.5) is not None
    # The lock is void after its time and the next drill replaces it; everything else is as it was.
    after = {name: text.replace("lock\n", "") for name, text in lab.state().items()}
    assert after == before
    lab.cluster.ssh("d1", "rm /run/lvs-drill/lock")
    for name in ("d2", "r1", "r2"):
        lab.cluster.ssh(name, "rm /run/lvs-drill/lock")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"drill_confirm": ""}, "drill_confirm repeats its name"),
        ({"drill_window": "00:00-00:00"}, "is within drill_window"),
        (
            {"drill_confirm": "takeover", "drill_scenario": "takeover", "drill_engine": "keepalived"},
            "for the agent only",
        ),
        ({"drill_confirm": "nonsense", "drill_scenario": "nonsense"}, "drill_scenario is one of"),
    ],
)
def test_not_begun(lab, variables, words):
    lab.site("agent")
    done = lab.play("drill.yml", **{"drill_scenario": "stop", "drill_confirm": "stop", **variables})
    assert done.returncode != 0
    assert words in re.sub(r"\s+", " ", done.stdout)
    assert lab.rests()


def test_not_begun_on_a_sick_cluster(lab):
    lab.site("agent")
    lab.cluster.ssh("r1", "sysctl -w net.ipv4.conf.all.arp_ignore=0")
    time.sleep(0.5)
    done = lab.play("drill.yml", drill_scenario="stop", drill_confirm="stop")
    looked = lab.play("segment.yml", segment_address=VIP)
    lab.cluster.ssh("r1", "sysctl -w net.ipv4.conf.all.arp_ignore=1")
    assert done.returncode != 0
    assert "real server r1" in done.stdout
    assert looked.returncode != 0
    assert "answers-for-vip on r1: real server r1" in re.sub(r"\s+", " ", looked.stdout)
    ways = {"r1": ["192.168.140.254"], "r2": ["192.168.140.254"]}  # nobody is there: this is no NAT
    looked = lab.play("segment.yml", segment_address=VIP, segment_gateways=ways, segment_client="198.51.100.7")
    assert "route-back on r1: real server r1 sends its answers" in re.sub(r"\s+", " ", looked.stdout)
    looked = lab.play("segment.yml", segment_address=VIP)
    assert looked.returncode == 0, looked.stdout
    assert f"nothing is wrong; {VIP} is at d1" in re.sub(r"\s+", " ", looked.stdout)
    assert lab.rests()


def test_not_begun_while_another_drills(lab):
    lab.site("agent")
    lab.cluster.ssh("d2", 'mkdir -p /run/lvs-drill; echo \'{"owner": "other-1", "until": 1e9}\' >/run/lvs-drill/lock')
    done = lab.play("drill.yml", drill_scenario="stop", drill_confirm="stop")
    lab.cluster.ssh("d2", "rm /run/lvs-drill/lock")
    assert done.returncode != 0
    assert "other-1 drills here" in done.stdout
