# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What was read before, so that a reload reads only what changed.

A text is cut at the braces that close a block at the margin, a very large block once more at those that close its own
blocks. Neighbours are put together at places that their content tells, so that a piece before or behind a change is
cut the same way again. A piece that reads as it stands (its braces match, nothing in it reaches into others) is kept
under its text with its values, its findings and the places of its lines; everything else is read as a whole, as
without a cache.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from . import model
from .expand import AGENT, Expander
from .outcome import Reading, in_order
from .places import Places
from .reader import Known, Reader, made
from .rules import Look, Part, moved, run
from .rules_lvs import REAL_RULES, SERVER_RULES
from .spec import BLOCK, Spec, spec
from .tree import Builder
from .words import split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .findings import Finding
    from .tree import Node

# variables, sequences, conditions and includes reach beyond the block they stand in; the agent's own words do not
_REACHES = re.compile(rf"\$|^[ \t]*(?:~|@(?!{AGENT}[ \t])|(?:@{AGENT}[ \t]+)*include|@{AGENT}[ \t]+[@~])", re.MULTILINE)
_NAMES_LINE = re.compile(r"\blines? \d")
_LARGE = 1 << 15
_TOGETHER = 15
_LONGEST_TEXT = 32 << 20


class NotPieced(Exception):  # noqa: N818 - the text is read as a whole instead
    """The text cannot be read in pieces."""


class Piece(NamedTuple):
    """A part of a block: what it sets, what is wrong with it, and where its blocks were written."""

    values: dict[str, Any]
    findings: list[Finding]
    nodes: list[Node]
    places: Places
    written: dict[int, tuple[Node, Spec]]
    of: Spec
    kept: list[Any]
    # what the rules of real servers found, by the words of the virtual server around them
    found: dict[Any, list[Finding]]


