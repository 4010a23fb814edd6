# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pool: its servers, its sorry server, its quorum.

A server is up while none of its checks is failed. The quorum is gained at `quorum + hysteresis` of the weights of
servers that are up and lost below `quorum - hysteresis` (and always at nothing). While it is lost and there is a
sorry server, the sorry server stands alone in the table. Without one, whatever is up stays in the table.

Two things that keepalived has not, both off unless asked for. floor: the last so many servers are not taken out by
their checks; such a server is held: it counts as up until enough others are. slow_start: a server that comes back,
up or undrained, begins with a small share of its weight, which grows to the whole within so many seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Dict, FrozenSet, Hashable, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

MOST_WEIGHT = 0x7FFFFFFF
NONE: FrozenSet[Hashable] = frozenset()
"""No checks: one for all, every empty set is 200 bytes of its own."""
STEPS = 20
"""Into how many steps a slow start is cut, of a second at least."""


@dataclass(frozen=True)
class Server:
    """A server of the pool. inhibit: weight 0 instead of removal when down. alpha_checks: the checks that have it
    down until they succeed.
    """

    key: Hashable
    weight: int = 1
    inhibit: bool = False
    checks: FrozenSet[Hashable] = NONE
    alpha_checks: FrozenSet[Hashable] = NONE


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
    floor: int = 0
    slow_start: float = 0.0

    @cached_property
    def by_key(self) -> Mapping[Hashable, Server]:
        """The servers by their keys."""
        return {server.key: server for server in self.servers}


class Standing(NamedTuple):
    """One server now: its failed checks, and what dynamic checks add to its weight. Up while nothing failed."""

    failed: FrozenSet[Hashable] = NONE
    deltas: Tuple[Tuple[Hashable, int], ...] = ()

    @property
    def up(self) -> bool:
        """No check is failed."""
        return not self.failed

    def weight(self, server: Server) -> int:
        """The weight in force while it is up."""
        more = sum(delta for _check, delta in self.deltas) if self.deltas else 0
        return max(0, min(MOST_WEIGHT, server.weight + more))


@dataclass(frozen=True)
class State:
    """A pool now. standings: of every server, by key. sum: the weights of the servers that are up. held: servers that
    failed and stay for the floor's sake, the longest held first. rising: when the slow start of a server began.
    """

    standings: Mapping[Hashable, Standing] = field(default_factory=dict)
    sum: int = 0
    quorum_up: bool = False
    sorry_in: bool = False
    held: Tuple[Hashable, ...] = ()
    rising: Mapping[Hashable, float] = field(default_factory=dict)


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


class ServerHeld(NamedTuple):
    """A server failed and stays, as one of the last that the floor keeps."""

    server: Hashable


class ServerFree(NamedTuple):
    """A held server is up by its checks again."""

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
    """The quorum is lost: sum fell below threshold. at_stop: with the daemon's end."""

    sum: int
    threshold: int
    at_start: bool = False
    at_stop: bool = False


class SorryIn(NamedTuple):
    """The sorry server takes over."""


class SorryOut(NamedTuple):
    """The sorry server is not needed any more."""


Effect = Union[ServerUp, ServerDown, ServerHeld, ServerFree, WeightChanged, QuorumUp, QuorumDown, SorryIn, SorryOut]
"""What others are told, in the order in which it happened. The table itself follows from `roster`."""


class Seat(NamedTuple):
    """One entry of the table: a server (or the sorry server) and its weight."""

    server: Hashable
    weight: int
    sorry: bool = False


def begin(
    pool: Pool, failed: Mapping[Hashable, FrozenSet[Hashable]], *, kept: bool = False
) -> Tuple[State, Tuple[Effect, ...]]:
    """A pool at start. failed: by server, the checks that count as failed before anything ran (alpha, adoption).
    kept: the quorum is known not to be lost (adoption); it need not be gained.
    """
    book = _Book(pool, {server.key: Standing(failed.get(server.key, NONE)) for server in pool.servers})
    if pool.init_notifies:
        book.effects += [ServerUp(key) for key, standing in book.standings.items() if standing.up]
    book.look_at_quorum(at_start=True, kept=kept)
    return book.close()


