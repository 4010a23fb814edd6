# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves our agent's address to keepalived and back, beside links and scripts: files, processes, BFD, addresses, delays."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest
from netns import wait
from vrrp_pair import VIP, Pair, instance

pytestmark = pytest.mark.netns(limit=240)


@pytest.fixture(scope="module")
def pair():
    made = Pair()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def quiet(pair):
    """Every test begins and ends with nobody running."""
    yield
    pair.end()


def test_a_tracked_file_moves_the_address_at_once(pair) -> None:
    """keepalived counts the same file in the same way."""
    files = {host: pair.folder(host) / "load" for host in (pair.ours, pair.theirs)}
    text = "track_file F {{\n file {}\n weight 2\n init_file 5\n}}\n"
    lines = "track_file {\n F\n }"
    pair.play(
        text.format(files[pair.ours]) + instance(100, lines),
        rival=text.format(files[pair.theirs]) + instance(95, lines),
    )
    pair.moved(pair.ours)
    assert files[pair.ours].read_text() == "5\n"
    assert pair.status()["instances"]["VI_1"]["effective_priority"] == 110
    files[pair.ours].write_text("-10\n")
    print(f"a number in our file: keepalived after {pair.moved(pair.theirs):.2f} s")
    replaced = files[pair.ours].with_suffix(".new")
    replaced.write_text("6\n")
    replaced.rename(files[pair.ours])
    print(f"another file in its place: ours after {pair.moved(pair.ours):.2f} s")
    files[pair.theirs].write_text("50\n")
    pair.moved(pair.theirs)
    files[pair.theirs].write_text("0\n")
    pair.moved(pair.ours)
    files[pair.ours].write_text("-200\n")
    pair.moved(pair.theirs)
    assert pair.status()["instances"]["VI_1"]["faults"] == ["file F"], "-254 and below is a fault"
    files[pair.ours].unlink()
    pair.moved(pair.ours)


def test_a_tracked_process_moves_the_address_when_it_ends(pair) -> None:
    text = "vrrp_track_process P {\n process sleep 98765\n weight 0\n terminate_delay 0.1\n}\n"
    sleeper = subprocess.Popen(["sleep", "98765"])
    try:
        pair.play(text + instance(110, "track_process {\n P\n }"), rival=instance(100))
        pair.moved(pair.ours)
        sleeper.kill()
        sleeper.wait()
        took = pair.moved(pair.theirs)
        print(f"the process killed: keepalived after {took:.2f} s")
        assert pair.status()["tracking"]["process P"]["verdict"] == "down"
        sleeper = subprocess.Popen(["sleep", "98765"])
        pair.moved(pair.ours)
    finally:
        sleeper.kill()
        sleeper.wait()


BFD = "bfd_instance B {{\n neighbor_ip 10.0.0.{}\n source_ip 10.0.0.{}\n min_tx 200\n min_rx 200\n multiplier 5\n}}\n"


def test_a_neighbour_that_keepalived_s_bfd_stands_for(pair) -> None:
    folder = pair.folder(pair.client)
    text = BFD.format(1, 9) + instance(50, "track_bfd {\n B\n }", vrid=99, addresses="10.0.0.90")
    (folder / "conf").write_text(text)
    pids = ("-p", f"{folder}/pid", "-r", f"{folder}/vrrp.pid", "-b", f"{folder}/bfd.pid")
    command = ("keepalived", "-n", "-l", "-D", "-f", f"{folder}/conf", *pids)
    neighbour = pair.client.start(*command, log=f"{folder}/log")
    try:
        pair.play(BFD.format(9, 1) + instance(110, "track_bfd {\n B\n }"), rival=instance(100))
        pair.moved(pair.ours, 20)
        assert wait(lambda: pair.client.has("10.0.0.90"), 10) is not None, "keepalived sees us up"
        pair.client.stop(neighbour, signal.SIGKILL)
        took = pair.moved(pair.theirs)
        print(f"the neighbour killed: keepalived master after {took:.2f} s")
        assert pair.status()["instances"]["VI_1"]["faults"] == ["bfd B"]
        neighbour = pair.client.start(*command, log=f"{folder}/log")
        pair.moved(pair.ours, 20)
        assert wait(lambda: pair.client.has("10.0.0.90"), 10) is not None
        pair.ours.stop(pair.program)
        pair.program = None
        last_word = "Remote diagnostic - Administratively Down"
        assert wait(lambda: last_word in (folder / "log").read_text(), 10) is not None
    finally:
        print((folder / "log").read_text()[-3000:])
        pair.client.kill()


