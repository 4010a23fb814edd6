# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only event loop: epoll for descriptors, one timerfd and a timer wheel for deadlines, CLOCK_MONOTONIC.

It knows descriptors, keys and times; nothing of VRRP, checks or messages. One per process, one thread.
A deadline belongs to a key (any hashable) and a key has at most one: setting it again replaces it. A callback that
raises is a bug of its owner and ends the process through `run` (law 9).
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
import socket
import time
from heapq import heappop, heappush
from typing import Callable, Dict, Hashable, List, Optional, Set, Tuple

Due = Callable[[float], None]
Ready = Callable[[int], None]
Entry = Tuple[float, Due]

SLOTS_PER_SECOND = 128
"""Width of a wheel slot. It bounds what one slot holds, not the precision: the timerfd is armed for the exact time."""

MOST_EVENTS = 512
"""Descriptors served in one turn; the rest is still readable in the next, after the timers had theirs."""

MOST_DUE = 512
"""Deadlines served in one turn, all of one slot, for the same reason."""

_TFD_TIMER_ABSTIME = 1
_NEVER = float("inf")
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Itimerspec(ctypes.Structure):
    """struct itimerspec of timerfd_settime(2), with 64-bit long as on every kernel we run on."""

    _fields_ = [
        ("interval_sec", ctypes.c_long),
        ("interval_nsec", ctypes.c_long),
        ("value_sec", ctypes.c_long),
        ("value_nsec", ctypes.c_long),
    ]


class _Wheel:
    """Deadlines by key, bucketed by time; a heap holds each occupied slot once, so a wake is O(1) but for new slots."""

    def __init__(self) -> None:
        self._deadlines: Dict[Hashable, Entry] = {}
        self._slots: Dict[int, Dict[Hashable, None]] = {}
        self._order: List[int] = []
        self._next: Optional[float] = None
        """The earliest deadline while it is known; None when it must be looked for."""

    def set(self, key: Hashable, when: Optional[float], due: Due) -> None:
        old = self._deadlines.pop(key, None)
        if old is not None:
            del self._slots[int(old[0] * SLOTS_PER_SECOND)][key]
            if old[0] == self._next:
                self._next = None
        if when is None:
            return
        if self._next is not None and when < self._next:
            self._next = when
        self._deadlines[key] = (when, due)
        number = int(when * SLOTS_PER_SECOND)
        slot = self._slots.get(number)
        if slot is None:
            self._slots[number] = {key: None}
            heappush(self._order, number)
        else:
            slot[key] = None

    def earliest(self) -> float:
        """The next deadline, seconds; infinity when there is none."""
        if self._next is None:
            slot, deadlines = self._first(), self._deadlines
            self._next = min([deadlines[key][0] for key in slot]) if slot else _NEVER
        return self._next

    def ripe(self, now: float, most: int) -> List[Tuple[Hashable, Entry]]:
        """Keys of the first slot whose deadline is reached, earliest first, at most `most`. They stay until `take`."""
        deadlines = self._deadlines
        found = [(key, deadlines[key]) for key in self._first() if deadlines[key][0] <= now]
        found.sort(key=_when)
        return found[:most]

    def _first(self) -> Dict[Hashable, None]:
        order, slots = self._order, self._slots
        while order:
            slot = slots[order[0]]
            if slot:
                return slot
            del slots[heappop(order)]
        return {}

    def take(self, key: Hashable, entry: Entry) -> bool:
        """Remove the deadline; False if it has been cleared or replaced since it was found ripe."""
        if self._deadlines.get(key) is not entry:
            return False
        del self._deadlines[key], self._slots[int(entry[0] * SLOTS_PER_SECOND)][key]
        self._next = None
        return True


def _when(item: Tuple[Hashable, Entry]) -> float:
    return item[1][0]


