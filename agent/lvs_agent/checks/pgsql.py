# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PGSQL_CHECK: PostgreSQL answers; with a login it lets us in, and a query gives a row.

PostgreSQL's documentation, chapter "Frontend/Backend Protocol" (version 3.0), "Message Flow" and "Message Formats".
Passwords: in clear, md5, SCRAM-SHA-256.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .outcome import Conversation, Outcome, Step
from .scram import Scram, ScramError

if TYPE_CHECKING:
    from .endpoint import Endpoint

MOST_MESSAGE = 1 << 20
"""Bytes of one message before it is given up."""

_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_VERSION = 196608
_TERMINATE = b"X\0\0\0\x04"
_OK, _CLEAR, _MD5, _SASL, _SASL_GO_ON, _SASL_END = 0, 3, 5, 10, 11, 12


@dataclass(frozen=True)
class PgsqlCheck:
    """One PGSQL_CHECK. login: None asks no more than whether it is PostgreSQL; query: must give at least one row."""

    endpoint: Endpoint
    login: Optional[str] = None
    passwd: str = ""
    database: Optional[str] = None
    query: Optional[str] = None
    name = "PGSQL_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """A short visit."""
        return _Greeted() if self.login is None else _Visit(self, self.login, secrets.token_urlsafe(18))


class _Greeted(Conversation):
    """Asked for TLS, PostgreSQL says yes or no with one letter, and nobody is logged in."""

    def opened(self) -> Step:
        return _SSL_REQUEST, None

    def received(self, data: bytes) -> Step:
        if data in (b"S", b"N"):
            return b"", Outcome(True, "answers")
        return b"", Outcome(False, f"answer is not PostgreSQL's: {data[:40]!r}")

    def ended(self) -> Outcome:
        return Outcome(False, "closed without an answer")


def message(kind: bytes, content: bytes) -> bytes:
    """One message."""
    return kind + struct.pack("!I", len(content) + 4) + content


class _Visit(Conversation):
    __slots__ = ("_buffer", "_check", "_in", "_login", "_nonce", "_rows", "_scram")

    def __init__(self, check: PgsqlCheck, login: str, nonce: str) -> None:
        self._check, self._login, self._nonce = check, login, nonce
        self._buffer = b""
        self._scram: Optional[Scram] = None
        self._in = False
        self._rows = 0

    def opened(self) -> Step:
        """The start-up message."""
        words = ("user", self._login, "database", self._check.database or self._login, "application_name", "lvs-agent")
        content = struct.pack("!I", _VERSION) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
        return struct.pack("!I", len(content) + 4) + content, None

    def received(self, data: bytes) -> Step:
        """Part of an answer."""
        self._buffer += data
        say = b""
        while len(self._buffer) >= 5:
            (size,) = struct.unpack_from("!I", self._buffer, 1)
            if not 4 <= size <= MOST_MESSAGE:
                return b"", Outcome(False, f"answer is not PostgreSQL's: {self._buffer[:40]!r}")
            if len(self._buffer) < size + 1:
                break
            kind, content = self._buffer[:1], self._buffer[5 : size + 1]
            self._buffer = self._buffer[size + 1 :]
            try:
                more, outcome = self._message(kind, content)
            except (ScramError, struct.error) as error:
                more, outcome = b"", Outcome(False, f"login: {error}")
            say += more
            if outcome is not None:
                return say, outcome
        return say, None

    def ended(self) -> Outcome:
        """The server hung up too early."""
        return Outcome(False, "closed without an answer")

    def _message(self, kind: bytes, content: bytes) -> Step:
        if kind == b"E":
            return b"", Outcome(False, f"{'query' if self._in else 'login'}: {_error(content)}")
        if kind == b"R":
            return self._authenticate(content), None
        if kind == b"D":
            self._rows += 1
        if kind != b"Z":
            return b"", None
        query = self._check.query
        if not self._in and query is not None:
            self._in = True
            return message(b"Q", query.encode() + b"\0"), None
        if query is not None and not self._rows:
            return _TERMINATE, Outcome(False, "query: no row")
        return _TERMINATE, Outcome(True, "takes the login" if query is None else "the query gives a row")

    def _authenticate(self, content: bytes) -> bytes:
        (how,) = struct.unpack_from("!I", content)
        rest, passwd = content[4:], self._check.passwd
        if how == _OK:
            return b""
        if how == _CLEAR:
            return message(b"p", passwd.encode() + b"\0")
        if how == _MD5:
            inner = hashlib.md5(f"{passwd}{self._login}".encode(), usedforsecurity=False).hexdigest()
            return message(
                b"p",
                b"md5" + hashlib.md5(inner.encode() + rest[:4], usedforsecurity=False).hexdigest().encode() + b"\0",
            )
        if how == _SASL and b"SCRAM-SHA-256" in rest.split(b"\0"):
            # PostgreSQL takes the user from the start-up message and ignores the name in SCRAM.
            self._scram = Scram("", passwd, self._nonce)
            first = self._scram.first()
            return message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first)
        if how == _SASL_GO_ON and self._scram is not None:
            return message(b"p", self._scram.final(rest))
        if how == _SASL_END and self._scram is not None:
            self._scram.verify(rest)
            return b""
        raise ScramError(f"the server wants authentication of kind {how}, which this check has not")


def _error(content: bytes) -> str:
    """The message of an ErrorResponse."""
    fields = {part[:1]: part[1:] for part in content.split(b"\0") if part}
    return fields.get(b"M", b"error").decode("utf-8", "replace")[:120]
