# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes an unconfirmed change back when its guard is gone: a script and the old file, on disk before the change.

UNIT runs the script at the next boot, before any engine starts. WAITER, a unit too, waits for the lock that the guard
holds, and starts UNIT when the guard ended. All of it goes with the guard's last word.
"""

from __future__ import annotations

import json
import os
import shlex
import time
from typing import List, Optional

from ..configuration import port as configuration
from ..package import layout
from ..service.plan import ENGINES
from .look import run

FOLDER = "/var/lib/lvs-cluster/unconfirmed"
SCRIPT = f"{FOLDER}/take-back"
OLD = f"{FOLDER}/old.conf"
UNITS = "/etc/systemd/system"
UNIT = "lvs-take-back.service"
WAITER = "lvs-guard.service"
PATIENCE = 60.0
"""Seconds for the old engine to be there again."""
REASON = "its guard, or the director, ended before it was confirmed"
_UNIT = f"""\
# Written by the Ansible collection lvs.cluster; here only while a change of this director is not confirmed.
[Unit]
Description=Taking back a change of this director that nobody confirmed
ConditionPathExists={SCRIPT}
Before={" ".join(ENGINES.values())}

[Service]
Type=oneshot
ExecStart=/bin/sh {SCRIPT}

[Install]
WantedBy=multi-user.target
"""


class UndoError(Exception):
    """Systemd did not do its part; the message says what it answered."""


def script(path: str, old: bool, engine: str, engine_was: Optional[str], program_was: Optional[str], state: str) -> str:
    """Shell lines that bring back the file (old: whether there was one), the program and the engine; pure.

    Nothing waits for an engine to start: engines start after the unit that this runs in.
    """
    quoted, fresh = shlex.quote(path), shlex.quote(f"{os.path.dirname(path)}/.{os.path.basename(path)}-back")
    lines = ["set -e", "umask 077", "order=reload-or-restart"]
    lines += [f"cp {OLD} {fresh}", f"chmod 640 {fresh}", f"mv {fresh} {quoted}"] if old else [f"rm -f {quoted}"]
    digest = shlex.quote(os.path.basename(program_was or ""))
    if program_was and engine_was == "agent":
        other = f'[ "$(readlink {layout.CURRENT})" = {digest} ]'
        switch = f"ln -sfn {digest} {layout.TOP}/.current; mv -T {layout.TOP}/.current {layout.CURRENT}"
        lines.append(f"{other} || {{ {switch}; order=restart; }}")
    if engine != engine_was:
        lines.append(f"systemctl disable --now {ENGINES[engine]} || :")
        lines += [f"systemctl enable {ENGINES[engine_was]} || :"] if engine_was else []
    if engine_was:
        lines.append(f"systemctl reset-failed {ENGINES[engine_was]} 2>/dev/null || :")
        lines.append(f"systemctl --no-block $order {ENGINES[engine_was]} || :")
    # Not before all of that is on disk, and in this order: what is interrupted is done again.
    lines += ["sync", f"rm {SCRIPT}", f"rm -rf {FOLDER} {UNITS}/multi-user.target.wants/{UNIT} {UNITS}/{UNIT}"]
    lines.append(f"rmdir {os.path.dirname(FOLDER)} 2>/dev/null || :")
    lines += [f"mkdir -p {os.path.dirname(state)}", f"grep -qs '\"back\"' {state} ||"]
    said = json.dumps({"state": "back", "reasons": [REASON], "at": 0})
    return "\n".join([*lines, f"  printf '%s' {shlex.quote(said)} >{state}", ""])


def arm(text: str, old: Optional[bytes], lock: str) -> None:
    """Put script and old file on disk, and have both units wait for the guard that holds `lock`; raises UndoError."""
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    wants = f"{UNITS}/multi-user.target.wants"
    os.makedirs(wants, exist_ok=True)
    if old is not None:
        _write(OLD, old, 0o600)
    _write(f"{UNITS}/{UNIT}", _UNIT.encode(), 0o644)
    if not os.path.lexists(f"{wants}/{UNIT}"):
        os.symlink(f"{UNITS}/{UNIT}", f"{wants}/{UNIT}")
    _write(SCRIPT, text.encode(), 0o600)
    for folder in (wants, UNITS, FOLDER, os.path.dirname(FOLDER), os.path.dirname(os.path.dirname(FOLDER))):
        sync_folder(folder)
    words = ["systemd-run", "--quiet", "--collect", f"--unit={WAITER}", "flock", lock, "systemctl", "start", UNIT]
    status, _out, error = run(words)
    if status:
        raise UndoError(f"{' '.join(words)}: exit {status}: {error.strip()}")


def armed() -> bool:
    """Whether a change is there that nobody confirmed."""
    return os.path.exists(SCRIPT)


def disarm(*folders: str) -> None:
    """Remove all of it, for good, after what has to stay in `folders` is on disk."""
    for folder in filter(os.path.isdir, folders):
        sync_folder(folder)
    if armed():
        os.unlink(SCRIPT)
        sync_folder(FOLDER)
    run(["systemctl", "stop", WAITER])
    for path in left():
        os.unlink(path)
    for folder in (FOLDER, os.path.dirname(FOLDER)):
        if os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
    run(["systemctl", "daemon-reload"])


def left() -> List[str]:
    """The files that are there of it."""
    inside = [f"{FOLDER}/{name}" for name in os.listdir(FOLDER)] if os.path.isdir(FOLDER) else []
    return [*inside, *filter(os.path.lexists, (f"{UNITS}/multi-user.target.wants/{UNIT}", f"{UNITS}/{UNIT}"))]


def take_back() -> None:
    """Run the script of a guard that is gone, and wait for the engine; raises UndoError."""
    status, _out, error = run(["systemctl", "start", UNIT])
    if status or armed():
        raise UndoError(f"{UNIT} did not take back the change that nobody confirmed: {error.strip()}")
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        jobs = run(["systemctl", "list-jobs"])[1]
        if not any(name in jobs for name in ENGINES.values()):
            return
        time.sleep(0.2)


def _write(path: str, data: bytes, mode: int) -> None:
    staged = configuration.stage(path, data)
    os.chmod(staged, mode)
    os.replace(staged, path)


def sync_folder(path: str) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
