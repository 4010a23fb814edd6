# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parent process is told when it is made: the command line, and the rooms that it does not know itself."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from .control import unix

if TYPE_CHECKING:
    from .child import Body


@dataclass(frozen=True)
class Options:
    """What the command line of `run` says."""

    file: str
    vrrp: bool = True
    checkers: bool = True
    keep: FrozenSet[str] = frozenset()
    """Children that leave behind what they set when the agent stops (-V: vrrp, -I: checker)."""
    respawn: bool = True
    socket_path: str = unix.PATH
    status_file: str = "/run/lvs-agent/status.json"
    pid_file: Optional[str] = None
    child_pid_files: Mapping[str, str] = field(default_factory=dict)
    """By the child's name: vrrp, checker."""
    journal: str = "/var/lib/lvs-agent/drains.json"
    """Who is drained; survives a reboot."""

    def at(self, folder: str, socket_path: str) -> Options:
        """The same options with files of its own: control socket, status, journal."""
        own = {name: os.path.join(folder, f"{name}.json") for name in ("status", "drains")}
        return replace(self, socket_path=socket_path, status_file=own["status"], journal=own["drains"])


@dataclass(frozen=True)
class Rooms:
    """What the parent needs of the rooms, so that it can be tried without them."""

    bodies: Mapping[str, Body]
    """The children's programs: bfd, vrrp, checker, segment."""
    sweep: Callable[[Sequence[Any], Mapping[str, str]], None]
    """Takes off what documents brought whose VRRP child is away; it gets what that child told last of itself."""
    places: Callable[[Any], List[Any]]
    """What a document answers for in the kernel's table."""
    segment: Callable[[Any], bool] = lambda _document: False
    """Whether a document wants the segment looked at."""
    bfd: Callable[[Any, Options], bool] = lambda _document, _options: False
    """Whether a document's BFD sessions need a process of their own."""
    metrics: Callable[[Any], Optional[Tuple[str, int]]] = lambda _document: None
    """Where a document wants metrics, address and port."""
    socket_group: Callable[[Any], Optional[str]] = lambda _document: None
    """Who besides root a document lets use the control socket."""
    prepare: Callable[[str], None] = lambda _name: None
    """Loads what a child of this name needs, before it is forked."""
