# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From the text written of a mapping back to the mapping: a finding at a line becomes one at the path that made it.

    virtual_servers[2].real_servers[0].weight

The rules of whole files look at texts. Who wrote YAML never saw that text: lines of it, also those that a message or
a help names, are told as paths, in the spelling of the mapping (its own key for a keyword that has several).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from .expand import Expander
from .fields import head_names
from .mapping_blocks import MappingReader, PathFinding
from .mapping_values import key_of
from .places import Places
from .spec import BLOCK, LISTED, MEMBERS, NAMES, Entry, spec
from .tree import Builder
from .words import split

if TYPE_CHECKING:
    from .findings import Finding
    from .model import Document
    from .tree import Node

_LINE = re.compile(r"\b(?:in )?line (\d+)\b")


class Origin(NamedTuple):
    """What made one line: path of the keyword, the block or the item; words: the paths of the words on it, if known."""

    path: str
    words: tuple[str, ...] = ()


class Origins(NamedTuple):
    """The origins of the lines of a written text, by line number."""

    lines: dict[int, Origin]

    def path(self, line: int, column: int, source_line: str) -> str:
        """The path of what stands in a line at a column (both from 1)."""
        origin = self.lines.get(line)
        if origin is None:
            return ""
        word = len(split(source_line[: max(0, column - 1)]))
        return origin.words[word] if word < len(origin.words) else origin.path

    def translated(self, of: Callable[[str], str]) -> Origins:
        """The same with other paths."""
        lines = {line: Origin(of(one.path), tuple(map(of, one.words))) for line, one in self.lines.items()}
        return Origins(lines)

    def moved(self, finding: Finding) -> PathFinding:
        """A finding of the text as one of the mapping."""
        path = self.path(finding.line, finding.column, finding.source_line)
        return PathFinding(finding.level, finding.code, self._told(finding.message), self._told(finding.help), path)

    def _told(self, text: str) -> str:
        return _LINE.sub(lambda found: self._named(int(found.group(1))) or found.group(), text)

    def _named(self, line: int) -> str:
        return self.lines[line].path if line in self.lines else ""


def origins(document: Document, text: str, reader: MappingReader) -> Origins:
    """Of the text written of a document that a reader made of a mapping."""
    builder = Builder(Places())
    Expander(builder, builder.places, None, None, None).file("", text)
    walk = _Walk(builder.places, reader)
    walk.block(document, builder.top, reader.paths[id(document)])
    return Origins(walk.lines)


class _Walk:
    def __init__(self, places: Places, reader: MappingReader) -> None:
        self.places, self.reader = places, reader
        self.lines: dict[int, Origin] = {}

    def block(self, value: Any, nodes: list[Node], path: str) -> None:
        of: type = type(value)
        words, keys = spec(of).words, self.reader.keys.get(id(value), {})
        counts: dict[str, int] = {}
        for node in nodes:
            entry = words[split(node[0])[0]]
            attribute = entry.attribute
            number = counts.get(attribute, 0)
            counts[attribute] = number + 1
            key = keys.get(attribute, key_of(attribute))
            here = f"{path}.{key}" if path else key
            self._keyword(entry, node, value, here, number)

    def _keyword(self, entry: Entry, node: Node, value: Any, path: str, number: int) -> None:
        items: list[Node] = node[2] or []
        if entry.mode in (BLOCK, MEMBERS):
            inner = getattr(value, entry.attribute)
            inner = inner[number] if entry.many else inner
            where = self.reader.paths.get(id(inner), path)
            self._line(node, where, _heads(inner, node[0], where))
            if entry.mode == BLOCK:
                self.block(inner, items, where)
            for at, item in enumerate(items if entry.mode == MEMBERS else ()):
                self._line(item, f"{where}.members[{at}]")
        elif entry.mode in (LISTED, NAMES):
            self._line(node, path)
            at = 0
            for item in items:
                count = len(split(item[0])) if entry.mode == NAMES else 1
                self._line(item, f"{path}[{at}]", tuple(f"{path}[{at + word}]" for word in range(count)))
                at += count
        else:
            self._line(node, f"{path}[{number}]" if entry.many else path)

    def _line(self, node: Node, path: str, words: Optional[tuple[str, ...]] = None) -> None:
        self.lines[self.places.line(node[1])[1]] = Origin(path, words or ())


def _heads(block: Any, text: str, path: str) -> tuple[str, ...]:
    """The paths of the words on a block's opening line: its keyword is the block itself."""
    names = [name for name in head_names(type(block)) if name != "members"]
    given = split(text)[1:]
    if given and given[0] in ("fwmark", "group") and len(names) > 1:
        return (path, f"{path}.{given[0]}", f"{path}.{given[0]}")
    return (path, *(f"{path}.{key_of(name)}" for name in (names if len(names) == 1 else ("address", "port"))))
