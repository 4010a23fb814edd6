# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The canonical layout of a file as somebody wrote it: fmt.

Works on the lines, not on the model, so that comments, variables, conditions and includes stay where they stood: one
statement a line, four blanks a block, one blank between words, one empty line between blocks, and the words of today
for those of old. It refuses a file whose braces it cannot follow (a condition or a variable that opens a block), and
one that would read differently afterwards.
"""

from __future__ import annotations

import re
from typing import Optional

from . import model
from .expand import AGENT
from .findings import Bad, Odd
from .reading import read
from .spec import BLOCK, Spec, spec
from .words import split

_INDENT = "    "
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_PIECES = re.compile(r'"[^"]*"?|[{}]')
_DEFINITION = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*=")
_EVERYWHERE = ("@", "~")


class CannotFormat(Exception):  # noqa: N818 - it is raised for the message it carries
    """The file cannot be laid out without changing what it means. line: where, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


def fmt(text: str, file: str = "keepalived.conf") -> str:
    """The file in canonical layout. Raises CannotFormat."""
    laid = _Layout().lay(text)
    if read(text, file).document != read(laid, file).document:
        raise CannotFormat(1, "the file would not mean the same")
    if _Layout().lay(laid) != laid:
        raise CannotFormat(1, "the layout would not be stable")
    return laid


class _Entry:
    """One line to be: its depth, its words and its comment; agent: at which depth @lvs_agent stands before it."""

    __slots__ = ("agent", "comment", "depth", "words")

    def __init__(self, depth: int, words: str, comment: str = "") -> None:
        self.depth, self.words, self.comment = depth, words, comment
        self.agent: Optional[int] = None

    def __str__(self) -> str:
        both = f"{self.words}  {self.comment}" if self.words and self.comment else self.words or self.comment
        if not both or self.agent is None:
            return f"{_INDENT * self.depth}{both}" if both else ""
        return f"{_INDENT * self.agent}@{AGENT} {_INDENT * (self.depth - self.agent)}{both}"