def step(pool: Pool, state: State, verdicts: Iterable[Verdict], now: float = 0.0) -> Tuple[State, Tuple[Effect, ...]]:
    """The pool after these verdicts, one after another. now: seconds of any steady clock."""
    book = _Book(pool, state.standings, state, now)
    for verdict in verdicts:
        book.take(verdict)
    return book.close()


def rise(state: State, keys: Iterable[Hashable], now: float) -> State:
    """The pool when these servers, which an operator had out, are given connections again: they start slowly."""
    rising = {key: now for key in keys if state.standings[key].up or key in state.held}
    return replace(state, rising={**state.rising, **rising}) if rising else state


def risen(pool: Pool, state: State, now: float) -> State:
    """The pool without slow starts that are over: under a longer one they would begin again."""
    rising = {key: since for key, since in state.rising.items() if now < since + pool.slow_start}
    return state if len(rising) == len(state.rising) else replace(state, rising=rising)


def climbs(pool: Pool, state: State, now: float) -> Optional[float]:
    """The next moment at which a slow start changes a weight; None when nothing rises any more."""
    ends = [since + pool.slow_start for since in risen(pool, state, now).rising.values()]
    return min(now + max(1.0, pool.slow_start / STEPS), max(ends)) if ends else None


def _share(pool: Pool, weight: int, since: Optional[float], now: float) -> int:
    """The weight of a server whose slow start began at `since`; at least 1, so that it does take part."""
    if since is None or weight <= 1 or now - since >= pool.slow_start:
        return weight
    return max(1, int(weight * (now - since) / pool.slow_start))


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
        fresh[server.key] = Standing(standings.get(server.key, NONE), deltas)
    sorry_in = old.sorry_in and pool.sorry is not None
    held = tuple(key for key in old.held if pool.floor and key in fresh and not fresh[key].up)
    book = _Book(pool, fresh, State({}, 0, old.quorum_up, sorry_in, held, old.rising if pool.slow_start else {}))
    stays = set(old.held)
    stood = {key: was.up or key in stays for key, was in old.standings.items()}
    book.effects += [ServerDown(key) for key, was_up in stood.items() if was_up and key not in fresh]
    for key in fresh:
        now_up = book.stands(key)
        if stood.get(key, now_up) is not now_up:
            book.effects.append(ServerUp(key) if now_up else ServerDown(key))
    book.let_go()
    book.look_at_quorum(at_start=pool.sorry is not None)
    return book.close()


def stop(pool: Pool, state: State) -> Tuple[Effect, ...]:
    """What is told when the pool ends with the daemon: nothing but with omega, and then of the quorum in any case."""
    if not pool.omega:
        return ()
    return (*_downs(state), QuorumDown(0, pool.quorum - pool.hysteresis, at_stop=True))


def leave(pool: Pool, state: State) -> Tuple[Effect, ...]:
    """What is told when a reload takes the pool away, with omega or without."""
    lost = (QuorumDown(0, pool.quorum - pool.hysteresis),) if state.quorum_up else ()
    return (*_downs(state), *lost)


def _downs(state: State) -> Tuple[Effect, ...]:
    held = set(state.held)
    return tuple(ServerDown(key) for key, standing in state.standings.items() if standing.up or key in held)


def roster(pool: Pool, state: State, now: float = 0.0) -> Tuple[Seat, ...]:
    """The servers that belong into the table, with their weights now, in the order of the configuration."""
    seats: List[Seat] = []
    held = set(state.held)
    for server in pool.servers:
        standing = state.standings[server.key]
        if server.key == pool.sorry and state.sorry_in:
            continue
        if (standing.up or server.key in held) and not state.sorry_in:
            weight = _share(pool, standing.weight(server), state.rising.get(server.key), now)
            seats.append(Seat(server.key, weight))
        elif server.inhibit:
            seats.append(Seat(server.key, 0))
    taken = {seat.server for seat in seats}
    if pool.sorry is not None and pool.sorry not in taken:
        if state.sorry_in:
            seats.append(Seat(pool.sorry, 1, sorry=True))
        elif pool.sorry_inhibit:
            seats.append(Seat(pool.sorry, 0, sorry=True))
    return tuple(seats)


