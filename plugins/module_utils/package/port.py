# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs and removes versions of the agent on a director: the only file of this room with side effects."""

from __future__ import annotations

import compileall
import hashlib
import os
import py_compile
import shutil
import tempfile
import zipfile
from typing import List, Optional

from . import layout


class PackageError(Exception):
    """The archive or the host is not as it must be. The message says what is wrong."""


def installed() -> Optional[str]:
    """The digest of the version that the next start uses, None without one."""
    try:
        name = os.path.basename(os.readlink(layout.CURRENT))
    except OSError:
        return None
    return name if os.path.isfile(f"{layout.version_directory(name)}/__main__.py") else None


def content(path: str) -> Optional[str]:
    """A small file's text, None when it is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None


def unpack(archive: str, digest: str) -> None:
    """Unpack and compile a version beside the others; raises PackageError when its bytes have another digest.

    It appears under its name only when it is whole.
    """
    with open(archive, "rb") as file:
        found = hashlib.sha256(file.read()).hexdigest()
    if not found.startswith(digest):
        raise PackageError(f"the archive arrived damaged: its digest is {found}, not {digest}")
    os.makedirs(layout.TOP, mode=0o755, exist_ok=True)
    place = tempfile.mkdtemp(dir=layout.TOP, prefix=".new-")
    try:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(place)
        # Unchecked: a version's files never change, so no start has to look at their dates.
        compileall.compile_dir(
            place,
            quiet=2,
            workers=1,
            stripdir=place,
            prependdir=layout.version_directory(digest),
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        os.chmod(place, 0o755)  # noqa: S103 - programs are for everyone to read
        shutil.rmtree(layout.version_directory(digest), ignore_errors=True)
        os.rename(place, layout.version_directory(digest))
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def switch(digest: str) -> None:
    """Make `digest` the version of the next start, at once for every reader."""
    temporary = f"{layout.TOP}/.current"
    if os.path.lexists(temporary):
        os.unlink(temporary)
    os.symlink(digest, temporary)
    os.replace(temporary, layout.CURRENT)


def prune(current: str, previous: Optional[str]) -> List[str]:
    """Remove versions that are neither; their names."""
    gone = layout.outdated(os.listdir(layout.TOP), current, previous)
    for name in gone:
        shutil.rmtree(f"{layout.TOP}/{name}", ignore_errors=True)
    return gone


def remove() -> None:
    """Remove all versions, the launcher and the unit."""
    shutil.rmtree(layout.TOP, ignore_errors=True)
    for path in (layout.LAUNCHER, layout.UNIT):
        if os.path.lexists(path):
            os.unlink(path)


def present() -> List[str]:
    """What `remove` would remove."""
    return [path for path in (layout.TOP, layout.LAUNCHER, layout.UNIT) if os.path.lexists(path)]
