# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""auth_hmac: a signed trailer behind an advertisement, as keepalived speaks it since 2.4.2.

Source: draft-cassen-vrrp-auth-hmac.

28 bytes: type 1, key id, 16 reserved bits, a sequence (seconds, 1/65536 seconds, counter), 16 bytes of HMAC-SHA256.
Signed are a pseudo-header (family, version, VRID, source), the message with its checksum read as zero, and the
trailer; neither the IP header nor the destination. Pure: clock, sequence and replay marks are the caller's.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Optional, Tuple

from .packet import Discard

LENGTH = 28
MULTICAST_SENDERS = 4
_HEAD = struct.Struct("!BBHQ")
_SHA256 = 1


class Mode(enum.Enum):
    """What happens to adverts without a trailer, and whether ours have one."""

    ENFORCE = "enforce"
    PERMISSIVE = "permissive"
    RECEIVE_ONLY = "receive-only"


@dataclass(frozen=True)
class Keys:
    """One auth_hmac block. `keys` are (id, 32 to 64 bytes), `active` signs; `window` in seconds, None for monotonic."""

    keys: Tuple[Tuple[int, bytes], ...]
    active: int
    window: Optional[int]
    mode: Mode = Mode.ENFORCE

    def key(self, number: int) -> Optional[bytes]:
        """The key with that id."""
        return dict(self.keys).get(number)


Marks = Tuple[Tuple[bytes, int], ...]
"""The highest sequence heard of each source, the latest heard first."""


def _later(one: int, other: int) -> bool:
    """Serial number arithmetic (RFC 1982) over 64 bits."""
    return 0 < (one - other) % (1 << 64) < 1 << 63


def _age(now: float, sequence: int) -> int:
    """Seconds from the sequence's clock to ours, signed, over 32 bits."""
    difference = (int(now) - (sequence >> 32)) % (1 << 32)
    return difference - (1 << 32) if difference >= 1 << 31 else difference


def following(last: int, now: float, window: Optional[int]) -> int:
    """The next sequence to send; `now` in seconds of the epoch.

    The clock's, or one more than the last when the clock did not advance. A last one further ahead than receivers
    accept (the clock was set back) starts anew from the clock; not without a window, where growth is all there is.
    """
    clock = (int(now) % (1 << 32)) << 32 | int(now % 1 * 65536) << 16
    if _later(clock, last) or (window is not None and -_age(now, last) > window):
        return clock
    return (last + 1) % (1 << 64)


def _signature(key: bytes, message: bytes, head: bytes, version: int, source: bytes) -> bytes:
    pseudo = struct.pack("!BBBB16s", 6 if len(source) == 16 else 4, version, message[1], 0, source)
    signed = pseudo + message[:6] + b"\0\0" + message[8:] + head + bytes(16)
    return hmac.new(key, signed, hashlib.sha256).digest()[:16]


def sign(keys: Keys, message: bytes, version: int, source: bytes, sequence: int) -> bytes:
    """The trailer of a message. Raises KeyError when the active key does not exist."""
    key = keys.key(keys.active)
    if key is None:
        raise KeyError(keys.active)
    head = _HEAD.pack(_SHA256, keys.active, 0, sequence)
    return head + _signature(key, message, head, version, source)


def verify(
    keys: Keys, marks: Marks, message: bytes, trailer: bytes, *, version: int, source: bytes, now: float, senders: int
) -> Tuple[Optional[Discard], Marks]:
    """None when the message is authentic and fresh, and the marks afterwards; an empty trailer is one that is missing.

    Marks move only for an authentic message, at most `senders` are kept: forged sources push nobody out.
    """
    if not trailer:
        return (Discard.HMAC_MISSING if keys.mode is Mode.ENFORCE else None), marks
    kind, number, reserved, sequence = _HEAD.unpack_from(trailer)
    if len(trailer) != LENGTH or kind != _SHA256 or reserved:
        return Discard.HMAC_MALFORMED, marks
    if keys.window is not None and abs(_age(now, sequence)) > keys.window:
        return Discard.HMAC_STALE, marks  # before the costly part; it grants nothing
    key = keys.key(number)
    if key is None:
        return Discard.HMAC_UNKNOWN_KEY, marks
    wanted = _signature(key, message, trailer[: _HEAD.size], version, source)
    if not hmac.compare_digest(trailer[_HEAD.size :], wanted):
        return Discard.HMAC_INVALID, marks
    last = dict(marks).get(source)
    if last is not None and keys.window is not None and abs(_age(now, last)) > keys.window:
        last = None  # what it orders, the window already refuses; after a clock step the sender starts anew
    if last is not None and not _later(sequence, last):
        return Discard.HMAC_REPLAY, marks
    others = tuple(mark for mark in marks if mark[0] != source)
    return None, ((source, sequence), *others)[:senders]
