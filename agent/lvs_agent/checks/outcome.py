# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attempt says in the end, and what a conversation looks like to the port."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple


class Outcome(NamedTuple):
    """The end of one attempt: good or not, what was seen in words, and what it means for the weight.

    weight: of a dynamic MISC_CHECK, 0 to 253, or -1 for "the configured one again". delta: of a FILE_CHECK, what is
    added to the configured weight. None: the check has no say in it. warning: what somebody should see to, though
    the check is good.
    """

    ok: bool
    text: str
    weight: Optional[int] = None
    delta: Optional[int] = None
    warning: str = ""


Step = Tuple[bytes, Optional[Outcome]]
"""Bytes to send (b"" for none) and the outcome once there is one."""


class Conversation:
    """One attempt over a byte stream. It sends, it is fed, and it ends once with an Outcome; it holds no socket."""

    def opened(self) -> Step:
        """The connection stands."""
        raise NotImplementedError

    def received(self, data: bytes) -> Step:
        """These bytes came (never b"")."""
        raise NotImplementedError

    def ended(self) -> Outcome:
        """The peer closed its side."""
        raise NotImplementedError

    def late(self) -> Optional[Outcome]:
        """The peer was silent for too long; None: a failure."""
        return None
