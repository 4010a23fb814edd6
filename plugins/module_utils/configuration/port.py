# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, tests and replaces a director's keepalived.conf: the only file of this room with side effects."""

from __future__ import annotations

import os
import stat
import tempfile
from typing import List, Optional

MODE = 0o640  # it has secrets in it
KEEPALIVED = ("/usr/sbin/keepalived", "/usr/local/sbin/keepalived", "/sbin/keepalived")


def content(path: str) -> Optional[bytes]:
    """The file's bytes, None when it is not there."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def is_private(path: str) -> bool:
    """True when the file has the mode and the owner it is to have."""
    found = os.stat(path)
    return stat.S_IMODE(found.st_mode) == MODE and (found.st_uid, found.st_gid) == (os.geteuid(), os.getegid())


def stage(path: str, data: bytes) -> str:
    """Write `data` beside `path`, where relative includes mean the same; the staged file's path."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    handle, staged = tempfile.mkstemp(dir=os.path.dirname(path), prefix=f".{os.path.basename(path)}-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(staged, MODE)
    return staged


def keepalived() -> Optional[str]:
    """Where this host has keepalived, None when it has none."""
    return next((path for path in KEEPALIVED if os.access(path, os.X_OK)), None)


def config_test(program: str, staged: str) -> List[str]:
    """The command by which keepalived tests a file and says on its output what is wrong."""
    return [program, "--config-test", f"--use-file={staged}"]
