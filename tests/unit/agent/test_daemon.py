# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent process with small children of its own: start, status, reload, death of a child, death of the parent."""

from __future__ import annotations

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any, List

import pytest

from lvs_agent.control import succession, unix
from lvs_agent.daemon import BECOME, Parent
from lvs_agent.loop import Loop
from lvs_agent.parent_options import Options, Rooms


@dataclass(frozen=True)
class Document:
    """As much of a document as the parent looks at."""

    serial: int
    slow: float = 0.0
    lonely: float = 0.0
    """Seconds a child serves on without its parent."""
    vrrp_instances: tuple = ("VI_1",)
    virtual_servers: tuple = ("VS_1",)


@dataclass(frozen=True)
class Config:
    """As reading.Config."""

    document: Document
    errors: bool = False
    rendered: List[str] = field(default_factory=list)
    sha256: str = "0"


def body(channel, document, carried) -> int:
    """Serves its channel; the status tells what it was given. It reports one state, as the VRRP child does."""
    loop = Loop()
    told = {"serial": document.serial, "resume": dict(carried)}
    began = document.serial

    def message(got: Any) -> None:
        if got[0] == "status":
            channel.send(("status", got[1], dict(told, began=began)))
        elif got[0] == "reload":
            told["serial"] = got[1].serial
            channel.send(("reloaded",))
        elif got[0] == "stop":
            time.sleep(document.slow)
            loop.stop()

    def orphaned() -> None:
        loop.wake("orphaned", loop.now() + document.lonely, lambda _now: loop.stop())

    channel.attach(loop, message, orphaned)
    channel.send(("states", {"VI_1": "MASTER"}))
    channel.send(("ready",))
    loop.run()
    loop.close()
    return 0


class Agent:
    """A parent in a process of its own, and what its file will say at the next reload."""

    def __init__(self, folder: pathlib.Path, slow: float = 0.0, lonely: float = 0.0, sha256: str = "0") -> None:
        self.socket, self.next, self.swept = str(folder / "s" / "control.sock"), folder / "next", folder / "swept"
        self.reading = folder / "reading"
        options = Options(file="x.conf", socket_path=self.socket, pid_file=str(folder / "pid"))
        self.pid = os.fork()
        if self.pid == 0:
            rooms = Rooms({"vrrp": body, "checker": body}, self._sweep, lambda document: [])
            parent = Parent(options, Config(Document(1, slow, lonely), sha256=sha256), self._reread, rooms)
            os._exit(parent.run())
        self.until(lambda: all(p["ready"] for p in self.status()["processes"].values()))

    def _sweep(self, documents, told) -> None:
        self.swept.write_text(f"{[document.serial for document in documents]} {told}")

    def _reread(self) -> Config:
        said = self.next.read_text()
        if said.startswith("slow "):
            self.reading.touch()
            time.sleep(0.5)
            said = said[5:]
        if said.startswith("bad"):
            return Config(Document(0), errors=True, rendered=[said])
        if said == "no servers":
            return Config(Document(9, virtual_servers=()))
        return Config(Document(int(said)))

    def status(self) -> dict:
        return self.ask(command="status")["status"]

    def ask(self, **request: Any) -> dict:
        for _ in range(200):
            try:
                return unix.ask(request, self.socket, timeout=10)
            except (FileNotFoundError, ConnectionError):
                time.sleep(0.02)
        raise AssertionError("no control socket")

    def until(self, true) -> None:
        for _ in range(500):
            if true():
                return
            time.sleep(0.02)
        raise AssertionError("never happened")

    def child(self, name: str) -> int:
        return self.status()["processes"][name]["pid"]

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def agent(tmp_path, request):
    made = Agent(tmp_path, slow=getattr(request, "param", 0.0))
    children = [made.child("vrrp"), made.child("checker")]
    yield made
    for pid in (made.pid, *children):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    try:
        os.waitpid(made.pid, 0)
    except ChildProcessError:
        pass


def test_the_status_has_every_process(agent: Agent) -> None:
    status = agent.status()
    first = {"serial": 1, "resume": {}, "began": 1}
    assert (status["vrrp"], status["checker"]) == (first, first)
    assert status["config"]["file"] == "x.conf"
    assert (pathlib.Path(agent.socket).stat().st_mode & 0o777) == 0o600


def test_a_killed_child_comes_back_and_may_resume(agent: Agent) -> None:
    before = agent.child("vrrp")
    os.kill(before, signal.SIGKILL)
    agent.until(lambda: agent.child("vrrp") not in (None, before) and agent.status()["vrrp"] is not None)
    status = agent.status()
    assert status["vrrp"]["resume"] == {"VI_1": "MASTER"}
    assert status["processes"]["vrrp"]["deaths"] == 1
    assert status["processes"]["checker"]["deaths"] == 0


