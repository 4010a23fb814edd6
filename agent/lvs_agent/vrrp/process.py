# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""track_process: which processes count, whether there are enough of them, and since when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

_COMM = 15  # characters of a name that the kernel keeps


@dataclass(frozen=True)
class Pattern:
    """`command` is the program and its arguments. `match`: "" the name alone, else exact, initial or partial.

    `full`: the program is looked for in the command line, not by the kernel's short name.
    """

    command: Tuple[str, ...]
    match: str = ""
    full: bool = False

    @property
    def by_name(self) -> bool:
        """Whether the kernel's name of a process is all that is needed."""
        return not (self.full or self.match or len(self.command) > 1)

    def fits(self, name: str, command_line: Tuple[str, ...]) -> bool:
        """Whether this process counts."""
        program, wanted = self.command[0], self.command[1:]
        if self.by_name:
            return name == program[:_COMM]
        if not command_line or command_line[0] != program:
            return False
        given = command_line[1:]
        if self.match == "partial":
            return given[: len(wanted)] == wanted
        if self.match == "initial" and wanted:
            last = given[len(wanted) - 1] if len(given) >= len(wanted) else ""
            return given[: len(wanted) - 1] == wanted[:-1] and last.startswith(wanted[-1])
        return given == wanted


@dataclass(frozen=True)
class Quorum:
    """How many there have to be, and how long that has to be so: seconds before it counts."""

    least: int = 1
    most: Optional[int] = None
    fork_delay: float = 0.0
    terminate_delay: float = 0.0

    def met(self, count: int) -> bool:
        """Whether there are as many as there should be."""
        return count >= self.least and (self.most is None or count <= self.most)


@dataclass(frozen=True)
class Standing:
    """What counts (None: nothing is known yet), and since when it has been otherwise."""

    up: Optional[bool] = None
    since: Optional[float] = None

    def wake_at(self, quorum: Quorum) -> Optional[float]:
        """When the change counts."""
        if self.since is None:
            return None
        return self.since + (quorum.terminate_delay if self.up else quorum.fork_delay)


def judged(before: Standing, quorum: Quorum, count: int, now: float) -> Standing:
    """After the processes were counted; the first count counts at once."""
    met = quorum.met(count)
    if before.up is None or before.up is met:
        return Standing(met)
    waiting = Standing(before.up, now if before.since is None else before.since)
    due = waiting.wake_at(quorum)
    return Standing(met) if due is None or now >= due else waiting
