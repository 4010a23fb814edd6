# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BFD sessions with neighbours, whose state virtual routers (track_bfd) and real servers (BFD_CHECK) follow."""

from __future__ import annotations

import functools
import logging
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Dict, Mapping, Optional, Tuple

from .bfd import session
from .bfd.packet import decode
from .bfd.port import Ear, Mouth

if TYPE_CHECKING:
    from .loop import Loop
    from .plan_bfd import Neighbour

log = logging.getLogger("lvs-agent")

PRESUMED = 5.0
"""Seconds in which a session of a process that took over from another one counts as up, to find its neighbour again."""
_RETRY = 1.0
"""Seconds until a port that somebody else has is asked for again."""
_MOST = 64
_READ = 0x001  # EPOLLIN
_TTL = 255
Key = Tuple[bool, bool]
"""Which ear: IPv6, multihop."""
Tell = Callable[[str, int], None]
"""(name of the bfd_instance, 1 or 0)."""


@dataclass
class _Neighbour:
    plan: Neighbour
    mouth: Mouth
    session: session.Session
    presumed_until: Optional[float]

    @property
    def key(self) -> Key:
        return ":" in self.plan.neighbour, self.plan.multihop


class Neighbours:
    """`tell` hears of every session, also while it is presumed to be up; `settled` of those that are sure, and all
    that are sure stand in `states`.
    """

    def __init__(self, loop: Loop, tell: Tell, settled: Callable[[Mapping[str, int]], None]) -> None:
        self.states: Dict[str, int] = {}
        self._loop, self._tell, self._settled = loop, tell, settled
        self._neighbours: Dict[str, _Neighbour] = {}
        self._ears: Dict[Key, Ear] = {}
        self._random = random.Random()  # noqa: S311 - discriminators and jitter, RFC 5880 6.8.1 and 6.8.7

    def adopt(self, plans: Mapping[str, Neighbour], *, presumed: bool) -> None:
        """Speak with these from now on; a session that did not change goes on."""
        for name in [name for name, each in self._neighbours.items() if plans.get(name) != each.plan]:
            self._end(name)
        for name, plan in plans.items():
            if name not in self._neighbours:
                self._begin(name, plan, presumed=presumed)
        wanted = {each.key for each in self._neighbours.values()}
        for key in [key for key in self._ears if key not in wanted]:
            self._loop.forget(self._ears[key].fileno())
            self._ears.pop(key).close()
        for key in sorted(wanted - self._ears.keys()):
            self._listen(key)

    def _listen(self, key: Key, complained: str = "") -> None:
        """Open an ear; while somebody else has the port (who had the sessions before a reload, say) try again."""
        if key in self._ears or all(each.key != key for each in self._neighbours.values()):
            return
        try:
            ear = self._ears[key] = Ear(six=key[0], multihop=key[1])
        except OSError as error:
            why = error.strerror or str(error)
            if why != complained:
                log.error("no BFD socket: %s", why)
            self._loop.wake(("bfd ear", key), self._loop.now() + _RETRY, lambda _now: self._listen(key, why))
        else:
            self._loop.watch(ear.fileno(), _READ, functools.partial(self._hear, key))

    def _begin(self, name: str, plan: Neighbour, *, presumed: bool) -> None:
        now = self._loop.now()
        try:
            mouth = Mouth(plan.neighbour, plan.source, plan.ttl, multihop=plan.multihop)
        except OSError as error:
            log.error("bfd %s: %s", name, error.strerror)
            self._tell(name, 0)
            return
        first = session.begin(plan.config, self._random.randrange(1, 1 << 32), now)
        self._neighbours[name] = _Neighbour(plan, mouth, first, now + PRESUMED if presumed else None)
        self._publish(name)
        self._wake(name)

    def _end(self, name: str) -> None:
        self._loop.wake(("bfd", name), None, lambda _now: None)
        neighbour = self._neighbours.pop(name)
        self.states.pop(name, None)
        neighbour.mouth.send(session.end(neighbour.session).encode())
        neighbour.mouth.close()

    def close(self) -> None:
        """Tell every neighbour that this is no failure."""
        for name in list(self._neighbours):
            self._end(name)

    def status(self) -> Dict[str, str]:
        """JSON-able: the state of each session."""
        return {name: each.session.state.name for name, each in self._neighbours.items()}

    def _hear(self, key: Key, _events: int) -> None:
        for source, ttl, data in self._ears[key].receive(_MOST):
            packet = decode(data)
            if packet is None:
                continue
            for name, neighbour in self._neighbours.items():
                near = neighbour.plan.max_hops < 0 or ttl >= _TTL - neighbour.plan.max_hops  # RFC 5881 5
                if source == neighbour.plan.neighbour and neighbour.key == key and near:
                    self._step(name, session.heard(neighbour.session, packet, self._loop.now()))

    def _due(self, name: str) -> None:
        if name in self._neighbours:
            now, jitter = self._loop.now(), self._random.random()
            self._step(name, session.due(self._neighbours[name].session, now, jitter))

    def _step(self, name: str, step: session.Step) -> None:
        neighbour = self._neighbours[name]
        before, (neighbour.session, packets) = neighbour.session, step
        for packet in packets:
            neighbour.mouth.send(packet.encode())
        if neighbour.session.state is not before.state:
            log.info("bfd %s: %s -> %s", name, before.state.name, neighbour.session.state.name)
        if neighbour.session.up:
            neighbour.presumed_until = None
        self._publish(name)
        self._wake(name)

    def _publish(self, name: str) -> None:
        neighbour = self._neighbours[name]
        until = neighbour.presumed_until
        if neighbour.session.excused:  # whoever ended it on purpose has not failed
            return
        up = neighbour.session.up
        presumed = until is not None and self._loop.now() < until
        self._tell(name, int(up or presumed))
        if not presumed and self.states.get(name) != up:
            self.states[name] = int(up)
            self._settled(self.states)

    def _wake(self, name: str) -> None:
        neighbour = self._neighbours[name]
        moments = [at for at in (session.wake_at(neighbour.session), neighbour.presumed_until) if at is not None]
        ahead = [at for at in moments if at != neighbour.presumed_until or at > self._loop.now()]
        self._loop.wake(("bfd", name), min(ahead, default=None), lambda _now: self._due(name))
