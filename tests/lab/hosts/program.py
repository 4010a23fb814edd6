# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that outlive the one that started them: found again by process id and start, ended with all below."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, List, Optional, Sequence


@dataclass(frozen=True)
class Program:
    """A program that was started: its process id, and when (a process id comes round again)."""

    pid: int
    began: int
    popen: Optional[subprocess.Popen[bytes]] = field(default=None, compare=False, repr=False)

    @classmethod
    def start(cls, command: Sequence[str], output: IO[bytes]) -> Program:
        """Start a program that reads nothing; its words go to `output`."""
        popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        return replace(cls.of(popen.pid), popen=popen)

    @classmethod
    def of(cls, pid: int) -> Program:
        """The program that has this process id now, whoever started it."""
        return cls(pid, int(_stat(pid)[19]))

    def runs(self) -> bool:
        """True while it lives."""
        stat = _stat(self.pid)
        return bool(stat) and stat[0] not in "ZX" and int(stat[19]) == self.began

    def below(self) -> List[Program]:
        """The programs that it started, and those that they did."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            direct = [Program.of(int(child)) for child in children]
        except (FileNotFoundError, ProcessLookupError, IndexError):  # it ended meanwhile
            return []
        return direct + [program for child in direct for program in child.below()]

    def kill(self) -> None:
        """SIGKILL it; --pdeathsig and --kill-child end all below it. Returns when all are gone."""
        if not self.runs():
            return
        family = [self, *self.below()]
        os.kill(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and any(program.runs() for program in family):
            time.sleep(0.002)
        if self.popen is not None:
            self.popen.wait()


def _stat(pid: int) -> List[str]:
    """The words of /proc/PID/stat from the state on; none when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
