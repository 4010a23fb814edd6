# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a line was meant to say that says it wrongly, so that its mistake is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .findings import ERROR, WARNING, Odd
from .spec import GONE, LINE, Spec, spec
from .words import split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .tree import Node

_MOST = 100


def on_its_own_line(odd: Odd, words: list[str], of: Spec) -> Odd:
    """What is ignored because it stands behind another keyword; an error when the block cannot do without it."""
    other = of.words.get(words[odd.word]) if odd.code == "extra-words" and odd.word < len(words) else None
    if other is None or other.mode != LINE:
        return odd
    help_text = f"write {' '.join(words[odd.word :])} in a line of its own"
    told = Odd(odd.value, odd.message, help_text, code=odd.code, word=odd.word)
    needed = other.attribute == "interface" or any(other.attribute == one.attribute for one in of.required)
    told.level = ERROR if needed else WARNING
    return told


def tried(of: Spec, node: Node, keyword: Any) -> bool:
    """Whether a keyword stands in a block, if with a value that could not be read, or mistyped; of a block that is
    required, whether its words stand where it should."""
    children = node[2] or ()
    if keyword.kind.block is not None:
        inside = spec(keyword.kind.block).words
        if any(child[0] and (word := split(child[0])[0]) in inside and word not in of.words for child in children):
            return True
    return about(of, children, keyword.attribute)


def about(of: Spec, nodes: Iterable[Node], attribute: str) -> bool:
    """Whether one of some lines is about a keyword; of words that nothing knows only the first are compared with it."""
    left = _MOST
    for node in nodes:
        if node[0] and split(node[0])[0] not in of.words:
            left -= 1
        if sets(of, node[0], attribute, mistyped=left > 0):
            return True
    return False


def sets(of: Spec, text: str, attribute: str, *, mistyped: bool = True) -> bool:
    """Whether a line is about a keyword: its word is one of the keyword's, or so near to one that it is meant."""
    if not text:
        return False
    word, *further = split(text)
    entry = of.words.get(word)
    if mistyped and any(one in of.words and of.words[one].attribute == attribute for one in further):
        return True
    if entry is None and mistyped and word not in GONE:
        from .suggest import nearest  # noqa: PLC0415 - only a mistake needs it

        entry = of.words.get(nearest(word, of.words) or "")
    return entry is not None and entry.attribute == attribute
