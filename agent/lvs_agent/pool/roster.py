# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pool: its servers, its sorry server, its quorum.

A server is up while none of its checks is failed. The quorum is gained at `quorum + hysteresis` of the weights of
servers that are up and lost below `quorum - hysteresis` (and always at nothing). While it is lost and there is a
sorry server, the sorry server stands alone in the table. Without one, whatever is up stays in the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Dict, FrozenSet, Hashable, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

MOST_WEIGHT = 0x7FFFFFFF


@dataclass(frozen=True)
class Server:
    """A server of the pool. inhibit: weight 0 instead of removal when down. alpha_checks: the checks that have it
    down until they succeed.
    """

    key: Hashable
    weight: int = 1
    inhibit: bool = False
    checks: FrozenSet[Hashable] = frozenset()
    alpha_checks: FrozenSet[Hashable] = frozenset()


@dataclass(frozen=True)
class Pool:
    """What the configuration says of one virtual server's pool. sorry: the key of the sorry server."""

    servers: Tuple[Server, ...]
    quorum: int = 1
    hysteresis: int = 0
    sorry: Optional[Hashable] = None
    sorry_inhibit: bool = False
    omega: bool = False
    init_notifies: bool = False

    @cached_property
    def by_key(self) -> Mapping[Hashable, Server]:
        """The servers by their keys."""
        return {server.key: server for server in self.servers}


class Standing(NamedTuple):
    """One server now: its failed checks, and what dynamic checks add to its weight. Up while nothing failed."""

    failed: FrozenSet[Hashable] = frozenset()
    deltas: Tuple[Tuple[Hashable, int], ...] = ()

    @property
    def up(self) -> bool:
        """No check is failed."""
        return not self.failed

    def weight(self, server: Server) -> int:
        """The weight in force while it is up."""
        return max(0, min(MOST_WEIGHT, server.weight + sum(delta for _check, delta in self.deltas)))


@dataclass(frozen=True)
class State:
    """A pool now. standings: of every server, by key. sum: the weights of the servers that are up."""

    standings: Mapping[Hashable, Standing] = field(default_factory=dict)
    sum: int = 0
    quorum_up: bool = False
    sorry_in: bool = False


class Verdict(NamedTuple):
    """A check says up or down. first: it never said anything before. weight: what a dynamic check wants (None:
    nothing, -1: the configured one). delta: what a check adds to the configured weight.
    """

    server: Hashable
    check: Hashable
    up: bool
    first: bool = False
    weight: Optional[int] = None
    delta: Optional[int] = None


class ServerUp(NamedTuple):
    """A server is up; notify_up, FIFO and mail follow."""

    server: Hashable


class ServerDown(NamedTuple):
    """A server is down; notify_down, FIFO and mail follow."""

    server: Hashable


class WeightChanged(NamedTuple):
    """A dynamic check changed the weight of a server."""

    server: Hashable
    weight: int


class QuorumUp(NamedTuple):
    """The quorum is gained: sum reached threshold. at_start: with the first look at the pool."""

    sum: int
    threshold: int
    at_start: bool = False


class QuorumDown(NamedTuple):
    """The quorum is lost: sum fell below threshold."""

    sum: int
    threshold: int
    at_start: bool = False


class SorryIn(NamedTuple):
    """The sorry server takes over."""


class SorryOut(NamedTuple):
    """The sorry server is not needed any more."""


Effect = Union[ServerUp, ServerDown, WeightChanged, QuorumUp, QuorumDown, SorryIn, SorryOut]
"""What others are told, in the order in which it happened. The table itself follows from `roster`."""


class Seat(NamedTuple):
    """One entry of the table: a server (or the sorry server) and its weight."""

    server: Hashable
    weight: int
    sorry: bool = False


def begin(pool: Pool, failed: Mapping[Hashable, FrozenSet[Hashable]]) -> Tuple[State, Tuple[Effect, ...]]:
    """A pool at start. failed: by server, the checks that count as failed before anything ran (alpha, adoption)."""
    book = _Book(pool, {server.key: Standing(failed.get(server.key, frozenset())) for server in pool.servers})
    if pool.init_notifies:
        book.effects += [ServerUp(key) for key, standing in book.standings.items() if standing.up]
    book.look_at_quorum(at_start=True)
    return book.close()


def step(pool: Pool, state: State, verdicts: Iterable[Verdict]) -> Tuple[State, Tuple[Effect, ...]]:
    """The pool after these verdicts, one after another."""
    book = _Book(pool, state.standings, state)
    for verdict in verdicts:
        book.take(verdict)
    return book.close()


