# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Text to document and findings: the one way in."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from .expand import Expander, Opener
from .outcome import Reading, in_order
from .places import Places
from .reader import Reader
from .rules import Look, Part, run
from .tree import Builder
from .unclosed import extra, unclosed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .cache import Cache


class Sources(NamedTuple):
    """What a text may refer to outside itself."""

    opener: Optional[Opener]
    config_id: Optional[str]
    environ: Optional[Mapping[str, str]]


def read(
    text: str,
    file: str,
    *,
    opener: Optional[Opener] = None,
    config_id: Optional[str] = None,
    environ: Optional[Mapping[str, str]] = None,
    exists: Optional[Callable[[str], bool]] = None,
    cache: Optional[Cache] = None,
) -> Reading:
    """Read a keepalived.conf. Never raises for what the text holds: mistakes are findings.

    file: its name in findings, and where relative includes start. opener: reads included files (see expand.Opener;
    without one an include is an error). config_id: what @id lines are compared with (keepalived -i, the host name by
    default). environ: for ${_ENV NAME}. exists: whether a file is on the machine the file is for (None: not asked).
    cache: what was read before, kept by the caller: unchanged blocks are not read again.
    """
    gc_was_on = gc.isenabled()
    gc.disable()  # nothing read here is ever part of a cycle; looking for some takes as long as reading
    try:
        reading = cache.read(text, file, exists) if cache is not None else None
        return reading or _whole(text, file, Sources(opener, config_id, environ), exists)
    finally:
        if gc_was_on:
            gc.enable()


def _whole(text: str, file: str, sources: Sources, exists: Optional[Callable[[str], bool]]) -> Reading:
    places = Places()
    builder = Builder(places)
    Expander(builder, places, sources.opener, sources.config_id, sources.environ).file(file, text)
    reader = Reader(places)
    reader.broken = builder.broken is not None
    reader.balanced = not builder.open and not any(node[0] == "}" for node in builder.top)
    if builder.open:
        if not builder.deeper and builder.broken is None:
            unclosed(builder, places)
        reader.broken = True
    document = reader.document(builder.top)
    if reader.extra_brace:
        extra(builder, places)
    found = places.findings
    if not reader.broken:

        def written(block: int) -> tuple[Part, ...]:
            node, of = reader.written[block]
            return (Part(node, of, places, 0),)

        look = Look(document, written, exists)
        run(look)
        found = found + look.findings
    return Reading(document, in_order(found))
