# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check over datagrams looks like to the port: one to send, answers to judge, and what silence means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from .outcome import Outcome


class Exchange:
    """One attempt: a datagram out, datagrams in, until one of them or the time limit decides."""

    def request(self) -> bytes:
        """What is sent."""
        raise NotImplementedError

    def received(self, data: bytes) -> Optional[Outcome]:
        """A datagram came; None when it is none of ours and the wait goes on."""
        raise NotImplementedError

    def silence(self) -> Outcome:
        """Nothing that decides came in time."""
        raise NotImplementedError
