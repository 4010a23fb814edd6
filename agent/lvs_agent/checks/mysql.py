# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MYSQL_CHECK: MySQL or MariaDB greets; with a login it lets us in, and a query gives a row.

MariaDB's and MySQL's documentation of the client/server protocol: handshake version 10, mysql_native_password and
the fast path of caching_sha2_password. The full path of the latter needs TLS or RSA and is a failed login here.

Who hangs up between greeting and verdict has interrupted a handshake: after max_connect_errors of them without a login
between, the server turns the whole host away with error 1129. A refused login is not counted (host_cache in MySQL's and
MariaDB's manuals; seen on MariaDB 10.11). So a check lets itself be refused: without a login as a user that need not
exist, and where it has not what the server asks for.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional

from .outcome import Conversation, Outcome, Step

if TYPE_CHECKING:
    from .endpoint import Endpoint

_LONG_PASSWORD, _CONNECT_WITH_DB, _PROTOCOL_41 = 0x1, 0x8, 0x200
_SECURE_CONNECTION, _PLUGIN_AUTH, _TRANSACTIONS = 0x8000, 0x80000, 0x2000
_UTF8 = 33
_OK, _AUTH_MORE, _SWITCH, _ERROR = 0x00, 0x01, 0xFE, 0xFF
_FAST, _FULL = 3, 4
_EOF_LONGEST, _LOCAL_FILE = 8, 0xFB
_QUIT, _QUERY = b"\x01", b"\x03"
_NOBODY = "lvs-agent"
_TURNED_AWAY = {1040, 1053, 1129}
"""Refusals that are not about who asks: too many connections, shutting down, this host is blocked."""
_MENDS = {1129: "this host is blocked (max_connect_errors): FLUSH HOSTS there; docs/checks.md says why"}
_NATIVE, _SHA2 = "mysql_native_password", "caching_sha2_password"


@dataclass(frozen=True)
class MysqlCheck:
    """One MYSQL_CHECK. login: None asks for the greeting alone; query: must give at least one row."""

    endpoint: Endpoint
    login: Optional[str] = None
    passwd: str = ""
    database: Optional[str] = None
    query: Optional[str] = None
    name = "MYSQL_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """A short visit."""
        return _Visit(self)


def packet(number: int, content: bytes) -> bytes:
    """One packet."""
    return struct.pack("<I", len(content))[:3] + bytes([number & 0xFF]) + content


def scrambled(plugin: str, passwd: str, nonce: bytes) -> bytes:
    """The answer to a nonce. Raises ValueError for a method that is not known here."""
    if plugin == _NATIVE:
        if not passwd:
            return b""
        once = hashlib.sha1(passwd.encode(), usedforsecurity=False).digest()
        twice = hashlib.sha1(once, usedforsecurity=False).digest()
        mask = hashlib.sha1(nonce + twice, usedforsecurity=False).digest()
    elif plugin == _SHA2:
        if not passwd:
            return b""
        once = hashlib.sha256(passwd.encode()).digest()
        mask = hashlib.sha256(hashlib.sha256(once).digest() + nonce).digest()
    else:
        raise ValueError(f"the server wants {plugin}, which this check has not")
    return bytes(one ^ other for one, other in zip(once, mask))


class _Visit(Conversation):
    __slots__ = ("_buffer", "_check", "_columns", "_do", "_judged", "_rows")

    def __init__(self, check: MysqlCheck) -> None:
        self._check = check
        self._buffer = b""
        self._do: Callable[[int, bytes], Step] = self._greeting
        self._judged: Optional[Outcome] = None
        """The outcome, known before the server's last word, which is waited for as a handshake must have its end."""
        self._columns, self._rows = -1, False

    def opened(self) -> Step:
        """The server speaks first."""
        return b"", None

    def received(self, data: bytes) -> Step:
        """Part of an answer."""
        self._buffer += data
        say = b""
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:3], "little")
            if len(self._buffer) < size + 4:
                # Nothing that we ask for needs a packet of this size.
                if size > 1 << 20:
                    return b"", Outcome(False, f"answer is not MySQL's: {self._buffer[:40]!r}")
                break
            number, content = self._buffer[3], self._buffer[4 : size + 4]
            self._buffer = self._buffer[size + 4 :]
            try:
                more, outcome = self._do(number, content)
            except (struct.error, IndexError):
                more, outcome = b"", Outcome(False, f"answer is not MySQL's: {content[:40]!r}")
            say += more
            if outcome is not None:
                return say, outcome
        return say, None

    def ended(self) -> Outcome:
        """The server hung up too early."""
        return self._judged or Outcome(False, "closed without an answer")

    def late(self) -> Optional[Outcome]:
        """A greeting is one, however long the server thinks about who is there (MySQL's connection_control)."""
        return self._judged

    def _greeting(self, number: int, content: bytes) -> Step:
        if content[0] == _ERROR:
            return b"", Outcome(False, f"greeting: {_error(content)}")
        if content[0] != 10:
            return b"", Outcome(False, f"answer is not MySQL's: {content[:40]!r}")
        version, _zero, rest = content[1:].partition(b"\0")
        if self._check.login is None:
            self._judged = Outcome(True, f"greets: {version[:40].decode('ascii', 'replace')}")
        nonce, plugin = rest[4:12], _NATIVE
        if len(rest) > 31:
            more = max(13, rest[20] - 8)
            nonce += rest[31 : 31 + more]
            plugin = rest[31 + more :].partition(b"\0")[0].decode("ascii", "replace") or _NATIVE
        self._do = self._login
        return packet(number + 1, self._response(self._check.login or _NOBODY, plugin, nonce[:20])), None

    def _response(self, login: str, plugin: str, nonce: bytes) -> bytes:
        known = plugin if plugin in (_NATIVE, _SHA2) else _NATIVE
        answer = scrambled(known, self._check.passwd, nonce)
        wanted = _LONG_PASSWORD | _PROTOCOL_41 | _SECURE_CONNECTION | _PLUGIN_AUTH | _TRANSACTIONS
        database = b""
        if self._check.database is not None:
            wanted |= _CONNECT_WITH_DB
            database = self._check.database.encode() + b"\0"
        head = struct.pack("<IIB23x", wanted, 1 << 24, _UTF8)
        return head + login.encode() + b"\0" + bytes([len(answer)]) + answer + database + known.encode() + b"\0"

    def _login(self, number: int, content: bytes) -> Step:
        kind = content[0]
        if kind == _ERROR:
            turned_away = struct.unpack_from("<H", content, 1)[0] in _TURNED_AWAY
            return b"", (None if turned_away else self._judged) or Outcome(False, f"login: {_error(content)}")
        if kind == _SWITCH:
            name, _zero, nonce = content[1:].partition(b"\0")
            return packet(number + 1, self._switched(name.decode("ascii", "replace"), nonce[:20])), None
        if kind == _AUTH_MORE:
            if content[1] == _FAST:
                return b"", None
            wants = "login: caching_sha2_password wants TLS once; log in by another client before"
            self._judged = self._judged or Outcome(False, wants)
            return packet(number + 1, b"\0"), None
        if kind != _OK:
            raise struct.error
        if self._judged is not None:
            return packet(0, _QUIT), self._judged
        if self._check.query is None:
            return packet(0, _QUIT), Outcome(True, "takes the login")
        self._do = self._result
        return packet(0, _QUERY + self._check.query.encode()), None

    def _switched(self, plugin: str, nonce: bytes) -> bytes:
        if self._judged is not None:
            return b""
        try:
            return scrambled(plugin, self._check.passwd, nonce)
        except ValueError as error:
            self._judged = Outcome(False, f"login: {error}")
            return b""

    def _result(self, _number: int, content: bytes) -> Step:
        """The answer to the query: the number of columns, each column, EOF, each row, EOF."""
        if content[0] == _ERROR:
            return b"", Outcome(False, f"query: {_error(content)}")
        last = content[0] == _SWITCH and len(content) <= _EOF_LONGEST
        if self._columns < 0:
            if content[0] in (_OK, _LOCAL_FILE):
                return packet(0, _QUIT), Outcome(False, "query: no row")
            self._columns = content[0]
        elif self._columns:
            self._columns -= 1
        elif not self._rows:
            self._rows = last
        else:
            return packet(0, _QUIT), Outcome(not last, "query: no row" if last else "the query gives a row")
        return b"", None


def _error(content: bytes) -> str:
    """The message of an error packet."""
    (code,) = struct.unpack_from("<H", content, 1)
    text = content[3:]
    if code in _MENDS:
        return f"{code} {_MENDS[code]}"
    return f"{code} {text[6 if text[:1] == b'#' else 0 :].decode('utf-8', 'replace')[:120]}"
