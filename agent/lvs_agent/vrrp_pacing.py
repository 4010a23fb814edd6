# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Announcements at the pace that vrrp_garp_interval, vrrp_gna_interval and garp_group allow an interface.

Without a pace they leave at once. With one, the first does, and the others wait their turn, those of interfaces in one
garp_group together; what waits for an address that was given up is not sent.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, AbstractSet, Callable, Deque, Dict, Mapping, Optional, Tuple

if TYPE_CHECKING:
    from .loop import Loop
    from .vrrp.port import Announcer, Frames

Done = Callable[[int, Optional[int]], None]
"""(how many frames, errno): they were sent, or refused."""


@dataclass(frozen=True)
class Pace:
    """Seconds after a gratuitous ARP and after a neighbour advertisement; interfaces of one `lane` wait together."""

    lane: str
    garp: float
    gna: float

    def after(self, frame: bytes) -> float:
        """The pause that this frame asks for."""
        return self.gna if frame[12:14] == b"\x86\xdd" else self.garp


@dataclass
class _Lane:
    free_at: float = 0.0
    waiting: Deque[Tuple[str, str, int, bytes, float, Done]] = field(default_factory=deque)


class Pacer:
    """`announcer` sends."""

    def __init__(self, loop: Loop, announcer: Announcer) -> None:
        self.announcer = announcer
        self._loop = loop
        self._paces: Mapping[str, Pace] = {}
        self._lanes: Dict[str, _Lane] = {}

    def adopt(self, paces: Mapping[str, Pace]) -> None:
        """By interface, from now on; what waits already keeps its pause."""
        self._paces = paces

    def send(self, owner: str, interface: str, index: int, frames: Frames, done: Done) -> None:
        """Frames of one virtual router to one interface."""
        pace = self._paces.get(interface)
        if pace is None:
            done(len(frames), self.announcer.send(interface, index, frames))
            return
        lane = self._lanes.setdefault(pace.lane, _Lane())
        lane.waiting.extend((owner, interface, index, frame, pace.after(frame), done) for frame in frames.frames)
        self._serve(pace.lane, self._loop.now())

    def forget(self, owner: str, frames: AbstractSet[bytes]) -> None:
        """These are no longer true."""
        for lane in self._lanes.values():
            lane.waiting = deque(each for each in lane.waiting if each[0] != owner or each[3] not in frames)

    def _serve(self, name: str, now: float) -> None:
        lane = self._lanes[name]
        while lane.waiting and now >= lane.free_at:
            _owner, interface, index, frame, pause, done = lane.waiting.popleft()
            done(1, self.announcer.send(interface, index, (frame,)))
            lane.free_at = now + pause
        if lane.waiting:
            self._loop.wake(("pace", name), lane.free_at, lambda late: self._serve(name, late))
