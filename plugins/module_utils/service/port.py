# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks and orders systemd: the only file of this room with side effects."""

from __future__ import annotations

import os
from typing import Callable, Dict, List, Sequence, Tuple

from .plan import ENGINES, Order, Unit

Run = Callable[[List[str]], Tuple[int, str, str]]
"""Runs a program: exit status, output, error output (AnsibleModule.run_command)."""

_PROPERTIES = ("Id", "LoadState", "ActiveState", "UnitFileState")


class ServiceError(Exception):
    """systemd refused or failed. The message has what it said, and the end of the unit's journal."""


def read_units(run: Run) -> Dict[str, Unit]:
    """Every engine's unit; raises ServiceError."""
    if not os.path.isdir("/run/systemd/system"):
        raise ServiceError("systemd does not run this host: set service_manager (director_service_manager) to none")
    text = _done(run, ["systemctl", "show", f"--property={','.join(_PROPERTIES)}", *ENGINES.values()])
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


def carry_out(run: Run, orders: Sequence[Order]) -> None:
    """Give the orders; raises ServiceError at the first that fails."""
    for order in orders:
        try:
            _done(run, ["systemctl", *order])
        except ServiceError as error:
            raise ServiceError(f"{error}\n{_journal(run, order[-1])}") from error


def _journal(run: Run, service: str) -> str:
    words = ["journalctl", "--no-pager", "--lines=20", "--output=cat", f"--unit={service}"]
    return f"The last lines of its journal:\n{run(words)[1]}".strip()


def _done(run: Run, words: List[str]) -> str:
    status, out, error = run(words)
    if status:
        raise ServiceError(f"{' '.join(words)}: exit {status}: {error.strip()}")
    return out