class Cache:
    """Pieces of texts by their text. read counts the pieces that were read, of the last text and in all."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[type, str], Piece] = {}
        self._known: Known = {}
        self.reads = 0

    def read(self, text: str, file: str, exists: Optional[Callable[[str], bool]]) -> Optional[Reading]:
        """The text read in pieces; None when it has to be read as a whole."""
        if len(text) > _LONGEST_TEXT:
            return None
        try:
            return _Pieces(self._pieces, self._known, file, self).read(text, exists)
        except NotPieced:
            return None

    def keep(self, pieces: dict[tuple[type, str], Piece]) -> None:
        """Forget all pieces but those of the last text."""
        self._pieces = pieces


class _Pieces:
    """One text in pieces."""

    def __init__(self, before: dict[tuple[type, str], Piece], known: Known, file: str, cache: Cache) -> None:
        self.before, self.known, self.file, self.cache = before, known, file, cache
        self.now: dict[tuple[type, str], Piece] = {}
        self.placed: list[tuple[Piece, int]] = []
        self.parts: dict[int, list[Part]] = {}
        self.servers: set[int] = set()
        self.findings: list[Finding] = []

    def read(self, text: str, exists: Optional[Callable[[str], bool]]) -> Reading:
        whole = spec(model.Document)
        values: dict[str, Any] = {}
        for lines, part, large in _cut(text, ""):
            if large:
                self._large(part, lines, values)
            else:
                piece = self._piece(whole, part, lines)
                self._servers(piece, lines)
                _merge(whole, values, piece.values)
        document: model.Document = made(model.Document, {name: _tuple(value) for name, value in values.items()})
        self.parts[id(document)] = [
            Part(("", 1, piece.nodes), whole, piece.places, lines) for piece, lines in self.placed if piece.of is whole
        ] or [Part(("", 1, []), whole, Places(), 0)]
        look = Look(document, self._written, exists, self.servers.__contains__)
        run(look)
        self.cache.keep(self.now)
        return Reading(document, in_order(self.findings + look.findings))

    def _piece(self, of: Spec, text: str, lines: int) -> Piece:
        """A piece from before, or read now."""
        key = (of.block, text)
        piece = self.before.get(key) if key not in self.now else None
        if piece is None:
            self.cache.reads += 1
            piece = self._read(of, text)
        self.now[key] = piece
        self.placed.append((piece, lines))
        self.findings += [moved(found, lines) for found in piece.findings]
        return piece

    def _read(self, of: Spec, text: str) -> Piece:
        if _REACHES.search(text):
            raise NotPieced
        places = Places()
        builder = Builder(places)
        Expander(builder, places, None, None, None).file(self.file, text)
        reader = Reader(places, self.known)
        if builder.open or builder.broken is not None:
            raise NotPieced
        values = reader.block(of, builder.top)
        if reader.broken:
            raise NotPieced
        _self_contained(places.findings)
        return Piece(values, places.findings, builder.top, places, reader.written, of, reader.kept, {})

    def _servers(self, piece: Piece, lines: int) -> None:
        """The rules of the real servers of whole virtual servers, applied once for a piece."""
        servers = piece.values.get("virtual_servers", ())
        if not servers:
            return
        if () not in piece.found:
            look = Look(model.Document(), lambda block: [_part(piece, block, 0)])
            for server in servers:
                for rule in SERVER_RULES:
                    rule(look, server)
                _real_rules(look, server, server.real_servers)
            piece.found[()] = _self_contained(look.findings)
        self.servers.update(map(id, servers))
        self.findings += [moved(found, lines) for found in piece.found[()]]

    def _large(self, text: str, lines: int, values: dict[str, Any]) -> None:
        """A large block: its own words and blocks in pieces."""
        whole = spec(model.Document)
        opening = len(text) - len(text.lstrip("\n"))
        head, _brace, rest = text[opening:].partition("{\n")
        words = split(head)
        entry = whole.words.get(words[0]) if words and "\n" not in head.strip() else None
        body = rest[: rest.rfind("\n") + 1] if rest.endswith("\n}") else ""
        if entry is None or entry.mode != BLOCK or not entry.many or not body or "#" in head or "!" in head:
            raise NotPieced
        indent = body[: len(body) - len(body.lstrip(" \t"))]
        of = spec(entry.kind.block)
        first = lines + opening + 1
        inner: dict[str, Any] = {}
        pieces = []
        for offset, part, _large in _cut(body, indent):
            piece = self._piece(of, part, first + offset)
            _merge(of, inner, piece.values)
            pieces.append((piece, first + offset))
        opened = self._read(whole, f"{head.rstrip()} {{\n}}")
        block = (opened.values.get(entry.attribute) or (None,))[0]
        if block is None:
            raise NotPieced
        given = {name: value for name, value in vars(block).items() if value != ()}
        built = made(entry.kind.block, {**given, **{name: _tuple(value) for name, value in inner.items()}})
        node: Node = (head.strip(), 1, [])
        parts = [Part(node, of, opened.places, lines + opening)]
        parts += [Part((head.strip(), 1, piece.nodes), of, piece.places, at) for piece, at in pieces]
        self.parts[id(built)] = parts
        # the empty block stands for the opening line only: what it lacks is looked for in the whole
        if any(found.code != "missing-keyword" for found in opened.findings):
            raise NotPieced
        if any(keyword.attribute not in inner for keyword in of.required):
            raise NotPieced
        if isinstance(built, model.VirtualServer):
            self._large_server(built, pieces)
        values.setdefault(entry.attribute, []).append(built)

    def _large_server(self, server: model.VirtualServer, pieces: list[tuple[Piece, int]]) -> None:
        around = tuple((name, value) for name, value in sorted(vars(server).items()) if name != "real_servers")
        for piece, lines in pieces:
            found = piece.found.get(around)
            if found is None:
                look = Look(model.Document(), lambda block, piece=piece: [_part(piece, block, 0)])  # type: ignore[misc]
                _real_rules(look, server, piece.values.get("real_servers", ()))
                piece.found.clear()
                found = piece.found[around] = _self_contained(look.findings)
            self.findings += [moved(one, lines) for one in found]
        look = Look(model.Document(), self._written)
        for rule in SERVER_RULES:
            rule(look, server)
        self.findings += look.findings
        self.servers.add(id(server))

    def _written(self, block: int) -> list[Part]:
        parts = self.parts.get(block)
        if parts is None:
            piece, lines = next((piece, lines) for piece, lines in self.placed if block in piece.written)
            parts = self.parts[block] = [_part(piece, block, lines)]
        return parts


def _self_contained(findings: list[Finding]) -> list[Finding]:
    """Findings that name no line of the file: one that does cannot move with its piece. Raises NotPieced."""
    if any(_NAMES_LINE.search(f"{found.message} {found.help}") for found in findings):
        raise NotPieced
    return findings


def _real_rules(look: Look, server: model.VirtualServer, real_servers: Any) -> None:
    for real in real_servers:
        for rule in REAL_RULES:
            rule(look, server, real)


def _part(piece: Piece, block: int, lines: int) -> Part:
    node, of = piece.written[block]
    return Part(node, of, piece.places, lines)


def _merge(of: Spec, values: dict[str, Any], more: dict[str, Any]) -> None:
    """Add what one more piece sets. NotPieced when it sets something again: that has a finding across pieces."""
    for name, value in more.items():
        if name in of.grows:
            values.setdefault(name, []).extend(value)
        elif name in values:
            raise NotPieced
        else:
            values[name] = value


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _cut(text: str, indent: str) -> Iterator[tuple[int, str, bool]]:
    """(lines before it, text, whether it is one large block) of each piece; all but the last end with a brace."""
    end = f"\n{indent}}}"
    parts = text.split(f"{end}\n")
    last = parts.pop()
    together: list[str] = []
    lines = size = 0
    for part in parts:
        length = len(part)
        if length > _LARGE:
            if together:
                piece = f"{end}\n".join(together) + end
                yield lines, piece, False
                lines += piece.count("\n") + 1
            yield lines, part + end, True
            lines += part.count("\n") + 2
            together, size = [], 0
            continue
        together.append(part)
        size += length
        if size > _LARGE or not hash(part) & _TOGETHER:
            piece = f"{end}\n".join(together) + end
            yield lines, piece, False
            lines += piece.count("\n") + 1
            together, size = [], 0
    if together or last.strip(" \t\f\v\r\n"):
        yield lines, f"{end}\n".join([*together, last]), False
