# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Files: the only part of the language that touches a disk. Reads a file with its includes, as keepalived finds them.

Globs may have braces; relative names start at the folder of the file that includes. `include` skips a pattern that
matches nothing; the letters ask for more: m a file named without wildcards must be there, w wildcards must match,
b every alternative of braces must match, a all of it. Other than keepalived, a plain include of one named file that is
not there is an error too: half a configuration is worse than none.
"""

from __future__ import annotations

import errno
import glob
import os
import socket
from typing import TYPE_CHECKING, Optional

from .reading import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cache import Cache
    from .outcome import Reading

_MOST = 32 << 20


def read_file(
    path: str, *, config_id: Optional[str] = None, ask_machine: bool = True, cache: Optional[Cache] = None
) -> Reading:
    """Read a keepalived.conf with its includes. Raises OSError when the file itself cannot be read.

    config_id: keepalived's -i (None: the short host name). ask_machine: look for the scripts the file names.
    cache: what was read before (cache.Cache), so that a reload reads only what changed.
    """
    name = os.path.abspath(path)
    identity = socket.gethostname().partition(".")[0] if config_id is None else config_id
    exists = os.path.exists if ask_machine else None
    return read(
        read_text(name),
        path,
        opener=Opener(name),
        config_id=identity,
        environ=dict(os.environ),
        exists=exists,
        cache=cache,
    )


def read_text(path: str) -> str:
    """The text of a regular file; bytes that are no UTF-8 stay as surrogates. Raises OSError."""
    with open(path, "rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        if size > _MOST:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
        content = opened.read(_MOST + 1)
    if len(content) > _MOST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return content.decode("utf-8", "surrogateescape")


class Opener:
    """Finds and reads included files (expand.Opener)."""

    def __init__(self, main: str) -> None:
        self._main = main

    def __call__(self, pattern: str, including: str, variant: str) -> list[tuple[str, str]]:
        """(path, text) of every file a pattern stands for. Raises OSError."""
        folder = os.path.dirname(os.path.abspath(including) if os.path.exists(including) else self._main)
        found: list[str] = []
        for alternative in _alternatives(pattern):
            path = os.path.join(folder, alternative)
            wild = glob.has_magic(alternative)
            matches = sorted(glob.glob(path)) if wild else [path]
            missing = not matches or (not wild and not os.path.exists(path))
            if missing and (not wild or variant in ("w", "b", "a")):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            found += matches
        return [(path, _text(path)) for path in found]


def _text(path: str) -> str:
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not os.path.isfile(path):
        raise OSError(errno.EINVAL, "not a regular file", path)
    return read_text(path)


def _alternatives(pattern: str) -> Iterator[str]:
    """The patterns that the first braces of a pattern stand for, and so on."""
    start = pattern.find("{")
    end = pattern.find("}", start)
    if start < 0 or end < 0:
        yield pattern
        return
    depth, parts, last = 0, [], start + 1
    for at in range(start, len(pattern)):
        char = pattern[at]
        depth += (char == "{") - (char == "}")
        if (char == "," and depth == 1) or depth == 0:
            parts.append(pattern[last:at])
            last = at + 1
            if depth == 0:
                break
    if depth:
        yield pattern
        return
    for part in parts:
        yield from _alternatives(pattern[:start] + part + pattern[last:])
