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
    "alt_circumflex", "alt_verbnames", "auto_callout", "dupnames", "never_backslash_c", "never_ucp", "never_utf",
    "no_auto_capture", "no_auto_possess", "no_dotstar_anchor", "no_start_optimize", "ungreedy", "use_offset_limit",
}  # fmt: skip
"""Options that change how a match is found or what is captured, not whether there is one; alt_circumflex is how re is
by itself, and a name that stands twice is refused by re.
"""
_OURS = {"dollar_endonly", "firstline", "ucp", "utf"}
_DOLLAR = re.compile(rb"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", re.DOTALL)


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
        start = self._start(body)
        matched = start is not None and (self.max_offset is None or start <= self.max_offset)
        if start is not None and "firstline" in self.options:
            matched = matched and b"\n" not in body[self.min_offset : start]
        return matched is not self.no_match

    def _start(self, body: bytes) -> Optional[int]:
        """The byte that the first match starts at."""
        if not {"utf", "ucp"} & set(self.options):
            found = compiled(self.pattern, self.options).search(body, self.min_offset)
            return found.start() if found is not None else None
        text = body[self.min_offset :].decode("utf-8", "surrogateescape")
        matched = in_unicode(self.pattern, self.options).search(text)
        if matched is None:
            return None
        return self.min_offset + len(text[: matched.start()].encode("utf-8", "surrogateescape"))


@lru_cache(maxsize=1024)
def compiled(pattern: str, options: Tuple[str, ...]) -> re.Pattern[bytes]:
    """The expression. Raises ValueError with the reason for one that this agent does not do."""
    flags, raw = _flags(options), pattern.encode("utf-8", "surrogateescape")
    if "dollar_endonly" in options and not flags & re.MULTILINE:
        raw = _DOLLAR.sub(lambda found: rb"\Z" if found.group() == b"$" else found.group(), raw)
    try:
        return re.compile(raw, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"regex {pattern!r} is not understood: {error}") from None


@lru_cache(maxsize=1024)
def in_unicode(pattern: str, options: Tuple[str, ...]) -> re.Pattern[str]:
    r"""The expression over characters, for utf and ucp. Raises ValueError.

    PCRE2 folds the case of all characters with utf, but knows other letters as \\w with ucp only; re does both or none.
    """
    made = compiled(pattern, options).pattern.decode("utf-8", "surrogateescape")
    return re.compile(made, _flags(options) | (0 if {"ucp", "caseless"} & set(options) else re.ASCII))


def _flags(options: Tuple[str, ...]) -> int:
    flags = 0
    for option in options:
        if option in _FLAGS:
            flags |= _FLAGS[option]
        elif option not in _NO_MATTER and option not in _OURS:
            raise ValueError(f"regex_options {option} is not done by this version")
    return flags
