# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIMPLETCP_CHECK: send some bytes (or none) and wait for an answer that a regular expression matches.

ldirectord's simpletcp. It reads until the expression matches, the peer closes or the time is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .outcome import Conversation, Outcome, Step
from .tls.settings import Secured

if TYPE_CHECKING:
    from .endpoint import Endpoint
    from .match import Expression
    from .tls.settings import Tls

MOST_ANSWER = 65536
"""Bytes of an answer that are searched."""


@dataclass(frozen=True)
class SimpletcpCheck(Secured):
    """One SIMPLETCP_CHECK. request: bytes to send; receive: the expression."""

    endpoint: Endpoint
    request: bytes
    receive: Expression
    tls: Optional[Tls] = None
    name = "SIMPLETCP_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """One request."""
        return _Asked(self.request, self.receive)


class _Asked(Conversation):
    __slots__ = ("_answer", "_receive", "_request")

    def __init__(self, request: bytes, receive: Expression) -> None:
        self._request, self._receive = request, receive
        self._answer = b""

    def opened(self) -> Step:
        """Send the request."""
        return self._request, None

    def received(self, data: bytes) -> Step:
        """Part of the answer: enough, too much, or wait for more."""
        self._answer += data
        try:
            if self._receive.search(self._answer) is not None:
                return b"", Outcome(True, "the answer matches")
        except ValueError as error:
            return b"", Outcome(False, f"the search for a match is given up: {error}")
        if len(self._answer) > MOST_ANSWER:
            return b"", Outcome(False, f"no match in {MOST_ANSWER} bytes")
        return b"", None

    def ended(self) -> Outcome:
        """The whole answer, and no match."""
        shown = self._answer[:60].decode("ascii", "backslashreplace")
        return Outcome(False, f"the answer does not match: {shown!r}" if self._answer else "closed without an answer")
