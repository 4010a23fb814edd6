# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ours: the agent of this checkout, or of a copy of it that was broken on purpose."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional

from .keepalived import configuration
from .speaker import Refused, Running

if TYPE_CHECKING:
    from netns import Host

    from conformance.facts import Counters, Facts

ROOT = Path(__file__).resolve().parents[3]


class Agent:
    """lvs-agent, reading the same configuration as keepalived; `tree` is the checkout or a copy broken on purpose."""

    name = "agent"

    def __init__(self, tree: Path = ROOT) -> None:
        self.tree = tree

    @property
    def paths(self) -> str:
        """Where the agent and the language are imported from."""
        return f"{self.tree / 'agent'}:{ROOT / '.ansible' / 'collections'}"

    def title(self) -> str:
        """Its version is the collection's."""
        return "lvs-agent"

    def lacks(self, facts: Facts) -> str:
        """Nothing that the facts can say is beyond it: what it refuses is a deviation."""
        return ""

    def start(self, host: Host, facts: Facts, place: Path) -> Running:
        """In the foreground, logging to a file, answering on a socket of its own."""
        (place / "conf").write_text(configuration(facts))
        command = ["env", f"PYTHONPATH={self.paths}", "PYTHONDONTWRITEBYTECODE=1", sys.executable, "-m", "lvs_agent"]
        command += ["run", "-n", "-l", "-P", "-f", str(place / "conf"), "--socket", str(place / "socket")]
        program = host.start(*command, log=str(place / "log"))
        running = RunningAgent(host, [program], place)
        running.paths = self.paths
        end = time.monotonic() + 20
        while time.monotonic() < end and running.alive() and not (place / "socket").exists():
            time.sleep(0.05)
        if not running.alive():
            raise Refused(running.log[-300:])
        return running


class RunningAgent(Running):
    """The agent's signals and its status."""

    paths = ""

    def reload(self, facts: Facts) -> None:
        (self.place / "conf").write_text(configuration(facts))
        self.programs[0].send_signal(signal.SIGHUP)
        time.sleep(0.8)

    def status(self) -> Dict[str, Any]:
        """`lvs-agent status --json`."""
        command = [sys.executable, "-m", "lvs_agent", "status", "--json", "--socket", str(self.place / "socket")]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=dict(os.environ, PYTHONPATH=self.paths)
        )
        return dict(json.loads(done.stdout)) if done.returncode == 0 else {}

    def counters(self) -> Optional[Counters]:
        found: Counters = {}
        for instance in self.status().get("vrrp", {}).get("instances", {}).values():
            found.update(instance["counters"])
            found.update({f"discard {cause}": number for cause, number in instance["discards"].items()})
        return found or None
