# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a speaker is to be configured as, in no speaker's words; and the addresses of the tester's link."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Dict, Optional, Tuple

DEVICE = "eth0"
INNER = "eth1"  # a second, quiet link between speaker and tester, to see what is forwarded

# The speaker's, the tester's, and two sources the tester borrows: one below and one above the speaker's.
SPEAKER = {4: "10.9.0.100", 6: "fe80::100"}
GLOBAL = {4: "10.9.0.100", 6: "fd09::100"}
TESTER = {4: "10.9.0.2", 6: "fe80::2"}
TESTER_GLOBAL = {4: "10.9.0.2", 6: "fd09::2"}
LOWER = {4: "10.9.0.5", 6: "fe80::5"}
HIGHER = {4: "10.9.0.200", 6: "fe80::200"}
STRANGER = {4: "10.9.0.77", 6: "fe80::77"}
VIPS = {4: ("10.9.0.10", "10.9.0.11", "10.9.0.12"), 6: ("fe80::10", "fd09::10", "fd09::11")}
FAR = {4: "10.99.0.2", 6: "fd99::2"}  # behind the speaker's inner link


@dataclass(frozen=True)
class Hmac:
    """keepalived's auth_hmac: (key id, key) pairs, the active one, the mode."""

    keys: Tuple[Tuple[int, bytes], ...]
    active: int = 1
    mode: str = "enforce"
    anti_replay: str = "time"


@dataclass(frozen=True)
class Facts:
    """One virtual router. `interval` in s; `address` is the speaker's own number in its subnet (10.9.0.N, fe80::N)."""

    version: int = 3
    family: int = 4
    vrid: int = 51
    priority: int = 100
    interval: float = 0.2
    addresses: Tuple[str, ...] = ()
    preempt: bool = True
    master: bool = False  # configured to start as master, where a speaker knows such a thing
    peers: Tuple[str, ...] = ()
    check_peers: bool = False  # where a speaker does not check unicast sources unless told
    password: str = ""
    vmac: bool = field(default_factory=lambda: "LEDGER_VMAC" in os.environ)
    accept: Optional[bool] = None  # None: the speaker's default
    message_checksum: bool = False
    hmac: Optional[Hmac] = None
    loser_unanswered: bool = False
    garp_once: bool = False
    host: int = 100

    @property
    def vips(self) -> Tuple[str, ...]:
        """The virtual addresses: one for IPv4, link-local and global for IPv6, unless given."""
        return self.addresses or VIPS[self.family][: 1 if self.family == 4 else 2]

    @property
    def source(self) -> str:
        """The primary address of its interface."""
        return f"10.9.0.{self.host}" if self.family == 4 else f"fe80::{self.host}"

    @property
    def wire_interval(self) -> int:
        """The interval as the wire's number."""
        return round(self.interval * (100 if self.version == 3 else 1))

    def skew(self, interval: Optional[float] = None) -> float:
        """Skew_Time, s: RFC 9568 6.1 (of the Active router's interval), RFC 3768 6.1."""
        part = (256 - self.priority) / 256
        return part * (self.interval if interval is None else interval) if self.version == 3 else part

    def down(self, interval: Optional[float] = None) -> float:
        """Active_Down_Interval, s."""
        return 3 * (self.interval if interval is None else interval) + self.skew(interval)

    def but(self, **changes: object) -> Facts:
        """The same with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]


Counters = Dict[str, int]
