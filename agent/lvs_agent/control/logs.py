# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where log lines go: the console, the journal (with fields), or syslog, as keepalived's -l, -S and systemd say.

No line is ever waited for. Whoever reads the log may stall, and a VRRP child that waits for it sends no adverts while
it holds its addresses; so what cannot be written at once is dropped and counted, and the count is told afterwards.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import stat
import struct
import sys
from typing import Callable, Iterator

from .events import Event

_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_LOCAL0 = 16
JOURNAL = "/run/systemd/journal/socket"
LONGEST = 16384
"""Characters of one record in the journal: a datagram has its limit."""
_AT_ONCE = select.PIPE_BUF
"""Bytes a pipe takes whole when poll(2) calls it writable."""


class _Prefixed(logging.Formatter):
    """sd-daemon(3): `<N>` in front of a line is its syslog priority."""

    def format(self, record: logging.LogRecord) -> str:
        """Every line of one record carries the priority."""
        prefix = f"<{_PRIORITY.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in super().format(record).splitlines())


class Dropping(logging.Handler):
    """A handler that never waits. dropped: records that could not be written since the last one that could."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped = 0

    def put(self, record: logging.LogRecord) -> None:
        """Write one record. Raises OSError when it does not go at once."""
        raise NotImplementedError

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, after the count of those dropped before it; or drop it too."""
        try:
            if self.dropped:
                text = "%d log records were dropped: nobody took them"
                told = logging.LogRecord("logs", logging.WARNING, "", 0, text, (self.dropped,), None)
                self.put(told)
                self.dropped = 0
            self.put(record)
        except OSError:
            self.dropped += 1
        except Exception:  # noqa: BLE001 - as every handler of logging: a wrong format must not stop a director
            self.handleError(record)


class Stream(Dropping):
    """Lines on a descriptor that other processes share: its O_NONBLOCK is theirs too and stays as it is.

    Nothing else is kept open: a daemon that detaches puts something else in the descriptor's place.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._torn = False

    def put(self, record: logging.LogRecord) -> None:
        """Write one record and its end of line."""
        data = (("\n" if self._torn else "") + self.format(record) + "\n").encode("utf-8", "backslashreplace")
        whole = len(data)
        try:
            with _writer(self._descriptor) as write:
                while data:
                    data = data[write(data[:_AT_ONCE]) :]
        finally:
            if len(data) < whole:
                self._torn = bool(data)


@contextlib.contextmanager
def _writer(descriptor: int) -> Iterator[Callable[[bytes], int]]:
    """A write to the descriptor that raises OSError where it would have to wait."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISSOCK(mode):
        stream = socket.socket(fileno=descriptor)
        try:
            yield lambda data: stream.send(data, socket.MSG_DONTWAIT)
        finally:
            stream.detach()
        return
    own = -1
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        # The same pipe or terminal opened anew, where that is allowed: O_NONBLOCK is ours alone then.
        with contextlib.suppress(OSError):
            own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        yield lambda data: _write_ready(descriptor if own < 0 else own, data)
    finally:
        if own >= 0:
            os.close(own)


def _write_ready(descriptor: int, data: bytes) -> int:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    if not poll.poll(0):
        raise BlockingIOError
    return os.write(descriptor, data)


class Syslog(Dropping):
    """Datagrams to syslog's socket, each from a socket of its own: a syslog that starts anew is found again."""

    def __init__(self, path: str, facility: int) -> None:
        super().__init__()
        self._path = path
        self._facility = facility

    def put(self, record: logging.LogRecord) -> None:
        """Send one record."""
        priority = self._facility << 3 | _PRIORITY.get(record.levelno, 6)
        data = f"<{priority}>{self.format(record)}".encode("utf-8", "backslashreplace")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(data, socket.MSG_DONTWAIT, self._path)


class Journal(Dropping):
    """Datagrams to journald in its own protocol: a field a line, what has several lines behind its length.

    What a program asks for are fields: see events.
    """

    def __init__(self, path: str = JOURNAL) -> None:
        super().__init__()
        self._path = path
        self._own = {"SYSLOG_IDENTIFIER": "lvs-agent"}

    def put(self, record: logging.LogRecord) -> None:
        """Send one record."""
        fields = {"MESSAGE": self.format(record)[:LONGEST], "PRIORITY": str(_PRIORITY.get(record.levelno, 6))}
        fields.update(self._own, LVS_LOGGER=record.name, SYSLOG_PID=str(os.getpid()))
        if isinstance(record.msg, Event):
            fields.update(record.msg.told(record.args))
        data = b"".join(_field(name, text) for name, text in fields.items())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(data, socket.MSG_DONTWAIT, self._path)


def _field(name: str, text: str) -> bytes:
    data = text.encode("utf-8", "backslashreplace")
    if b"\n" in data:
        return name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
    return name.encode() + b"=" + data + b"\n"


def _into_the_journal() -> bool:
    """Whether what is written to stderr ends in the journal: JOURNAL_STREAM names its device and inode (sd-daemon)."""
    try:
        there = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{there.st_dev}:{there.st_ino}"


def set_up(*, console: bool, detail: bool, facility: int) -> None:
    """Configure the root logger once. `facility` is the number of LOG_LOCALn, as keepalived's -S takes it."""
    handler: logging.Handler
    if _into_the_journal() and os.path.exists(JOURNAL):
        handler = Journal()
        handler.setFormatter(logging.Formatter("%(message)s"))
    elif os.environ.get("JOURNAL_STREAM"):
        handler = _stderr()
        handler.setFormatter(_Prefixed("%(message)s"))
    elif console or not os.path.exists("/dev/log"):
        handler = _stderr()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    else:
        handler = Syslog("/dev/log", _LOCAL0 + facility)
        handler.setFormatter(logging.Formatter("lvs-agent[%(process)d]: %(message)s"))
    logging.raiseExceptions = False  # a full disk or a gone journal must not stop a director
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if detail else logging.INFO)


def _stderr() -> logging.Handler:
    return logging.NullHandler() if sys.stderr is None else Stream(2)
