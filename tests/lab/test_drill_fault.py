# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault and its putting back as processes of their own, on a /run of their own: whatever dies, it is put back."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill import fault, marks
from netns import wait

pytestmark = pytest.mark.netns(limit=120)


def asked(tmp_path, name, hold=0.5, delay=0.0, port=0, undo="undone"):
    return fault.Fault(
        name=name,
        do=(f"touch {tmp_path}/broken",),
        undo=(f"rm {tmp_path}/broken && touch {tmp_path}/{undo}",) if undo else (),
        delay=delay,
        hold=hold,
        probes=(("127.0.0.1", port),) if port else (),
        token="word",
        host="dir1",
    )


def there(tmp_path):
    return sorted(path.name for path in tmp_path.iterdir())


def test_done_and_put_back_in_time(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        probe.settimeout(10)
        began = time.monotonic()
        fault.arm(asked(tmp_path, "one", hold=0.6, port=probe.getsockname()[1]))
        assert fault.state("one")["armed"]
        assert wait(lambda: there(tmp_path) == ["broken"], 10) is not None
        assert wait(lambda: there(tmp_path) == ["undone"], 10) is not None
        assert time.monotonic() - began >= 0.6
        labels = []
        while labels.count("undone") < 3:
            labels.append(marks.unpack(probe.recv(1024), "word")[0])
    assert labels[:3] == ["fault", "done", "undo"]
    assert wait(lambda: not fault.state("one")["armed"], 10) is not None
    state = fault.state("one")
    assert [row["rc"] for row in state["done"]["results"] + state["undone"]["results"]] == [0, 0]


def test_put_back_at_once_when_asked(tmp_path):
    fault.arm(asked(tmp_path, "two", hold=60))
    assert wait(lambda: there(tmp_path) == ["broken"], 10) is not None
    assert fault.restore("two", 20)["undone"]["results"][0]["rc"] == 0
    assert there(tmp_path) == ["undone"]
    # Again: nothing is armed, nothing is done.
    assert fault.restore("two", 1)["armed"] == 0


def test_who_armed_it_is_killed(tmp_path):
    program = (
        "import os, sys, conftest\n"
        "from ansible_collections.lvs.cluster.plugins.module_utils.drill import fault\n"
        f"fault.arm(fault.Fault('three', ('touch {tmp_path}/broken',), ('rm {tmp_path}/broken',), 0.3, 1.0, (), '', 'x'))\n"
        "os.kill(os.getpgid(0), 0); os.killpg(0, 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], start_new_session=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert wait(lambda: there(tmp_path) == ["broken"], 10) is not None
    assert wait(lambda: there(tmp_path) == [], 10) is not None


def test_armed_only_once(tmp_path):
    fault.arm(asked(tmp_path, "four", hold=60))
    with pytest.raises(fault.FaultError, match="armed already"):
        fault.arm(asked(tmp_path, "four"))
    fault.restore("four", 20)


def test_it_ignores_the_signals_of_an_ending_session(tmp_path):
    fault.arm(asked(tmp_path, "five", hold=0.8))
    armed = fault.state("five")["armed"]
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        os.kill(armed, number)
    assert wait(lambda: there(tmp_path) == ["undone"], 10) is not None


def test_a_command_that_fails_is_told(tmp_path):
    fault.arm(fault.Fault("six", ("exit 3",), ("echo no; exit 4", f"touch {tmp_path}/second"), 0, 0.1, (), "", "x"))
    assert wait(lambda: fault.state("six")["undone"], 10) is not None
    rows = fault.state("six")["undone"]["results"]
    assert [(row["rc"], row["output"]) for row in rows] == [(4, "no\n"), (0, "")]
    assert there(tmp_path) == ["second"]


def test_lock():
    assert fault.lock("mine", 60) is True
    assert fault.lock("mine", 60) is False
    with pytest.raises(fault.FaultError, match="mine drills here, for 60 s more at most"):
        fault.lock("other", 60)
    assert fault.unlock("other") is False
    assert fault.unlock("mine") is True
    assert fault.lock("other", 0.2) is True
    assert wait(lambda: _free("third"), 10) is not None
    assert json.loads(Path(fault.FOLDER, fault.LOCK).read_text())["owner"] == "third"


def _free(owner):
    try:
        return fault.lock(owner, 60)
    except fault.FaultError:
        return False