class _Layout:
    """The lines of one file.

    blocks: the words of each open block, None where they are not known; unseen: the depth of the block that is open
    and that keepalived does not see.
    """

    def __init__(self) -> None:
        self.entries: list[_Entry] = []
        self.blocks: list[Optional[Spec]] = [spec(model.Document)]
        self.number = 0
        self.defining = False
        self.unseen: Optional[int] = None

    def lay(self, text: str) -> str:
        for number, raw in enumerate(text.split("\n"), 1):
            self.number = number
            self._line(raw.rstrip("\r"))
        if len(self.blocks) != 1:
            raise CannotFormat(self.number, "a block is not closed")
        while self.entries and not str(self.entries[-1]):
            self.entries.pop()
        return "".join(f"{entry}\n" for entry in self.entries)

    def _line(self, raw: str) -> None:
        words, comment = _without_comment(raw)
        if self.defining:
            self.entries.append(_Entry(1, words, comment))
            self.defining = words.endswith("\\")
            self._no_braces(words, "a variable of several lines")
        elif not words:
            self._empty(comment)
        elif _DEFINITION.match(words):
            self.entries.append(_Entry(0, words, comment))
            self.defining = words.endswith("\\")
            self._no_braces(words, "a variable")
        elif words.endswith("\\"):
            raise CannotFormat(self.number, "the line goes on in the next one")
        elif words.replace("\t", " ").startswith(f"@{AGENT} "):
            self._agent(words, comment)
        elif words.startswith(_EVERYWHERE):
            self._no_braces(words, "a condition or a sequence")
            self.entries.append(_Entry(self._depth(), words, comment))
        else:
            self._statement(words, comment)

    def _agent(self, words: str, comment: str) -> None:
        """A line that keepalived skips; what becomes of it is skipped line by line."""
        words = words[len(AGENT) + 1 :].strip()
        if words.startswith(("$", *_EVERYWHERE)):
            self._no_braces(words, "a condition, a sequence or a variable")
            self.entries.append(_Entry(self._depth(), f"@{AGENT} {words}", comment))
            return
        start = len(self.entries)
        at = self._depth() if self.unseen is None else self.unseen
        self._statement(words, comment)
        for entry in self.entries[start:]:
            entry.agent = at
        self.unseen = at if self._depth() > at else None

    def _depth(self) -> int:
        return len(self.blocks) - 1

    def _no_braces(self, words: str, what: str) -> None:
        if any(found in "{}" for found in _PIECES.findall(_VARIABLE.sub("", words))):
            raise CannotFormat(self.number, f"{what} opens or closes a block")

    def _empty(self, comment: str) -> None:
        """A comment of its own, or an empty line (one is enough, none at the start of a block)."""
        if comment:
            self.entries.append(_Entry(self._depth(), "", comment))
        elif self.entries and str(self.entries[-1]) and not self.entries[-1].words.endswith("{"):
            self.entries.append(_Entry(0, ""))

    def _statement(self, words: str, comment: str) -> None:
        hidden = _VARIABLE.sub(lambda found: "x" * len(found.group()), words)
        start, before = 0, len(self.entries)
        for found in _PIECES.finditer(hidden):
            if found.group() not in "{}":
                continue
            self._words(words[start : found.start()])
            start = found.end()
            if found.group() == "{":
                self._open()
            else:
                self._close()
        self._words(words[start:])
        if comment:
            first = self.entries[before] if before < len(self.entries) else self.entries[-1]
            if first.comment:
                self.entries.append(_Entry(self._depth(), "", comment))
            else:
                first.comment = comment

    def _words(self, words: str) -> None:
        text = words.strip()
        if not text:
            return
        if not any(char in text for char in "\"'\\$") and text.isprintable():
            text = " ".join(text.split())
            text = _today(self.blocks[-1], text)
        self.entries.append(_Entry(self._depth(), text))

    def _open(self) -> None:
        at = len(self.entries) - 1
        while at >= 0 and not self.entries[at].words:
            at -= 1
        entry = self.entries[at] if at >= 0 else None
        if entry is None or entry.depth != self._depth() or entry.words.endswith(("{", "}")):
            raise CannotFormat(self.number, "no keyword stands before this '{'")
        if self._depth() == 0 and at > 0 and self.entries[at - 1].words:
            self.entries.insert(at, _Entry(0, ""))
        word = split(entry.words)[0]
        around = self.blocks[-1]
        known = around.words.get(word) if around is not None else None
        entry.words += " {"
        self.blocks.append(spec(known.kind.block) if known is not None and known.mode == BLOCK else None)
        # comments between a keyword and its brace come to stand inside
        inside = [one for one in self.entries[self.entries.index(entry) + 1 :] if str(one)]
        del self.entries[self.entries.index(entry) + 1 :]
        self.entries += [_Entry(self._depth(), one.words, one.comment) for one in inside]

    def _close(self) -> None:
        if len(self.blocks) == 1:
            raise CannotFormat(self.number, "this '}' closes nothing")
        self.blocks.pop()
        while self.entries and not str(self.entries[-1]):
            self.entries.pop()
        self.entries.append(_Entry(self._depth(), "}"))


def _without_comment(raw: str) -> tuple[str, str]:
    """(words, comment) of a line, both without outer blanks; the comment starts with its # or !."""
    quote, at = False, 0
    while at < len(raw):
        char = raw[at]
        if char == '"':
            quote = not quote
        elif char == "\\":
            at += 1
        elif char in "#!" and not quote:
            return raw[:at].strip(), raw[at:].rstrip()
        at += 1
    return raw.strip(), ""


def _today(of: Optional[Spec], text: str) -> str:
    """The words of a line, an old spelling replaced by that of today."""
    words = text.split(" ")
    entry = of.words.get(words[0]) if of is not None else None
    if entry is None:
        return text
    if entry.legacy:
        words[0] = entry.legacy
    if entry.mode == "line" and not entry.kind.raw:
        try:
            entry.kind.read(words[1:])
        except Odd as odd:
            if odd.code == "legacy-value" and odd.value is not None:
                return f"{words[0]} {entry.kind.write(odd.value)}"
        except Bad:
            pass
    return " ".join(words)