def alpha_failed(servers: Sequence[Server], down: FrozenSet[Hashable] = NONE) -> Dict[Hashable, FrozenSet[Hashable]]:
    """What counts as failed at start: every alpha check, and the checks that are known to be down."""
    if not down:
        return {server.key: server.alpha_checks for server in servers}
    return {server.key: server.alpha_checks | (server.checks & down) for server in servers}


class _Book:
    """A pool while events are worked in: the sum and who stands are kept, so that a batch costs its own size and one
    copy.
    """

    def __init__(
        self, pool: Pool, standings: Mapping[Hashable, Standing], state: State = State(), now: float = 0.0
    ) -> None:
        self.pool = pool
        self.servers = pool.by_key
        self.standings = dict(standings)
        self.quorum_up = state.quorum_up
        self.sorry_in = state.sorry_in
        self.now = now
        self.held = OrderedDict.fromkeys(state.held)
        self.ups = sum(1 for standing in self.standings.values() if standing.up) if pool.floor else 0
        self.rising = dict(risen(pool, state, now).rising)
        self.effects: List[Effect] = []
        self.sum = state.sum if standings is state.standings else sum(self._share(key) for key in self.standings)

    def stands(self, key: Hashable) -> bool:
        """Up, or held."""
        return self.standings[key].up or key in self.held

    def _share(self, key: Hashable) -> int:
        return self.standings[key].weight(self.servers[key]) if self.stands(key) else 0

    def let_go(self) -> None:
        """Servers that need not be held any more go, the longest held first."""
        while self.held and self.ups + len(self.held) > self.pool.floor:
            key = next(iter(self.held))
            self.sum -= self._share(key)
            del self.held[key]
            self.effects.append(ServerDown(key))

    def _keeps(self, key: Hashable, before: Standing, after: Standing) -> bool:
        """The floor has its word: a server that fails is held, a held one that is up again is free. True when that is
        all that happened to it.
        """
        if key in self.held:
            if after.up:
                del self.held[key]
                self.effects.append(ServerFree(key))
            return True
        if before.up and not after.up and self.ups + len(self.held) < self.pool.floor:
            self.held[key] = None
            self.effects.append(ServerHeld(key))
            return True
        return False

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
        failed = before.failed - {verdict.check} or NONE if verdict.up else before.failed | {verdict.check}
        after = Standing(failed, tuple(item for item in deltas.items() if item[1]))
        share = self._share(key)
        self.standings[key] = after
        self.ups += after.up - before.up
        kept = bool(self.pool.floor) and self._keeps(key, before, after)
        self.sum += self._share(key) - share
        if kept:
            pass
        elif after.up is not before.up:
            if self.pool.slow_start and after.up:
                self.rising[key] = self.now
            self.effects.append(ServerUp(key) if after.up else ServerDown(key))
        elif not verdict.up and verdict.first and verdict.check in server.alpha_checks:
            # keepalived tells of a server that is down from its first check on, although nothing changed.
            self.effects.append(ServerDown(key))
        if after.up and before.weight(server) != after.weight(server):
            self.effects.append(WeightChanged(key, after.weight(server)))
        self.let_go()
        self.look_at_quorum()

    def look_at_quorum(self, *, at_start: bool = False, kept: bool = False) -> None:
        """Gain or lose the quorum by the sum of now."""
        pool = self.pool
        if not self.quorum_up:
            threshold = pool.quorum - pool.hysteresis if kept else pool.quorum + pool.hysteresis
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
        rising = {key: since for key, since in self.rising.items() if key in self.standings and self.stands(key)}
        state = State(self.standings, self.sum, self.quorum_up, self.sorry_in, tuple(self.held), rising)
        return state, tuple(self.effects)
