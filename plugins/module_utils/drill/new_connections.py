# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new connection every interval, from fresh source ports, a bounded number in flight: `new` and `skip` records.

The answer's time is that of the response's first octets (protocol http) or of the handshake's end (tcp).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Callable, Dict, Optional

from . import port
from .loop import READ, WRITE
from .response import Response, ResponseError

if TYPE_CHECKING:
    import socket

    from .loop import Loop
    from .settings import Settings

Log = Callable[..., None]
ERRORS = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EADDRNOTAVAIL: "no source port",
}


def word(error: OSError) -> str:
    """One word or two for what went wrong."""
    return ERRORS.get(error.errno or 0, errno.errorcode.get(error.errno or 0, "error"))


def request(settings: Settings, close: bool) -> bytes:
    """The bytes of one GET (RFC 9112, 3)."""
    host = settings.virtualhost or (f"[{settings.address}]" if ":" in settings.address else settings.address)
    last = "Connection: close\r\n" if close else ""
    return f"GET {settings.path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: lvs-drill\r\n{last}\r\n".encode()


class Attempt:
    """One connection from its SYN to its answer, its failure or its time limit."""

    def __init__(self, job: NewConnections, number: int, now: float) -> None:
        self.job, self.number, self.began = job, number, now
        self.connected: Optional[float] = None
        self.answered: Optional[float] = None
        self.response = Response()
        self.socket: Optional[socket.socket] = None
        self.source = 0

    def open(self) -> None:
        """Send the SYN."""
        settings = self.job.settings
        try:
            self.socket, self.source = port.connecting(settings.address, settings.port, settings.source)
        except OSError as error:
            self.end(word(error))
            return
        self.job.loop.watch(self.socket.fileno(), WRITE, self.ready)

    def ready(self, _events: int) -> None:
        """The socket has news."""
        try:
            if self.connected is None:
                self._handshake()
            else:
                self._read()
        except OSError as error:
            self.end(word(error))
        except ResponseError as error:
            self.end(str(error))

    def _handshake(self) -> None:
        sock = self.socket
        if sock is None:
            return
        status = port.pending_error(sock)
        if status:
            raise OSError(status, "connect")
        self.connected = port.now()
        if self.job.settings.protocol == "tcp":
            self.answered = self.connected
            self.end("")
            return
        sock.send(self.job.request)
        self.job.loop.watch(sock.fileno(), READ, self.ready)

    def _read(self) -> None:
        sock = self.socket
        if sock is None:
            return
        data, when, _origin = port.receive(sock, 65536)
        if data:
            self.response.feed(data)
            if self.answered is None and self.response.status is not None:
                self.answered = when
        if self.response.complete or not data:
            status = self.response.status
            if status is None:
                self.end("closed")
            elif status not in self.job.settings.status_codes:
                self.end(f"status {status}")
            else:
                self.end("")

    def end(self, error: str) -> None:
        """Write the record, close the socket."""
        if self.number not in self.job.open:
            return
        del self.job.open[self.number]
        if self.socket is not None:
            self.job.loop.forget(self.socket.fileno())
            self.socket.close()
        rest: Dict[str, object] = {
            "n": self.number,
            "p": self.source,
            "c": self.connected,
            "a": None if error else self.answered,
        }
        if error:
            rest["x"] = error
        name = self.response.name(self.job.settings.name_header)
        if name:
            rest["by"] = name
        self.job.log("new", self.began, **rest)


class NewConnections:
    """Opens them on time; `open` are those in flight, by number."""

    def __init__(self, loop: Loop, settings: Settings, log: Log) -> None:
        self.loop, self.settings, self.log = loop, settings, log
        self.open: Dict[int, Attempt] = {}
        self.request = request(settings, close=True)
        self._number = 0
        loop.every(port.now() + settings.interval, settings.interval, self._due)

    def _due(self, _late: float) -> None:
        now = port.now()
        # In the order of their beginning: the oldest are looked at first, and that is enough.
        for attempt in list(self.open.values()):
            if now - attempt.began < self.settings.timeout:
                break
            attempt.end("timeout")
        self._number += 1
        if len(self.open) >= self.settings.in_flight:
            self.log("skip", now, n=self._number)
            return
        attempt = self.open[self._number] = Attempt(self, self._number, now)
        attempt.open()

    def close(self) -> None:
        """What is in flight is recorded as open."""
        for attempt in list(self.open.values()):
            attempt.end("open")
