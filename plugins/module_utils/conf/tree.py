# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Text to tree: lines without their comments, nested by braces, each with the place it was written at.

A node is (text, place, children): children is None for a plain line, a list for a block. Most lines of a file need
nothing but a look by one compiled expression; the others (quotes, escapes, conditions, variables, includes, braces
inside a line) go through expand.Expander, which gives them back as pieces. A place is a number: places.Places turns
it, and the number of a word, into file, line and column, only when there is something to say about it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from .expand import Expander
    from .places import Places

LONGEST_LINE = 1022
_DEEPEST = 32

# A line of printable ASCII without quotes, backslashes, $ and with at most one brace, at its end; a comment may follow
# (one glued to a word on both sides is looked at twice: it may be part of a password).
# Every part of it stops at the first character that is not its own, so that a look is linear in the line's length.
_SIMPLE = re.compile(
    r"^(?![ \t]*(?:[@~]|include))([%-\[\]-z|~ \t]*)(?=[{}\r#!]|$)([{}]?)[ \t\r]*"
    r"(?:(?<![^ \t\r\n{}])[#!].*|[#!](?=[ \t\r]|$).*)?$|^(.*)$",
    re.MULTILINE,
)
Node = tuple[str, int, Optional[list[Any]]]


class Builder:
    """Collects pieces of lines into a tree. `level` is the list that gets the next node."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.top: list[Node] = []
        self.level = self.top
        self.open: list[tuple[list[Node], int]] = []
        self.broken: Optional[int] = None
        # blocks that are open beyond what the tree holds: their words come to stand in the last one that it holds
        self.deeper = 0

    def words(self, text: str, place: int) -> None:
        """A line of words."""
        self.level.append((text, place, None))

    def begin(self, place: int) -> None:
        """An opening brace: it makes a block of the line before it."""
        if len(self.open) >= _DEEPEST:
            if not self.deeper:
                self.places.error(place, "too-deep", f"more than {_DEEPEST} blocks inside one another")
            self.deeper += 1
            self.broken = place if self.broken is None else self.broken
            return
        level = self.level
        if not level or level[-1][2] is not None or level[-1][0] == "}":
            around = self.open[-1][0] if self.open else []
            if level or not around or around[-1][0]:  # said once where one stands in another
                self.places.error(place, "unexpected-brace", "no keyword stands before this '{'", "take it away")
            self.broken = place if self.broken is None else self.broken
            level.append(("", place, None))
        text, start, _none = level[-1]
        self._same_side(start, place)
        children: list[Node] = []
        level[-1] = (text, start, children)
        self.open.append((level, start))
        self.level = children

    def end(self, place: int) -> None:
        """A closing brace."""
        if self.deeper:
            self.deeper -= 1
        elif self.open:
            self.level, start = self.open.pop()
            self._same_side(start, place)
        elif not self.top or self.top[-1][0] != "}":
            self.top.append(("}", place, None))

    def _same_side(self, start: int, brace: int) -> None:
        """keepalived sees the keyword and both braces of a block, or (behind @lvs_agent) none of them."""
        agent = self.places.agent
        if not agent or (start in agent) == (brace in agent):
            return
        seen, help_text = (
            ("sees", "write @lvs_agent before it") if start in agent else ("does not see", "no @lvs_agent here")
        )
        message = f"keepalived {seen} this brace, unlike line {self.places.line(start)[1]}, where the block starts"
        self.places.error(brace, "agent-block", message, help_text)

    def simple(self, text: str, file: int, expander: Expander, lines: list[str]) -> None:
        """All lines of a file: the simple ones here, the others through the expander."""
        number = file
        for words, brace, rest in _SIMPLE.findall(text):
            number += 1
            if rest or expander.defining:
                expander.line(lines[number - file - 1], number)
            elif brace:
                words = words.strip()  # noqa: PLW2901 - a new name for it costs as much as the rest of the loop
                if brace == "{":
                    if words:
                        children: list[Node] = []
                        level = self.level
                        level.append((words, number, children))
                        self.open.append((level, number))
                        if len(self.open) > _DEEPEST:
                            level.pop()
                            self.open.pop()
                            self.words(words, number)
                            self.begin(number)
                        else:
                            self.level = children
                    else:
                        self.begin(number)
                else:
                    if words:
                        self.level.append((words, number, None))
                    self.end(number)
            elif words and not words.isspace():
                self.level.append((words.strip(), number, None))
