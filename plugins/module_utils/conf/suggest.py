# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Did you mean: the known word that a mistyped one is nearest to, and what else is often meant by a wrong one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 64
_UNIT = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)\Z", re.IGNORECASE)
_IN_SECONDS = {"u": 0.000001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}\Z")
_BRACKETS = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]+))?\Z")
_HOST = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z")
_STRING = re.compile(r'"[^"]*"?')
_ODD = {
    "\ufeff": ("a byte order mark", "save the file as UTF-8 without it"),
    **dict.fromkeys(
        "\u00a0\u2007\u202f\u3000\u2003\u2002\u2009", ("a blank that is no plain one", "write a plain blank")
    ),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\u00ad", ("a character that cannot be seen", "take it away")),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019", ("a typographic quote", 'write "')),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", ("a dash that is no minus sign", "write -")),
}


class OddCharacter(NamedTuple):
    """A character that looks like another one, or like none: where in the text, what it is, how to mend it."""

    at: int
    what: str
    help: str


def nearest(word: str, known: Iterable[str]) -> Optional[str]:
    """The known word with the fewest typing mistakes between, if a third of the letters or fewer are wrong."""
    if len(word) > _LONGEST:
        return None
    folded = word.lower().replace("-", "_")
    best, least = None, max(1, len(word) // 3) + 1
    for candidate in known:
        if abs(len(candidate) - len(word)) < least:
            distance = _distance(folded, candidate.lower().replace("-", "_"), least)
            if distance < least:
                best, least = candidate, distance
    return best


def _distance(left: str, right: str, limit: int) -> int:
    """Damerau's distance (insertion, deletion, change, swap of neighbours); `limit` when it is not below that."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, char in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (char != other))
            if row > 1 and column > 1 and char == right[column - 2] and left[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) >= limit:
            return limit
        before, previous = previous, current
    return min(previous[-1], limit)


def odd_character(text: str) -> Optional[OddCharacter]:
    """The first character outside of quotes that was hardly meant."""
    bare = _STRING.sub(lambda found: " " * len(found.group()), text)
    for at, char in enumerate(bare):
        if char in _ODD:
            what, mend = _ODD[char]
            return OddCharacter(at, f"{what} (U+{ord(char):04X})", mend)
    return None


def instead_of_number(word: str, wanted: str, scale: float = 0) -> str:
    """How to mend what is no number. wanted: what the range is; scale: how many of its units a second has, if any."""
    if word.startswith("="):
        return f"no '=' belongs here: {wanted}"
    unit = _UNIT.match(word)
    if unit and scale:
        name = unit.group(2).lower()
        each = 0.001 if name == "ms" else _IN_SECONDS[name[0]]
        return f"write {float(unit.group(1)) * each * scale:.10g}, without a unit: {wanted}"
    if unit:
        return f"without a unit: {wanted}"
    if re.match(r"\d+,\d+\Z", word) and scale:
        return f"write {word.replace(',', '.')}"
    digits = word.rstrip(";,")
    return f"write {digits}" if digits != word and digits.isdigit() else wanted


def instead_of_keyword(word: str) -> str:
    """How to mend a word that is no keyword in any block, when it is not a mistyped one."""
    if word.startswith("$"):
        return "a variable is set by $NAME=VALUE, without blanks; its name starts with a letter"
    if word.startswith(("//", "/*", "--", ";", "<!--")):
        return "a comment starts with # or !"
    return ""


def instead_of_address(word: str) -> str:
    """What is often meant by a word that is nearly an address."""
    if word.startswith("$"):
        return "no such variable is defined; beside other characters its name needs braces: ${NAME}"
    bracketed = _BRACKETS.match(word)
    if bracketed:
        where, port = bracketed.groups()
        return f"write {where} {port}, without brackets" if port else f"write {where}, without brackets"
    parts = word.split(".")
    if len(parts) == 4 and all(part.isdigit() and len(part) <= 3 for part in parts):
        plain = ".".join(str(int(part)) for part in parts)
        return f"write {plain}, without leading zeros" if _IPV4.match(plain) else "each of the four numbers is 0 to 255"
    if _HOST.match(word):
        return "no names are looked up: write the address"
    where, colon, port = word.partition(":")
    if colon and _IPV4.match(where):
        return f"write {where} {port}, the port is a word of its own"
    where = word.partition("/")[0]
    if where != word and (_IPV4.match(where) or ":" in where):
        return f"write {where}, no prefix length belongs here"
    return "without a comma, one address a line" if word.endswith((",", ";")) else ""