def test_a_child_that_keeps_dying_starts_from_nothing_with_its_addresses_swept(agent: Agent) -> None:
    for _ in range(4):
        pid = agent.child("vrrp")
        os.kill(pid, signal.SIGKILL)
        agent.until(lambda pid=pid: agent.child("vrrp") not in (None, pid))
        agent.until(lambda: agent.status()["processes"]["vrrp"]["ready"])
    assert agent.swept.read_text() == "[1, 1] {'VI_1': 'MASTER'}"
    assert agent.status()["vrrp"]["resume"] == {}


def test_a_child_that_dies_while_a_reload_is_read_leaves_what_it_ran_to_its_successor(agent: Agent) -> None:
    """Only who began with the old file can take away what the new one no longer has."""
    before = agent.child("vrrp")
    agent.next.write_text("slow 7")
    os.kill(agent.pid, signal.SIGHUP)
    agent.until(agent.reading.exists)
    os.kill(before, signal.SIGKILL)
    agent.until(lambda: (agent.status()["vrrp"] or {}).get("serial") == 7)
    assert agent.status()["vrrp"]["began"] == 1
    after = agent.child("vrrp")
    assert after != before
    os.kill(after, signal.SIGKILL)
    agent.until(lambda: (agent.status()["vrrp"] or {}).get("began") == 7)


@pytest.mark.parametrize("agent", [1.0], indirect=True)
def test_a_role_taken_and_given_back_never_runs_twice(agent: Agent) -> None:
    before = agent.child("checker")
    for said in ("no servers", "3"):
        agent.next.write_text(said)
        assert agent.ask(command="reload")["ok"]
    os.kill(before, 0)  # still leaving: it is given its time, and nobody is put beside it
    assert agent.child("checker") == before
    agent.until(lambda: agent.child("checker") not in (None, before))
    agent.until(lambda: (agent.status()["checker"] or {}).get("serial") == 3)
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    assert agent.status()["processes"]["checker"]["deaths"] == 0


@pytest.mark.parametrize("agent", [5.0], indirect=True)
def test_a_status_while_a_child_leaves_slowly(agent: Agent) -> None:
    agent.next.write_text("no servers")
    assert agent.ask(command="reload")["ok"]
    assert set(agent.status()["processes"]) == {"vrrp"}
    assert agent.ask(command="ping")["ok"]


def test_a_signal_to_the_whole_group_kills_no_child(agent: Agent) -> None:
    pids = agent.child("vrrp"), agent.child("checker")
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGINT):
        for pid in pids:
            os.kill(pid, number)
    assert agent.status()["vrrp"] is not None
    assert (agent.child("vrrp"), agent.child("checker")) == pids


@pytest.mark.parametrize("by", ["signal", "socket"])
def test_reload_reaches_the_children(agent: Agent, by: str) -> None:
    agent.next.write_text("2")
    if by == "signal":
        os.kill(agent.pid, signal.SIGHUP)
    else:
        assert agent.ask(command="reload") == {"ok": True, "findings": []}
    agent.until(lambda: agent.status()["vrrp"]["serial"] == 2 and agent.status()["checker"]["serial"] == 2)
    assert agent.status()["config"]["reloads"] == {"accepted": 1, "refused": 0}


def test_a_reload_with_errors_changes_nothing(agent: Agent) -> None:
    agent.next.write_text("bad: x.conf:1:1: error[unknown-word]: no")
    pids = agent.child("vrrp"), agent.child("checker")
    assert agent.ask(command="reload") == {"ok": False, "findings": ["bad: x.conf:1:1: error[unknown-word]: no"]}
    status = agent.status()
    assert (status["vrrp"]["serial"], status["checker"]["serial"]) == (1, 1)
    assert (agent.child("vrrp"), agent.child("checker")) == pids
    assert status["config"]["reloads"] == {"accepted": 0, "refused": 1}


def test_stop_ends_all_and_leaves_no_files(agent: Agent, tmp_path) -> None:
    children = agent.child("vrrp"), agent.child("checker")
    os.kill(agent.pid, signal.SIGTERM)
    assert agent.wait() == 0
    assert not pathlib.Path(agent.socket).exists()
    assert not (tmp_path / "pid").exists()
    for pid in children:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_children_leave_when_the_parent_is_killed(agent: Agent) -> None:
    watched = [os.pidfd_open(agent.child(name)) for name in ("vrrp", "checker")]
    os.kill(agent.pid, signal.SIGKILL)
    for descriptor in watched:
        assert select.select([descriptor], [], [], 10)[0]
        os.close(descriptor)


