# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP/1.1 response read piece by piece: when it is complete, its status, who answered. No sockets.

As much of RFC 9112 as a probe needs: status line, Content-Length, chunked coding, Connection: close.
"""

from __future__ import annotations

import re
from typing import Optional

LONGEST = 262144
"""Octets of one response that a probe reads before it gives up."""
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])")


class ResponseError(Exception):
    """Not an HTTP response, or one too long for a probe."""


class Response:
    """Bytes in with `feed`; `status` is known as soon as the status line is, `complete` when all has come."""

    def __init__(self) -> None:
        self._data = b""
        self._head: Optional[bytes] = None
        self.status: Optional[int] = None

    def feed(self, data: bytes) -> None:
        """More bytes from the connection; raises ResponseError."""
        self._data += data
        if len(self._data) > LONGEST:
            raise ResponseError("longer than a probe reads")
        if self.status is None and (b"\n" in self._data or len(self._data) > 64):
            found = _STATUS.match(self._data)
            if not found:
                raise ResponseError("not HTTP")
            self.status = int(found.group(1))
        if self._head is None and b"\r\n\r\n" in self._data:
            self._head, _end, self._data = self._data.partition(b"\r\n\r\n")

    def header(self, name: str) -> Optional[str]:
        """A header's value, None when it is not there or the head is not complete."""
        if self._head is None:
            return None
        for text in self._head.split(b"\r\n")[1:]:
            key, _colon, value = text.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode("latin-1")
        return None

    @property
    def complete(self) -> bool:
        """True when the whole response is here, as far as the response itself can tell."""
        if self._head is None:
            return False
        length = self.header("content-length")
        if length is not None and length.isdigit():
            return len(self._data) >= int(length)
        if (self.header("transfer-encoding") or "").lower() == "chunked":
            return self._data.endswith(b"0\r\n\r\n")
        return self.status in (204, 304)

    @property
    def closes(self) -> bool:
        """True when the server will close the connection after this response."""
        return (self.header("connection") or "").lower() == "close"

    def name(self, header: str) -> str:
        """Who answered: the value of `header`, or the body's first line (at most 40 signs)."""
        if header:
            return (self.header(header) or "")[:40]
        lines = self._data.decode("latin-1").splitlines()
        text = lines[0].strip()[:40] if lines else ""
        return text if text.isprintable() and "<" not in text else ""
