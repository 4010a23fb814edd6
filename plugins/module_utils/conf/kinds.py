# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The kinds of single values: how the words after a keyword become a value, and a value becomes words.

A kind knows a range and a spelling, never a block or a place; mistakes are raised as findings.Bad with the number of
the word at fault. Kinds of whole blocks are in blocks.py, of lines with many options in lines.py.
Long because every kind of single value stands here, each a few lines.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any, Optional

from .findings import Bad, Odd
from .words import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_DECIMAL = re.compile(r"\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\Z")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}\Z")
_TRUE = ("true", "on", "yes")
_FALSE = ("false", "off", "no")
FOREVER = 4294967295


class Kind:
    """How the words after a keyword become a value and back.

    raw: read gets the text after the keyword uncut (scripts). listed: the words stand in a block, one item a line.
    shape: what a reader of the documentation is told to write. first: a repeated line is ignored, not the earlier.
    """

    raw = False
    listed = False
    names = False
    first = False
    block: Optional[type] = None
    made: Any = None
    shape = ""

    def read(self, words: Sequence[str]) -> Any:
        """The value of the words after the keyword. Raises Bad."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """The words of a value, as written after the keyword ('' for none). Raises ValueError."""
        raise NotImplementedError


def one(words: Sequence[str], what: str) -> str:
    """The first word of those a keyword needs. Raises Bad when there is none."""
    if not words:
        raise Bad(f"needs {what}", code="missing-value", word=0)
    return words[0]


def check_extra(words: Sequence[str], most: int, value: Any) -> Any:
    """The value, or Odd when there are words keepalived does not look at."""
    if len(words) > most:
        raise Odd(
            value,
            f"'{words[most]}' is ignored",
            "take it away, or put all in quotes if it belongs to the text"
            if isinstance(value, str)
            else "take it away",
            code="extra-words",
            word=most + 1,
        )
    return value


def integer(word: str, low: int, high: int) -> int:
    """A decimal number in a range. Raises Bad."""
    if not _INTEGER.match(word) or len(word) > 21:
        wanted = f"a number from {low} to {high}"
        raise Bad(f"'{word}' is not a whole number", lambda: _number_instead(word, wanted), code="not-a-number")
    number = int(word)
    if not low <= number <= high:
        raise Bad(f"{number} is out of range", f"a number from {low} to {high}", code="out-of-range")
    return number


def _number_instead(word: str, wanted: str, scale: float = 0) -> str:
    from .suggest import instead_of_number  # noqa: PLC0415 - only a mistake needs it

    return instead_of_number(word, wanted, scale)


def _address_instead(word: str) -> str:
    from .suggest import instead_of_address  # noqa: PLC0415 - only a mistake needs it

    return instead_of_address(word)


def address(word: str, family: int = 0) -> str:
    """A valid IPv4 or IPv6 address as it was written. Raises Bad."""
    if _IPV4.match(word):
        if family == 6:
            raise Bad(f"'{word}' is not an IPv6 address", code="bad-address")
        return word
    if ":" in word and family != 4:
        try:
            IPv6Address(word.partition("%")[0])
        except ValueError:
            pass
        else:
            return word
    kind = {4: "an IPv4", 6: "an IPv6"}.get(family, "an IP")
    raise Bad(f"'{word}' is not {kind} address", lambda: _address_instead(word), code="bad-address")


def is_ipv6(word: str) -> bool:
    """Whether an address as written is IPv6."""
    return ":" in word


class Flag(Kind):
    """A word that stands alone; its presence is the value."""

    def read(self, words: Sequence[str]) -> Any:
        return check_extra(words, 0, True)

    def write(self, value: Any) -> str:
        if value is not True:
            raise ValueError(f"{value!r}: a flag can only be present")
        return ""


class OnOff(Kind):
    """A truth value; the word alone means true."""

    shape = "[true|false]"

    def read(self, words: Sequence[str]) -> Any:
        if not words:
            return True
        if words[0] in _TRUE or words[0] in _FALSE:
            return check_extra(words, 1, words[0] in _TRUE)
        raise Bad(
            f"'{words[0]}' is neither true nor false", "one of true, on, yes, false, off, no", code="not-a-truth-value"
        )

    def write(self, value: Any) -> str:
        return "" if value is True else "false"


class Int(Kind):
    """A whole number in a range. bare: the value of the word alone."""

    def __init__(self, low: int, high: int, *, bare: Optional[int] = None) -> None:
        self.low, self.high, self.bare = low, high, bare
        self.shape = f"{low}..{high}"

    def read(self, words: Sequence[str]) -> Any:
        if not words and self.bare is not None:
            return self.bare
        return check_extra(words, 1, integer(one(words, "a number"), self.low, self.high))

    def write(self, value: Any) -> str:
        if value == self.bare and not self.low <= value <= self.high:
            return ""
        if not self.low <= value <= self.high:
            raise ValueError(f"{value!r} is not from {self.low} to {self.high}")
        return str(value)


class Seconds(Kind):
    """A duration in seconds with at most six decimals. The value is a float."""

    scale = 1

    def __init__(self, low: float, high: float = 4294967.295, *, zero_is_default: bool = False) -> None:
        self.low, self.high, self.zero_is_default = low, high, zero_is_default
        self.shape = f"{plain_number(low)}..{plain_number(high)} s"

    def read(self, words: Sequence[str]) -> Any:
        word = one(words, "a number of seconds")
        if not _DECIMAL.match(word) or len(word) > 30:
            scale, wanted = self.scale, self.shape
            raise Bad(f"'{word}' is not a duration", lambda: _number_instead(word, wanted, scale), code="not-a-number")
        number = round(float(word) / self.scale, 6)
        if self.zero_is_default and not number:
            # the file that distributions install has it, and none is what keepalived does when it refuses the 0
            raise Odd(
                None, "keepalived does not take 0", "take the line away: none is the default", code="zero-ignored"
            )
        if not self.low <= number <= self.high:
            raise Bad(f"{word} is out of range", f"{self.shape}", code="out-of-range")
        if len(word.partition(".")[2]) > 6:
            raise Odd(number, f"'{word}' has more than six decimals", "it is rounded", code="too-many-decimals")
        return check_extra(words, 1, number)

    def write(self, value: Any) -> str:
        if not self.low <= value <= self.high:
            raise ValueError(f"{value!r} is not from {self.low} to {self.high}")
        return plain_number(value * self.scale)


class Milliseconds(Seconds):
    """A duration written in milliseconds with at most three decimals. The value is a float of seconds."""

    scale = 1000

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low / 1000, high / 1000)
        self.shape = f"{plain_number(low)}..{plain_number(high)} ms"


def plain_number(value: float) -> str:
    """A number without exponent and without needless zeros."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


