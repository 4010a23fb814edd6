# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was there before the first change of this collection: a file, and whether keepalived ran. For `state: absent`.

Each is kept in FOLDER from before that change until it is put back.
"""

from __future__ import annotations

import json
import os
import stat
import urllib.parse
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional

from . import port

if TYPE_CHECKING:
    from ..service.plan import Unit

FOLDER = "/var/lib/lvs-cluster/before"
KEEPALIVED = "keepalived.service"


class File(NamedTuple):
    """A file: its content as latin-1 (None: there was none), whether its folder was there, where it leads as a link."""

    content: Optional[str]
    folder: bool
    mode: int = 0
    uid: int = 0
    gid: int = 0
    link: Optional[str] = None

    @property
    def data(self) -> Optional[bytes]:
        """Its bytes."""
        return None if self.content is None else self.content.encode("latin-1")


def look(path: str) -> File:
    """A file as it is now."""
    data, folder = port.content(path), os.path.isdir(os.path.dirname(path))
    content = None if data is None else data.decode("latin-1")
    if not os.path.lexists(path):
        return File(None, folder)
    found, link = os.lstat(path), os.readlink(path) if os.path.islink(path) else None
    return File(content, folder, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, link)


def file(path: str) -> Optional[File]:
    """The file as it was; None when it was never changed by us."""
    found = _read(path)
    return None if found is None else File(**found)


def remember(path: str, was: File) -> bool:
    """Keep it, unless an earlier one is kept; whether it is the first."""
    return _keep(path, was._asdict())


def put_back(path: str) -> None:
    """Make the file what it was, byte for byte, with mode and owner; nothing is kept any more."""
    was = file(path)
    if was is None:
        return
    folder = os.path.dirname(path)
    if was.link is not None:
        os.makedirs(folder, exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(was.link, path)
    elif was.data is None:
        if os.path.lexists(path):
            os.unlink(path)
        if not was.folder and os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
    else:
        staged = port.stage(path, was.data)
        os.chown(staged, was.uid, was.gid)
        os.chmod(staged, was.mode)
        os.replace(staged, path)
    forget(path)


class Service(NamedTuple):
    """Whether keepalived was enabled, and ran."""

    enabled: bool
    ran: bool

    @classmethod
    def of(cls, unit: Unit) -> Service:
        """As systemd tells of it."""
        return cls(unit.enabled == "enabled", unit.runs)


def service() -> Optional[Service]:
    """keepalived as it was; None when this collection has never told systemd anything."""
    found = _read(KEEPALIVED)
    return None if found is None else Service(**found)


def remember_service(was: Service) -> bool:
    """Keep it, unless an earlier one is kept; whether it is the first."""
    return _keep(KEEPALIVED, was._asdict())


def forget(name: str) -> None:
    """Keep this no longer: the path of a file, or KEEPALIVED."""
    os.unlink(_place(name))
    for folder in (FOLDER, os.path.dirname(FOLDER)):
        if not os.listdir(folder):
            os.rmdir(folder)


def _place(name: str) -> str:
    return f"{FOLDER}/{urllib.parse.quote(name, safe='')}.json"


def _read(name: str) -> Optional[Dict[str, Any]]:
    data = port.content(_place(name))
    return None if data is None else dict(json.loads(data))


def _keep(name: str, words: Dict[str, Any]) -> bool:
    place = _place(name)
    if os.path.exists(place):
        return False
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    staged = port.stage(place, json.dumps(words).encode())
    os.chmod(staged, 0o600)
    os.replace(staged, place)
    return True
