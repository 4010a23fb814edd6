# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""$NAME and ${NAME}: definitions of one or several lines, and the builtins ${_PWD}, ${_ENV NAME}, ...

`$NAME` ends at a blank, a comma, a closing parenthesis or the end of the line, elsewhere braces are needed. A
replacement is looked at again, so that variables may hold variables; what is not defined stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from collections.abc import Mapping

_USE = re.compile(
    r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)((?:[ \t]+[A-Za-z0-9_]+)*)\}|([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|\Z))"
)
_OPEN = re.compile(r"\$\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[^}]*\}")
_MOST = 200
_LONGEST = 1022
_MOST_WORK = 8_000_000


class RecursiveVariable(Exception):  # noqa: N818 - it is raised for the finding it becomes
    """A variable holds itself, or a line grows beyond what keepalived takes."""


class Variables:
    """The definitions made so far. Values are lists of expand.Line."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.directory = "."
        self.instance = ""
        self._values: dict[str, tuple[list[Any], bool]] = {}
        self._random = 20011
        self._work = 0

    def define(self, name: str, lines: list[Any], *, multiline: bool = False) -> None:
        """Set a variable."""
        self._values[name] = (lines, multiline)

    def replace(self, line: Any) -> tuple[Any, list[Any]]:
        """The line with its variables replaced, and the lines that follow when one has several. RecursiveVariable."""
        following: list[Any] = []
        at, rounds = 0, 0
        while True:
            found = _USE.search(line.text, at)
            if not found:
                return line, following
            rounds += 1
            self._work += len(line.text)
            if rounds > _MOST or len(line.text) > _LONGEST or self._work > _MOST_WORK:
                raise RecursiveVariable("a variable holds itself, or the line becomes too long")
            value = self._value(found, len(line.text))
            if value is None:
                at = found.start() + 1
                continue
            first, further = value
            self._work += 8 * len(further)
            following = [*further, *following]
            start, end = found.span()
            if further and start == 0 and end == len(line.text):
                line = first
            else:
                columns = [*line.columns[:start], *[line.columns[start]] * len(first.text), *line.columns[end:]]
                line = line.__class__(line.text[:start] + first.text + line.text[end:], columns, line.place)
            at = start

    def text(self, text: str) -> str:
        """A plain text with its variables replaced (the arguments of ~SEQ)."""
        rounds = 0
        while rounds < _MOST:
            found = _USE.search(text)
            value = self._value(found, len(text)) if found else None
            if not found or value is None or value[1]:
                return text
            text = text[: found.start()] + value[0].text + text[found.end() :]
            rounds += 1
        raise RecursiveVariable("a variable holds itself")

    def undefined(self, text: str) -> Optional[tuple[str, int, bool]]:
        """(name, position, True) of the first ${NAME} that is not defined."""
        found = _OPEN.search(text)
        return (found.group(1), found.start(), True) if found else None

    def _value(self, found: Any, length: int) -> Optional[tuple[Any, list[Any]]]:
        name = found.group(1) or found.group(3)
        held = self._values.get(name)
        if held is not None:
            lines, multiline = held
            if multiline and found.end() != length:
                return None
            return (lines[0], lines[1:]) if lines else (_Text(""), [])
        built = self._builtin(name, (found.group(2) or "").split())
        return None if built is None else (_Text(built), [])

    def _builtin(self, name: str, arguments: list[str]) -> Optional[str]:
        if name == "_ENV" and len(arguments) == 1:
            return self.environ.get(arguments[0], "")
        if name == "_RANDOM" and len(arguments) <= 2 and all(word.isdigit() for word in arguments):
            low, high = ([0, 32767] + [int(word) for word in arguments])[-2:] if len(arguments) == 2 else (0, 32767)
            # any number will do: what counts is that the same file reads the same twice
            self._random = (self._random * 1103515245 + 12345) % 0x80000000
            return str(low + self._random % (high - low + 1)) if low <= high else None
        if arguments:
            return None
        fixed = {"_PWD": self.directory, "_INSTANCE": self.instance, "_HASH": "\\#", "_BANG": "\\!"}
        return fixed.get(name)


class _Text:
    """The value of a builtin, in the shape of a line."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text
