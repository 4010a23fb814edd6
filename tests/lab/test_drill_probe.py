# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe beside an independent tcpdump of the client's link, while Debian's keepalived fails over.

The directors here answer on the virtual address themselves: what is measured is the probe, not IPVS.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill import bounds, daemon, records, report, timeline
from ansible_collections.lvs.cluster.plugins.module_utils.drill.settings import Settings
from netns import Host, bridge, plug, wait

pytestmark = pytest.mark.netns(limit=240)

VIP = "10.1.0.100"
CONF = """global_defs {{
    router_id {name}
}}
vrrp_instance VI {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int {advert_int}
    version {version}
    virtual_ipaddress {{ {vip}/24 }}
}}
"""


class Pair:
    """Two directors with keepalived and a web server each, one client."""

    def __init__(self) -> None:
        bridge("br0")
        self.client = Host("client")
        plug(self.client, "eth0", "br0", "10.1.0.10/24")
        self.directors = [Host("dir1"), Host("dir2")]
        self.daemons = {}
        for number, host in enumerate(self.directors, 1):
            plug(host, "eth0", "br0", f"10.1.0.{number}/24")
            host.web()

    def run(self, version: int, advert_int: float) -> None:
        for host, priority in zip(self.directors, (150, 100)):
            path = Path(f"/run/{host.name}.conf")
            path.write_text(
                CONF.format(name=host.name, priority=priority, advert_int=advert_int, version=version, vip=VIP)
            )
            command = ["keepalived", "-n", "-l", "-P", "-f", str(path)]
            command += ["-p", f"/run/{host.name}.pid", "-r", f"/run/{host.name}.vrrp"]
            self.daemons[host.name] = host.start(*command, log=f"/run/{host.name}.log")
        assert wait(lambda: self.directors[0].has(VIP), 30) is not None
        assert wait(lambda: not self.directors[1].has(VIP), 10) is not None

    def close(self) -> None:
        for host in [self.client, *self.directors]:
            host.close()
        subprocess.run(["ip", "link", "del", "br0"], check=True)


@pytest.fixture
def pair():
    made = Pair()
    yield made
    made.close()


def probe(pair: Pair, tmp_path: Path, **more) -> Settings:
    settings = Settings(log=str(tmp_path / "log"), limit=60, address=VIP, interface="eth0", name_header="", **more)
    with pair.client:
        daemon.start(settings)
    return settings


class Dump:
    """tcpdump on the client's link; for each new connection the time of the first packet with data from the VIP."""

    LINE = re.compile(r"^([0-9.]+) IP ([0-9.]+)\.(\d+) > ([0-9.]+)\.(\d+): .* length (\d+)")

    def __init__(self, pair: Pair, path: Path) -> None:
        self.path = path
        command = ["tcpdump", "-i", "eth0", "-s", "128", "-U", "-w", str(path), "tcp port 80"]
        with pair.client:
            self.process = subprocess.Popen(command, stderr=subprocess.PIPE)
        assert b"listening" in self.process.stderr.readline()

    def stop(self) -> None:
        time.sleep(0.3)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        self.process.stderr.close()

    def answers(self) -> list:
        """Wall clock times of the first answer on every connection that carried one request only."""
        done = subprocess.run(
            ["tcpdump", "-tt", "-n", "-r", str(self.path)], capture_output=True, text=True, check=True
        )
        first, count = {}, {}
        for line in done.stdout.splitlines():
            found = self.LINE.match(line)
            if found and found[2] == VIP and int(found[6]):
                port = int(found[5])
                first.setdefault(port, float(found[1]))
                count[port] = count.get(port, 0) + 1
        return sorted(t for port, t in first.items() if count[port] == 1)


def blackout(times, begin: float, end: float) -> float:
    before = [t for t in times if t <= begin]
    inside = [t for t in times if begin < t < end]
    edges = [before[-1], *inside]
    return max(later - earlier for earlier, later in zip(edges, edges[1:]))


FAULTS = {
    "stop": ("graceful", lambda pair: pair.daemons["dir1"].send_signal(signal.SIGTERM)),
    "link down": ("silent", lambda pair: pair.directors[0].batch("link set eth0 down")),
}


