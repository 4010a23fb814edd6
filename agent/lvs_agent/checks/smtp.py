# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP_CHECK: a mail server greets with 220, takes HELO with 250, and answers QUIT. RFC 5321, 4.1.1 and 4.2.

Replies of several lines count by their last one (4.2.1), which keepalived does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Tuple

from .outcome import Conversation, Outcome, Step

if TYPE_CHECKING:
    from .endpoint import Endpoint

MOST_REPLY = 65536
"""Bytes of one reply before it is given up."""

_SCRIPT: Tuple[Tuple[str, int], ...] = (("greeting", 220), ("HELO", 250), ("QUIT", 0))
"""What is answered and with which code (0: any)."""


@dataclass(frozen=True)
class SmtpCheck:
    """One SMTP_CHECK, or one host block of it."""

    endpoint: Endpoint
    helo_name: str = "smtpchecker.keepalived.org"
    name = "SMTP_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """A short visit."""
        return _Visit(self.helo_name)


class _Visit(Conversation):
    __slots__ = ("_buffer", "_place", "_say")

    def __init__(self, helo_name: str) -> None:
        self._say = (f"HELO {helo_name}\r\n".encode(), b"QUIT\r\n")
        self._place = 0
        self._buffer = b""

    def opened(self) -> Step:
        """The server speaks first."""
        return b"", None

    def received(self, data: bytes) -> Step:
        """Part of a reply."""
        self._buffer += data
        if len(self._buffer) > MOST_REPLY:
            return b"", Outcome(False, "reply without an end")
        while True:
            line, found, rest = self._buffer.partition(b"\n")
            if not found:
                return b"", None
            self._buffer = rest
            if line[3:4] != b"-":
                return self._answer(line.rstrip(b"\r"))

    def ended(self) -> Outcome:
        """The server hung up too early."""
        return Outcome(False, f"closed instead of answering {_SCRIPT[self._place][0]}")

    def _answer(self, line: bytes) -> Step:
        what, code = _SCRIPT[self._place]
        legible = line[:3].isdigit() and line[3:4] in (b"", b" ")
        if code and not (legible and int(line[:3]) == code):
            return b"", Outcome(False, f"{what}: {line[:80].decode('ascii', 'replace')}")
        if self._place == len(self._say):
            return b"", Outcome(True, "greets and takes HELO")
        self._place += 1
        return self._say[self._place - 1], None
