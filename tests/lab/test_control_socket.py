# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control socket of a real agent and real other users: root and the file's group get in, nobody else does."""

from __future__ import annotations

import grp
import os
import pwd
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from netns import wait
from speaker import ENVIRONMENT

from lvs_agent.control import unix

GROUP, USER = "games", "nobody"


class Agent:
    """An agent whose file gives it nothing to do but to answer."""

    def __init__(self, folder: Path, group: str) -> None:
        folder.chmod(0o755)
        self.conf, self.socket = folder / "keepalived.conf", str(folder / "run" / "control.sock")
        self.write(group)
        words = ["env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", "run", "-n", "-l", "-f", str(self.conf)]
        with open(folder / "log", "w") as log:
            self.process = subprocess.Popen([*words, "--socket", self.socket], stdout=log, stderr=log)
        self.log = folder / "log"
        assert wait(lambda: os.path.exists(self.socket), 20, 0.02) is not None, self.log.read_text()

    def write(self, group: str) -> None:
        line = f"@lvs_agent socket_group {group}\n" if group else ""
        self.conf.write_text(f"global_defs {{\nrouter_id x\n{line}}}\n")

    def reload(self, group: str) -> None:
        self.write(group)
        assert unix.ask({"command": "reload"}, self.socket)["ok"]

    def let_in(self, user: str, groups: tuple = ()) -> str:
        """What an ask of that user, as a member of these groups, comes to; in a process of its own."""
        reader, writer = os.pipe()
        if os.fork() == 0:
            try:
                entry = pwd.getpwnam(user)
                os.setgroups([grp.getgrnam(name).gr_gid for name in groups])
                os.setgid(entry.pw_gid)
                os.setuid(entry.pw_uid)
                said = "in" if unix.ask({"command": "ping"}, self.socket)["ok"] else "refused"
            except OSError as error:
                said = type(error).__name__
            os.write(writer, said.encode())
            os._exit(0)
        os.close(writer)
        os.wait()
        with open(reader) as answer:
            return answer.read()

    @property
    def mode(self) -> str:
        status = os.stat(self.socket)
        return f"{stat.filemode(status.st_mode)} {grp.getgrgid(status.st_gid).gr_name}"


@pytest.fixture
def agent(request):
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        made = Agent(Path(folder), request.param)
        yield made
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(20)


@pytest.mark.parametrize("agent", [""], indirect=True)
def test_root_alone_where_nothing_is_said(agent: Agent) -> None:
    assert agent.mode == "srw------- root"
    assert (agent.let_in("root"), agent.let_in(USER), agent.let_in(USER, (GROUP,))) == ("in", *["PermissionError"] * 2)


@pytest.mark.parametrize("agent", [GROUP], indirect=True)
def test_the_group_of_the_file_and_nobody_else(agent: Agent) -> None:
    assert wait(lambda: agent.mode == f"srw-rw---- {GROUP}", 5, 0.02) is not None
    assert agent.let_in(USER, (GROUP,)) == "in"
    assert agent.let_in(USER) == "PermissionError"
    agent.reload("")
    assert agent.mode == "srw------- " + GROUP
    assert agent.let_in(USER, (GROUP,)) == "PermissionError"
    agent.reload("no-such-group")
    assert agent.let_in(USER, (GROUP,)) == "PermissionError"
    assert "socket_group no-such-group: there is no such group" in agent.log.read_text()
    agent.reload(GROUP)
    assert agent.let_in(USER, (GROUP,)) == "in"


@pytest.mark.parametrize("agent", [""], indirect=True)
def test_the_word_for_those_who_stay_outside(agent: Agent) -> None:
    words = ["setpriv", "--reuid=nobody", "--clear-groups", "env", ENVIRONMENT, "/usr/bin/python3", "-m", "lvs_agent"]
    done = subprocess.run([*words, "status", "--socket", agent.socket], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"lvs-agent: {agent.socket} is for root and the file's socket_group\n"
