# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a block understands: its words and the declared keyword behind each, built once from the declared fields."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Optional

from . import model
from .blocks import Block, Blocks, Checks, GroupBlocks
from .fields import Keyword, keywords

LINE = "line"  # words on the line
NAMES = "names"  # names in braces
LISTED = "listed"  # one item a line in braces
BLOCK = "block"  # keywords in braces
MEMBERS = "members"  # one member a line in braces, after a name

# words that keepalived had once, or that are put into the wrong check, and that are still found in files
GONE = {
    "nat_mask": "keepalived dropped it: real servers of NAT need no mask",
    "lvs_id": "write router_id",
    "lvs_sync_daemon_inteface": "write lvs_sync_daemon in global_defs",
    "nb_get_retry": "write retry; nb_get_retry was only ever a word of HTTP_GET and SSL_GET",
}


class Entry:
    """One word of one block.

    many: the attribute is a tuple that grows; legacy: an old spelling of the keyword; agent: keepalived has it not.
    """

    __slots__ = ("agent", "attribute", "kind", "legacy", "many", "mode", "word")

    def __init__(self, word: str, keyword: Keyword, kind: Any, *, agent: bool) -> None:
        self.word, self.attribute, self.kind = word, keyword.attribute, kind
        self.many, self.agent = keyword.many, agent
        self.legacy: Optional[str] = keyword.word if word != keyword.word and not isinstance(kind, Block) else None
        if isinstance(kind, GroupBlocks):
            self.mode = MEMBERS
        elif isinstance(kind, Block):
            self.mode = BLOCK
            self.legacy = keyword.word if word in keyword.legacy else None
        else:
            self.mode = LISTED if kind.listed else NAMES if kind.names else LINE


class Spec:
    """The words of one block, and which keywords it cannot do without."""

    __slots__ = ("block", "grows", "keywords", "required", "words")

    def __init__(self, block: type) -> None:
        self.block = block
        self.keywords = keywords(block)
        self.words: dict[str, Entry] = {}
        for keyword in self.keywords:
            if isinstance(keyword.kind, Checks):
                for check in model.CHECKS:
                    self.words[check.keyword] = Entry(check.keyword, keyword, Blocks(check), agent=check.agent)
                continue
            for word in (keyword.word, *keyword.legacy):
                self.words[word] = Entry(word, keyword, keyword.kind, agent=keyword.agent)
        self.grows = tuple(keyword.attribute for keyword in self.keywords if keyword.many or keyword.kind.listed)
        self.required = tuple(keyword for keyword in self.keywords if keyword.required)


@cache
def spec(block: type) -> Spec:
    """The words of a block of the model."""
    return Spec(block)


@lru_cache(maxsize=1)
def homes() -> dict[str, tuple[str, ...]]:
    """For every word, the blocks it belongs to ('' is the top of the file)."""
    found: dict[str, list[str]] = {}
    _walk(model.Document, "", found, set())
    return {word: tuple(blocks) for word, blocks in found.items()}


@lru_cache(maxsize=1)
def _around() -> dict[type, tuple[tuple[str, type], ...]]:
    """For every block, the blocks it stands in, each with its word ('' is the top of the file)."""
    found: dict[type, dict[str, type]] = {}
    todo: list[tuple[str, type]] = [("", model.Document)]
    seen = set()
    while todo:
        name, block = todo.pop()
        seen.add((name, block))
        for word, entry in spec(block).words.items():
            if entry.mode == BLOCK:
                found.setdefault(entry.kind.block, {})[name] = block
                if (word, entry.kind.block) not in seen:
                    todo.append((word, entry.kind.block))
    return {block: tuple(names.items()) for block, names in found.items()}


def home(word: str, block: type) -> str:
    """Where a word that stands in the wrong block belongs: in one around it if it is known there, else in one of its
    own blocks, else in any."""
    level = list(_around().get(block, ()))
    while level:
        for name, around in level:
            if word in spec(around).words:
                return f"in {name}" if name else "at the top of the file"
        level = [one for _name, around in level for one in _around().get(around, ())]
    for name, entry in spec(block).words.items():
        if entry.mode == BLOCK and word in spec(entry.kind.block).words:
            return f"in {name}"
    names = homes()[word]
    return " or ".join(f"in {name}" if name else "at the top of the file" for name in names[:2])


def _walk(block: type, name: str, found: dict[str, list[str]], seen: set[type]) -> None:
    if block in seen:
        return
    seen.add(block)
    for word, entry in spec(block).words.items():
        found.setdefault(word, []).append(name)
        if entry.mode == BLOCK:
            _walk(entry.kind.block, word, found, seen)
