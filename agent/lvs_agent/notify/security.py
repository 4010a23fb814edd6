# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What enable_script_security means: root runs nothing that somebody else could have changed."""

from __future__ import annotations

import os
import stat
from typing import Optional


def insecure(path: str) -> Optional[str]:
    """Why root must not run `path`; None when every part of it is root's alone.

    Symbolic links are followed and the links' own folders are looked at as well.
    """
    for whole in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))):
        parts = whole.split("/")
        for end in range(1, len(parts) + 1):
            element = "/".join(parts[:end]) or "/"
            try:
                found = os.lstat(element)
            except OSError as error:
                return f"{element}: {error.strerror}"
            if stat.S_ISLNK(found.st_mode):
                continue  # its folder has been looked at, its target is in the real path
            if found.st_uid != 0:
                return f"{element} belongs to user {found.st_uid}"
            sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
            if found.st_mode & stat.S_IWOTH and not sticky:
                return f"everybody may write {element}"
            if found.st_mode & stat.S_IWGRP and found.st_gid != 0 and not sticky:
                return f"group {found.st_gid} may write {element}"
    return None
