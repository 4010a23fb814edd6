# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's own look at its segment, by command and every so often: each fault is named, a healthy segment has none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from netns import wait
from segment import CONF, VIP, Segment
from speaker import ENVIRONMENT

from lvs_agent.control import unix

pytestmark = pytest.mark.netns(limit=200)

SERVERS = """global_defs {{
    @lvs_agent segment_watch 10
}}
virtual_server {vip} 80 {{
    lvs_sched rr
    lvs_method DR
    protocol TCP
    real_server 10.1.0.11 80 {{
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}
    real_server 10.1.0.12 80 {{
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}
}}
"""
DEAF = (
    "add table inet drill; add chain inet drill in { type filter hook input priority 0; };"
    " add rule inet drill in meta l4proto 112 drop"
)


class Watched(Segment):
    """The segment with an agent in place of the first director's keepalived."""

    def keepalived(self, name: str, priority: int, vrid: int = 51, vip: str = VIP, vip6: str = "fd00::100"):
        if name != "dir1":
            return super().keepalived(name, priority, vrid, vip, vip6)
        self.conf, self.socket = Path("/run/dir1.conf"), "/run/dir1/control.sock"
        text = CONF.format(priority=priority, vrid=vrid, vip=vip, vip6=vip6)
        self.conf.write_text(text + SERVERS.format(vip=vip))
        return self["dir1"].start(*self.agent("run", "-n", "-l", "-f", str(self.conf)), log="/run/dir1.log")

    def agent(self, command: str, *words: str) -> tuple:
        socket = ("--socket", self.socket) if command in ("run", "status") else ()
        return ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", command, *words, *socket)

    @property
    def name(self) -> str:
        """What the director calls itself: all namespaces of a guest have one host name."""
        return os.uname().nodename

    def look(self, host: str = "dir1") -> list:
        """What the command finds there now."""
        with self[host]:
            words = self.agent("segment", "--json", "--for", "1.1", str(self.conf))
            done = subprocess.run(words, capture_output=True, text=True, check=False)
        found = json.loads(done.stdout)
        assert (done.returncode, done.stderr) == (1 if found else 0, "")
        return found

    def status(self) -> dict:
        return json.loads(self["dir1"].run(*self.agent("status", "--json")))["segment"] or {"looks": 0, "findings": []}


@pytest.fixture(scope="module")
def segment():
    made = Watched()
    for server in ("rs1", "rs2"):
        made["dir1"].run("ping", "-c", "1", made[server].run("hostname", "-I").split()[0], check=False)
    yield made
    made.close()


def named(found: list) -> set:
    return {(row["code"], row["host"]) for row in found}


def test_healthy_to_master_and_backup(segment) -> None:
    assert segment.look("dir1") == []
    assert segment.look("dir2") == []


def test_the_agent_finds_it_and_its_end_by_itself(segment) -> None:
    segment["rs2"].sysctl(**{"net/ipv4/conf/all/arp_ignore": 0})
    unix.ask({"command": "reload"}, segment.socket)  # it looks at once then
    assert wait(lambda: named(segment.status()["findings"]) == {("answers-for-vip", "10.1.0.12")}, 40, 0.5) is not None
    log = Path("/run/dir1.log").read_text()
    assert "segment: answers-for-vip (10.1.0.12): real server 10.1.0.12" in log
    shown = segment["dir1"].run(*segment.agent("status"))
    assert "! segment: real server 10.1.0.12" in shown
    (row,) = segment.look()
    segment["rs2"].run(*row["mend"].split())
    unix.ask({"command": "reload"}, segment.socket)
    assert wait(lambda: segment.status()["findings"] == [], 40, 0.5) is not None
    assert "segment: no longer answers-for-vip (10.1.0.12)" in Path("/run/dir1.log").read_text()


def test_a_stranger_with_the_address(segment) -> None:
    segment["router"].batch(f"addr add {VIP}/32 dev eth0")
    found = segment.look()
    segment["router"].batch(f"addr del {VIP}/32 dev eth0")
    assert named(found) == {("unknown-holder", "")}


def test_the_address_as_sender(segment) -> None:
    segment["rs1"].sysctl(**{"net/ipv4/conf/all/arp_announce": 0})
    with segment["rs1"]:
        words = ("ping", "-c", "8", "-i", "0.3", "-W", "1", "-I", VIP, "10.1.0.77")  # nobody is there: it asks and asks
        pinging = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    found = segment.look()
    pinging.wait()
    segment["rs1"].sysctl(**{"net/ipv4/conf/all/arp_announce": 2})
    assert named(found) == {("vip-as-sender", "10.1.0.11")}
    assert found[0]["mend"] == "sysctl -w net.ipv4.conf.all.arp_announce=2"


def test_a_stranger_with_our_vrid(segment) -> None:
    stranger = segment.keepalived("router", 50, vip="10.1.0.200", vip6="fd00::200")
    segment["router"].run("nft", DEAF)
    assert wait(lambda: segment["router"].has("10.1.0.200") and segment["router"].has("fd00::200"), 10) is not None
    found = segment.look()
    segment["router"].stop(stranger)
    segment["router"].run("nft", "delete table inet drill")
    assert named([row for row in found if "10.1.0.254" in row["what"]]) == {("vrid-clash", segment.name)}


def test_adverts_that_do_not_come_through(segment) -> None:
    segment["dir2"].run("nft", DEAF)
    assert wait(lambda: segment["dir2"].has(VIP), 10) is not None
    found = segment.look("dir1")  # it hears the other, and is not heard
    assert named(found) >= {("split-brain", "10.1.0.2")}
    found = segment.look("dir2")
    assert "split-brain" in {row["code"] for row in found}
    assert any("into the firewall" in row["mend"] for row in found)
    segment["dir2"].run("nft", "delete table inet drill")
    assert wait(lambda: not segment["dir2"].has(VIP), 10) is not None


def test_left_on_the_old_master(segment) -> None:
    agent = segment.daemons["dir1"]
    children = segment["dir1"].run("pgrep", "-P", str(agent.pid)).split()
    subprocess.run(["kill", "-9", str(agent.pid), *children], check=True)
    agent.wait()
    assert wait(lambda: segment["dir2"].has(VIP), 10) is not None
    segment["dir2"].run("ping", "-c", "1", "10.1.0.1")  # it has spoken with that host before
    found = segment.look("dir2")
    assert named([row for row in found if row["address"] == VIP]) == {("unknown-holder", "10.1.0.1")}
    assert {row["code"] for row in found} == {"unknown-holder"}
    assert all("daemon is gone" in row["what"] for row in found)
