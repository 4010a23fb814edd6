# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module real_server_state with a running agent, and with a table that nobody keeps, on a guest's kernel."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from netns import wait
from one_module import play
from speaker import ENVIRONMENT

pytestmark = pytest.mark.uml(limit=180)

CONF = """
virtual_server 10.1.0.100 80 {
    lb_algo wrr
    lb_kind DR
    protocol TCP
    real_server 10.1.0.1 80 {
        weight 3
    }
    real_server 10.1.0.2 80 {
        weight 1
    }
}
"""
HERE = contextlib.nullcontext()


def weights():
    saved = subprocess.run(["ipvsadm", "-Sn"], capture_output=True, text=True, check=True).stdout
    return {line.split()[4]: int(line.split()[-1]) for line in saved.splitlines() if line.startswith("-a")}


def state(check=False, **words):
    return play(HERE, module="real_server_state", check=check, deadline=0, **words)[0]


def agent(conf):
    command = ["env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", "run", "-n", "-l", "-f", str(conf)]
    started = subprocess.Popen(command)
    assert wait(lambda: weights() == {"10.1.0.1:80": 3, "10.1.0.2:80": 1}, 20, 0.2) is not None
    return started


def test_the_agent_is_asked_and_keeps_it_out():
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_wrr"], check=True)
    conf = Path("/run/drained.conf")
    conf.write_text(CONF)
    running = agent(conf)
    assert state(check=True, server="10.1.0.1")["changed"]
    assert weights()["10.1.0.1:80"] == 3
    assert state(server="10.1.0.1")["changed"]
    assert wait(lambda: weights() == {"10.1.0.1:80": 0, "10.1.0.2:80": 1}, 5, 0.1) is not None
    assert not state(server="10.1.0.1")["changed"]
    assert "the floor is 1" in state(server="10.1.0.2")["msg"]
    # somebody gives it its weight back by hand: the agent does not let that be
    edit = ["ipvsadm", "-e", "-t", "10.1.0.100:80", "-r", "10.1.0.1:80", "-g", "-w", "3"]
    subprocess.run(edit, check=True)
    assert wait(lambda: weights()["10.1.0.1:80"] == 0, 20, 0.2) is not None
    assert json.loads(Path("/var/lib/lvs-agent/drains.json").read_text())
    assert state(server="10.1.0.1", state="serving")["changed"]
    assert wait(lambda: weights() == {"10.1.0.1:80": 3, "10.1.0.2:80": 1}, 5, 0.1) is not None
    assert not state(server="10.1.0.1", state="serving")["changed"]
    running.send_signal(signal.SIGTERM)
    running.wait(20)


def test_without_an_agent_the_kernel_is_told():
    subprocess.run(["ipvsadm", "-C"], check=True)
    for line in ("-A -t 10.1.0.100:80 -s wrr", *(f"-a -t 10.1.0.100:80 -r 10.1.0.{n}:80 -g -w {n}" for n in (1, 2))):
        subprocess.run(["ipvsadm", *line.split()], check=True)
    assert state(server="10.1.0.2")["changed"]
    assert weights() == {"10.1.0.1:80": 1, "10.1.0.2:80": 0}
    assert not state(server="10.1.0.2")["changed"]
    assert state(server="10.1.0.2", state="serving")["changed"]
    assert weights() == {"10.1.0.1:80": 1, "10.1.0.2:80": 2}
