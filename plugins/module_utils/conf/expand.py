# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lines that are more than words: comments beside quotes, conditions, variables, sequences, includes, inner braces.

The rules are keepalived's (man keepalived.conf(5), "Conditional configuration", "Parameter substitution", "Sequence
blocks", "Include files"). Every character keeps the column it was written at, so that a finding points there. What
could run away is bounded: lines made by expansion, replacements in a line, files inside files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from .findings import WARNING
from .sequences import Sequences, WrongSequence
from .tree import LONGEST_LINE, Builder
from .variables import RecursiveVariable, Variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .places import Places

# pattern, name of the including file, letter of the include variant ('' for plain) -> (name, text) of each file
Opener = Callable[[str, str, str], "Sequence[tuple[str, str]]"]

AGENT = "lvs_agent"
_MOST_LINES = 50_000
_MOST_FILES = 500
_DEEPEST = 20
_MOST_TEXT = 32 << 20
_INCLUDE = re.compile(r"include([rmwba]?)(?=[ \t]|\Z)[ \t]*(.*)")
_BRACES = re.compile(r'"[^"]*"?|[{}]')
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}")
_DEFINITION = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)=[ \t]*")


class Line(NamedTuple):
    """A line or a part of one: its text, the column (from 1) of each character, and its place (file and line)."""

    text: str
    columns: Sequence[int]
    place: int

    def part(self, start: int, end: Optional[int] = None) -> Line:
        """The characters from start to end."""
        return Line(self.text[start:end], self.columns[start:end], self.place)

    def strip(self) -> Line:
        """Without the blanks at both ends."""
        text = self.text.strip(" \t\f\v\r")
        if not text:
            return Line("", (), self.place)
        start = self.text.index(text)
        return self.part(start, start + len(text))


