# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One BFD session as a value (RFC 5880 section 6.8), asynchronous mode without echo and demand. Pure.

`heard` and `due` give the next session and the packets to send, in order. Times are seconds of any monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional, Tuple

from .packet import Control, State

NOTHING, EXPIRED, NEIGHBOUR_DOWN, ADMINISTRATIVE = 0, 1, 3, 7  # diagnostics, RFC 5880 4.1
_MICRO = 1_000_000


@dataclass(frozen=True)
class Config:
    """What the file says; seconds. `idle_tx` is the interval of a session that is not up (6.8.3: a second at least).

    `passive`: say nothing before the neighbour does.
    """

    min_tx: float = 0.01
    min_rx: float = 0.01
    idle_tx: float = 1.0
    multiplier: int = 5
    passive: bool = False


@dataclass(frozen=True)
class Session:
    """`mine` and `yours` are discriminators; `remote_*` as the neighbour said last, seconds. `detect_at`: without a
    packet by then the session is down. `polling`: our interval has changed and is not confirmed yet. `excused`: the
    neighbour ended it on purpose (RFC 5882 3.2), and neither came back nor failed since.
    """

    config: Config
    mine: int
    state: State = State.DOWN
    diagnostic: int = NOTHING
    yours: int = 0
    remote_min_rx: float = 1 / _MICRO  # 6.8.1
    remote_min_tx: float = 0.0
    remote_multiplier: int = 0
    polling: bool = False
    excused: bool = False
    send_at: Optional[float] = None
    detect_at: Optional[float] = None

    @property
    def up(self) -> bool:
        """Whether both sides see one another."""
        return self.state is State.UP

    @property
    def wish(self) -> float:
        """bfd.DesiredMinTxInterval."""
        return self.config.min_tx if self.up else max(1.0, self.config.idle_tx)

    @property
    def interval(self) -> float:
        """Between two of our packets, before jitter (6.8.2)."""
        return max(self.wish, self.remote_min_rx)


Step = Tuple[Session, Tuple[Control, ...]]


def begin(config: Config, mine: int, now: float) -> Session:
    """Down; it speaks at once unless it is passive."""
    return Session(config, mine, send_at=None if config.passive else now)


def wake_at(session: Session) -> Optional[float]:
    """When `due` has something to do."""
    return min((at for at in (session.send_at, session.detect_at) if at is not None), default=None)


def due(session: Session, now: float, jitter: float) -> Step:
    """After time has passed; `jitter` is between 0 and 1, another one every time (6.8.7)."""
    if session.detect_at is not None and now >= session.detect_at:
        # 6.8.4; and what is known of the neighbour is forgotten (6.8.1)
        lost = session.state in (State.INIT, State.UP)
        session = replace(
            session,
            state=State.DOWN if lost else session.state,
            diagnostic=EXPIRED if lost else session.diagnostic,
            yours=0,
            remote_min_rx=1 / _MICRO,
            polling=False,
            excused=session.excused and not lost,
            detect_at=None,
            send_at=now if lost else session.send_at,
        )
    if session.send_at is None or now < session.send_at:
        return session, ()
    packet = _packet(session)
    # 6.8.7: 75 to 100 % of the interval, with a multiplier of 1 at most 90 %
    most = 0.9 if session.config.multiplier == 1 else 1.0
    following = now + session.interval * (0.75 + (most - 0.75) * jitter)
    quiet = not session.remote_min_rx or (session.config.passive and not session.yours)  # 6.8.7
    return replace(session, send_at=None if quiet else following), (packet,)


def heard(session: Session, packet: Control, now: float) -> Step:
    """A packet of the neighbour's that is meant for this session (6.8.6)."""
    if packet.yours and packet.yours != session.mine:
        return session, ()
    before = session
    session = replace(
        session,
        yours=packet.mine,
        remote_min_rx=packet.rx / _MICRO,
        remote_min_tx=packet.tx / _MICRO,
        remote_multiplier=packet.multiplier,
        polling=session.polling and not packet.final,
        excused=session.excused or packet.state is State.ADMIN_DOWN,
    )
    session = _moved(session, packet.state)
    if session.up and not before.up:
        session = replace(session, polling=True, diagnostic=NOTHING, excused=False)  # 6.8.3: the interval has changed
    wait = session.remote_multiplier * max(session.config.min_rx, session.remote_min_tx)  # 6.8.4
    changed = session.state is not before.state
    sooner = now if changed or session.send_at is None else min(session.send_at, now + session.interval)
    session = replace(session, detect_at=now + wait, send_at=sooner if session.remote_min_rx else None)
    return session, ((_packet(session, final=True),) if packet.poll else ())


def _moved(session: Session, remote: State) -> Session:
    """The state machine of 6.8.6."""
    if remote is State.ADMIN_DOWN or (session.up and remote is State.DOWN):
        if session.state is State.DOWN:
            return session
        return replace(session, state=State.DOWN, diagnostic=NEIGHBOUR_DOWN, polling=False)
    if session.state is State.DOWN and remote in (State.DOWN, State.INIT):
        return replace(session, state=State.INIT if remote is State.DOWN else State.UP)
    if session.state is State.INIT and remote in (State.INIT, State.UP):
        return replace(session, state=State.UP)
    return session


def end(session: Session) -> Control:
    """The last word: not to be taken for a failure (6.8.16)."""
    return _packet(replace(session, state=State.ADMIN_DOWN, diagnostic=ADMINISTRATIVE, polling=False))


def _packet(session: Session, *, final: bool = False) -> Control:
    return Control(
        state=session.state,
        mine=session.mine,
        yours=session.yours,
        tx=round(session.wish * _MICRO),
        rx=round(session.config.min_rx * _MICRO),
        multiplier=session.config.multiplier,
        diagnostic=session.diagnostic,
        poll=session.polling and not final,  # 6.5: never both
        final=final,
    )
