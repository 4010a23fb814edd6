# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a parent leaves to the one after it: its children, and what they told it last.

A child whose parent is gone (killed, or becoming another program: `lvs-agent restart`) serves on for ORPHAN seconds.
A parent that starts in that time finds it by the file kept here, ends it on the spot so that the kernel keeps
addresses and table, and lets a child of its own go on where that one stood. Without a successor the child leaves
gracefully.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Mapping

ORPHAN = 10.0
"""Seconds a child serves on without a parent."""
PATIENCE = 10.0
"""Seconds a child that is asked to leave gracefully may take."""


@dataclass(frozen=True)
class Orphan:
    """A living child of a parent that is no more. born: its start in clock ticks since boot, so that no other process
    with its number is taken for it.
    """

    pid: int
    born: int
    states: Mapping[str, str] = field(default_factory=dict)


def path_of(socket_path: str) -> str:
    """The file beside the control socket."""
    return os.path.join(os.path.dirname(socket_path), "succession.json")


def write(path: str, sha256: str, children: Mapping[str, Orphan]) -> None:
    """Keep who serves now, in one step. Raises OSError."""
    text = json.dumps(
        {
            "parent": os.getpid(),
            "born": born(os.getpid()),
            "sha256": sha256,
            "children": {name: [each.pid, each.born, dict(each.states)] for name, each in children.items()},
        }
    )
    descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def serves(name: str, path: str) -> bool:
    """The child of that name lives, with or without a parent."""
    try:
        return name in _alive(_load(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def read(path: str, sha256: str) -> Dict[str, Orphan]:
    """The orphans that wait for this process. The states of a VRRP process that served another file than the present
    one do not count, but for settings that it changed (paths). Nothing where a parent still lives, or nothing can be
    read.
    """
    try:
        told = _load(path)
        parent, since, same = int(told["parent"]), int(told["born"]), told["sha256"] == sha256
        alive = _alive(told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    if parent != os.getpid() and born(parent) == since:
        return {}
    if not same and "vrrp" in alive:
        told_last = alive["vrrp"].states.items()
        alive["vrrp"] = replace(alive["vrrp"], states={key: text for key, text in told_last if key.startswith("/")})
    return alive


def told(name: str, path: str) -> Dict[str, str]:
    """What a child of that name told last of itself, alive or dead; nothing where nothing can be read."""
    try:
        states = _load(path)["children"][name][2]
        return {str(key): str(value) for key, value in states.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _load(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _alive(told: Any) -> Dict[str, Orphan]:
    """The children of a file that live."""
    found = {
        str(name): Orphan(int(pid), int(start), {str(key): str(value) for key, value in states.items()})
        for name, (pid, start, states) in told["children"].items()
    }
    return {name: each for name, each in found.items() if born(each.pid) == each.born}


def end(orphan: Orphan, *, keep: bool) -> None:
    """End it and wait until it is gone: on the spot, so that what it set stays, or gracefully."""
    try:
        watched = os.pidfd_open(orphan.pid) if hasattr(os, "pidfd_open") else -1
        os.kill(orphan.pid, signal.SIGKILL if keep else signal.SIGTERM)
    except ProcessLookupError:
        return
    if watched >= 0:
        select.select([watched], [], [], PATIENCE)
        os.close(watched)
    else:
        limit = time.monotonic() + PATIENCE
        while born(orphan.pid) == orphan.born and time.monotonic() < limit:
            time.sleep(0.002)


def born(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 when there is none (a zombie is none). proc(5), stat."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if words[0] in "ZX" else int(words[19])
