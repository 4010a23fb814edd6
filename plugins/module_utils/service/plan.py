# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which systemd orders make one engine serve and the other rest; pure."""

from __future__ import annotations

from typing import Dict, Iterator, Mapping, NamedTuple, Optional, Tuple

ENGINES: Dict[str, str] = {"agent": "lvs-agent.service", "keepalived": "keepalived.service"}


class Unit(NamedTuple):
    """A unit as `systemctl show` tells it: LoadState, ActiveState, UnitFileState."""

    load: str
    active: str
    enabled: str

    @property
    def exists(self) -> bool:
        return self.load == "loaded"

    @property
    def runs(self) -> bool:
        return self.active in ("active", "reloading")

    @property
    def rests(self) -> bool:
        return self.active in ("inactive", "failed") and self.enabled != "enabled"


Order = Tuple[str, ...]


class UnitError(Exception):
    """The engine's unit cannot be used. The message says why."""


def orders(units: Mapping[str, Unit], engine: Optional[str], reload: bool, restart: bool) -> Tuple[Order, ...]:
    """The arguments of systemctl, in order, for `engine` to serve alone (None: for no engine to run).

    A running engine that is to take a new configuration is reloaded, never restarted: a restart gives up the
    virtual addresses. `restart` is for a new version of the program. Raises UnitError.
    """
    return tuple(_orders(units, engine, reload, restart))


def _orders(units: Mapping[str, Unit], engine: Optional[str], reload: bool, restart: bool) -> Iterator[Order]:
    for name, unit in units.items():
        if name != engine and unit.exists and not unit.rests:
            yield ("disable", "--now", ENGINES[name])
    if engine is None:
        return
    unit = units[engine]
    if not unit.exists:
        raise UnitError(f"{ENGINES[engine]} is {unit.load}: it cannot be started")
    if unit.enabled not in ("enabled", "static"):
        yield ("enable", ENGINES[engine])
    if not unit.runs:
        yield ("start", ENGINES[engine])
    elif restart:
        yield ("restart", ENGINES[engine])
    elif reload:
        yield ("reload", ENGINES[engine])


def restored(unit: Unit, enabled: bool, ran: bool) -> Tuple[Order, ...]:
    """The arguments of systemctl that make keepalived again what it was; it rests, or does what it did."""
    if not unit.exists:
        return ()
    enable = [("enable", ENGINES["keepalived"])] if enabled and unit.enabled != "enabled" else []
    return (*enable, *([("start", ENGINES["keepalived"])] if ran and not unit.runs else []))
