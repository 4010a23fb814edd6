# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NNTP_CHECK: the server greets with 200 or 201, and has a group where one is named. RFC 3977, 3.2, 5.1 and 6.1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .dialogue import ANY, Dialogue, Turn
from .tls.settings import Secured

if TYPE_CHECKING:
    from .endpoint import Endpoint
    from .outcome import Conversation
    from .tls.settings import Tls

_LAST = re.compile(rb"[1-5][0-9][0-9]")
_GREETS = re.compile(rb"20[01]")
_GROUP = re.compile(rb"211")


@dataclass(frozen=True)
class NntpCheck(Secured):
    """One NNTP_CHECK. group: a newsgroup that must be there, None for none."""

    endpoint: Endpoint
    group: Optional[str] = None
    tls: Optional[Tls] = None
    name = "NNTP_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """A short visit."""
        turns = [Turn("greeting", b"", _LAST, _GREETS)]
        if self.group is not None:
            turns.append(Turn("GROUP", f"GROUP {self.group}\r\n".encode(), _LAST, _GROUP))
        turns.append(Turn("QUIT", b"QUIT\r\n", _LAST, ANY))
        return Dialogue(tuple(turns), "greets" if self.group is None else "has the group")
