# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control socket: JSON lines, one request a line, one answer a line; for root and the file's socket_group only.

Request: {"command": NAME, ...arguments}. Answer: {"ok": true, ...} or {"ok": false, "error": TEXT}.
A malformed request gets an error and nothing else; a client that sends more than a line's limit is cut off.
"""

from __future__ import annotations

import contextlib
import grp
import json
import os
import select
import socket
import stat
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Union

if TYPE_CHECKING:
    from ..loop import Loop

PATH = "/run/lvs-agent/control.sock"
LONGEST_REQUEST = 65536
CLIENTS = 32
_CHUNK = 1 << 20
_ROOM = 8 << 20
_SO_SNDBUFFORCE = 32

Answer = Callable[[Union[Dict[str, Any], str]], None]
Handler = Callable[[Dict[str, Any], Answer], None]
"""Called with the request and the function that takes the answer, now or later, once."""


class _Client:
    """One connection: lines in, lines out."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):  # a status of megabytes in one go
            sock.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _ROOM)
        self.server, self.sock = server, sock
        self.inbox, self.outbox = bytearray(), bytearray()

    def ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self.flush()
        if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            self.read()

    def read(self) -> None:
        try:
            part = self.sock.recv(LONGEST_REQUEST)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if not part:
            self.server.drop(self)
            return
        self.inbox += part
        while b"\n" in self.inbox:
            line, _end, rest = self.inbox.partition(b"\n")
            self.inbox = bytearray(rest)
            self.request(bytes(line))
        if len(self.inbox) > LONGEST_REQUEST:
            self.answer({"ok": False, "error": f"not a request: more than {LONGEST_REQUEST} bytes in a line"})
            self.server.drop(self)

    def request(self, line: bytes) -> None:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict) or not isinstance(request.get("command"), str):
            self.answer({"ok": False, "error": 'not a request: send one line of JSON such as {"command": "status"}'})
            return
        self.server.handler(request, self.answer)

    def answer(self, document: Union[Dict[str, Any], str]) -> None:
        """document: text is JSON already."""
        if self.sock.fileno() < 0:
            return  # the client did not wait
        text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
        self.outbox += text.encode()
        self.outbox += b"\n"
        self.flush()

    def flush(self) -> None:
        try:
            while self.outbox:
                del self.outbox[: self.sock.send(self.outbox[:_CHUNK])]
        except BlockingIOError:
            pass
        except OSError:
            self.server.drop(self)
            return
        self.server.loop.watch(self.sock.fileno(), select.EPOLLIN | (select.EPOLLOUT if self.outbox else 0), self.ready)


class Server:
    """Listens at `path` on a loop. Raises OSError when the socket cannot be made."""

    def __init__(self, loop: Loop, path: str, handler: Handler) -> None:
        self.loop, self.path, self.handler = loop, path, handler
        self.clients: set[_Client] = set()
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        before = os.umask(0o177)  # 0600 from the first moment on
        try:
            self.sock.bind(path)
        finally:
            os.umask(before)
        self.group: Optional[str] = None
        self.sock.listen(8)
        loop.watch(self.sock.fileno(), select.EPOLLIN, self._accept)

    def admit(self, group: Optional[str]) -> None:
        """Let this group in besides root; None for root alone, and so it is when the group cannot be had."""
        if group == self.group:
            return
        self.group = group
        try:
            os.chmod(self.path, 0o600)
            if group is not None:
                os.chown(self.path, -1, grp.getgrnam(group).gr_gid)
                os.chmod(self.path, 0o660)
        except (KeyError, OSError) as error:
            said = "there is no such group" if isinstance(error, KeyError) else error.strerror
            import logging  # noqa: PLC0415 - who only asks starts without it

            logging.getLogger("lvs-agent").error("socket_group %s: %s; %s is for root alone", group, said, self.path)

    def _accept(self, _events: int) -> None:
        try:
            sock, _address = self.sock.accept()
        except OSError:
            return
        if len(self.clients) >= CLIENTS:
            sock.close()
            return
        client = _Client(self, sock)
        self.clients.add(client)
        self.loop.watch(sock.fileno(), select.EPOLLIN, client.ready)

    def drop(self, client: _Client) -> None:
        """Close one client's connection."""
        if client in self.clients:
            self.clients.discard(client)
            self.loop.forget(client.sock.fileno())
            client.sock.close()

    def close(self, *, unlink: bool) -> None:
        """Close all; `unlink` takes the path away too (the parent does, a forked child does not)."""
        for client in list(self.clients):
            client.sock.close()
        self.clients.clear()
        self.sock.close()
        if unlink:
            try:
                os.unlink(self.path)
            except OSError:
                pass


def ask(request: Dict[str, Any], path: str = PATH, timeout: float = 10.0) -> Dict[str, Any]:
    """One request to a running agent. Raises OSError when there is none, TimeoutError when it does not answer."""
    answer: Optional[Dict[str, Any]] = json.loads(ask_text(request, path, timeout))
    if not isinstance(answer, dict):
        raise ConnectionError("the agent's answer is not an object")
    return answer


def ask_text(request: Dict[str, Any], path: str = PATH, timeout: float = 10.0) -> str:
    """As `ask`, the answer as it came: a line of JSON."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout)
        sock.connect(path)
        sock.sendall(json.dumps(request).encode() + b"\n")
        inbox = bytearray()
        while not inbox.endswith(b"\n"):
            part = sock.recv(_CHUNK)
            if not part:
                raise ConnectionError("the agent closed the connection without an answer")
            inbox += part
    return inbox.decode()
