# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The regular expression of an HTTP check: keepalived's regex words over the bytes of the body.

The expression comes from upstairs, and keepalived's engine with it. keepalived searches pieces of up to 4095 bytes,
the header too when it arrives in one piece with the body; here it is the whole body and it alone, and offsets count
from its first byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Protocol

MOST_BODY = 1 << 18
"""Bytes of a body that are searched, beyond the offsets."""


class Expression(Protocol):
    """A regular expression; equal ones are the same."""

    @property
    def pattern(self) -> str:
        """Its text."""

    def search(self, text: bytes, start: int = 0) -> Optional[int]:
        """The byte at which the first match from `start` on begins; None without one.

        Raises ValueError with the reason when the search is given up.
        """


@dataclass(frozen=True)
class Match:
    """What must (no_match: must not) be found. A match starts at min_offset or later, at max_offset at the latest."""

    expression: Expression
    no_match: bool = False
    min_offset: int = 0
    max_offset: Optional[int] = None

    @property
    def wanted(self) -> int:
        """Bytes of the body that are searched."""
        return max(self.min_offset, self.max_offset or 0) + MOST_BODY

    def fault(self, body: bytes) -> str:
        """Why the body is not as it must be, '' when it is.

        A search that is given up is a fault with no_match too, where keepalived takes it for no match: nobody knows
        that the body is good.
        """
        try:
            start = self.expression.search(body[: self.wanted], self.min_offset)
        except ValueError as error:
            return f"was given up: {error}"
        matched = start is not None and (self.max_offset is None or start <= self.max_offset)
        if matched is self.no_match:
            return "matched" if matched else "did not match"
        return ""

    def agrees(self, body: bytes) -> bool:
        """Whether the body is as it must be."""
        return not self.fault(body)
