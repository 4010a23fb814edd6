# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BFD Control packets as bytes (RFC 5880 section 4.1), without authentication. Intervals are microseconds."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Optional

PORT, MULTIHOP_PORT = 3784, 4784  # RFC 5881 4, RFC 5883 5
_FORM = struct.Struct("!BBBBIIIII")
_POLL, _FINAL, _AUTH, _MULTIPOINT = 0x20, 0x10, 0x04, 0x01


class State(enum.IntEnum):
    """RFC 5880 4.1."""

    ADMIN_DOWN = 0
    DOWN = 1
    INIT = 2
    UP = 3


@dataclass(frozen=True)
class Control:
    """One Control packet. `mine` and `yours` are discriminators, `tx` and `rx` the intervals wished for."""

    state: State
    mine: int
    yours: int
    tx: int
    rx: int
    multiplier: int
    diagnostic: int = 0
    poll: bool = False
    final: bool = False

    def encode(self) -> bytes:
        """24 bytes."""
        flags = self.state << 6 | _POLL * self.poll | _FINAL * self.final
        head = 1 << 5 | self.diagnostic, flags, self.multiplier, _FORM.size
        return _FORM.pack(*head, self.mine, self.yours, self.tx, self.rx, 0)


def decode(data: bytes) -> Optional[Control]:
    """The packet; None for one that RFC 5880 6.8.6 has discarded before it is looked at for whom it is."""
    if len(data) < _FORM.size:
        return None
    first, flags, multiplier, length, mine, yours, tx, rx, _echo = _FORM.unpack_from(data)
    if first >> 5 != 1 or not _FORM.size <= length <= len(data) or flags & (_AUTH | _MULTIPOINT):
        return None
    state = State(flags >> 6)
    if not multiplier or not mine or (not yours and state not in (State.DOWN, State.ADMIN_DOWN)):
        return None
    return Control(state, mine, yours, tx, rx, multiplier, first & 31, bool(flags & _POLL), bool(flags & _FINAL))
