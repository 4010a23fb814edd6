# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP_CHECK, HTTP_GET, SSL_GET: connect, converse, close, without ever waiting."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import ssl
from typing import TYPE_CHECKING, Any, Optional

from ..http import HttpCheck
from ..outcome import Conversation, Outcome
from ..path.port import Paths
from ..task import Key, Task

if TYPE_CHECKING:
    from ..endpoint import Endpoint
    from ..port import Runner
    from ..scheduler import Schedule, State

MOST_TIMEOUTS = 12
"""Each silence may last connect_timeout, as in keepalived; but so many of them are the end of an attempt."""

MOST_CHUNKS = 16
"""Pieces that one check reads in one turn of the loop."""

_CHUNK = 16384
_KIND = socket.SOCK_STREAM | socket.SOCK_NONBLOCK
_EVENTS = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
_BROKEN = select.EPOLLERR | select.EPOLLHUP
_CLOSED = select.EPOLLRDHUP | _BROKEN
_READABLE = select.EPOLLIN | _CLOSED
_UNREACHED = {
    errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.EHOSTDOWN, errno.ENETDOWN, errno.ECONNRESET,
    errno.ECONNABORTED, errno.ETIMEDOUT,
}  # fmt: skip
"""Errors of connect that judge the server. Others are ours (no port, no such source address): nothing is judged."""


