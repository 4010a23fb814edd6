# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checker child says of itself: status for JSON and log lines. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from .checks.misc import MiscCheck
from .checks.track_file import FileCheck
from .control import events
from .pool import roster

if TYPE_CHECKING:
    from .checker_child import Checker
    from .plan_checks import Service


def report(checker: Checker) -> Dict[str, Any]:
    """The whole status. Ages and times in seconds; weight is the one wanted in the table, None for not in it."""
    now = checker.loop.now()
    checks: Dict[Any, List[Dict[str, Any]]] = {}
    for key, state, last in checker.runner.results():
        checks.setdefault((key.service, key.server), []).append(_check(key, state, last, now))
    return {
        "services": [
            _service(service, checker.states[name], checks, checker.moment)
            for name, service in checker.plan.services.items()
        ],
        "counters": {
            **checker.counters,
            "checks": checker.runner.runs,
            "not_made": dict(checker.runner.not_made),
            "lateness": round(checker.loop.lateness, 4),
        },
        "drains": checker.drains.status(),
        "pipes": checker.notices.status(),
        "refused": [*checker.refused, *([checker.sync.refused] if checker.sync.refused else [])],
        "sync_daemons": checker.sync.status(),
        "kernel": checker.away or "ok",
    }


def _service(
    service: Service, state: roster.State, checks: Dict[Any, List[Dict[str, Any]]], now: float
) -> Dict[str, Any]:
    seats = {seat.server: seat for seat in roster.roster(service.pool, state, now)}
    sorry = service.pool.sorry
    return {
        "name": service.name,
        "quorum": service.pool.quorum,
        "hysteresis": service.pool.hysteresis,
        "quorum_up": state.quorum_up,
        "weight_sum": state.sum,
        "sorry_server": None if sorry is None else {"name": sorry, "in": state.sorry_in},
        "servers": [
            {
                "name": server.key,
                "alive": state.standings[server.key].up,
                "held": server.key in state.held,
                "slow_start": server.key in state.rising and now < state.rising[server.key] + service.pool.slow_start,
                "configured_weight": server.weight,
                "weight": seats[server.key].weight if server.key in seats and not seats[server.key].sorry else None,
                "checks": checks.get((service.name, server.key), []),
            }
            for server in service.pool.servers
        ],
    }


def _check(key: Any, state: Any, last: Any, now: float) -> Dict[str, Any]:
    row: Dict[str, Any] = {
        "check": key.check.name,
        "target": _target(key.check),
        "up": state.up,
        "has_run": state.has_run,
        "failures": state.failures,
        "next": round(state.due - now, 3),
    }
    if last is not None:
        row.update(ok=last.outcome.ok, text=last.outcome.text, age=round(now - last.at, 3), took=round(last.took, 6))
    return row


def _target(check: Any) -> str:
    """What a check looks at: an address and port, a command, a file."""
    if isinstance(check, MiscCheck):
        return " ".join(check.argv)
    return check.path if isinstance(check, FileCheck) else str(check.endpoint.name)


def describe(service: Service, effect: roster.Effect) -> Tuple[object, ...]:
    """What happened to a pool, as the log takes it: the event and its arguments."""
    name = service.name
    if isinstance(effect, roster.ServerUp):
        return events.SERVER_UP, effect.server, name
    if isinstance(effect, roster.ServerDown):
        return events.SERVER_DOWN, effect.server, name
    if isinstance(effect, roster.ServerHeld):
        return events.SERVER_HELD, effect.server, name, service.pool.floor
    if isinstance(effect, roster.ServerFree):
        return events.SERVER_FREE, effect.server, name
    if isinstance(effect, roster.WeightChanged):
        return events.SERVER_WEIGHT, effect.server, name, effect.weight
    if isinstance(effect, roster.QuorumUp):
        return events.QUORUM_UP, name, effect.sum, effect.threshold
    if isinstance(effect, roster.QuorumDown):
        return events.QUORUM_DOWN, name, effect.sum, effect.threshold
    word = "takes over" if isinstance(effect, roster.SorryIn) else "is not needed any more"
    return events.SORRY_SERVER, service.pool.sorry, name, word
