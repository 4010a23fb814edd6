# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which block lacks its closing brace: told by the indentation, since every brace after it closes another block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from .places import Places
    from .tree import Builder

_TOP = ("vrrp_instance", "virtual_server", "vrrp_sync_group", "vrrp_script", "global_defs", "virtual_server_group")


def unclosed(builder: Builder, places: Places) -> None:
    """Record one error at the opening line of the block that was not closed."""
    text, place = _suspect(builder, places)
    message = f"the block '{text}' is not closed" if text else "this '{' is not closed"
    places.find("error", "unclosed-block", message, place, text=text, help_text="write '}' at its end")


def _suspect(builder: Builder, places: Places) -> tuple[str, int]:
    """(text, place) of the innermost open block that has a block of the top level in it, else of the innermost."""
    chain = []
    for level, place in builder.open:
        node = next((one for one in level if one[1] == place), ("", place, []))
        chain.append(node)
    for node in chain:
        found = _holder(node)
        if found is not None:
            return found
    del places
    text, place, _children = chain[-1]
    return text, place


def _holder(node: Any) -> Optional[tuple[str, int]]:
    """The block among node and the blocks in it that directly holds a keyword of the top level."""
    stack = [node]
    while stack:
        text, place, children = stack.pop()
        for child in children or ():
            if child[2] is not None:
                if child[0].partition(" ")[0] in _TOP and not text.startswith("vrrp_sync_group_"):
                    return text, place
                stack.append(child)
    return None
