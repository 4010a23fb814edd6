# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts and interfaces that our agent tracks move the address to keepalived and back; notifications as keepalived's."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from netns import Host, bridge, plug, wait
from speaker import ENVIRONMENT

pytestmark = pytest.mark.netns(limit=180)

VIP = "10.0.0.100"
CONF = """
global_defs {{
    vrrp_notify_fifo {folder}/fifo
    vrrp_notify_fifo_script {folder}/reader
    vrrp_notify_priority_changes on
}}
vrrp_script weighted {{
    script "/usr/bin/test -e {folder}/weighted"
    interval 0.2
    fall 2
    rise 2
    weight -20
}}
vrrp_script vital {{
    script "/usr/bin/test -e {folder}/vital"
    interval 0.2
}}
vrrp_instance VI_1 {{
    version 3
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 0.2
    garp_master_delay 1
    virtual_ipaddress {{
        10.0.0.100
    }}
    {more}
}}
"""
OURS = """
    track_script {{
        weighted
        vital
    }}
    track_interface {{
        eth1 weight -15
    }}
    virtual_ipaddress_excluded {{
        10.1.0.100/32 dev extra0
    }}
    virtual_routes {{
        192.0.2.0/24 via 10.0.0.2 src 10.0.0.100 table 100
    }}
    virtual_rules {{
        from 10.0.0.100 table 100 preference 1000
    }}
    notify {folder}/notify
    notify_master "{folder}/notify specific"
"""
EXTRA = ("link add extra0 type veth peer name extra1", "link set extra1 up", "link set extra0 up")


class Pair:
    def __init__(self) -> None:
        bridge("br0")
        bridge("br1")
        self.ours, self.theirs = Host("ours"), Host("theirs")
        for last, host in ((1, self.ours), (2, self.theirs)):
            plug(host, "eth0", "br0", f"10.0.0.{last}/24")
            plug(host, "eth1", "br1", f"10.1.0.{last}/24")
            self.folder(host).mkdir()
        self.ours.batch(*EXTRA)
        folder = self.folder(self.ours)
        for flag in ("weighted", "vital"):
            (folder / flag).touch()
        (folder / "notify").write_text(f'#!/bin/sh\necho "$@" >> {folder}/told\n')
        (folder / "notify").chmod(0o755)
        (folder / "conf").write_text(CONF.format(folder=folder, priority=110, more=OURS.format(folder=folder)))
        (folder / "reader").write_text(f'#!/bin/sh\nexec cat "$1" >> {folder}/read\n')
        (folder / "reader").chmod(0o755)
        theirs = self.folder(self.theirs)
        (theirs / "conf").write_text(CONF.format(folder=theirs, priority=100, more=""))
        self.agent = ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent")
        socket = ("--socket", f"{folder}/control.sock")
        self.ours.start(*self.agent, "run", "-n", "-l", "-P", "-f", f"{folder}/conf", *socket, log=f"{folder}/log")
        pids = ("-p", f"{theirs}/pid", "-r", f"{theirs}/vrrp.pid")
        self.theirs.start("keepalived", "-n", "-l", "-D", "-P", "-f", f"{theirs}/conf", *pids, log=f"{theirs}/log")

    def folder(self, host: Host) -> Path:
        return Path("/run") / host.name

    def status(self) -> dict:
        socket = f"{self.folder(self.ours)}/control.sock"
        return json.loads(self.ours.run(*self.agent, "status", "--json", "--socket", socket))["vrrp"]

    def pid(self) -> int:
        """The VRRP child's, 0 while none answers."""
        try:
            return self.status()["process"]["pid"]
        except (RuntimeError, KeyError, TypeError):
            return 0

    def flag(self, name: str, there: bool) -> None:
        path = self.folder(self.ours) / name
        path.touch() if there else path.unlink()

    def settled(self, ours_is_master: bool) -> bool:
        return self.ours.has(VIP) is ours_is_master and self.theirs.has(VIP) is not ours_is_master


@pytest.fixture(scope="module")
def pair():
    made = Pair()
    try:
        yield made
    finally:
        for host in (made.ours, made.theirs):
            print(f"--- {host.name}\n{(made.folder(host) / 'log').read_text()[-5000:]}")
            host.close()


@pytest.fixture(autouse=True)
def settled(pair):
    assert wait(lambda: pair.settled(True), 10, 0.05) is not None


def routed(pair) -> bool:
    """The virtual route and rule are there."""
    routes = pair.ours.run("ip", "route", "show", "table", "100", check=False)
    return "192.0.2.0/24 via 10.0.0.2" in routes and "from 10.0.0.100 lookup 100" in pair.ours.run("ip", "rule")


