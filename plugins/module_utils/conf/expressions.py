# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

r"""A regular expression as it stands in the file: keepalived takes a layer of backslashes off, as of a script.

\d is d there, and \\d is the digit: lib/parser.c, alloc_strvec_quoted_escaped, in every release that has `regex`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .findings import Bad, Odd
from .kinds import Kind, one
from .words import split_command

if TYPE_CHECKING:
    from collections.abc import Sequence

_ESCAPED = re.compile(r"\\(?:([0-7]{3}|x[0-9A-Fa-f]|[\\\"'nrtfa])|.)")  # in the group what both understand alike
_SAFE = re.compile(r"[A-Za-z0-9_./:,+=^*?-]+\Z")


class ExpressionWord(Kind):
    """One word or string in quotes, in bytes: what is no UTF-8 stands as in a file that is none."""

    raw = True
    shape = "WORD"

    def read(self, words: Sequence[str]) -> Any:
        """words: one string, the text after the keyword."""
        text = words[0]
        try:
            cut = split_command(text.encode("utf-8", "surrogateescape").decode("latin1"))
        except ValueError as wrong:
            raise Bad(f"{wrong}", code="open-quote") from None
        if len(cut) > 1:
            raise Bad("keepalived takes no expression of several words", "put it in quotes", code="extra-words", word=2)
        value = one(cut, "a value").partition("\0")[0].encode("latin1").decode("utf-8", "surrogateescape")
        if not value:
            raise Odd(None, "the value is empty", "take the line away", code="empty-value")
        lost = [found.group() for found in _ESCAPED.finditer(text) if found.group(1) is None]
        if lost:
            raise Odd(
                value,
                f"the expression is {value!a}: the file keeps '{lost[0]}' for itself",
                f"write \\{lost[0]}",
                code="lost-backslash",
            )
        return value

    def write(self, value: Any) -> str:
        if not value or "\0" in value:
            raise ValueError(f"{value!a} is empty or has a NUL")
        if _SAFE.match(value) and not value.startswith("include"):
            return str(value)
        return f'"{"".join(map(_written, value, value[1:] + " "))}"'


def _written(char: str, following: str) -> str:
    if char == "\\":
        return "\\\\"
    variable = char == "$" and (following.isalnum() or following in "_{")
    if char != '"' and not variable and char.isprintable():
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
