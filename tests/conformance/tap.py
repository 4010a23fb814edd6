# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tester's ear on a link: every frame with the kernel's own stamp, so that the tester's delays count for nothing.

Stamps are the kernel's (of the real-time clock), turned into time.monotonic() seconds as they are read; the
tester's own frames are heard as well and marked `mine`, stamped at the same place.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, List, Optional, Tuple, Type, TypeVar

from . import frames

if TYPE_CHECKING:
    from netns import Host

SO_TIMESTAMPNS = 35
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
ETH_P_ALL = 3

T = TypeVar("T", bound=object)


@dataclass(frozen=True)
class Seen:
    """One frame: when (monotonic s), whether the tester sent it, what it says."""

    at: float
    mine: bool
    what: frames.Heard


class Tap(threading.Thread):
    """Listens on one device of a host until closed."""

    def __init__(self, host: Host, device: str) -> None:
        super().__init__(daemon=True)
        self.seen: List[Seen] = []
        self._more = threading.Condition()
        self._open = True
        with host:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((device, 0))
        self.socket.settimeout(0.2)
        self.start()

    def run(self) -> None:
        """The thread's work."""
        while self._open:
            try:
                data, control, _, address = self.socket.recvmsg(65536, 64)
            except socket.timeout:
                continue
            except OSError:
                return
            late = 0.0
            for level, kind, value in control:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = struct.unpack("qq", value[:16])
                    late = time.time() - seconds - nanoseconds / 1e9
            at = time.monotonic() - (late if 0 <= late < 5 else 0.0)
            what = frames.hear(data)
            if what is None:
                continue
            with self._more:
                self.seen.append(Seen(at, address[2] == socket.PACKET_OUTGOING, what))
                self._more.notify_all()

    def deaf_to_own(self, deaf: bool) -> None:
        """Leave out what the tester itself sends: for floods."""
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, int(deaf))

    def since(
        self, kind: Type[T], start: float, want: Callable[[T], bool] = lambda _: True, *, mine: bool = False
    ) -> List[Tuple[float, T]]:
        """(when, what) of every frame of a kind heard at `start` or later."""
        with self._more:
            return self._match(kind, start, want, mine)

    def _match(self, kind: Type[T], start: float, want: Callable[[T], bool], mine: bool) -> List[Tuple[float, T]]:
        found = []
        for seen in reversed(self.seen):
            if seen.at < start - 1:
                break
            if seen.at >= start and seen.mine == mine and isinstance(seen.what, kind) and want(seen.what):
                found.append((seen.at, seen.what))
        return sorted(found, key=lambda pair: pair[0])

    def wait(
        self,
        kind: Type[T],
        start: float,
        limit: float,
        want: Callable[[T], bool] = lambda _: True,
        *,
        mine: bool = False,
        number: int = 1,
    ) -> Optional[Tuple[float, T]]:
        """The `number`th such frame since `start`, waiting for it until `limit` s from now; None when none came."""
        end = time.monotonic() + limit
        with self._more:
            while True:
                found = self._match(kind, start, want, mine)
                if len(found) >= number:
                    return found[number - 1]
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._more.wait(left)

    def close(self) -> None:
        """Listen no more."""
        self._open = False
        self.join(1)
        self.socket.close()
