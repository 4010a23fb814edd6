# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""~SEQ(VAR, START, STEP, END), ~SEQx(...) and ~LST(VAR, A, B), ~LST({V, W}, {A, B}, ...): one text, several times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .variables import Variables

_SEQ = re.compile(r"~SEQ(x?)[ \t]*\([ \t]*([^ \t,){]+)[ \t]*,([^)]*)\)[ \t]*")
_LST = re.compile(r"~LST[ \t]*\(([^)]*)\)[ \t]*")
_GROUP = re.compile(r"[ \t]*(?:\{([^{}]*)\}|([^{},]*))[ \t]*(,|\Z)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MOST = 50_000


class WrongSequence(Exception):  # noqa: N818 - it is raised for the finding it becomes
    """A ~SEQ or ~LST that cannot be understood."""


class Sequences(NamedTuple):
    """The values of the variables in each round, and where the text to repeat starts."""

    values: Iterable[tuple[tuple[str, str], ...]]
    end: int

    @classmethod
    def read(cls, text: str, variables: Variables) -> Sequences:
        """The sequence at the start of a line. Raises WrongSequence."""
        return _numbers(text, variables) if text.startswith("~SEQ") else _list(text, variables)


def _numbers(text: str, variables: Variables) -> Sequences:
    found = _SEQ.match(text)
    if not found:
        raise WrongSequence("this is no ~SEQ")
    hexadecimal, name, given = found.groups()
    if not _NAME.match(name):
        raise WrongSequence(f"'{name}' is no name of a variable")
    numbers = []
    for word in variables.text(given).split(","):
        try:
            numbers.append(int(word.strip(), 0))
        except ValueError:
            raise WrongSequence(f"'{word.strip()}' is not a number") from None
    start, step, end = _bounds(numbers)
    if hexadecimal and min(start, end) < 0:
        raise WrongSequence("~SEQx counts no negative numbers")
    count = (end - start) // step + 1
    if count > _MOST:
        raise WrongSequence(f"it repeats {count} times, more than {_MOST}")
    form = "x" if hexadecimal else "d"
    return Sequences(
        (((name, format(value, form)),) for value in range(start, start + count * step, step)), found.end()
    )


def _bounds(numbers: list[int]) -> tuple[int, int, int]:
    if len(numbers) == 1:
        end = numbers[0]
        return (-1 if end < 0 else 1), (-1 if end < 1 else 1), end
    if len(numbers) == 2:
        start, end = numbers
        return start, (1 if start <= end else -1), end
    if len(numbers) == 3:
        start, step, end = numbers
        if step and not (start < end and step < 0) and not (start > end and step > 0):
            return start, step, end
        raise WrongSequence(f"steps of {step} do not lead from {start} to {end}")
    raise WrongSequence("one to three numbers are needed")


def _list(text: str, variables: Variables) -> Sequences:
    found = _LST.match(text)
    if not found:
        raise WrongSequence("this is no ~LST")
    groups = _groups(variables.text(found.group(1)))
    names = groups[0]
    if len(groups) < 2 or not all(_NAME.match(name) for name in names):
        raise WrongSequence("~LST needs a variable (or several in braces) and values")
    rounds = []
    for values in groups[1:]:
        if len(values) > len(names):
            raise WrongSequence(f"{len(values)} values for {len(names)} variables")
        padded = values + [""] * (len(names) - len(values))
        rounds.append(tuple(zip(names, padded)))
    return Sequences(rounds, found.end())


def _groups(text: str) -> list[list[str]]:
    groups = []
    at = 0
    while True:
        found = _GROUP.match(text, at)
        if not found:
            raise WrongSequence("braces and commas do not match")
        inner, word, comma = found.groups()
        groups.append([part.strip() for part in inner.split(",")] if inner is not None else [word.strip()])
        at = found.end()
        if not comma:
            return groups