def reload(
    old: State, pool: Pool, standings: Mapping[Hashable, FrozenSet[Hashable]]
) -> Tuple[State, Tuple[Effect, ...]]:
    """The pool under a new configuration. standings: by server, the checks of the new configuration that are failed.

    A server that stays and changes, one that is new and up, and the quorum are told of; a server that is gone is too.
    """
    fresh: Dict[Hashable, Standing] = {}
    for server in pool.servers:
        before = old.standings.get(server.key, Standing())
        deltas = tuple(delta for delta in before.deltas if delta[0] in server.checks)
        fresh[server.key] = Standing(standings.get(server.key, frozenset()), deltas)
    sorry_in = old.sorry_in and pool.sorry is not None
    book = _Book(pool, fresh, State({}, 0, old.quorum_up, sorry_in))
    book.effects += [ServerDown(key) for key, was in old.standings.items() if was.up and key not in fresh]
    for key, now in fresh.items():
        was = old.standings.get(key)
        if was is not None and was.up is not now.up:
            book.effects.append(ServerUp(key) if now.up else ServerDown(key))
    book.look_at_quorum(at_start=pool.sorry is not None)
    return book.close()


def stop(pool: Pool, state: State) -> Tuple[Effect, ...]:
    """What is told when the pool ends with the daemon: nothing but with omega."""
    if not pool.omega:
        return ()
    downs: List[Effect] = [ServerDown(key) for key, standing in state.standings.items() if standing.up]
    return (*downs, QuorumDown(0, pool.quorum - pool.hysteresis))


def roster(pool: Pool, state: State) -> Tuple[Seat, ...]:
    """The servers that belong into the table, with their weights, in the order of the configuration."""
    seats: List[Seat] = []
    for server in pool.servers:
        standing = state.standings[server.key]
        if server.key == pool.sorry and state.sorry_in:
            continue
        if standing.up and not state.sorry_in:
            seats.append(Seat(server.key, standing.weight(server)))
        elif server.inhibit:
            seats.append(Seat(server.key, 0))
    taken = {seat.server for seat in seats}
    if pool.sorry is not None and pool.sorry not in taken:
        if state.sorry_in:
            seats.append(Seat(pool.sorry, 1, sorry=True))
        elif pool.sorry_inhibit:
            seats.append(Seat(pool.sorry, 0, sorry=True))
    return tuple(seats)


def alpha_failed(servers: Sequence[Server]) -> Dict[Hashable, FrozenSet[Hashable]]:
    """What counts as failed at start without any knowledge: every alpha check."""
    return {server.key: server.alpha_checks for server in servers}


class _Book:
    """A pool while events are worked in: the sum is kept, so that a batch costs its own size and one copy."""

    def __init__(self, pool: Pool, standings: Mapping[Hashable, Standing], state: State = State()) -> None:
        self.pool = pool
        self.servers = pool.by_key
        self.standings = dict(standings)
        self.quorum_up = state.quorum_up
        self.sorry_in = state.sorry_in
        self.effects: List[Effect] = []
        self.sum = state.sum if standings is state.standings else sum(self._share(key) for key in self.standings)

    def _share(self, key: Hashable) -> int:
        standing = self.standings[key]
        return standing.weight(self.servers[key]) if standing.up else 0

    def take(self, verdict: Verdict) -> None:
        """Work one verdict in."""
        key, server = verdict.server, self.servers[verdict.server]
        before = self.standings[key]
        deltas = dict(before.deltas)
        if verdict.weight is not None and verdict.up:
            deltas[verdict.check] = 0 if verdict.weight < 0 else verdict.weight - server.weight
        elif verdict.delta is not None and verdict.up:
            deltas[verdict.check] = verdict.delta
        elif not verdict.up:
            deltas.pop(verdict.check, None)
        failed = before.failed - {verdict.check} if verdict.up else before.failed | {verdict.check}
        after = Standing(failed, tuple(item for item in deltas.items() if item[1]))
        share = self._share(key)
        self.standings[key] = after
        self.sum += self._share(key) - share
        if after.up is not before.up:
            self.effects.append(ServerUp(key) if after.up else ServerDown(key))
        elif not verdict.up and verdict.first and verdict.check in server.alpha_checks:
            # keepalived tells of a server that is down from its first check on, although nothing changed.
            self.effects.append(ServerDown(key))
        if after.up and before.weight(server) != after.weight(server):
            self.effects.append(WeightChanged(key, after.weight(server)))
        self.look_at_quorum()

    def look_at_quorum(self, *, at_start: bool = False) -> None:
        """Gain or lose the quorum by the sum of now."""
        pool = self.pool
        if not self.quorum_up:
            threshold = pool.quorum + pool.hysteresis
            if self.sum >= max(1, threshold):
                self.quorum_up = True
                if self.sorry_in:
                    self.sorry_in = False
                    self.effects.append(SorryOut())
                self.effects.append(QuorumUp(self.sum, threshold, at_start))
                return
        threshold = pool.quorum - pool.hysteresis
        lost = self.quorum_up and (not self.sum or self.sum < threshold)
        if lost or (at_start and not self.quorum_up and pool.sorry is not None and not self.sorry_in):
            self.quorum_up = False
            if pool.sorry is not None and not self.sorry_in:
                self.sorry_in = True
                self.effects.append(SorryIn())
            self.effects.append(QuorumDown(self.sum, threshold, at_start))

    def close(self) -> Tuple[State, Tuple[Effect, ...]]:
        """The state reached and what happened on the way."""
        return State(self.standings, self.sum, self.quorum_up, self.sorry_in), tuple(self.effects)