@pytest.mark.parametrize(("sha256", "vrrp"), [("0", {"VI_1": "MASTER"}), ("1", {})], ids=["same file", "other file"])
def test_a_parent_takes_over_from_a_killed_one(tmp_path, sha256: str, vrrp: dict) -> None:
    """Its children go on where the orphans stood; the VRRP one from nothing when the file is another."""
    first = Agent(tmp_path, lonely=30.0)
    orphans = [first.child(name) for name in ("vrrp", "checker")]
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    for pid in orphans:
        os.kill(pid, 0)
    second = Agent(tmp_path, sha256=sha256)
    status = second.status()
    assert (status["vrrp"]["resume"], status["checker"]["resume"]) == (vrrp, {"VI_1": "MASTER"})
    assert not any(succession.born(pid) for pid in orphans)
    os.kill(second.pid, signal.SIGTERM)
    second.wait()


def test_restart_returns_to_the_program_and_the_children_serve_on(tmp_path) -> None:
    agent = Agent(tmp_path, lonely=30.0)
    children = [agent.child(name) for name in ("vrrp", "checker")]
    agent.next.write_text("bad: x.conf:1:1: error[unknown-word]: no")
    assert not agent.ask(command="restart")["ok"]
    assert [agent.child(name) for name in ("vrrp", "checker")] == children
    agent.next.write_text("2")
    assert agent.ask(command="restart")["ok"]
    assert agent.wait() == BECOME & 0xFF
    assert all(succession.born(pid) for pid in children)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def test_nobody_takes_the_children_of_a_living_parent(agent: Agent) -> None:
    path = succession.path_of(agent.socket)
    assert succession.read(path, "0") == {}
    assert set(json.loads(pathlib.Path(path).read_text())["children"]) == {"vrrp", "checker"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"parent": 1, "born": 0, "sha256": "", "children": {"vrrp": 7}}'])
def test_a_damaged_heritage_is_none(tmp_path, text: str) -> None:
    (tmp_path / "succession.json").write_text(text)
    assert succession.read(str(tmp_path / "succession.json"), "0") == {}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"\n", "not a request"),
        (b"[]\n", "not a request"),
        (b'{"command": 1}\n', "not a request"),
        (b"[" * 50000 + b"\n", "not a request"),
        (b"[" * 70000, "more than 65536 bytes in a line"),
        (b"\xff\xfe\x00\n", "not a request"),
        (b'{"command": "nonsense"}\n', "no command 'nonsense'"),
    ],
)
def test_a_malformed_request_gets_an_error_and_nothing_else(agent: Agent, line: bytes, says: str) -> None:
    import json
    import socket

    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(agent.socket)
        sock.sendall(line)
        answer = json.loads(sock.makefile().readline())
    assert answer["ok"] is False
    assert says in answer["error"]
    assert agent.ask(command="ping")["ok"] is True


def test_watch_tells_the_status_again_and_again_and_waits_for_an_agent_that_is_away(agent: Agent) -> None:
    command = [sys.executable, "-m", "lvs_agent", "status", "--watch", "0.1", "--json", "--socket", agent.socket]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as shown:
        says = [json.loads(shown.stdout.readline())["config"]["file"] for _ in range(3)]
        os.kill(agent.pid, signal.SIGTERM)
        os.waitpid(agent.pid, 0)
        assert any("error" in json.loads(line) for line in shown.stdout)
        shown.send_signal(signal.SIGINT)
        shown.stdout.read()
    assert (says, shown.returncode) == (["x.conf"] * 3, 0)


def test_the_status_is_printed_as_json(agent: Agent) -> None:
    command = [sys.executable, "-m", "lvs_agent", "status", "--json", "--socket", agent.socket]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True).stdout
    assert shown.endswith("}\n")
    assert json.loads(shown).keys() == agent.status().keys()


def test_a_start_does_not_wait_for_what_few_files_want() -> None:
    """pyroute2 alone takes 0.2 s."""
    program = "import lvs_agent.start, sys; print(*sys.modules)"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment, check=True
    )
    loaded = set(done.stdout.split())
    assert "lvs_agent.checker_child" in loaded
    assert not loaded & {
        "pyroute2",
        "asyncio",
        "lvs_agent.vrrp_child",
        "lvs_agent.presence",
        "lvs_agent.plan_bfd",
    }
