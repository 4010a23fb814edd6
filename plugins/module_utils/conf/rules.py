# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is wrong beyond single words: small functions over the document, in rules_*.py, and where their findings point.

A rule is a function of a Look. error: keepalived would drop a protection, mean something else, or crash. warning: it
works but is hardly meant, or keepalived ignores it. note: an old spelling. A rule says nothing about a block whose own
words are wrong already (a value that could not be read is absent here).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from . import model
from .findings import ERROR, WARNING, Finding
from .meant import about
from .spec import LISTED, NAMES
from .words import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Document, VirtualServer
    from .places import Places
    from .spec import Spec
    from .tree import Node

Rule = Callable[["Look"], None]
_MOST = 1000
_NAMED = (model.FileCheck, model.BfdCheck)


class Part(NamedTuple):
    """Where a block was written, or a part of it: its node, its words, and the places of that text.

    lines: how many lines of the file stand before that text.
    """

    node: Node
    of: Spec
    places: Places
    lines: int


class Look:
    """A document, where its parts were written, and what may be asked of the machine it is for.

    written: the parts of a block by its id (id(document) has the top of the file). exists: whether a file is there
    (None: not known, as on a controller). What the rules find is in `findings`.
    """

    def __init__(
        self,
        document: Document,
        written: Callable[[int], Sequence[Part]],
        exists: Optional[Callable[[str], bool]] = None,
        seen: Optional[Callable[[int], bool]] = None,
    ) -> None:
        self.document, self.exists = document, exists
        self.findings: list[Finding] = []
        self._written, self._seen = written, seen
        self._named: Optional[list[Any]] = None

    def error(self, code: str, message: str, block: Any, attribute: str = "", **at: Any) -> None:
        """An error at a keyword of a block (at its opening line without one)."""
        self._find(ERROR, code, message, block, attribute, **at)

    def warning(self, code: str, message: str, block: Any, attribute: str = "", **at: Any) -> None:
        """A warning at a keyword of a block."""
        self._find(WARNING, code, message, block, attribute, **at)

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
        if len(self.findings) >= _MOST:
            return
        part, node, number = self._node(block, attribute, item)
        at = number if word is None else word
        found = part.places.finding(level, code, message, node[1], text=node[0], word=at, help_text=help_text)
        self.findings.append(moved(found, part.lines))

    def line(self, block: Any, attribute: str = "") -> int:
        """The line number of a keyword of a block."""
        part, node, _word = self._node(block, attribute, None)
        return part.places.line(node[1])[1] + part.lines

    def place(self, block: Any) -> int:
        """A number that grows in file order, for `defined before it is used`."""
        part = self._written(id(block))[0]
        return part.places.order(part.node[1]) + part.lines

    def is_seen(self, server: VirtualServer) -> bool:
        """Whether the rules of the real servers of this one were applied before."""
        return self._seen is not None and self._seen(id(server))

    def named_checks(self) -> list[Any]:
        """The checks that name another block, of all real servers."""
        if self._named is None:
            servers = (real for virtual in self.document.virtual_servers for real in virtual.real_servers)
            self._named = [check for real in servers for check in real.checks if check.__class__ in _NAMED]
        return self._named

    def lacks(self, block: Any, attribute: str, *, filled: bool = True) -> bool:
        """Whether a keyword is not written in a block, not even with a value that could not be read.

        filled: a block with nothing in it does not count as written.
        """
        for part in self._written(id(block)):
            written = (child for child in part.node[2] or () if child[2] != [] or not filled)
            if about(part.of, written, attribute):
                return False
        return True

    def dropped(self, attribute: str) -> bool:
        """Whether a block at the top of the file is not in the document: its opening line could not be read."""
        nodes = (
            child
            for part in self._written(id(self.document))
            for child in part.node[2] or ()
            if child[0] and (entry := part.of.words.get(split(child[0])[0])) and entry.attribute == attribute
        )
        return sum(1 for _node in nodes) > len(getattr(self.document, attribute))

    def empty(self, block: Any) -> bool:
        """Whether nothing stands between the braces of a block."""
        return not any(part.node[2] for part in self._written(id(block)))

    def _node(self, block: Any, attribute: str, item: Optional[int]) -> tuple[Part, Node, int]:
        """The part and node of a keyword (or of an item of its list), and the word to point at."""
        parts = self._written(id(block))
        if not attribute:
            node = parts[0].node
            return parts[0], node, min(1, len(split(node[0])) - 1)
        found = None
        for part in parts:
            for child in part.node[2] or ():
                entry = part.of.words.get(split(child[0])[0]) if child[0] else None
                if entry is None or entry.attribute != attribute:
                    continue
                found = part, child
                if item is None or entry.mode not in (LISTED, NAMES):
                    continue
                for one in child[2] or ():
                    count = len(split(one[0])) if entry.mode == NAMES else 1
                    if item < count:
                        return part, one, item
                    item -= count
        if found is None:
            return parts[0], parts[0].node, 0
        return found[0], found[1], min(1, len(split(found[1][0])) - 1)


def moved(found: Finding, lines: int) -> Finding:
    """A finding of a text that stands so many lines further down in its file."""
    return replace(found, line=found.line + lines) if lines else found


def run(look: Look) -> None:
    """All rules."""
    from . import rules_global, rules_lvs, rules_names, rules_vrrp  # noqa: PLC0415 - they use this file

    for rule in (*rules_names.RULES, *rules_global.RULES, *rules_vrrp.RULES, *rules_lvs.RULES):
        rule(look)


def first_of_name(blocks: Sequence[Any]) -> list[Any]:
    """The blocks that count: a second one of a name has its finding, and is skipped."""
    found: dict[str, Any] = {}
    for block in blocks:
        found.setdefault(block.name, block)
    return list(found.values())


def duplicates(items: Any) -> list[tuple[int, Any]]:
    """(position, value) of each value that was there before, in order."""
    seen: set[Any] = set()
    again = []
    for position, value in enumerate(items):
        if value in seen:
            again.append((position, value))
        seen.add(value)
    return again
