# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which block lacks its closing brace: told by the indentation, since every brace after it closes another block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from .places import Places
    from .tree import Builder

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
