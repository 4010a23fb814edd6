# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is wrong with a file, where, and how to mend it. One finding a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Union

ERROR = "error"
WARNING = "warning"
NOTE = "note"
_COLOURS = {ERROR: "31", WARNING: "33", NOTE: "36"}
_TAB = 8
Help = Union[str, Callable[[], str]]


class Bad(Exception):  # noqa: N818 - it is raised for the finding it becomes
    """The words of one line cannot be a value. word: which one is at fault, counted from 0 at the keyword.

    help: how to mend it, or what finds that out when somebody wants to know (looking for the word that was meant
    takes longer than everything else).
    """

    def __init__(self, message: str, help: Help = "", *, code: str = "bad-value", word: int = 1) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self._help = help
        self.code = code
        self.word = word
        self.level = ERROR

    @property
    def help(self) -> str:
        """How to mend it."""
        return self._help if isinstance(self._help, str) else self._help()


class Odd(Bad):
    """As Bad, but the value can be used: the finding is a warning and `value` is what keepalived makes of it."""

    def __init__(self, value: object, message: str, help: Help = "", *, code: str, word: int = 1) -> None:  # noqa: A002
        super().__init__(message, help, code=code, word=word)
        self.value = value
        self.level = WARNING


@dataclass(frozen=True)
class Finding:
    """One mistake. level: error (not used), warning (used, but hardly meant), note (an old spelling).

    line and column count from 1; column 0 means the whole line. source_line is the line as the person wrote it.
    """

    level: str
    code: str
    message: str
    help: str
    file: str
    line: int
    column: int
    source_line: str

    def render(self, colour: bool = False) -> str:
        """`file:line:col: level[code]: message`, the line with a caret, and a help line. No newline at the end."""
        start, end = (f"\033[1;{_COLOURS[self.level]}m", "\033[0m") if colour else ("", "")
        text = [f"{self.file}:{self.line}:{self.column}: {start}{self.level}[{self.code}]{end}: {self.message}"]
        if self.source_line.strip():
            shown = _shown(self.source_line, self.column)
            text.append(f"    {shown[0]}")
            text.append(f"    {' ' * shown[1]}{start}^{end}")
        if self.help:
            text.append(f"  help: {self.help}")
        return "\n".join(text)


def _shown(line: str, column: int) -> tuple[str, int]:
    """The part of a line to show (tabs and control characters made visible as blanks), and where the caret goes."""
    before = line[: max(0, column - 1)].expandtabs(_TAB)
    whole = "".join(char if char.isprintable() else " " for char in line.expandtabs(_TAB).rstrip())
    first = max(0, len(before) - 90)
    return whole[first : first + 110], len(before) - first
