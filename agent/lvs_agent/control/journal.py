# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of drains on disk, the maintenance directory, and the names of /etc/hosts."""

from __future__ import annotations

import json
import os
from ipaddress import ip_address
from typing import Any, Dict, FrozenSet, List

HOSTS = "/etc/hosts"


def read(path: str) -> Any:
    """What was written last; an empty list when nothing was. Raises OSError, ValueError."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return []


def write(path: str, rows: Any) -> None:
    """Replace it in one step, on the disk before this returns. Raises OSError."""
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)
        file.flush()
        os.fsync(descriptor)
    os.replace(path + ".new", path)
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def files(folder: str) -> FrozenSet[str]:
    """The names in a directory; none when it is not there. Raises OSError when it cannot be read."""
    try:
        return frozenset(os.listdir(folder))
    except FileNotFoundError:
        return frozenset()


def hosts(path: str = HOSTS) -> Dict[str, List[str]]:
    """The names of every address that the file says; nothing is asked of any name server."""
    names: Dict[str, List[str]] = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return names
    for line in lines:
        words = line.partition("#")[0].split()
        try:
            address = str(ip_address(words[0])) if words else ""
        except ValueError:
            continue
        if address:
            names.setdefault(address, []).extend(words[1:])
    return names
