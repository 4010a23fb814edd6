# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is wrong beyond single words: small functions over the document, in rules_*.py, and where their findings point.

A rule is a function of a Look. error: keepalived would drop a protection, mean something else, or crash. warning: it
works but is hardly meant, or keepalived ignores it. note: an old spelling. A rule says nothing about a block whose own
words are wrong already (a value that could not be read is absent here).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

from .findings import ERROR, NOTE, WARNING
from .spec import LISTED, NAMES
from .words import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Document, RealServer, VirtualServer
    from .places import Places
    from .spec import Spec
    from .tree import Node

Rule = Callable[["Look"], None]


class Look:
    """A document, where its parts were written, and what may be asked of the machine it is for.

    exists: whether a file is there (None: not known, as on a controller).
    """

    def __init__(
        self,
        document: Document,
        places: Places,
        written: dict[int, tuple[Node, Spec]],
        exists: Optional[Callable[[str], bool]] = None,
    ) -> None:
        self.document, self.exists = document, exists
        self._places, self._written = places, written

    def error(self, code: str, message: str, block: Any, attribute: str = "", **at: Any) -> None:
        """An error at a keyword of a block (at its opening line without one)."""
        self._find(ERROR, code, message, block, attribute, **at)

    def warning(self, code: str, message: str, block: Any, attribute: str = "", **at: Any) -> None:
        """A warning at a keyword of a block."""
        self._find(WARNING, code, message, block, attribute, **at)

    def note(self, code: str, message: str, block: Any, attribute: str = "", **at: Any) -> None:
        """A note at a keyword of a block."""
        self._find(NOTE, code, message, block, attribute, **at)

    def _find(
        self,
        level: str,
        code: str,
        message: str,
        block: Any,
        attribute: str,
        help_text: str = "",
        item: Optional[int] = None,
        word: Optional[int] = None,
    ) -> None:
        node, number = self._node(block, attribute, item)
        at = number if word is None else word
        self._places.find(level, code, message, node[1], text=node[0], word=at, help_text=help_text)

    def line(self, block: Any, attribute: str = "") -> int:
        """The line number of a keyword of a block."""
        return self._places.line(self._node(block, attribute, None)[0][1])[1]

    def place(self, block: Any) -> int:
        """A number that grows in file order, for `defined before it is used`."""
        written = self._written.get(id(block))
        return self._places.order(written[0][1]) if written else 0

    def unseen(self, server: VirtualServer) -> Sequence[RealServer]:
        """The real servers whose own rules are still to be applied (all, unless they are known from before)."""
        return server.real_servers

    def lacks(self, block: Any, attribute: str) -> bool:
        """Whether a keyword is not written in a block, not even with a value that could not be read."""
        node, of = self._written[id(block)]
        for child in node[2] or ():
            entry = of.words.get(split(child[0])[0]) if child[0] else None
            if entry is not None and entry.attribute == attribute and child[2] != []:
                return False
        return True

    def empty(self, block: Any) -> bool:
        """Whether nothing stands between the braces of a block."""
        return not self._written[id(block)][0][2]

    def _node(self, block: Any, attribute: str, item: Optional[int]) -> tuple[Node, int]:
        """The node of a keyword (or of an item of its list), and the word to point at."""
        node, of = self._written[id(block)]
        if not attribute:
            return node, min(1, len(split(node[0])) - 1)
        found = None
        for child in node[2] or ():
            entry = of.words.get(split(child[0])[0]) if child[0] else None
            if entry is None or entry.attribute != attribute:
                continue
            found = child
            if item is None or entry.mode not in (LISTED, NAMES):
                continue
            for one in child[2] or ():
                count = len(split(one[0])) if entry.mode == NAMES else 1
                if item < count:
                    return one, item
                item -= count
        if found is None:
            return node, 0
        return found, min(1, len(split(found[0])) - 1)


def run(look: Look) -> None:
    """All rules."""
    from . import rules_global, rules_lvs, rules_names, rules_vrrp  # noqa: PLC0415 - they use this file

    for rule in (*rules_names.RULES, *rules_global.RULES, *rules_vrrp.RULES, *rules_lvs.RULES):
        rule(look)


def duplicates(items: Any) -> list[tuple[int, Any]]:
    """(position, value) of each value that was there before, in order."""
    seen: set[Any] = set()
    again = []
    for position, value in enumerate(items):
        if value in seen:
            again.append((position, value))
        seen.add(value)
    return again