def test_virtual_routes_and_rules_come_and_go_with_the_address(pair) -> None:
    assert routed(pair)
    pair.flag("vital", False)
    assert wait(lambda: pair.settled(False), 5, 0.05) is not None
    assert pair.ours.run("ip", "route", "show", "table", "100", check=False) in (
        "",
        "Error: ipv4: FIB table does not exist.\nDump terminated\n",
    )
    assert "1000:" not in pair.ours.run("ip", "rule")
    pair.flag("vital", True)
    assert wait(lambda: pair.settled(True), 5, 0.05) is not None
    assert routed(pair)


def test_what_somebody_takes_from_a_master_is_set_again(pair) -> None:
    pair.ours.batch(f"addr del {VIP}/32 dev eth0")
    assert not pair.ours.has(VIP)
    assert wait(lambda: pair.settled(True), 5, 0.05) is not None
    assert routed(pair), "the kernel took the route with its source address"
    instance = pair.status()["instances"]["VI_1"]
    assert instance["counters"]["addresses_restored"] >= 1


def test_another_interface_that_comes_again_gets_its_address_again(pair) -> None:
    pair.ours.batch("link del extra0")
    assert not pair.ours.has("10.1.0.100")
    pair.ours.batch(*EXTRA)
    assert wait(lambda: pair.ours.has("10.1.0.100"), 5, 0.05) is not None, "its index is another"
    assert pair.status()["instances"]["VI_1"]["state"] == "MASTER"


def test_a_failing_script_with_a_weight_lowers_the_priority(pair) -> None:
    pair.flag("weighted", False)
    assert wait(lambda: pair.settled(False), 5, 0.05) is not None
    instance = pair.status()["instances"]["VI_1"]
    assert (instance["state"], instance["effective_priority"], instance["faults"]) == ("BACKUP", 90, [])
    assert pair.status()["tracking"]["script weighted"] == {"verdict": "down", "last": "exit status 1"}
    pair.flag("weighted", True)
    assert wait(lambda: pair.settled(True), 5, 0.05) is not None


def test_a_failing_script_without_a_weight_is_a_fault(pair) -> None:
    pair.flag("vital", False)
    assert wait(lambda: pair.settled(False), 5, 0.05) is not None
    instance = pair.status()["instances"]["VI_1"]
    assert (instance["state"], instance["faults"]) == ("FAULT", ["script vital"])
    pair.flag("vital", True)
    assert wait(lambda: pair.settled(True), 5, 0.05) is not None


def test_a_lost_interface_with_a_weight_lowers_the_priority(pair) -> None:
    pair.ours.batch("link set eth1 down")
    assert wait(lambda: pair.settled(False), 5, 0.05) is not None
    assert pair.status()["instances"]["VI_1"]["effective_priority"] == 95
    pair.ours.batch("link set eth1 up")
    assert wait(lambda: pair.settled(True), 5, 0.05) is not None


def test_a_vanished_interface_is_a_fault_and_its_return_ends_it(pair) -> None:
    pair.ours.batch("link set eth0 name lost0")
    assert wait(lambda: pair.theirs.has(VIP), 5, 0.05) is not None
    assert pair.status()["instances"]["VI_1"]["faults"] == ["interface eth0 is not there"]
    pair.ours.batch("link set lost0 down", "link set lost0 name eth0", "link set eth0 up")
    assert wait(lambda: pair.settled(True), 5, 0.05) is not None


def test_a_killed_child_does_not_wait_for_its_scripts(pair) -> None:
    before = pair.status()["process"]["pid"]
    os.kill(before, signal.SIGKILL)
    assert wait(lambda: pair.pid() not in (0, before), 2) is not None
    time.sleep(2)
    assert pair.settled(True)
    assert pair.status()["instances"]["VI_1"]["reason"] == "resumed"


def test_scripts_were_told_in_keepalived_s_words_and_order(pair) -> None:
    told = (pair.folder(pair.ours) / "told").read_text().splitlines()
    states = [line.split()[2] for line in told if line.startswith("INSTANCE VI_1 ")]
    assert states[:2] == ["BACKUP", "MASTER"], "that scripts are not known at first is nobody's business"
    assert {"MASTER", "BACKUP", "FAULT"} <= set(states)
    assert told.count("specific") == states.count("MASTER")
    assert "INSTANCE VI_1 MASTER 110" in told


def test_the_pipe_carries_keepalived_s_lines(pair) -> None:
    read = (pair.folder(pair.ours) / "read").read_text().splitlines()
    assert read[:2] == ['INSTANCE "VI_1" BACKUP 110', 'INSTANCE "VI_1" MASTER 110']
    assert 'INSTANCE "VI_1" MASTER_PRIORITY 90' in read
    assert 'INSTANCE "VI_1" FAULT 110' in read
