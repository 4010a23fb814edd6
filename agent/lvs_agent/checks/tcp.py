# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP_CHECK: a connection that is accepted is all it asks for; nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .outcome import Conversation, Outcome, Step

if TYPE_CHECKING:
    from .endpoint import Endpoint

CONNECTED = Outcome(True, "connected")


@dataclass(frozen=True)
class TcpCheck:
    """One TCP_CHECK."""

    endpoint: Endpoint
    name = "TCP_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """A conversation that ends as soon as it begins."""
        return ACCEPTED


class _Accepted(Conversation):
    """The same for every attempt: it has no state."""

    def opened(self) -> Step:
        return b"", CONNECTED

    def received(self, data: bytes) -> Step:
        raise AssertionError(data)

    def ended(self) -> Outcome:
        return CONNECTED


ACCEPTED = _Accepted()
