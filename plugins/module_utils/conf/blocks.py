# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The kinds of keywords that open a block of keywords, and what stands on the opening line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fields import head_names
from .findings import Bad
from .kinds import Kind, check_extra, integer, one
from .lines import read_address_port, write_address_port
from .words import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence


class Block(Kind):
    """A block of keywords that is there at most once; the value is its dataclass. No words before the brace."""

    shape = "{ ... }"

    def __init__(self, block: type) -> None:
        self.block = block
        self.head = tuple(item for item in head_names(block) if item != "members")

    def read(self, words: Sequence[str]) -> Any:
        """The attributes that the opening line sets. Raises Bad."""
        if self.head == ():
            return check_extra(words, 0, {})
        if self.head == ("name",):
            name = _name(words)
            if len(words) > 1:
                message = f"'{words[1]}' stands after the name: keepalived skips the block"
                raise Bad(message, f'one word, or "{" ".join(words)}" in quotes', code="extra-name", word=2)
            return {"name": name}
        if self.head == ("address", "port"):
            return check_extra(words, 2, dict(zip(self.head, read_address_port(words))))
        return _read_virtual_server(words)

    def write(self, value: Any) -> str:
        """The words of the opening line, before the brace. Raises ValueError."""
        if self.head == ():
            return ""
        if self.head == ("name",):
            if not value.name:
                raise ValueError("the name is empty")
            return quoted(value.name)
        if self.head == ("address", "port"):
            return write_address_port(value.address, value.port)
        if value.group is not None:
            return f"group {quoted(value.group)}"
        if value.fwmark is not None:
            return f"fwmark {value.fwmark}"
        return write_address_port(value.address or "", value.port)


class Blocks(Block):
    """A block of keywords that may be there several times; the value is a tuple of its dataclass."""


class GroupBlocks(Blocks):
    """virtual_server_group NAME: one member a line instead of keywords."""


class Checks(Kind):
    """The checkers of a real server: several blocks with keywords of their own, kept in file order."""


def _name(words: Sequence[str]) -> str:
    word = one(words, "a name")
    if not word:
        raise Bad("the name is empty", code="empty-value")
    return word


def _read_virtual_server(words: Sequence[str]) -> Any:
    first = one(words, "an address and a port, fwmark MARK, or group NAME")
    if first not in ("fwmark", "group"):
        return check_extra(words, 2, dict(zip(("address", "port"), read_address_port(words))))
    if len(words) < 2:
        raise Bad(f"{first} needs a value", code="missing-value", word=1)
    if first == "group":
        return check_extra(words, 2, {"group": words[1]})
    try:
        return check_extra(words, 2, {"fwmark": integer(words[1], 0, 0x7FFFFFFF)})
    except Bad as bad:
        bad.word = 2
        raise
