# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The kernel's schedulers by name: those that are known, and any other that its module brings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .findings import Odd
from .kinds import Choice, check_extra, one

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN = "unknown-scheduler"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,14}")  # IP_VS_SCHEDNAME_MAXLEN (16, linux/ip_vs.h) with its end


class Scheduler(Choice):
    """One of the schedulers; a name that is none of them nor like one is the kernel's to know, with a warning."""

    def read(self, words: Sequence[str]) -> Any:
        """A misspelt one is refused: keepalived would take wlc in its place."""
        word = one(words, f"one of {', '.join(self.choices)}")
        if word in self.choices:
            return check_extra(words, 1, word)
        from .suggest import nearest  # noqa: PLC0415 - only a mistake needs it

        # of two letters everything is like something
        like = len(word) > 2 and nearest(word, self.choices) is not None
        if like or len(words) > 1 or _NAME.fullmatch(word) is None:
            return super().read(words)
        raise Odd(
            word,
            f"'{word}' is no scheduler of Linux: keepalived takes wlc, lvs-agent the kernel's module ip_vs_{word}",
            f"one of {', '.join(self.choices)}; or have the module on every director",
            code=UNKNOWN,
        )

    def write(self, value: Any) -> str:
        """Any name that can be read."""
        if _NAME.fullmatch(str(value)) is None:
            raise ValueError(f"{value!r} is no name of a scheduler")
        return str(value)