class Loop:
    """One turn: wait, serve ready descriptors, serve reached deadlines, arm the timer for the next one."""

    def __init__(self) -> None:
        self.lateness = 0.0
        """The longest that a deadline was served after its time, seconds; the owner may set it back to 0."""
        self.now = time.monotonic
        self._epoll = select.epoll()
        self._ready: Dict[int, Ready] = {}
        self._forgotten: Set[int] = set()
        self._wheel = _Wheel()
        self.wake = self._wheel.set
        """wake(key, when, due): set, replace or (when None) clear the one deadline of `key`; `due(now)` is called once
        when it is reached."""
        self._timer = _timerfd_create()
        self._armed = _NEVER
        self._running = False
        self._handlers: Dict[int, Callable[[], None]] = {}
        self._signals: Optional[Tuple[socket.socket, socket.socket]] = None
        self._epoll.register(self._timer, select.EPOLLIN)

    def watch(self, fd: int, events: int, ready: Ready) -> None:
        """Call `ready(events)` whenever `fd` has one of `events` (EPOLL* bits; level triggered). Replaces a watch."""
        if fd in self._ready:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)
        self._ready[fd] = ready

    def forget(self, fd: int, *, closing: bool = False) -> None:
        """End the watch of `fd`, before it is closed. What is already reported for this turn is not delivered.

        closing: the caller closes it at once and is its only holder, so that the kernel ends the watch by itself.
        """
        if self._ready.pop(fd, None) is not None:
            # A descriptor closed in a callback may come back as a new one with the same number in the same turn;
            # an event of the old one must not be taken for the new one's.
            self._forgotten.add(fd)
            if not closing:
                self._epoll.unregister(fd)

    def on_signal(self, number: int, handler: Callable[[], None]) -> None:
        """Call `handler()` in a turn of the loop after signal `number`. Main thread only, as Python wants it."""
        if self._signals is None:
            reader, writer = socket.socketpair()
            reader.setblocking(False)
            writer.setblocking(False)
            self._signals = (reader, writer)
            signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
            self.watch(reader.fileno(), select.EPOLLIN, self._on_signals)
        self._handlers[number] = handler
        signal.signal(number, _left_to_the_loop)

    def run(self) -> None:
        """Serve until `stop()`. An exception of a callback passes through."""
        self._running = True
        while self._running:
            self.turn()

    def stop(self) -> None:
        """Let `run` return after the present callback's turn."""
        self._running = False

    def turn(self, patience: Optional[float] = None) -> None:
        """One turn, waiting at most `patience` seconds (None: until something happens)."""
        earliest = self._wheel.earliest()
        if earliest <= self.now():
            patience = 0
        elif earliest != self._armed:
            self._arm(earliest)
        events = self._epoll.poll(patience, MOST_EVENTS)
        self._forgotten.clear()
        for fd, bits in events:
            if fd == self._timer:
                self._drain_timer()
            elif fd not in self._forgotten:
                self._ready[fd](bits)
        self._serve_due()

    def close(self) -> None:
        """Give back the descriptors. Python's own signal handling is restored."""
        if self._signals is not None:
            signal.set_wakeup_fd(-1)
            for number in self._handlers:
                signal.signal(number, signal.SIG_DFL)
            self._signals[0].close()
            self._signals[1].close()
        os.close(self._timer)
        self._epoll.close()

    def _serve_due(self) -> None:
        now = self.now()
        if now < self._wheel.earliest():
            return
        ripe = self._wheel.ripe(now, MOST_DUE)
        if ripe and now - ripe[0][1][0] > self.lateness:
            self.lateness = now - ripe[0][1][0]
        for key, entry in ripe:
            # A callback before this one may have cleared or replaced the deadline.
            if self._wheel.take(key, entry):
                entry[1](now)

    def _arm(self, when: float) -> None:
        self._armed = when
        if when == _NEVER:
            spec = _Itimerspec(0, 0, 0, 0)
        else:
            nanoseconds = max(1, int(when * 1e9))
            spec = _Itimerspec(0, 0, nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000)
        if _LIBC.timerfd_settime(self._timer, _TFD_TIMER_ABSTIME, ctypes.byref(spec), None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def _drain_timer(self) -> None:
        self._armed = _NEVER
        try:
            os.read(self._timer, 8)
        except BlockingIOError:
            # Armed anew between the report and this read.
            return

    def _on_signals(self, _bits: int) -> None:
        if self._signals is None:
            return
        try:
            numbers = self._signals[0].recv(4096)
        except BlockingIOError:
            return
        for number in dict.fromkeys(numbers):
            handler = self._handlers.get(number)
            if handler is not None:
                handler()


def _left_to_the_loop(_number: int, _frame: object) -> None:
    """Python calls this between two byte codes; the wake-up descriptor does the rest within a turn."""


def _timerfd_create() -> int:
    """A CLOCK_MONOTONIC timerfd; the os module has it only since Python 3.13."""
    fd = _LIBC.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
    if fd < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"timerfd_create: {errno.errorcode.get(number, number)}")
    return int(fd)
