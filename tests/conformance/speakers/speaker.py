# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ledger asks of a speaker's adapter."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, List, Optional, Protocol, Tuple

if TYPE_CHECKING:
    import subprocess

    from netns import Host

    from conformance.facts import Counters, Facts


class Refused(Exception):  # noqa: N818 - a verdict, not an error
    """The speaker would not start with these facts; its words."""


class Speaker(Protocol):
    """One implementation of VRRP, able to run several times at once, each in a host of its own."""

    name: str

    def title(self) -> str:
        """Name and version, as the table's head has it."""

    def lacks(self, facts: Facts) -> str:
        """Why these facts cannot be said in its language at all; empty when they can."""

    def start(self, host: Host, facts: Facts, place: Path) -> Running:
        """Start it. Raises Refused when its configuration is not taken."""


class Running:
    """A started speaker: its processes (the first is the one that speaks for it), its log and its folder."""

    def __init__(self, host: Host, programs: List[subprocess.Popen[bytes]], place: Path) -> None:
        self.host, self.programs, self.place = host, programs, place

    @property
    def log(self) -> str:
        """Everything it wrote so far."""
        return (self.place / "log").read_text(errors="replace") if (self.place / "log").exists() else ""

    def alive(self) -> bool:
        """True while its process runs."""
        return self.programs[0].poll() is None

    def stop(self) -> None:
        """The graceful end."""
        for program in self.programs:
            if program.poll() is None:
                program.terminate()
        for program in self.programs:
            program.wait(15)

    def signal(self, signum: int) -> None:
        """To every process of it (STOP and CONT stand for a stalled machine)."""
        for program in self.programs:
            for pid in (program.pid, *children(program.pid)):
                try:
                    os.kill(pid, signum)
                except ProcessLookupError:
                    pass

    def kill(self) -> None:
        """End it without a word: stopped first, or a child would hear of its parent's death and say farewell."""
        self.signal(signal.SIGSTOP)
        self.signal(signal.SIGKILL)
        for program in self.programs:
            program.wait(15)

    def reload(self, facts: Facts) -> None:
        """Run with other facts, without a restart."""
        raise NotImplementedError

    def counters(self) -> Optional[Counters]:
        """Discards by cause and adverts sent and received, where it tells; None when it does not."""
        return None


def children(pid: int) -> Tuple[int, ...]:
    """All descendants of a process."""
    found: List[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in map(int, thread.read_text().split()):
                found += [child, *children(child)]
        except OSError:
            continue
    return tuple(found)
