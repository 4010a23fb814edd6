# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The regular expression of an HTTP check: keepalived's regex words on Python's re, over the bytes of the body.

keepalived uses PCRE2. What re cannot do the same way is refused with a reason, never tried in another way. keepalived
also searches the header when it arrives in one piece with the body; here it is the body alone, and offsets count
from its first byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Optional, Tuple

MOST_BODY = 1 << 18
"""Bytes of a body that are kept for the search (or regex_max_offset and this many more)."""

_FLAGS = {"caseless": re.IGNORECASE, "multiline": re.MULTILINE, "dotall": re.DOTALL, "extended": re.VERBOSE}
_NO_MATTER = {
    "auto_callout", "never_backslash_c", "never_ucp", "never_utf", "no_auto_capture", "no_auto_possess",
    "no_dotstar_anchor", "no_start_optimize", "ungreedy", "use_offset_limit",
}  # fmt: skip
"""Options that change how a match is found or what is captured, not whether there is one."""


@dataclass(frozen=True)
class Match:
    """What must (no_match: must not) be found. A match starts at min_offset or later, at max_offset at the latest."""

    pattern: str
    options: Tuple[str, ...] = ()
    no_match: bool = False
    min_offset: int = 0
    max_offset: Optional[int] = None

    @property
    def wanted(self) -> int:
        """Bytes of the body that the search may need."""
        return (self.max_offset or 0) + MOST_BODY

    def agrees(self, body: bytes) -> bool:
        """Whether the body is as it must be."""
        found = compiled(self.pattern, self.options).search(body, self.min_offset)
        matched = found is not None and (self.max_offset is None or found.start() <= self.max_offset)
        return matched is not self.no_match


@lru_cache(maxsize=1024)
def compiled(pattern: str, options: Tuple[str, ...]) -> re.Pattern[bytes]:
    """The expression. Raises ValueError with the reason for one that this agent does not do."""
    flags = 0
    for option in options:
        if option in _FLAGS:
            flags |= _FLAGS[option]
        elif option not in _NO_MATTER:
            raise ValueError(f"regex_options {option} is not done by this version")
    try:
        return re.compile(pattern.encode("utf-8", "surrogateescape"), flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"regex {pattern!r} is not understood: {error}") from None