class Word(Kind):
    """One word (or one string in double quotes)."""

    shape = "WORD"

    def __init__(self, longest: int = 0) -> None:
        self.longest = longest

    def read(self, words: Sequence[str]) -> Any:
        word = one(words, "a value")
        if not word:
            raise Odd(None, "the value is empty", "take the line away", code="empty-value")
        if self.longest and len(word) > self.longest:
            raise Bad(f"'{word}' is longer than {self.longest} characters", code="too-long")
        return check_extra(words, 1, word)

    def write(self, value: Any) -> str:
        if not value or (self.longest and len(value) > self.longest):
            raise ValueError(f"{value!r} is empty or too long")
        return quoted(value)


class OptionalWord(Word):
    """One word, or none: the empty string."""

    shape = "[WORD]"

    def read(self, words: Sequence[str]) -> Any:
        return super().read(words) if words else ""

    def write(self, value: Any) -> str:
        return super().write(value) if value else ""


class Words(Kind):
    """Several words. The value is a tuple."""

    shape = "WORD..."

    def __init__(self, least: int, most: int, longest: int = 0) -> None:
        self.least, self.most, self.longest = least, most, longest

    def read(self, words: Sequence[str]) -> Any:
        if len(words) < self.least:
            one((), "a value")
        for number, word in enumerate(words[: self.most]):
            if self.longest and len(word) > self.longest:
                raise Bad(f"'{word}' is longer than {self.longest} characters", code="too-long", word=number + 1)
        return check_extra(words, self.most, tuple(words[: self.most]))

    def write(self, value: Any) -> str:
        if not self.least <= len(value) <= self.most:
            raise ValueError(f"{value!r}: from {self.least} to {self.most} words")
        return " ".join(quoted(word) for word in value)


class Numbers(Kind):
    """Several whole numbers. The value is a tuple."""

    shape = "NUMBER..."

    def __init__(self, low: int, high: int, least: int = 1, most: int = 1024) -> None:
        self.low, self.high, self.least, self.most = low, high, least, most

    def read(self, words: Sequence[str]) -> Any:
        if len(words) < self.least:
            one((), "a number" if self.least == 1 else f"{self.least} numbers")
        numbers = []
        for position, word in enumerate(words[: self.most]):
            try:
                numbers.append(integer(word, self.low, self.high))
            except Bad as bad:
                bad.word = position + 1
                raise
        return check_extra(words, self.most, tuple(numbers))

    def write(self, value: Any) -> str:
        return " ".join(str(number) for number in value)


