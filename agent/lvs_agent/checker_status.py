# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checker child says of itself: status for JSON and log lines. No I/O."""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as _quoted
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from .checks.bfd import BfdCheck
from .checks.track_file import FileCheck
from .control import events
from .pool import roster

if TYPE_CHECKING:
    from .checker_child import Checker
    from .checks.scheduler import State
    from .checks.task import Last
    from .plan_checks import Service

_WORDS = {True: "true", False: "false"}


def report(checker: Checker) -> str:
    """The whole status as JSON. Ages and times in seconds; weight is the one wanted in the table, None for not in it.

    Text, not values: of 10,000 servers that takes half the time, and the parent need not look into it.
    """
    now = checker.loop.now()
    checks: Dict[Any, List[str]] = {}
    for key, state, last in checker.runner.results():
        checks.setdefault((key.service, key.server), []).append(_check(key.check, state, last, now))
    services = ",".join(
        _service(service, checker.states[name], checks, checker.moment)
        for name, service in checker.plan.services.items()
    )
    rest = {
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
    return f'{{"services":[{services}],{_json(rest)[1:]}'


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _service(service: Service, state: roster.State, checks: Mapping[Any, List[str]], now: float) -> str:
    pool = service.pool
    weights = {seat.server: seat.weight for seat in roster.roster(pool, state, now) if not seat.sorry}
    servers = []
    for server in pool.servers:
        key = server.key
        slow = key in state.rising and now < state.rising[key] + pool.slow_start
        servers.append(
            f'{{"name":{_quoted(str(key))},"alive":{_WORDS[state.standings[key].up]},'
            f'"held":{_WORDS[key in state.held]},"slow_start":{_WORDS[slow]},'
            f'"configured_weight":{server.weight},"weight":{weights.get(key, "null")},'
            f'"checks":[{",".join(checks.get((service.name, key), ()))}]}}'
        )
    head = {
        "name": service.name,
        "quorum": pool.quorum,
        "hysteresis": pool.hysteresis,
        "quorum_up": state.quorum_up,
        "weight_sum": state.sum,
        "sorry_server": None if pool.sorry is None else {"name": pool.sorry, "in": state.sorry_in},
    }
    return f'{_json(head)[:-1]},"servers":[{",".join(servers)}]}}'


def _check(check: Any, state: State, last: Optional[Last], now: float) -> str:
    row = (
        f'{{"check":"{check.name}","target":{_quoted(_target(check))},"up":{_WORDS[state.up]},'
        f'"has_run":{_WORDS[state.has_run]},"failures":{state.failures},"next":{state.due - now:.3f}'
    )
    if last is None:
        return row + "}"
    outcome, at, took = last
    text = f'"text":{_quoted(outcome.text)},"age":{now - at:.3f},"took":{took:.6f}'
    return f'{row},"ok":{_WORDS[outcome.ok]},{text}}}'


def _target(check: Any) -> str:
    """What a check looks at: an address and port, a command, a file, a BFD session."""
    end = getattr(check, "endpoint", None)
    if end is not None:
        return str(end.name)
    if isinstance(check, BfdCheck):
        return check.instance
    return check.path if isinstance(check, FileCheck) else " ".join(check.argv)


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
