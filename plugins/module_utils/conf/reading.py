# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Text to document and findings: the one way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional

from .expand import Expander, Opener
from .findings import ERROR, Finding
from .places import Places
from .reader import Reader
from .rules import Look, run
from .tree import Builder
from .unclosed import unclosed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Document


@dataclass(frozen=True)
class Reading:
    """What a text says, and what is wrong with it. With errors the document is what could be understood."""

    document: Document
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that forbid using the document."""
        return tuple(found for found in self.findings if found.level == ERROR)


def read(
    text: str,
    file: str,
    *,
    opener: Optional[Opener] = None,
    config_id: Optional[str] = None,
    environ: Optional[Mapping[str, str]] = None,
    exists: Optional[Callable[[str], bool]] = None,
) -> Reading:
    """Read a keepalived.conf. Never raises for what the text holds: mistakes are findings.

    file: its name in findings, and where relative includes start. opener: reads included files (see expand.Opener;
    without one an include is an error). config_id: what @id lines are compared with (keepalived -i, the host name by
    default). environ: for ${_ENV NAME}. exists: whether a file is on the machine the file is for (None: not asked).
    """
    places = Places()
    builder = Builder(places)
    Expander(builder, places, opener, config_id, environ).file(file, text)
    reader = Reader(places)
    reader.broken = builder.broken is not None
    if builder.open:
        unclosed(builder, places)
        reader.broken = True
    document = reader.document(builder.top)
    if not reader.broken:
        run(Look(document, places, reader.written, exists))
    found = sorted(places.findings, key=lambda one: (one.file, one.line, one.column))
    return Reading(document, tuple(found))
