# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a row can come to, and how a check says so."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    """The value is the table's word."""

    OK = "ok"
    DEVIATES = "DEVIATES"
    NOT_APPLICABLE = "not applicable"
    NOT_TESTED = "not tested"


class Deviation(Exception):  # noqa: N818 - a verdict, not an error
    """The speaker did otherwise; the text is what was seen."""


class NotApplicable(Exception):  # noqa: N818 - a verdict, not an error
    """The row has no meaning for this speaker; the text says why."""


class NotTested(Exception):  # noqa: N818 - a verdict, not an error
    """The tester could not find out; the text says why."""


def expect(held: object, seen: str) -> None:
    """Deviation(seen) unless it held."""
    if not held:
        raise Deviation(seen)


@dataclass(frozen=True)
class Result:
    """One row's verdict. `note` is what was seen or why; `mended` the settings under which it is ok after all."""

    row: str
    verdict: Verdict
    note: str = ""
    mended: str = ""
    seconds: float = 0.0

    @property
    def cell(self) -> str:
        """The words of the table."""
        words = self.verdict.value + (f": {' '.join(self.note.split())}" if self.note else "")
        return words + (f" (ok with {self.mended})" if self.mended else "")
