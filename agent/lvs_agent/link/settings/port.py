# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings under /proc/sys/net that have to be at least something while we run, and what they were before.

A setting that is that much already is left alone; one that was raised is put back to what it was when it is no longer
wanted, unless somebody changed it meanwhile.
"""

from __future__ import annotations

import logging
import os
from typing import Dict, Mapping, Tuple

log = logging.getLogger("lvs-agent")

_ROOT = "/proc/sys/net"
Originals = Dict[str, Tuple[int, int]]
"""By path below /proc/sys/net: what it was, and what it was raised to."""


class Settings:
    """`originals` are those that a predecessor raised."""

    def __init__(self, originals: Mapping[str, Tuple[int, int]]) -> None:
        self.originals: Originals = dict(originals)

    def adopt(self, wanted: Mapping[str, int]) -> bool:
        """Have these at least, put others back; True when `originals` changed. One that is not there is left out."""
        before = dict(self.originals)
        for path in [path for path in self.originals if path not in wanted]:
            was, raised = self.originals.pop(path)
            if read(path) == raised:
                write(path, was)
        for path, least in wanted.items():
            have = read(path)
            if have is not None and have < least and write(path, least):
                self.originals.setdefault(path, (have, least))
        return self.originals != before


def read(path: str) -> "int | None":  # noqa: UP037 - Python 3.9
    """The number, or None when there is no such setting."""
    try:
        with open(os.path.join(_ROOT, path), encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def write(path: str, value: int) -> bool:
    """True when it was taken."""
    try:
        with open(os.path.join(_ROOT, path), "w", encoding="ascii") as file:
            file.write(str(value))
    except OSError as error:
        log.error("/proc/sys/net/%s is not set to %d: %s", path, value, error.strerror)
        return False
    return True
