# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module real_server_state with a running agent, with keepalived, and with a table that nobody keeps, in a guest."""

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

pytestmark = pytest.mark.uml(limit=600)

CONF = """
virtual_server 10.1.0.100 80 {
    lb_algo wrr
    lb_kind DR
    protocol TCP
    @lvs_agent slow_start 6
    real_server 10.1.0.1 80 {
        weight 3
    }
    real_server 10.1.0.2 80 {
        weight 1
    }
}
"""
HERE = contextlib.nullcontext()


@pytest.fixture(scope="module", autouse=True)
def conf():
    """The agent's file, on a kernel with ip_vs."""
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_wrr"], check=True)
    path = Path("/run/drained.conf")
    path.write_text(CONF)
    return path


def weights():
    saved = subprocess.run(["ipvsadm", "-Sn"], capture_output=True, text=True, check=True).stdout
    return {line.split()[4]: int(line.split()[-1]) for line in saved.splitlines() if line.startswith("-a")}


def state(check=False, **words):
    return told(check, **words)[0]


def told(check=False, **words):
    """What the module answered, and what Ansible wrote, warnings among it, as one line."""
    answer, screen = play(HERE, module="real_server_state", check=check, deadline=0, **words)
    return answer, " ".join(screen.split())


def agent(conf, expected=None):
    command = ["env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", "run", "-n", "-l", "-f", str(conf)]
    started = subprocess.Popen(command)
    assert wait(lambda: weights() == (expected or {"10.1.0.1:80": 3, "10.1.0.2:80": 1}), 20, 0.2) is not None
    return started


def stop(running):
    running.send_signal(signal.SIGTERM)
    running.wait(20)


def test_the_agent_is_asked_and_keeps_it_out(conf):
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
    # it starts slowly, as the file has it
    seen = [weights()["10.1.0.1:80"]]
    assert wait(lambda: seen.append(weights()["10.1.0.1:80"]) or seen[-1] == 3, 20, 0.1) is not None
    assert list(dict.fromkeys(weight for weight in seen if weight)) == [1, 2, 3]
    assert not state(server="10.1.0.1", state="serving")["changed"]
    stop(running)


def test_an_agent_keeps_it_in_maintenance_over_a_restart(conf):
    running = agent(conf)
    assert state(server="10.1.0.9")["msg"] == (
        "10.1.0.9 is in no service here; real servers here: 10.1.0.1:80, 10.1.0.2:80"
    )
    assert "10.1.0.9" in state(server="10.1.0.9", state="serving")["msg"]
    # of a host with two addresses one is enough
    assert state(server=["2001:db8::9", "10.1.0.1"], state="maintenance")["changed"]
    assert not state(server="10.1.0.1", state="drained")["changed"]
    assert wait(lambda: weights()["10.1.0.1:80"] == 0, 5, 0.1) is not None
    stop(running)
    running = agent(conf, {"10.1.0.1:80": 0, "10.1.0.2:80": 1})
    # one address may go, the other not: neither is out, and check mode says so too
    assert state(server="10.1.0.1", state="serving")["changed"]
    for check in (True, False):
        assert "the floor is 1" in state(check=check, server=["10.1.0.1", "10.1.0.2"])["msg"]
    assert json.loads(Path("/var/lib/lvs-agent/drains.json").read_text()) == []
    stop(running)


def test_without_an_agent_the_kernel_is_told():
    subprocess.run(["ipvsadm", "-C"], check=True)
    for line in ("-A -t 10.1.0.100:80 -s wrr", *(f"-a -t 10.1.0.100:80 -r 10.1.0.{n}:80 -g -w {n}" for n in (1, 2))):
        subprocess.run(["ipvsadm", *line.split()], check=True)
    assert state(server="10.1.0.2")["changed"]
    assert weights() == {"10.1.0.1:80": 1, "10.1.0.2:80": 0}
    assert not state(server="10.1.0.2")["changed"]
    assert state(server="10.1.0.2", state="serving")["changed"]
    assert weights() == {"10.1.0.1:80": 1, "10.1.0.2:80": 2}
    assert sorted(state(server="10.1.0.9")["real_servers"]) == ["10.1.0.1:80", "10.1.0.2:80"]


HELD = """
track_file R1 {
    file /run/r1
}
virtual_server 10.1.0.100 80 {
    lb_algo wrr
    lb_kind DR
    protocol TCP
    delay_loop 1
    real_server 10.1.0.1 80 {
        weight 3
        FILE_CHECK {
            track_file R1
        }
    }
    real_server 10.1.0.2 80 {
        weight 2
    }
    real_server 10.1.0.3 80 {
        TCP_CHECK {
            connect_timeout 1
            retry 0
        }
    }
}
"""


def keepalived(conf, expected):
    started = subprocess.Popen(["keepalived", "-n", "-l", "-C", "-f", str(conf)])
    assert wait(lambda: weights() == expected, 20, 0.2) is not None, weights()
    return started


def test_beside_keepalived_a_file_check_holds_it_out():
    subprocess.run(["ipvsadm", "-C"], check=True)
    conf, file = Path("/run/held.conf"), Path("/run/r1")
    conf.write_text(HELD)
    file.write_text("1\n")
    file.chmod(0o640)
    words = {"path": str(conf)}
    running = keepalived(conf, {"10.1.0.1:80": 4, "10.1.0.2:80": 2})
    assert state(server="10.1.0.1", state="maintenance", check=True, **words)["changed"]
    assert (weights()["10.1.0.1:80"], file.read_text()) == (4, "1\n")
    answer, screen = told(server="10.1.0.1", state="maintenance", **words)
    assert answer["changed"]
    assert "/run/r1 1\n" in answer["diff"]["before"]
    assert "a reload or restart" not in screen
    assert not state(server="10.1.0.1", state="maintenance", **words)["changed"]
    out = {"10.1.0.1:80": 0, "10.1.0.2:80": 2}
    assert wait(lambda: weights() == out, 5, 0.1) is not None
    # the last one stays, and what its checks have out already may be drained
    assert "the floor is 1" in state(server="10.1.0.2", state="maintenance", **words)["msg"]
    answer, screen = told(server="10.1.0.3", **words)
    assert not answer["changed"]
    assert "TCP 10.1.0.100:80 -> 10.1.0.3:80 is not in the table now" in screen
    assert "10.1.0.9 is in no service here" in state(server="10.1.0.9", **words)["msg"]
    stop(running)
    running = keepalived(conf, out)
    assert state(server="10.1.0.1", state="serving", **words)["changed"]
    assert wait(lambda: weights() == {"10.1.0.1:80": 4, "10.1.0.2:80": 2}, 5, 0.1) is not None
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("1\n", 0o640)
    assert not state(server="10.1.0.1", state="serving", **words)["changed"]
    assert not Path("/var/lib/lvs-cluster").exists()
    # without such a file a restart brings it back, and the module says so
    assert "10.1.0.2:80: a reload or restart" in told(server="10.1.0.2", state="maintenance", **words)[1]
    assert weights()["10.1.0.2:80"] == 0
    stop(running)
    stop(keepalived(conf, {"10.1.0.1:80": 4, "10.1.0.2:80": 2}))