class StreamTask(Task):
    """TCP_CHECK, HTTP_GET, SSL_GET: connect, converse, close."""

    __slots__ = ("asks", "family", "limit", "outbox", "plain", "sock", "talk", "target", "timeout")

    def __init__(self, runner: Runner, key: Key, schedule: Schedule, check: Any, state: State) -> None:
        self.sock: Optional[socket.SocketType] = None
        self.talk: Optional[Conversation] = None
        self.outbox = b""
        self.limit = 0.0
        end = check.endpoint
        # What every run needs, worked out once: a TCP check is little more than these and four system calls.
        self.family, self.target, self.timeout = end.family, (end.address, end.port), end.timeout
        self.asks = isinstance(check, HttpCheck)
        self.plain = not (end.fwmark or end.bind_if or end.bindto or end.bind_port or end.toward)
        super().__init__(runner, key, schedule, check, state)

    def start(self, now: float) -> None:
        """Connect; the answer comes through the loop."""
        try:
            sock = socket.SocketType(self.family, _KIND)
        except OSError as error:
            self.put_off(error)
            return
        try:
            if not self.plain:
                bind(sock, self.check.endpoint, self.runner.paths)
            if self.asks:
                # The request goes out at once: the acknowledgement of the connection travels with it (tcp(7)), one
                # packet less, and the server is woken once.
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
            failed = sock.connect_ex(self.target)
        except OSError as error:
            sock.close()
            self.put_off(error)
            return
        if failed and failed != errno.EINPROGRESS:
            sock.close()
            self.started = now
            if failed in _UNREACHED:
                self.end(Outcome(False, os.strerror(failed)))
            else:
                self.put_off(OSError(failed, os.strerror(failed)))
            return
        self.started = now
        self.sock = sock
        self.limit = now + self.timeout
        self.loop.watch(sock.fileno(), _EVENTS, self.ready)
        self.loop.wake(self, self.limit, self.late)

    def ready(self, bits: int) -> None:
        """The connection stands or is refused; later: the peer sent, took or closed. Edges, so all of it is worked."""
        sock = self.sock
        if sock is None:
            return
        talk = self.talk
        if talk is None:
            self.connected(sock, bits)
            return
        if self.outbox and not self.send(sock, b""):
            return
        for _chunk in range(MOST_CHUNKS if bits & _READABLE else 0):
            try:
                data = sock.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError as error:
                self.close(Outcome(False, f"reading: {error.strerror}"))
                return
            if not data:
                self.close(talk.ended())
                return
            answer, outcome = talk.received(data)
            if outcome is None and len(data) < _CHUNK and bits & (select.EPOLLRDHUP | _BROKEN) == select.EPOLLRDHUP:
                # The end had come before this was read, so that was all there is.
                outcome = talk.ended()
            if outcome is not None:
                if answer:
                    self.part(sock, answer)
                self.close(outcome)
                return
            self.patience()
            if answer and not self.send(sock, answer):
                return
            if len(data) < _CHUNK and not bits & _CLOSED:
                return
        if bits & _READABLE:
            # More in the next turn, after others: setting the watch anew makes a new edge of what is left.
            self.loop.watch(sock.fileno(), _EVENTS, self.ready)

    def connected(self, sock: socket.SocketType, bits: int) -> None:
        """The first edge: begin the conversation, or fail."""
        if bits & _BROKEN:
            failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                self.close(Outcome(False, os.strerror(failed)))
                return
        try:
            talk = self.talk = self.runner.converse(self.check, self.state.step)
        except (OSError, ssl.SSLError) as error:
            self.close(Outcome(False, f"TLS: {error}"))
            return
        except ValueError as error:
            # A name or a word of the configuration that cannot be sent, such as a TLS server name with an empty label.
            self.close(Outcome(False, f"cannot be asked: {error}"))
            return
        data, outcome = talk.opened()
        if outcome is not None:
            self.close(outcome)
            return
        self.patience()
        if self.send(sock, data) and bits & _READABLE:
            self.ready(bits)

    def send(self, sock: socket.SocketType, data: bytes) -> bool:
        """Write what the peer takes; the rest waits for the next edge. False: the attempt is over."""
        if self.outbox:
            data = self.outbox + data
        try:
            self.outbox = data[sock.send(data) :]
        except BlockingIOError:
            self.outbox = data
        except OSError as error:
            self.close(Outcome(False, f"sending: {error.strerror}"))
            return False
        return True

    @staticmethod
    def part(sock: socket.SocketType, data: bytes) -> None:
        """A good-bye: whether it is taken does not matter any more."""
        with contextlib.suppress(OSError):
            sock.send(data)

    def patience(self) -> None:
        """Wait one more timeout for the peer, but not for ever on one that drips. The loop's deadline follows later."""
        now, timeout = self.loop.now(), self.timeout
        self.limit = min(now, (self.started or now) + MOST_TIMEOUTS * timeout) + timeout

    def late(self, now: float) -> None:
        """The peer took too long, unless it did something since the deadline was set."""
        if now < self.limit:
            self.loop.wake(self, self.limit, self.late)
            return
        what = "no connection" if self.talk is None else "silence"
        known = self.talk.late() if self.talk is not None else None
        self.close(known or Outcome(False, f"{what} within {self.timeout:g} s"))

    def close(self, outcome: Outcome) -> None:
        """Close and judge."""
        self.abandon()
        self.end(outcome)

    def abandon(self) -> None:
        """Close without judging."""
        sock = self.sock
        if sock is not None:
            self.loop.forget(sock.fileno(), closing=True)
            sock.close()
            self.sock = self.talk = None
            self.outbox = b""


def bind(sock: socket.SocketType, end: Endpoint, paths: Paths) -> None:
    """Source address and port, interface and mark, where the endpoint names them. Raises OSError.

    A port that is named is taken again while connections from it are in TIME_WAIT, 60 s, and by several checks at once.
    (keepalived, 2.2.7 and 2.4, does not set this: such a check runs once a minute there.)
    """
    if end.fwmark:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, end.fwmark)
    if end.bind_if:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, end.bind_if.encode())
    source = end.bindto
    if end.toward:
        toward = paths.source(end.toward, end.address)
        source = source or toward
    if end.bind_port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if source or end.bind_port:
        sock.bind((source or ("::" if ":" in end.address else "0.0.0.0"), end.bind_port))


def once(end: Endpoint, talk: Conversation) -> Outcome:
    """One attempt by itself, waiting for it: what genhash does. Raises OSError when there is no connection."""
    with socket.socket(end.family, socket.SOCK_STREAM) as sock:
        sock.settimeout(end.timeout)
        bind(sock, end, Paths())
        sock.connect((end.address, end.port))
        data, outcome = talk.opened()
        while outcome is None:
            if data:
                sock.sendall(data)
            part = sock.recv(_CHUNK)
            if not part:
                return talk.ended()
            data, outcome = talk.received(part)
        return outcome
