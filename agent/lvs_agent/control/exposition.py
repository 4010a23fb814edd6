# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listener for Prometheus: GET /metrics and nothing else, over HTTP/1.1 without keep-alive, on the parent's loop.

Off unless the file asks for it (`@lvs_agent metrics ADDRESS PORT` in global_defs). It changes nothing and waits
for nobody.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Callable, Dict, Optional, Tuple

from .metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from ..loop import Loop

log = logging.getLogger("lvs-agent")

LONGEST, CLIENTS, PATIENCE = 8192, 16, 10.0
"""Bytes of a request, connections at once, and seconds for all of one."""
Fetch = Callable[[Callable[[str], None]], None]
"""Called with the function that takes the text, now or later."""


class _Client:
    """One connection: a request in, an answer out, closed."""

    def __init__(self, listener: Listener, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.listener, self.sock = listener, sock
        self.inbox, self.outbox = bytearray(), b""

    def ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self.flush()
            return
        try:
            part = self.sock.recv(LONGEST)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        self.inbox += part
        if not part or len(self.inbox) > LONGEST:
            self.listener.drop(self)
        elif b"\r\n\r\n" in self.inbox or b"\n\n" in self.inbox:
            self.request(bytes(self.inbox).split(b"\n", 1)[0].split())

    def request(self, words: list[bytes]) -> None:
        self.listener.loop.watch(self.sock.fileno(), select.EPOLLHUP, self.ready)
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            self.answer("400 Bad Request", "this is no request\n")
        elif words[1].split(b"?")[0] != b"/metrics":
            self.answer("404 Not Found", "there is /metrics\n")
        elif words[0] != b"GET":
            self.answer("405 Method Not Allowed", "GET only\n", "Allow: GET\r\n")
        else:
            self.listener.fetch(lambda text: self.answer("200 OK", text))

    def answer(self, status: str, text: str, more: str = "") -> None:
        if self.sock.fileno() < 0:
            return
        body = text.encode()
        kind = CONTENT_TYPE if status.startswith("200") else "text/plain"
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        head += f"{more}Connection: close\r\n\r\n"
        self.outbox = head.encode() + body
        self.flush()

    def flush(self) -> None:
        try:
            while self.outbox:
                self.outbox = self.outbox[self.sock.send(self.outbox[:262144]) :]
        except BlockingIOError:
            self.listener.loop.watch(self.sock.fileno(), select.EPOLLOUT, self.ready)
            return
        except OSError:
            pass
        self.listener.drop(self)


class Listener:
    """`adopt` opens, moves and closes it as the file says; what it cannot do is said and stops nothing."""

    def __init__(self, loop: Loop, fetch: Fetch) -> None:
        self.loop, self.fetch = loop, fetch
        self.place: Optional[Tuple[str, int]] = None
        self.sock: Optional[socket.socket] = None
        self.clients: Dict[int, _Client] = {}

    def adopt(self, place: Optional[Tuple[str, int]]) -> None:
        """Listen there, or nowhere."""
        if place == self.place and (self.sock is not None or place is None):
            return
        self.close()
        self.place = place
        if place is None:
            return
        family = socket.AF_INET6 if ip_address(place[0]).version == 6 else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(place)
            sock.listen(16)
        except OSError as error:
            log.error("no metrics on %s port %d: %s", *place, error.strerror)
            sock.close()
            return
        self.sock = sock
        self.loop.watch(sock.fileno(), select.EPOLLIN, self._accept)
        log.info("metrics on %s port %d", *place)

    def _accept(self, _events: int) -> None:
        if self.sock is None:
            return
        try:
            sock, _peer = self.sock.accept()
        except OSError:
            return
        if len(self.clients) >= CLIENTS:
            sock.close()
            return
        client = _Client(self, sock)
        self.clients[sock.fileno()] = client
        self.loop.watch(sock.fileno(), select.EPOLLIN, client.ready)
        self.loop.wake(("metrics", sock.fileno()), self.loop.now() + PATIENCE, lambda _now: self.drop(client))

    def drop(self, client: _Client) -> None:
        """Close one client's connection."""
        number = client.sock.fileno()
        if self.clients.pop(number, None) is not None:
            self.loop.wake(("metrics", number), None, lambda _now: None)
            self.loop.forget(number)
            client.sock.close()

    def close(self) -> None:
        """Listen no more."""
        for client in list(self.clients.values()):
            self.drop(client)
        if self.sock is not None:
            self.loop.forget(self.sock.fileno())
            self.sock.close()
            self.sock = None

    def abandon(self) -> None:
        """In a fresh child: close what belongs to the parent, whose epoll set must not be touched."""
        for client in self.clients.values():
            with contextlib.suppress(OSError):
                client.sock.close()
        if self.sock is not None:
            self.sock.close()
