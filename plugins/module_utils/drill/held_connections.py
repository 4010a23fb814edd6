# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections held open with a request every interval: `open`, `held` and `gone` records.

One request at a time on each. One that ends is opened anew under a new number, so that the
rest of the drill is observed too; the report counts kept and lost ones by their numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from . import port
from .loop import READ, WRITE
from .new_connections import Log, request, word
from .response import Response, ResponseError

if TYPE_CHECKING:
    import socket

    from .loop import Loop
    from .settings import Settings

AGAIN = 0.2
"""Seconds before a lost connection is opened anew."""


class Held:
    """One place: always one connection, or one on its way."""

    def __init__(self, job: HeldConnections) -> None:
        self.job = job
        self.socket: Optional[socket.socket] = None
        self.key = 0
        self.number = 0
        self.asked: Optional[float] = None
        self.began = 0.0
        self.established = False
        self.response = Response()

    def open(self, _now: float) -> None:
        """Send a SYN; a place that is taken stays as it is."""
        settings = self.job.settings
        if self.socket is not None:
            return
        self.key, self.number, self.established, self.asked = self.job.next_key(), 0, False, None
        self.began = port.now()
        try:
            self.socket, _source = port.connecting(settings.address, settings.port, settings.source)
        except OSError as error:
            self._gone(word(error), lost=True)
            return
        self.job.loop.watch(self.socket.fileno(), WRITE, self.ready)

    def ready(self, _events: int) -> None:
        """The socket has news."""
        sock = self.socket
        if sock is None:
            return
        try:
            if not self.established:
                status = port.pending_error(sock)
                if status:
                    raise OSError(status, "connect")
                self.established = True
                self.job.log("open", port.now(), k=self.key)
                self.job.loop.watch(sock.fileno(), READ, self.ready)
                return
            data, when, _origin = port.receive(sock, 65536)
            if not data:
                self._gone("closed", lost=True)
                return
            self.response.feed(data)
            if self.response.complete:
                self._answered(when)
        except OSError as error:
            self._gone(word(error), lost=True)
        except ResponseError as error:
            self._gone(str(error), lost=True)

    def _answered(self, now: float) -> None:
        response = self.response
        if self.asked is None:
            return
        name = response.name(self.job.settings.name_header)
        rest = {"by": name} if name else {}
        self.job.log("held", self.asked, k=self.key, n=self.number, a=now, **rest)
        self.asked = None
        if response.closes:
            # RFC 9112, 9.6: closed in order; servers do that after so many requests.
            self._gone("closed by the server in order", lost=False)

    def due(self, now: float) -> None:
        """Time for a request, or for giving up."""
        sock = self.socket
        if sock is None:
            return
        waiting = self.asked if self.established else self.began
        if waiting is not None and now - waiting > self.job.settings.held_timeout:
            self._gone("timeout", lost=True)
        elif self.established and self.asked is None:
            self.number += 1
            self.asked, self.response = port.now(), Response()
            try:
                sock.send(self.job.request)
            except OSError as error:
                self._gone(word(error), lost=True)

    def _gone(self, why: str, lost: bool) -> None:
        if self.socket is not None:
            self.job.loop.forget(self.socket.fileno())
            self.socket.close()
            self.socket = None
        # One that never was established is not a lost connection, it is a failed attempt.
        if self.established:
            self.job.log("gone", port.now(), k=self.key, x=why, lost=lost)
        self.established = False
        self.job.loop.at(port.now() + AGAIN, self.open)

    def close(self) -> None:
        """At the probe's end: a request without an answer is in the log with a null."""
        if self.socket is not None and self.asked is not None:
            self.job.log("held", self.asked, k=self.key, n=self.number, a=None)


class HeldConnections:
    """All places; their requests are spread over the interval."""

    def __init__(self, loop: Loop, settings: Settings, log: Log) -> None:
        self.loop, self.settings, self.log = loop, settings, log
        self.request = request(settings, close=False)
        self._key = 0
        self.places = [Held(self) for _place in range(settings.held)]
        now = port.now()
        for index, place in enumerate(self.places):
            place.open(now)
            first = now + settings.held_interval * (1 + index / len(self.places))
            loop.every(first, settings.held_interval, place.due)

    def next_key(self) -> int:
        """Connections are numbered in the order they were opened."""
        self._key += 1
        return self._key

    def close(self) -> None:
        """The probe ends."""
        for place in self.places:
            place.close()