class Choice(Kind):
    """One of some words. bare: the value of the keyword alone; fold: case does not matter; other: old spellings."""

    def __init__(
        self,
        choices: tuple[str, ...],
        *,
        bare: Optional[str] = None,
        fold: bool = False,
        other: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.choices, self.bare, self.fold = choices, bare, fold
        self.other = dict(other)
        self.shape = f"[{'|'.join(choices)}]" if bare is not None else "|".join(choices)

    def read(self, words: Sequence[str]) -> Any:
        if not words and self.bare is not None:
            return self.bare
        word = one(words, f"one of {', '.join(self.choices)}")
        if word in self.choices:
            return check_extra(words, 1, word)
        if self.fold and word.upper() in self.choices:
            return check_extra(words, 1, word.upper())
        if word in self.other:
            meant = self.other[word]
            odd = Odd(meant, f"'{word}' is an old word for {meant}", f"write {meant}", code="legacy-value")
            odd.level = "note"
            raise odd
        raise Bad(f"'{word}' is not known here", lambda: _instead(word, self.choices), code="unknown-value")

    def write(self, value: Any) -> str:
        if value == self.bare:
            return ""
        if value not in self.choices:
            raise ValueError(f"{value!r} is none of {', '.join(self.choices)}")
        return str(value)


def _instead(word: str, choices: tuple[str, ...]) -> str:
    from .suggest import nearest  # noqa: PLC0415 - only a mistake needs it

    meant = nearest(word, choices)
    known = f"one of {', '.join(choices)}"
    return f"did you mean '{meant}'? ({known})" if meant else known


class Address(Kind):
    """An IP address. family: 4, 6 or 0 for either."""

    shape = "ADDRESS"

    def __init__(self, family: int = 0, *, multicast: bool = False) -> None:
        self.family, self.multicast = family, multicast

    def read(self, words: Sequence[str]) -> Any:
        word = address(one(words, "an address"), self.family)
        if self.multicast and not _is_multicast(word):
            raise Bad(f"{word} is not a multicast address", code="not-multicast")
        return check_extra(words, 1, word)

    def write(self, value: Any) -> str:
        try:
            return address(value, self.family)
        except Bad as bad:
            raise ValueError(bad.message) from None


def _is_multicast(word: str) -> bool:
    return IPv6Address(word.partition("%")[0]).is_multicast if is_ipv6(word) else IPv4Address(word).is_multicast


class GranularityLine(Kind):
    """A netmask (IPv4) or a prefix length (IPv6)."""

    shape = "NETMASK|1..128"

    def read(self, words: Sequence[str]) -> Any:
        word = one(words, "a netmask or a prefix length")
        if "." not in word:
            integer(word, 1, 128)
            return check_extra(words, 1, word)
        return check_extra(words, 1, address(word, 4))

    def write(self, value: Any) -> str:
        return str(self.read((value,)))


class HexBytes(Kind):
    """Bytes as hexadecimal digits, blanks between them allowed. wild: x stands for any digit; bare: may be empty."""

    shape = "HEX..."

    def __init__(self, *, bare: bool = False, wild: bool = False) -> None:
        self.bare = bare
        self.digits = "0123456789abcdefx" if wild else "0123456789abcdef"

    def read(self, words: Sequence[str]) -> Any:
        if not words and self.bare:
            return ""
        pieces = one(words, "hexadecimal digits").lower().split()
        made = []
        for piece in pieces:
            for char in piece:
                if char not in self.digits:
                    raise Bad(f"'{char}' is not a hexadecimal digit", code="not-hexadecimal")
            # a digit that stands alone is a byte of its own
            made.append(piece if len(piece) % 2 == 0 else f"{piece[:-1]}0{piece[-1]}")
        if not made:
            raise Bad("the value is empty", code="empty-value")
        return check_extra(words, 1, "".join(made))

    def write(self, value: Any) -> str:
        if not value and self.bare:
            return ""
        if len(value) % 2 or not value or any(char not in self.digits for char in value):
            raise ValueError(f"{value!r} is not pairs of lower-case hexadecimal digits")
        return str(value)


class StatusCodes(Kind):
    """HTTP status codes and ranges of them. The value is a tuple of (first, last)."""

    shape = "CODE[-CODE]..."

    def read(self, words: Sequence[str]) -> Any:
        one(words, "a status code")
        ranges = []
        for number, word in enumerate(words):
            low, dash, high = word.partition("-")
            try:
                first = integer(low, 100, 599)
                last = integer(high, 100, 599) if dash else first
            except Bad:
                help_text = f"write {word.replace(',', ' ').strip()}" if "," in word else "100 to 599, 200-299"
                raise Bad(f"'{word}' is no status code or range of them", help_text, word=number + 1) from None
            if first > last:
                raise Bad(f"the range {word} is backwards", f"{last}-{first}", word=number + 1)
            ranges.append((first, last))
        return tuple(ranges)

    def write(self, value: Any) -> str:
        return " ".join(str(low) if low == high else f"{low}-{high}" for low, high in value)


class InitFileLine(Kind):
    """init_file [VALUE] [overwrite]. The value is the tuple of the words."""

    shape = "[NUMBER] [overwrite]"

    def read(self, words: Sequence[str]) -> Any:
        for number, word in enumerate(words[:2]):
            if word != "overwrite":
                try:
                    integer(word, -0x80000000, 0x7FFFFFFF)
                except Bad as bad:
                    bad.word = number + 1
                    raise
        return check_extra(words, 2, tuple(words[:2]))

    def write(self, value: Any) -> str:
        return " ".join(value)
