# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lines of `word value word value`: addresses, routes and rules in the words of ip(8), from one table of options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

from .findings import Bad
from .words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Option:
    """One option: its word and older words, the attribute it sets, and how its value is read and written."""

    __slots__ = ("attribute", "flag", "lockable", "longest", "read", "word", "words", "write")

    def __init__(
        self,
        word: str,
        attribute: str,
        also: tuple[str, ...] = (),
        *,
        flag: bool = False,
        longest: int = 0,
        lockable: bool = False,
        read: Optional[Callable[[str], Any]] = None,
        write: Callable[[Any], str] = quoted,
    ) -> None:
        self.word, self.attribute, self.words = word, attribute, (word, *also)
        self.flag, self.longest, self.lockable, self.read, self.write = flag, longest, lockable, read, write


def read_value(option: Option, words: Sequence[str], at: int) -> Any:
    """The value of an option whose word stands at words[at - 1]. Raises Bad with the number of the word."""
    if at >= len(words):
        raise Bad(f"{option.word} needs a value", code="missing-value", word=at - 1)
    word = words[at]
    if option.longest and len(word) > option.longest:
        raise Bad(f"'{word}' is longer than {option.longest} characters", code="too-long", word=at)
    if option.read is None:
        return word
    try:
        return option.read(word)
    except Bad as bad:
        bad.word = at
        raise


def read_options(words: Sequence[str], start: int, table: Mapping[str, Option]) -> dict[str, Any]:
    """The attributes that the options from words[start] on set. Raises Bad for an unknown or repeated one."""
    found: dict[str, Any] = {}
    at = start
    while at < len(words):
        option = table.get(words[at])
        if option is None:
            raise unknown_option(words[at], table, at)
        if option.attribute in found:
            raise Bad(f"{option.word} is there already", code="duplicate-option", word=at)
        if option.flag:
            found[option.attribute] = True
        else:
            at += 1
            found[option.attribute] = read_value(option, words, at)
        at += 1
    return found


def unknown_option(word: str, table: Iterable[str], at: int) -> Bad:
    """The mistake of a word that no option has."""

    def help_text() -> str:
        from .suggest import nearest  # noqa: PLC0415 - only a mistake needs it

        meant = nearest(word, tuple(table))
        return f"did you mean '{meant}'?" if meant else f"one of {', '.join(table)}"

    return Bad(f"'{word}' is not known here", help_text, code="unknown-option", word=at)


def write_options(value: Any, options: Iterable[Option]) -> list[str]:
    """The words of the options a value has set. Raises ValueError."""
    parts = []
    for option in options:
        item = getattr(value, option.attribute)
        if item is None or (option.flag and not item):
            continue
        parts.append(option.word)
        if not option.flag:
            if option.longest and len(item) > option.longest:
                raise ValueError(f"{item!r} is longer than {option.longest} characters")
            parts.append(option.write(item))
    return parts
