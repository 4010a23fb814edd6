# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks and orders systemd: the only file of this room with side effects."""

from __future__ import annotations

import os
import subprocess
from typing import Dict, Sequence

from .plan import ENGINES, Order, Unit

_PROPERTIES = ("Id", "LoadState", "ActiveState", "UnitFileState")


class ServiceError(Exception):
    """systemd refused or failed. The message has what it said, and the end of the unit's journal."""


def read_units() -> Dict[str, Unit]:
    """Every engine's unit; raises ServiceError."""
    if not os.path.isdir("/run/systemd/system"):
        raise ServiceError("systemd does not run this host: set service_manager (director_service_manager) to none")
    text = _run(["systemctl", "show", f"--property={','.join(_PROPERTIES)}", *ENGINES.values()])
    units: Dict[str, Unit] = {}
    names = {service: engine for engine, service in ENGINES.items()}
    for block in text.strip().split("\n\n"):
        of = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if of.get("Id") in names:
            units[names[of["Id"]]] = Unit(of["LoadState"], of["ActiveState"], of.get("UnitFileState", ""))
    missing = set(ENGINES) - set(units)
    if missing:
        raise ServiceError(f"systemctl show does not tell of {', '.join(sorted(missing))}: {text!r}")
    return units


def carry_out(orders: Sequence[Order]) -> None:
    """Give the orders; raises ServiceError at the first that fails."""
    for order in orders:
        try:
            _run(["systemctl", *order])
        except ServiceError as error:
            raise ServiceError(f"{error}\n{_journal(order[-1])}") from error


def _journal(service: str) -> str:
    done = subprocess.run(
        ["journalctl", "--no-pager", "--lines=20", "--output=cat", f"--unit={service}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"The last lines of its journal:\n{done.stdout}".strip()


def _run(words: Sequence[str]) -> str:
    done = subprocess.run(words, env=dict(os.environ, LC_ALL="C"), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"{' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout
