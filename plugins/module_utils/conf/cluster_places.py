# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From a path into a document to the line of the file: the text is read once more, only when there is something to say.

A path is the names and numbers that lead to a keyword: ("vrrp_instances", 2, "virtual_ipaddress", 0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Tuple, Union

from .expand import Expander
from .places import Places
from .reader import Reader
from .spec import LISTED, NAMES
from .tree import Builder
from .words import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cluster import Director

Path = Tuple[Union[str, int], ...]
Place = Tuple[str, int, int, str]


def locate(director: Director, paths: Sequence[Path]) -> list[Place]:
    """(file, line, column, text of the line) of each path."""
    if not paths:
        return []
    if director.text is None:
        return [(f"{director.file or director.name}: {shown(path)}", 0, 0, "") for path in paths]
    places = Places()
    builder = Builder(places)
    expander = Expander(builder, places, director.opener, director.config_id, None)
    expander.file(director.file or director.name, director.text)
    reader = Reader(places)
    document = reader.document(builder.top)
    return [_place(places, reader, document, path) for path in paths]


def shown(path: Path) -> str:
    """A path as people write it: vrrp_instances[2].priority."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".")


def _place(places: Places, reader: Reader, document: Any, path: Path) -> Place:
    block, rest = document, list(path)
    node, of = reader.written[id(document)]
    while rest:
        inner, steps = _step(block, rest)
        if id(inner) not in reader.written:
            break
        block, rest = inner, rest[steps:]
        node, of = reader.written[id(block)]
    at, word = node, 1
    if rest:
        at, word = _keyword(node, of, str(rest[0]), rest[1] if len(rest) > 1 else None)
    file, line, source = places.line(at[1])
    last = len(split(at[0])) - 1
    return file, line, places.column(at[1], min(word, last), at[0]), source


def _step(block: Any, rest: list[Union[str, int]]) -> tuple[Any, int]:
    """The block that the next one or two steps lead to, and how many."""
    inner = getattr(block, str(rest[0]), None)
    if isinstance(inner, tuple) and len(rest) > 1 and isinstance(rest[1], int):
        return inner[rest[1]], 2
    return inner, 1


def _keyword(node: Any, of: Any, attribute: str, item: Any) -> tuple[Any, int]:
    """The line of a keyword in a block, or of one item of its list; the block's own line when it is not there."""
    found = None
    for child in node[2] or ():
        entry = of.words.get(split(child[0])[0]) if child[0] else None
        if entry is None or entry.attribute != attribute:
            continue
        found = child
        if item is None or entry.mode not in (LISTED, NAMES):
            continue
        for one in child[2] or ():
            count = len(split(one[0])) if entry.mode == NAMES else 1
            if item < count:
                return one, item
            item -= count
    return (found, 1) if found is not None else (node, 1)
