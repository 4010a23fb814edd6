# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up servers on loopback ports, on the loop: closed, silent, dripping, or with a wrong answer."""

from __future__ import annotations

import contextlib
import select
import socket
from typing import TYPE_CHECKING, Callable, Dict

if TYPE_CHECKING:
    from ...loop import Loop

HERE = "127.0.0.1"
Answer = Callable[[bytes], bytes]
"""From what came (b"" for a fresh connection) to what is said."""


class Stubs:
    """All of one proof; `close` ends them."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._open: Dict[int, socket.socket] = {}

    def closed(self, kind: int) -> int:
        """A port that nobody listens on."""
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.bind((HERE, 0))
            port: int = sock.getsockname()[1]
            return port

    def silent(self, kind: int) -> int:
        """Takes what comes and says nothing."""
        return self._listen(kind, lambda _sock: None, lambda _data: b"")

    def wrong(self, kind: int, answer: Answer) -> int:
        """Says something, and hangs up. A stream is answered at once and to what it asks."""

        def greeted(sock: socket.socket) -> None:
            self._say(sock, answer(b""))

        return self._listen(kind, greeted, answer)

    def dripping(self, every: float) -> int:
        """A stream with a byte of nothing now and then, for ever."""

        def begin(sock: socket.socket) -> None:
            self._loop.wake(sock, self._loop.now() + every, lambda now: drip(sock, now))

        def drip(sock: socket.socket, now: float) -> None:
            if self._say(sock, b"."):
                self._loop.wake(sock, now + every, lambda later: drip(sock, later))

        return self._listen(socket.SOCK_STREAM, begin, lambda _data: b"")

    def close(self) -> None:
        """End them all."""
        for sock in list(self._open.values()):
            self._drop(sock)

    def _listen(self, kind: int, greet: Callable[[socket.socket], None], answer: Answer) -> int:
        sock = socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK)
        sock.bind((HERE, 0))
        if kind == socket.SOCK_STREAM:
            sock.listen(64)
            self._keep(sock, lambda _bits: self._accept(sock, greet, answer))
        else:
            self._keep(sock, lambda _bits: self._datagram(sock, answer))
        port: int = sock.getsockname()[1]
        return port

    def _keep(self, sock: socket.socket, ready: Callable[[int], None]) -> None:
        self._open[sock.fileno()] = sock
        self._loop.watch(sock.fileno(), select.EPOLLIN, ready)

    def _accept(self, listener: socket.socket, greet: Callable[[socket.socket], None], answer: Answer) -> None:
        try:
            sock = listener.accept()[0]
        except OSError:
            return
        sock.setblocking(False)
        self._keep(sock, lambda _bits: self._read(sock, answer))
        greet(sock)

    def _read(self, sock: socket.socket, answer: Answer) -> None:
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        said = answer(data) if data else b""
        if not data:
            self._drop(sock)
        elif said and self._say(sock, said):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)

    def _datagram(self, sock: socket.socket, answer: Answer) -> None:
        try:
            data, peer = sock.recvfrom(65536)
            said = answer(data)
            if said:
                sock.sendto(said, peer)
        except OSError:
            return

    def _say(self, sock: socket.socket, data: bytes) -> bool:
        if sock.fileno() not in self._open:
            return False
        try:
            sock.send(data)
        except OSError:
            self._drop(sock)
            return False
        return True

    def _drop(self, sock: socket.socket) -> None:
        if self._open.pop(sock.fileno(), None) is not None:
            self._loop.forget(sock.fileno(), closing=True)
            self._loop.wake(sock, None, lambda _now: None)
            sock.close()
