# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can happen to a virtual router, and what it wants done: frozen values on both sides of machine.step."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Hashable, Tuple, Type, Union

if TYPE_CHECKING:
    from .router import Settings


@dataclass(frozen=True)
class Startup:
    """RFC 9568 6.4.1. `delay` in seconds is waited beside the configured startup delay: the longer one counts."""

    delay: float = 0.0


@dataclass(frozen=True)
class Resume:
    """Startup of a process whose predecessor was MASTER less than an interval ago, its addresses still set."""


@dataclass(frozen=True)
class Shutdown:
    """The operator takes the router down."""


@dataclass(frozen=True)
class TimerExpired:
    """Some moment of `wake_at` may have come; an early or stale one changes nothing."""


@dataclass(frozen=True)
class AdvertReceived:
    """An advertisement that packet.parse accepted; `interval` in seconds, `source` packed."""

    priority: int
    interval: float
    source: bytes


@dataclass(frozen=True)
class FaultRaised:
    """A named reason not to take part: the link, the address, a tracked script, the sync group."""

    cause: str


@dataclass(frozen=True)
class FaultCleared:
    """That reason is gone; the last one gone ends FAULT."""

    cause: str


@dataclass(frozen=True)
class PriorityChanged:
    """Tracking gave another effective priority (1 to 254; the owner's stays 255)."""

    priority: int


@dataclass(frozen=True)
class ConfigChanged:
    """A reload; `priority` is the effective one under the new settings."""

    settings: Settings
    priority: int


@dataclass(frozen=True)
class TakeOver:
    """Become MASTER now: the sync group agrees."""


@dataclass(frozen=True)
class StandBy:
    """Become BACKUP now, without a farewell: another member of the sync group lost the mastership."""


@dataclass(frozen=True)
class PlannedTakeOver:
    """The operator asks: MASTER here, at TAKEOVER priority from now on, whatever the file says, until PlannedEnd."""


@dataclass(frozen=True)
class PlannedStandBy:
    """The operator asks: the mastership to somebody else, and the last to want it back, until PlannedEnd."""


@dataclass(frozen=True)
class PlannedEnd:
    """The operator's wish is over: the file decides again."""


Event = Union[
    Startup,
    Resume,
    Shutdown,
    TimerExpired,
    AdvertReceived,
    FaultRaised,
    FaultCleared,
    PriorityChanged,
    ConfigChanged,
    TakeOver,
    StandBy,
    PlannedTakeOver,
    PlannedStandBy,
    PlannedEnd,
]
EVENTS: Tuple[Type[Event], ...] = Event.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class SendAdvert:
    """One advertisement with this priority to the group, or to each peer; 0 says farewell."""

    priority: int


@dataclass(frozen=True)
class SetAddresses:
    """These belong to this host now; one that is there already is no error."""

    addresses: Tuple[Hashable, ...]


@dataclass(frozen=True)
class RemoveAddresses:
    """These do not; one that is not there is no error."""

    addresses: Tuple[Hashable, ...]


@dataclass(frozen=True)
class Announce:
    """Gratuitous ARP or unsolicited neighbour advertisement for each address, `repeat` rounds."""

    addresses: Tuple[Hashable, ...]
    repeat: int


@dataclass(frozen=True)
class WantMaster:
    """The down timer of a member of a sync group expired; the group decides."""


class Notice(enum.Enum):
    """keepalived's words for scripts and FIFOs."""

    MASTER = "MASTER"
    BACKUP = "BACKUP"
    FAULT = "FAULT"
    STOP = "STOP"
    DELETED = "DELETED"
    MASTER_RX_LOWER_PRI = "MASTER_RX_LOWER_PRI"
    PRIORITY = "PRIORITY"


@dataclass(frozen=True)
class Notify:
    """Tell whoever asked to be told."""

    notice: Notice
    priority: int


Effect = Union[SendAdvert, SetAddresses, RemoveAddresses, Announce, WantMaster, Notify]
"""Executed in the order given. Taking over: the advertisement first, so that the old master lets go before our
gratuitous ARP is heard; addresses before announcements, so that whoever asks back is answered; notifications
last, because they start programs. Leaving: the farewell first, so that the next one starts counting at once.
A planned switch is the other way round, make before break: planned.py."""
Effects = Tuple[Effect, ...]
