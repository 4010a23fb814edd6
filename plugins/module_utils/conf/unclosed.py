# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which block lacks its closing brace, or which has one too many: told by the indentation, since every brace behind
the mistake closes another block than was meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from .places import Places
    from .tree import Builder

# what is said about lines that a brace too many put into another block
_FOLLOWS = ("misplaced-keyword", "unknown-keyword", "missing-keyword")
_NOT_BRACES = re.compile(r'"[^"]*"|[#!].*|\\.')


def unclosed(builder: Builder, places: Places) -> None:
    """Record one error at the opening line of the block that was not closed."""
    level, place = builder.open[-1]
    text = next((node[0] for node in level if node[1] == place), "")
    suspect = _by_indentation(places)
    if suspect is not None:
        place, text = suspect
    message = f"the block '{text}' is not closed" if text else "this '{' is not closed"
    places.find("error", "unclosed-block", message, place, text=text, help_text="write '}' at its end")


def extra(builder: Builder, places: Places) -> None:
    """Record one error for a closing brace too many, and forget what was said only because of it."""
    place = _too_far_right(places)
    if place is None:
        place = next((node[1] for node in builder.top if node[0] == "}"), 1)
    file, line, _text = places.line(place)
    places.findings[:] = [
        found for found in places.findings if found.code not in _FOLLOWS or (found.file, found.line) < (file, line)
    ]
    places.find("error", "extra-brace", "this '}' closes nothing", place, help_text="take it away")


def _too_far_right(places: Places) -> Optional[int]:
    """The place of the first closing brace that stands further right than the block it closes, or closes none."""
    open_blocks: list[int] = []
    for file, (_name, lines) in enumerate(places.files):
        for number, line in enumerate(lines, 1):
            text = _NOT_BRACES.sub("", line.expandtabs(8)).rstrip()
            indent = len(text) - len(text.lstrip())
            for char in text:
                if char == "{":
                    open_blocks.append(indent)
                elif char == "}" and (not open_blocks or (text.strip() == "}" and indent > open_blocks[-1])):
                    return places.first(file) + number
                elif char == "}":
                    open_blocks.pop()
    return None


def _by_indentation(places: Places) -> Optional[tuple[int, str]]:
    """(place, text) of the first block that is closed by a brace further left than its own line, or passed by one."""
    open_blocks: list[tuple[int, int, str]] = []
    for file, (_name, lines) in enumerate(places.files):
        for number, line in enumerate(lines, 1):
            bare = _NOT_BRACES.sub("", line.expandtabs(8)).rstrip()
            text = bare.strip()
            indent = len(bare) - len(bare.lstrip())
            if open_blocks and text and indent < open_blocks[-1][0]:
                return open_blocks[-1][1], open_blocks[-1][2]
            if open_blocks and text and text[0] not in "{}" and indent == open_blocks[-1][0]:
                return open_blocks[-1][1], open_blocks[-1][2]
            for char in text:
                if char == "{":
                    open_blocks.append((indent, places.first(file) + number, text.rstrip("{ ")))
                elif char == "}" and open_blocks:
                    open_blocks.pop()
    return None
