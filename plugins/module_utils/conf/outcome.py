# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What comes out of reading a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .findings import ERROR, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by file, line and column."""
    return tuple(sorted(findings, key=lambda one: (one.file, one.line, one.column, one.code)))
