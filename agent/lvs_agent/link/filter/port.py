# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nft program, waited for: only where nothing is kept waiting, at the end."""

from __future__ import annotations

import logging
import subprocess

log = logging.getLogger("lvs-agent")

PROGRAM = "nft"
_PATIENCE = 5.0


def run(commands: str) -> None:
    """Say what went wrong, and go on."""
    try:
        done = subprocess.run(
            [PROGRAM, commands],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.error("%s: %s", PROGRAM, error)
        return
    if done.returncode:
        log.error("%s: %s", PROGRAM, done.stderr.decode(errors="replace").strip())
