# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking to a server that answers in lines: a list of turns, each something to say and the answer that is good."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional, Tuple

from .outcome import Conversation, Outcome, Step

MOST_REPLY = 65536
"""Bytes of one reply before it is given up."""


class Turn(NamedTuple):
    """what: its name in a verdict; say: what is sent first (b"" for the greeting).

    last: what the last line of an answer looks like, other lines are passed over; good: what it looks like when the
    answer is good; enough: a good answer that makes the next turn needless. secret: the answer is not shown.
    """

    what: str
    say: bytes
    last: re.Pattern[bytes]
    good: re.Pattern[bytes]
    enough: Optional[re.Pattern[bytes]] = None


ANY = re.compile(rb"")


class Dialogue(Conversation):
    """Turn after turn; good when the last one was. parting: the last turn is a good-bye, and its answer no matter."""

    __slots__ = ("_buffer", "_place", "_turns", "_verdict")

    def __init__(self, turns: Tuple[Turn, ...], verdict: str) -> None:
        self._turns, self._verdict = turns, verdict
        self._place = 0
        self._buffer = b""

    def opened(self) -> Step:
        """The first words, if they are ours."""
        return self._turns[0].say, None

    def received(self, data: bytes) -> Step:
        """Part of an answer."""
        self._buffer += data
        while True:
            line, found, rest = self._buffer.partition(b"\n")
            if not found:
                return b"", Outcome(False, "reply without an end") if len(self._buffer) > MOST_REPLY else None
            self._buffer = rest
            turn = self._turns[self._place]
            line = line.rstrip(b"\r")
            if turn.last.match(line):
                return self._answer(turn, line)
            if len(self._buffer) > MOST_REPLY:
                return b"", Outcome(False, "reply without an end")

    def ended(self) -> Outcome:
        """The server hung up: too early, unless it was to say good-bye."""
        turn = self._turns[self._place]
        if turn.good is ANY:
            return Outcome(True, self._verdict)
        return Outcome(False, f"closed instead of answering {turn.what}")

    def _answer(self, turn: Turn, line: bytes) -> Step:
        if not turn.good.match(line):
            return b"", Outcome(False, f"{turn.what}: {line[:80].decode('ascii', 'replace')}")
        self._place += 1
        if turn.enough is not None and turn.enough.match(line):
            self._place += 1
        if self._place == len(self._turns):
            return b"", Outcome(True, self._verdict)
        return self._turns[self._place].say, None
