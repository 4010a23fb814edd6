# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Model to text: the declared fields in their order, one a line. read(write(document)) == document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .blocks import Block, Checks, GroupBlocks
from .expand import AGENT
from .items import MemberLines
from .spec import spec
from .tree import LONGEST_LINE

if TYPE_CHECKING:
    from .model import Document

_INDENT = "    "
_MEMBERS = MemberLines()
_PREFIX = f"@{AGENT} "


def write(document: Document) -> str:
    """The file of a document. ValueError, with the keyword at fault, for a value the syntax cannot say."""
    lines: list[str] = []
    _block(document, "", lines)
    text = "\n".join(lines)
    return text + "\n" if text else ""


def _block(value: Any, indent: str, lines: list[str]) -> None:
    own = vars(value)
    block: type = type(value)
    grows = spec(block).grows
    for keyword in spec(block).keywords:
        item = own.get(keyword.attribute)
        if item is None or (item == () and keyword.attribute in grows):
            continue
        try:
            _keyword(keyword, item, indent, lines)
        except (ValueError, TypeError, AttributeError) as wrong:
            text = str(wrong)
            raise ValueError(text if text.startswith(f"{keyword.word}: ") else f"{keyword.word}: {text}") from None


def _keyword(keyword: Any, item: Any, indent: str, lines: list[str]) -> None:
    kind, start = keyword.kind, len(lines)
    if isinstance(kind, Checks):
        for check in item:
            start = len(lines)
            _nested(Block(type(check)), check.keyword, check, indent, lines)
            if check.agent:
                _agent(indent, lines, start)
    elif isinstance(kind, Block):
        for one in item if keyword.many else (item,):
            _nested(kind, keyword.word, one, indent, lines)
    elif kind.listed:
        _braces(keyword.word, [kind.write(one) for one in item], indent, lines)
    elif kind.names:
        _braces(keyword.word, kind.write(item).split("\n"), indent, lines)
    else:
        for one in item if keyword.many else (item,):
            _line(f"{keyword.word} {kind.write(one)}".rstrip(), indent, lines)
    if keyword.agent:
        _agent(indent, lines, start)


def _agent(indent: str, lines: list[str], start: int) -> None:
    """The lines from a start on are the agent's own: keepalived is to skip each of them. A line has one prefix."""
    own, lines[start:] = lines[start:], []
    for line in own:
        if line:
            _line(line[len(indent) :].replace(_PREFIX, "", line.lstrip().startswith(_PREFIX)), indent + _PREFIX, lines)
        else:
            lines.append(line)


def _nested(kind: Any, word: str, value: Any, indent: str, lines: list[str]) -> None:
    if not indent and lines:
        lines.append("")
    _line(" ".join([word, kind.write(value), "{"]).replace("  {", " {"), indent, lines)
    if isinstance(kind, GroupBlocks):
        for member in value.members:
            _line(_MEMBERS.write(member), indent + _INDENT, lines)
    else:
        _block(value, indent + _INDENT, lines)
    lines.append(f"{indent}}}")


def _braces(word: str, items: list[str], indent: str, lines: list[str]) -> None:
    if not indent and lines:
        lines.append("")
    lines.append(f"{indent}{word} {{")
    for item in items:
        _line(item, indent + _INDENT, lines)
    lines.append(f"{indent}}}")


def _line(text: str, indent: str, lines: list[str]) -> None:
    line = indent + text
    if len(line.encode("utf-8", "replace")) > LONGEST_LINE:
        raise ValueError(f"the line would be longer than the {LONGEST_LINE} characters keepalived takes")
    lines.append(line)