class Expander:
    """Feeds a Builder with the lines of a file and of the files it includes. defining: a line goes on in the next.

    agent: the line is one that keepalived skips, for it stands behind @lvs_agent.
    """

    def __init__(
        self,
        builder: Builder,
        places: Places,
        opener: Optional[Opener],
        config_id: Optional[str],
        environ: Optional[Mapping[str, str]],
    ) -> None:
        self.builder, self.places, self.opener, self.config_id = builder, places, opener, config_id
        self.variables = Variables(environ or {})
        self.defining = self.agent = False
        self._definition: Optional[tuple[str, list[Line]]] = None
        self._pending: list[Line] = []
        self._files: list[str] = []
        self._read = 0
        self._size = 0
        self._made = 0

    def file(self, name: str, text: str) -> None:
        """All lines of one file."""
        self._size += len(text)
        self._read += 1
        lines, start = [""], 0
        if self._size > _MOST_TEXT:
            start = self.places.add_file(name, lines)
            self.places.error(start + 1, "too-large", f"more than {_MOST_TEXT >> 20} MiB of configuration", column=0)
            return
        lines = text.split("\n")
        long_lines: list[tuple[int, str]] = []
        if max(map(len, lines)) > LONGEST_LINE:
            long_lines = [(at, line[:60]) for at, line in enumerate(lines, 1) if len(line) > LONGEST_LINE]
            lines = [line if len(line) <= LONGEST_LINE else "" for line in lines]
            text = "\n".join(lines)
        start = self.places.add_file(name, lines)
        for number, shown in long_lines:
            lines[number - 1] = shown
            message = f"the line is longer than {LONGEST_LINE} characters: keepalived ignores it"
            self.places.error(start + number, "line-too-long", message, "make it several lines", column=1)
        self._files.append(name)
        self.variables.directory = name.rpartition("/")[0] or "."
        if self.agent:
            for number, raw in enumerate(lines, start + 1):
                self.line(raw, number)
        else:
            self.builder.simple(text, start, self, lines)
        self._finish()
        self._files.pop()

    def line(self, raw: str, place: int) -> None:
        """One line as it stands in the file."""
        if "\0" in raw:
            message = "the line has a NUL character: keepalived ignores it"
            self.places.error(place, "nul-character", message, "remove it", column=raw.index("\0") + 1)
            return
        line, continued = self._decomment(Line(raw, range(1, len(raw) + 1), place))
        if self._definition is not None:
            self._define(line, continued)
        elif self._pending:
            self._pending.append(line)
            if not continued:
                self._join()
        elif not line.text:
            return
        elif continued and not _DEFINITION.match(line.text):
            message = "keepalived continues only definitions ($NAME=...) on the next line"
            end = raw.rfind("\\") + 1
            self.places.findings.append(self._warning(place, end, "continued-line", message, "write it on one line"))
            self._pending, self.defining = [line], True
        else:
            self.process(line, 0, continued=continued)

    def _finish(self) -> None:
        """The end of a file ends a definition or a line that would go on."""
        if self._definition is not None:
            self._define(Line("", (), 0), continued=False)
        if self._pending:
            self._join()
        self.defining = False

    def _join(self) -> None:
        """One line of those that were to go on in the next."""
        lines, self._pending, self.defining = self._pending, [], False
        columns = [column for line in lines for column in (1, *line.columns)]
        self.process(Line(" ".join(line.text for line in lines), columns[1:], lines[0].place), 0)

    def _warning(self, place: int, column: int, code: str, message: str, help_text: str) -> Any:
        found = self.places.finding(WARNING, code, message, place, help_text=help_text)
        return found.__class__(WARNING, code, message, help_text, found.file, found.line, column, found.source_line)

    def _decomment(self, line: Line) -> tuple[Line, bool]:
        """The line without comment and outer blanks, and whether a backslash ends it."""
        text, quote, kept, at = line.text, False, [], 0
        continued, changed = False, False
        opened = 0
        size = len(text)
        while at < size:
            char = text[at]
            if char == '"':
                quote, opened = not quote, at
            elif char == "\\":
                rest = text[at + 1 :].strip("\r")
                if not rest:
                    continued, changed = True, True
                    break
                if not quote and rest[0] in "#!":
                    at, changed = at + 1, True
                else:
                    kept.append(at)
                    at += 1
            elif char in "#!" and not quote:
                changed = True
                self._glued(line, at)
                break
            kept.append(at)
            at += 1
        if quote:
            message = "the string has no closing quote"
            self.places.error(line.place, "open-quote", message, 'write a " at its end', column=line.columns[opened])
            self.places.spoiled.add(self.places.order(line.place))
        if changed:
            line = Line("".join(text[i] for i in kept), [line.columns[i] for i in kept], line.place)
        return line.strip(), continued

    def _glued(self, line: Line, at: int) -> None:
        """A comment that starts inside a word: often the rest of a password that is not in quotes."""
        before, after = line.text[at - 1 : at], line.text[at + 1 : at + 2]
        if before.strip(" \t\r{}") and after.strip():
            char = line.text[at]
            message = f"'{char}' starts a comment: the word ends before it"
            help_text = f"put the word in quotes if '{char}' belongs to it, else a blank before it"
            self.places.findings.append(
                self._warning(line.place, line.columns[at], "comment-in-word", message, help_text)
            )

    def process(self, line: Line, depth: int, *, continued: bool = False) -> None:
        """One line without comment: obey what it says, or hand its pieces to the builder."""
        if depth > 0 and self._spent(line.place):
            return
        if depth > _DEEPEST:
            self._made = max(self._made, _MOST_LINES)
            self._spent(line.place)
            return
        text = line.text
        if text.startswith("@"):
            line = self._conditional(line)
            if not line.text:
                return
            before, self.agent = self.agent, self.agent or text[1:].startswith((f"{AGENT} ", f"{AGENT}\t"))
            self._obey(line, depth, continued)
            self.agent = before
        elif text:
            self._obey(line, depth, continued)

    def _obey(self, line: Line, depth: int, continued: bool) -> None:
        text = line.text
        definition = _DEFINITION.match(text) if text[0] == "$" else None
        if definition:
            self._definition = (definition.group(1), [])
            self._define(line.part(definition.end()), continued)
        elif text.startswith(("~SEQ", "~LST")):
            self._sequence(line, depth)
        elif "$" in text:
            self._replace(line, depth)
        else:
            self._plain(line)

    def _spent(self, place: int) -> bool:
        """Count a line made; whether there are too many of them, which is said once."""
        self._made += 1
        if self._made == _MOST_LINES + 1:
            message = f"more than {_MOST_LINES} lines come out of variables and sequences"
            self.places.error(place, "expansion-limit", message)
        return self._made > _MOST_LINES

    def _plain(self, line: Line) -> None:
        include = _INCLUDE.match(line.text) if line.text.startswith("include") else None
        if include:
            self._include(line, include.group(1), include.group(2).strip())
        else:
            self._emit(line)

    def _conditional(self, line: Line) -> Line:
        """What stands behind @id or @^id when it holds here, else nothing. @lvs_agent always holds."""
        word, _blank, rest = line.text.replace("\t", " ").partition(" ")
        negated = word.startswith("@^")
        wanted = word[2:] if negated else word[1:]
        holds = wanted in (self.config_id, AGENT)
        if holds == negated or not rest.strip():
            return Line("", (), line.place)
        return line.part(len(word)).strip()

    def _define(self, line: Line, continued: bool) -> None:
        """A line of a definition: the first, or one after a line that ended in a backslash."""
        if self._definition is None:
            return
        name, lines = self._definition
        if line.text or not lines:
            lines.append(line.strip())
        if continued and (line.text or len(lines) == 1):
            self.defining = True
            return
        self._definition, self.defining = None, False
        multiline = len(lines) > 1
        self.variables.define(name, [part for part in lines if part.text] if multiline else lines, multiline=multiline)

    def _sequence(self, line: Line, depth: int) -> None:
        try:
            sequence = Sequences.read(line.text, self.variables)
        except (WrongSequence, RecursiveVariable) as wrong:
            column = line.columns[0]
            self.places.error(line.place, "bad-sequence", str(wrong), "~SEQ(VAR, START, STEP, END) TEXT", column=column)
            return
        rest = line.part(sequence.end).strip()
        for values in sequence.values:
            # an empty text makes no lines, but takes its time
            if not rest.text and self._spent(line.place):
                break
            if self._made > _MOST_LINES:
                break
            for name, value in values:
                self.variables.define(name, [Line(value, [line.columns[0]] * len(value), line.place)])
            if rest.text:
                self.process(rest, depth + 1)

    def _replace(self, line: Line, depth: int) -> None:
        """Replace the variables of a line; the further lines of a multi-line variable follow it."""
        try:
            replaced, following = self.variables.replace(line)
        except RecursiveVariable as wrong:
            column = line.columns[line.text.index("$")]
            self.places.error(line.place, "recursive-variable", str(wrong), column=column)
            return
        undefined = self.variables.undefined(replaced.text)
        if undefined:
            name, at, braces = undefined
            column = replaced.columns[at]
            if braces:
                message = f"the variable {name} is not defined"
                self.places.error(replaced.place, "undefined-variable", message, f"${name}=VALUE before", column=column)
                # the line still opens its block
                self.places.spoiled.add(self.places.order(replaced.place))
        if replaced.text != line.text:
            replaced = self._decomment(replaced)[0]
            if replaced.text.startswith(("@", "~SEQ", "~LST")):
                self.process(replaced, depth + 1)
            elif replaced.text:
                self._made += 1
                self._plain(replaced)
        else:
            self._plain(line)
        for further in following:
            self.process(further, depth + 1)

    def _include(self, line: Line, variant: str, pattern: str) -> None:
        column = line.columns[0]
        if not pattern:
            self.places.error(line.place, "missing-value", "include needs the name of a file", column=column)
            return
        if self.opener is None:
            self.places.error(line.place, "include-not-read", "files cannot be included here", column=column)
            return
        try:
            found = self.opener(pattern, self._files[-1], variant)
        except OSError as wrong:
            reason = wrong.strerror or str(wrong)
            self.places.error(line.place, "include-not-read", f"{pattern}: {reason}", column=column)
            return
        for name, text in found:
            if name in self._files:
                message = f"{name} includes itself"
                self.places.error(line.place, "include-loop", message, "take this line away", column=column)
            elif len(self._files) >= _DEEPEST or self._read >= _MOST_FILES:
                self.places.error(line.place, "include-limit", "too many files are included", column=column)
                return
            else:
                directory = self.variables.directory
                self.file(name, text)
                self.variables.directory = directory

    def _emit(self, line: Line) -> None:
        """Cut a line at its braces and hand the pieces to the builder."""
        template = _TEMPLATE.search(line.text)
        if template:
            self._unfilled(line, template.start())
            line = line._replace(text=_TEMPLATE.sub(lambda found: "x" * len(found.group()), line.text))
        text, start = line.text, 0
        for found in _BRACES.finditer(text):
            char = found.group()
            if char not in "{}":
                continue
            self._piece(line.part(start, found.start()))
            start = found.end()
            place = self._origin(line.place, line.columns[found.start() : start], char)
            if char == "{":
                self.builder.begin(place)
            else:
                self.builder.end(place)
        self._piece(line.part(start) if start else line)

    def _unfilled(self, line: Line, at: int) -> None:
        """A line of a template that was not made into a file: what is said of it is said once."""
        message = "this is a template's placeholder, not a value"
        column = line.columns[at]
        self.places.error(line.place, "unexpected-brace", message, "fill the template in first", column=column)
        self.places.spoiled.add(self.places.order(line.place))

    def _piece(self, line: Line) -> None:
        line = line.strip()
        if line.text:
            self.builder.words(line.text, self._origin(line.place, line.columns, line.text))

    def _origin(self, line: int, columns: Sequence[int], text: str) -> int:
        place = self.places.origin(line, columns, text)
        if self.agent:
            self.places.agent.add(place)
        return place