def test_a_timer_served_late_is_noticed_and_the_process_has_its_manners(pair) -> None:
    pair.play(instance(100))
    assert wait(lambda: pair.ours.has(VIP), 8) is not None
    status = pair.status()
    assert status["process"]["scheduler"] == "SCHED_FIFO 10"
    assert status["process"]["memory"] == "locked"
    os.kill(status["process"]["pid"], signal.SIGSTOP)
    time.sleep(0.5)
    os.kill(status["process"]["pid"], signal.SIGCONT)
    assert wait(lambda: "its own timer was served" in pair.log(), 2) is not None
    status = pair.status()
    assert status["instances"]["VI_1"]["counters"]["late_timer"] >= 1
    assert status["lateness_seconds"] > 0.3
    assert status["instances"]["VI_1"]["state"] == "MASTER"


def test_a_lost_source_address_and_a_lost_static_one_are_faults(pair) -> None:
    pair.ours.batch("addr add 10.0.0.11/24 dev eth0")
    static = "track_group G {\n group {\n VI_1\n }\n}\nstatic_ipaddress {\n 10.1.0.50/24 dev eth1 track_group G\n}\n"
    static += "static_routes {\n 192.0.2.0/24 via 10.1.0.9 dev eth1\n}\n"
    static += "static_rules {\n from 192.0.2.0/24 table 100 preference 77\n}\n"
    own = "track_src_ip\n mcast_src_ip 10.0.0.11\n virtual_routes {\n 198.51.100.0/24 via 10.1.0.9 dev eth1\n }"
    pair.play(static + instance(110, own), rival=instance(100))
    pair.moved(pair.ours)
    assert pair.ours.has("10.1.0.50")
    assert "192.0.2.0/24 via 10.1.0.9" in pair.ours.run("ip", "route")
    assert "77:" in pair.ours.run("ip", "rule")
    pair.ours.batch("addr del 10.0.0.11/24 dev eth0")
    pair.moved(pair.theirs)
    assert pair.status()["instances"]["VI_1"]["faults"] == ["source address 10.0.0.11 is not there"]
    pair.ours.batch("addr add 10.0.0.11/24 dev eth0")
    pair.moved(pair.ours)

    pid = pair.status()["process"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    pair.ours.batch("link set eth1 down", "link set eth1 up")
    lost = pair.ours.run("ip", "route")
    os.kill(pid, signal.SIGCONT)
    for route in ("192.0.2.0/24", "198.51.100.0/24"):
        assert route not in lost
        there = wait(lambda r=route: r in pair.ours.run("ip", "route"), 3)
        assert there is not None, f"{route}: both were read at once, and the link seemed as before"

    pair.ours.batch("addr del 10.1.0.50/24 dev eth1")
    pair.moved(pair.theirs)
    pair.ours.batch("link set eth1 down", "link set eth1 up")
    pair.moved(pair.ours)
    assert "192.0.2.0/24 via 10.1.0.9" in pair.ours.run("ip", "route"), "what the link took with it is set again"
    pair.play(instance(110, "mcast_src_ip 10.0.0.11"))
    assert not pair.ours.has("10.1.0.50")
    assert "77:" not in pair.ours.run("ip", "rule")
    assert pair.ours.has(VIP)
    pair.end()
    pair.ours.batch("addr del 10.0.0.11/24 dev eth0")


def test_a_short_loss_of_the_link_does_not_count(pair) -> None:
    delays = "interface_up_down_delays {\n eth1 1.5 0\n}\n"
    pair.play(delays + instance(110, "track_interface {\n eth1\n }"), rival=instance(100))
    pair.moved(pair.ours)
    pair.ours.batch("link set eth1 down")
    time.sleep(0.5)
    pair.ours.batch("link set eth1 up")
    time.sleep(1.5)
    assert pair.ours.has(VIP)
    pair.ours.batch("link set eth1 down")
    took = pair.moved(pair.theirs)
    assert took > 1.2, "the delay was not kept"
    pair.ours.batch("link set eth1 up")
    pair.moved(pair.ours)