@pytest.mark.parametrize(
    ("fault", "version", "advert_int"),
    [("stop", 2, 1), ("link down", 2, 1), ("stop", 3, 0.1), ("link down", 3, 0.1)],
)
def test_blackout_is_what_tcpdump_says(pair, tmp_path, fault, version, advert_int):
    pair.run(version, advert_int)
    dump = Dump(pair, tmp_path / "pcap")
    settings = probe(pair, tmp_path)
    time.sleep(2)
    kind, act = FAULTS[fault]
    daemon.mark(settings.log, "fault", "dir1")
    act(pair)
    time.sleep(1.5 + 4 * advert_int)
    assert daemon.stop(settings.log)
    dump.stop()

    lines = Path(settings.log).read_text().splitlines()
    seen, broken = records.parse(lines)
    assert not broken
    view = timeline.timeline(seen)
    offset = seen[0]["w"] - seen[0]["t"]
    names = {}
    for host in pair.directors:
        names[f"10.1.0.{host.name[-1]}"] = host.name
        names[host.run("ip", "-o", "link", "show", "eth0").split("link/ether ")[1].split()[0]] = host.name
    limit = bounds.bound(kind, bounds.Vrrp(version, advert_int, 100))
    result = report.report(
        view, report.Scenario(fault, fault, kind, "dir1", "keepalived"), limit, report.Limits(), names
    )
    measured = result["measured"]
    independent = blackout(dump.answers(), view.marks[0].at + offset, view.end + offset)
    print(f"\n{fault} v{version} {advert_int}: {measured} tcpdump {independent:.6f} theory {limit.seconds}")
    print(result["holders"], result["speakers"], result["verdict"], result["reasons"], result["probe"])

    assert abs(measured["blackout"] - independent) <= settings.interval
    assert result["verdict"] != "failed"
    assert not [reason for reason in result["reasons"] if "stood still" not in reason]
    assert set(result["servers"]) == {"dir1", "dir2"}
    assert [span["host"] for span in result["holders"]] == ["dir1", "dir2"]
    assert {speaker["host"] for speaker in result["speakers"]} == {"dir1", "dir2"}
    assert 0 < measured["detection"] <= measured["first_answer"]
    assert measured["lost"] > 0
    # The second director has no such connections: it resets them, or nobody answers them at all.
    assert measured["kept"] == 0
    assert measured["broken"] + measured["silent"] == 4


def test_nothing_stays_behind(pair, tmp_path):
    pair.run(2, 1)
    settings = Settings(log=str(tmp_path / "log"), limit=1, address=VIP, interface="eth0")
    with pair.client:
        pid = daemon.start(settings)
    assert daemon.running(settings.log)
    assert wait(lambda: not daemon.running(settings.log), 10) is not None
    assert wait(lambda: not os.path.exists(f"/proc/{pid}"), 10) is not None
    seen, _broken = records.parse(Path(settings.log).read_text().splitlines())
    assert seen[-1]["why"] == "limit"
    assert daemon.stop(settings.log) is False


def test_the_probe_never_announces(pair, tmp_path):
    """All ARP that leaves the client: questions with its own or no sender address, never the virtual one."""
    pair.run(2, 1)
    path = tmp_path / "arp"
    with pair.client:
        dump = subprocess.Popen(
            ["tcpdump", "-i", "eth0", "-U", "-w", str(path), "-Q", "out", "arp"], stderr=subprocess.PIPE
        )
    assert b"listening" in dump.stderr.readline()
    settings = probe(pair, tmp_path)
    time.sleep(1)
    daemon.stop(settings.log)
    time.sleep(0.3)
    dump.send_signal(signal.SIGINT)
    dump.wait(10)
    dump.stderr.close()
    said = subprocess.run(
        ["tcpdump", "-n", "-r", str(path)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    asked = [line for line in said if f"who-has {VIP} tell 0.0.0.0" in line]
    assert 8 <= len(asked) <= 14
    assert not [line for line in said if f"tell {VIP}" in line or f"Reply {VIP}" in line]
