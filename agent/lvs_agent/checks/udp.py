# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""UDP_CHECK: nobody says that the port is closed; or, with require_reply, a reply of the right shape comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .exchange import Exchange
from .outcome import Outcome

if TYPE_CHECKING:
    from .endpoint import Endpoint

PAYLOAD = b"keepalived check - keepalived ch"
"""What keepalived sends where no payload is given: 32 bytes."""


@dataclass(frozen=True)
class UdpCheck:
    """One UDP_CHECK. reply: pairs of hexadecimal digits, x for any digit, that the reply begins with; '' any reply,
    None no reply needed. The lengths (bytes) bind only where a reply is spelt out, as in keepalived.
    """

    endpoint: Endpoint
    payload: bytes = PAYLOAD
    reply: Optional[str] = None
    min_length: int = 0
    max_length: int = 255
    name = "UDP_CHECK"
    steps = 1
    protocol = 0

    def exchange(self, _token: int) -> Exchange:
        """One datagram."""
        return _Probe(self)

    def fits(self, data: bytes) -> bool:
        """Whether a reply is the one that is wanted."""
        if not self.reply:
            return True
        if not self.min_length <= len(data) <= self.max_length:
            return False
        return all(want in ("x", have) for want, have in zip(self.reply, data.hex()))


class _Probe(Exchange):
    __slots__ = ("_check",)

    def __init__(self, check: UdpCheck) -> None:
        self._check = check

    def request(self) -> bytes:
        """The payload."""
        return self._check.payload

    def received(self, data: bytes) -> Optional[Outcome]:
        """A reply."""
        if self._check.fits(data):
            return Outcome(True, f"reply of {len(data)} bytes")
        return Outcome(False, f"reply of {len(data)} bytes does not match: {data[:16].hex()}")

    def silence(self) -> Outcome:
        """Good unless a reply is needed: an open port need not answer."""
        if self._check.reply is None:
            return Outcome(True, "no error came back")
        return Outcome(False, "no reply")
