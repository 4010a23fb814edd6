# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers behind the names of iproute2: tables, protocols, scopes, realms, interface groups.

Those that every system has are known here; others are read from /etc/iproute2 (or /usr/share/iproute2), as ip(8) does.
"""

from __future__ import annotations

import glob
import os
from typing import Dict, Iterator, Mapping

_FOLDERS = ("/usr/share/iproute2", "/etc/iproute2")  # the latter goes before
_KNOWN: Mapping[str, Dict[str, int]] = {
    "rt_tables": {"default": 253, "main": 254, "local": 255},
    "rt_scopes": {"global": 0, "universe": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255},
    "rt_protos": {"kernel": 2, "boot": 3, "static": 4, "ra": 9, "zebra": 11, "bird": 12, "keepalived": 18},
    "rt_realms": {"cosmos": 0, "unknown": 0},
    "rt_dsfield": {},
    "group": {"default": 0},
}


def number(text: str, what: str) -> int:
    """Of a name or a number in one of those files. Raises ValueError for a name that none of them has."""
    if text in _KNOWN[what]:
        return _KNOWN[what][text]
    try:
        return int(text, 0)
    except ValueError:
        found = dict(_read(what))
    if text not in found:
        raise ValueError(f"{text} is not in /etc/iproute2/{what}: write its number")
    return found[text]


def _read(what: str) -> Iterator["tuple[str, int]"]:  # noqa: UP037 - Python 3.9
    for folder in _FOLDERS:
        for path in (os.path.join(folder, what), *sorted(glob.glob(os.path.join(folder, f"{what}.d", "*.conf")))):
            try:
                with open(path, encoding="ascii", errors="replace") as file:
                    lines = file.read().splitlines()
            except OSError:
                continue
            for words in (line.partition("#")[0].split() for line in lines):
                if len(words) > 1:
                    yield words[1], int(words[0], 0)
