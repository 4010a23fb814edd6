# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""track_file: what a file says now, and news that it may say something else (inotify(7)).

The folder is watched, so that a file that is replaced, or comes later, is seen too. Without inotify, or without the
folder, nothing comes: the owner looks now and then anyway.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import Dict, Iterable

MOST = 128
"""Bytes that are read; a number is shorter."""
_CHANGES = 0x2 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200  # IN_MODIFY, CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class Watch:
    """Folders of files; `fileno` is readable when something happened in one of them."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(_FLAGS)
        self._folders: Dict[str, int] = {}

    def fileno(self) -> int:
        """For the loop; -1 where the kernel has no inotify left for us."""
        return int(self._descriptor)

    def adopt(self, paths: Iterable[str]) -> None:
        """Watch the folders of these files and no others; one that is not there is tried again the next time."""
        wanted = {os.path.dirname(path) or "." for path in paths}
        for folder in self._folders.keys() - wanted:
            self._libc.inotify_rm_watch(self._descriptor, self._folders[folder])
        have = {}
        for folder in sorted(wanted):
            number = self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _CHANGES)
            if number >= 0:
                have[folder] = number
        self._folders = have

    def drain(self) -> None:
        """Take the news: what they say is looked up in the files."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._descriptor, 1 << 16):
                pass

    def close(self) -> None:
        """Give the descriptor back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read(path: str) -> str:
    """The beginning of the file; '' for one that cannot be read. A FIFO does not stop the loop."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    except OSError:
        return ""
    try:
        return os.read(descriptor, MOST).decode("ascii", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def initialise(path: str, value: int, *, overwrite: bool) -> None:
    """Have the file say `value`, if it is not there or may be overwritten. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_TRUNC if overwrite else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, 0o644)
    except FileExistsError:
        return
    try:
        os.write(descriptor, b"%d\n" % value)
    finally:
        os.close(descriptor)
