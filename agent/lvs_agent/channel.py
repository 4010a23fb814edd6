# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages between the parent and a child: length-prefixed pickles over one socket pair.

Both ends are processes of this program, forked from one another, so pickle meets only what this program wrote.
A channel never blocks its owner: what the peer does not read yet waits in memory and leaves with the loop.
"""

from __future__ import annotations

import contextlib
import pickle
import select
import socket
import struct
from typing import TYPE_CHECKING, Any, Callable, Collection, List, Tuple

from .retold import news, retold

if TYPE_CHECKING:
    from .loop import Loop

_LENGTH = struct.Struct("!I")
_CHUNK = 1 << 20
_ROOM = 8 << 20
_SO_SNDBUFFORCE = 32


class Channel:
    """One end of the pair. `attach` hands it to a loop; from then on nothing else reads it."""

    def __init__(self, sock: socket.socket, document: Any = None) -> None:
        """document: the one that both ends have."""
        sock.setblocking(False)
        with contextlib.suppress(OSError):  # a document or status of megabytes in one go: fewer turns of both loops
            sock.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _ROOM)
        self._socket = sock
        self._document = document
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._early: List[object] = []
        self._loop: Loop | None = None
        self._on_ready: Callable[[int], None] = lambda _events: None
        self.alive = False
        """Set at every ("pong",): the parent clears it, pings, and looks again one watchdog period later."""

    def fileno(self) -> int:
        """The descriptor; -1 once closed."""
        return self._socket.fileno()

    def send(self, message: object) -> None:
        """Queue one message and write what the peer takes at once. A vanished peer shows at the next `receive`."""
        body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        self._outbox += _LENGTH.pack(len(body))
        self._outbox += body
        self._flush()

    def reload(self, document: Any) -> None:
        """Tell the peer of another document: ("reload", document) is what it hears."""
        self.send(("reload", news(self._document, document)))
        self._document = document

    def _flush(self) -> None:
        try:
            while self._outbox:
                del self._outbox[: self._socket.send(self._outbox[:_CHUNK])]
        except BlockingIOError:
            pass
        except OSError:
            self._outbox.clear()  # the peer is gone: receive() reports it
        self._rearm()

    def _rearm(self) -> None:
        if self._loop is not None and self.fileno() >= 0:
            self._loop.watch(self.fileno(), select.EPOLLIN | (select.EPOLLOUT if self._outbox else 0), self._on_ready)

    def receive(self) -> List[object]:
        """Every complete message that has arrived. Raises EOFError when the other side is gone."""
        try:
            while True:
                part = self._socket.recv(_CHUNK)
                if not part:
                    raise EOFError
                self._inbox += part
        except BlockingIOError:
            pass
        except ConnectionError:
            raise EOFError from None
        messages: List[object] = []
        while len(self._inbox) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._inbox)[0]
            if len(self._inbox) < end:
                break
            messages.append(pickle.loads(bytes(self._inbox[_LENGTH.size : end])))  # noqa: S301 - our own process
            del self._inbox[:end]
        return messages

    def before(self, kinds: Collection[str], on_message: Callable[[object], None]) -> None:
        """What was said before anybody was there to hear it: these kinds now, the rest to whom `attach` names, in
        order and before anything newer.
        """
        try:
            said = self.receive()
        except EOFError:
            return  # seen again, and told, once the channel is attached
        for message in said:
            if isinstance(message, tuple) and message[0] in kinds:
                on_message(message)
            else:
                self._early.append(message)

    def attach(self, loop: Loop, on_message: Callable[[object], None], on_gone: Callable[[], None]) -> None:
        """Read on this loop. A ("ping",) is answered here, so an answer proves that the peer's loop turns."""

        def hand(messages: List[object]) -> None:
            for message in messages:
                if message == ("ping",):
                    self.send(("pong",))
                elif message == ("pong",):
                    self.alive = True
                elif isinstance(message, tuple) and message[0] == "reload":
                    self._document = retold(self._document, message[1])
                    on_message(("reload", self._document))
                else:
                    on_message(message)

        def hand_early(_now: float = 0.0) -> None:
            early, self._early = self._early, []
            hand(early)

        def ready(events: int) -> None:
            hand_early()
            if events & select.EPOLLOUT:
                self._flush()
            try:
                messages = self.receive()
            except EOFError:
                loop.forget(self.fileno())
                self._loop = None
                on_gone()
                return
            hand(messages)

        self._loop, self._on_ready = loop, ready
        self._rearm()
        if self._early:
            loop.wake(("said before", self.fileno()), loop.now(), hand_early)

    def abandon(self) -> None:
        """Close a copy inherited over a fork. The epoll set is shared with the parent and must not be touched."""
        self._loop = None
        self._socket.close()

    def close(self) -> None:
        """Close this end; the peer sees EOF."""
        if self._loop is not None and self.fileno() >= 0:
            self._loop.forget(self.fileno())
        self._loop = None
        self._socket.close()


def pair(document: Any = None) -> Tuple[Channel, Channel]:
    """The parent's end and the child's end. document: what the child begins with."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Channel(ours, document), Channel(theirs, document)
