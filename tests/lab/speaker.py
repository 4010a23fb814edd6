# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A namespace in which one of the two engines speaks VRRP, ours or Debian's keepalived, with files of its own."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Tuple

from netns import Host

ROOT = Path(__file__).parents[2]
ENVIRONMENT = f"PYTHONPATH={ROOT / 'agent'}:{ROOT / '.ansible' / 'collections'}"
"""For `env`, before a Python that is to run this checkout's agent."""
ENGINES = ("lvs-agent", "keepalived")


class Speaker(Host):
    """`engine` is one of ENGINES; it runs between `up` and `down` with the file `conf`."""

    def __init__(self, name: str, engine: str) -> None:
        super().__init__(name)
        self.engine = engine
        self.folder = Path("/run") / name
        self.folder.mkdir(exist_ok=True)
        self.conf = self.folder / "keepalived.conf"

    def agent(self, *arguments: str) -> Tuple[str, ...]:
        """A command of our agent."""
        socket = ("--socket", f"{self.folder}/control.sock")
        return ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *arguments, *socket)

    def up(self) -> None:
        words = ("-n", "-l", "-D", "-P", "-f", str(self.conf))
        if self.engine == "lvs-agent":
            command = self.agent("run", *words)
        else:
            command = ("keepalived", *words, "-p", f"{self.folder}/pid", "-r", f"{self.folder}/vrrp.pid")
        self.program = self.start(*command, log=f"{self.folder}/log")

    def down(self, signum: int = signal.SIGTERM) -> None:
        self.stop(self.program, signum)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def status(self) -> dict:
        """Of our agent's VRRP child."""
        return json.loads(self.run(*self.agent("status", "--json")))["vrrp"]

    def child(self) -> int:
        """The process id of our agent's VRRP child, 0 while there is none that answers."""
        try:
            return self.status()["process"]["pid"]
        except (RuntimeError, KeyError, TypeError):
            return 0
