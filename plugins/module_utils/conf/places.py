# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where things were written: from the number a node carries to file, line, column, and to a finding.

A place that is not negative is file number * FILE + line number, of a line taken as it stands. A negative one is an
entry of `origins`: a line that was changed on the way (quotes, variables, several pieces), with the column of each of
its characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from .findings import ERROR, Finding
from .words import offsets

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = 1 << 40
_MOST = 1000


class Places:
    """The files read so far, the origins of changed lines, and the findings."""

    def __init__(self) -> None:
        self.files: list[tuple[str, list[str]]] = []
        self.origins: list[tuple[int, Sequence[int], str]] = []
        self.findings: list[Finding] = []
        # lines with a mistake that makes others out of it: nothing more is said about their words
        self.spoiled: set[int] = set()
        # places of words and braces behind @lvs_agent, which keepalived does not see
        self.agent: set[int] = set()

    @property
    def full(self) -> bool:
        """Whether there are so many findings that no more are taken."""
        return len(self.findings) >= _MOST

    def silent(self, place: int) -> bool:
        """Whether nothing more is said about a place."""
        return self.full or (bool(self.spoiled) and self.order(place) in self.spoiled)

    def add_file(self, name: str, lines: list[str]) -> int:
        """A new file; the place of its line 0."""
        self.files.append((name, lines))
        return (len(self.files) - 1) * FILE

    def first(self, file: int) -> int:
        """The place of line 0 of a file."""
        return file * FILE

    def origin(self, line: int, columns: Sequence[int], text: str) -> int:
        """The place of a changed line or piece: the line it stands in, and the column (from 1) of each character."""
        self.origins.append((line, columns, text))
        return -len(self.origins)

    def line(self, place: int) -> tuple[str, int, str]:
        """(file, line, text of the line) of a place."""
        if place < 0:
            place = self.origins[-place - 1][0]
        name, lines = self.files[place // FILE]
        number = place % FILE
        return name, number, lines[number - 1] if 0 < number <= len(lines) else ""

    def column(self, place: int, word: int, text: str) -> int:
        """The column of a word of a node's text, counted from 0; the last word, or the end, when there are fewer."""
        starts = offsets(text)
        if word >= len(starts):
            word = len(starts) - 1
        start = starts[word] if starts and word >= 0 else 0
        if place < 0:
            columns = self.origins[-place - 1][1]
            return columns[start] if start < len(columns) else columns[-1] if columns else 1
        source = self.line(place)[2]
        return len(source) - len(source.lstrip(" \t")) + start + 1

    def find(
        self, level: str, code: str, message: str, place: int, *, text: str = "", word: int = 0, help_text: str = ""
    ) -> None:
        """Record one finding at a word of a node."""
        if not self.silent(place):
            self.findings.append(self.finding(level, code, message, place, text=text, word=word, help_text=help_text))

    def finding(
        self, level: str, code: str, message: str, place: int, *, text: str = "", word: int = 0, help_text: str = ""
    ) -> Finding:
        """One finding at a word of a node."""
        name, number, source = self.line(place)
        return Finding(level, code, message, help_text, name, number, self.column(place, word, text), source)

    def error(self, place: int, code: str, message: str, help_text: str = "", column: Optional[int] = None) -> None:
        """Record an error at a column of a line (its first character by default)."""
        name, number, source = self.line(place)
        if column is None:
            column = self.column(place, 0, "")
        if not self.full:
            self.findings.append(Finding(ERROR, code, message, help_text, name, number, column, source))

    def order(self, place: int) -> int:
        """A number that grows in the order of reading, whatever the kind of place."""
        return self.origins[-place - 1][0] if place < 0 else place
