# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small files a daemon leaves for others: pid files and the status on request."""

from __future__ import annotations

import json
import logging
import os
from typing import Any, Dict, Optional

log = logging.getLogger("lvs-agent")


def write_pid(path: Optional[str], pid: int) -> None:
    """Write `pid` to `path`; no path, no file. A failure is a warning: the daemon serves without."""
    if path:
        try:
            with open(path, "w", encoding="ascii") as file:
                file.write(f"{pid}\n")
        except OSError as error:
            log.warning("cannot write the pid file %s: %s", path, error.strerror)


def remove(path: Optional[str]) -> None:
    """Take a file away if it is there."""
    if path:
        try:
            os.unlink(path)
        except OSError:
            pass


def dump(path: str, status: Dict[str, Any]) -> None:
    """USR1/USR2: the status as a file, replaced in one step."""
    try:
        descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(status, file, indent=1)
        os.replace(path + ".new", path)
        log.info("status written to %s", path)
    except OSError as error:
        log.error("cannot write the status to %s: %s", path, error.strerror)
