# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the protocol allows a blackout to last, from the configuration alone (RFC 3768, 6.1; RFC 9568, 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Bound:
    """`seconds` without an answer at most, for want of better (None: nothing is promised), and how it came about."""

    seconds: Optional[float]
    formula: str


@dataclass(frozen=True)
class Vrrp:
    """`priority` is that of the router that takes over; `advert_int` in seconds."""

    version: int
    advert_int: float
    priority: int


def skew_time(vrrp: Vrrp) -> float:
    """Seconds; in version 3 a share of the interval (RFC 9568, 6.1), in version 2 of a second (RFC 3768, 6.1)."""
    share = (256 - vrrp.priority) / 256
    return share * vrrp.advert_int if vrrp.version == 3 else share


def master_down_interval(vrrp: Vrrp) -> float:
    """Seconds without an advert after which the backup takes over."""
    return 3 * vrrp.advert_int + skew_time(vrrp)


KINDS = ("silent", "graceful", "planned", "server", "none")
"""How a fault looks to the peer: adverts stop, the master says goodbye (priority 0), the new master holds the
address before the old one lets go, a real server is lost, or nothing should change."""


def bound(kind: str, vrrp: Optional[Vrrp], check: Optional[float] = None) -> Bound:
    """The longest blackout for a fault of one of KINDS.

    `check` is the longest time in seconds until a check takes a dead real server out.
    """
    if kind == "planned":
        return Bound(0.0, "0: the new master answers before the old one lets go")
    if kind == "none":
        return Bound(0.0, "0: nothing that serves is touched")
    if kind == "server":
        if check is None:
            return Bound(None, "the time until the check takes the server out is not known")
        return Bound(check, "delay_loop + (retry + 1) x connect_timeout + retry x delay_before_retry")
    if vrrp is None:
        return Bound(None, "advert_int and priority are not known")
    skew = skew_time(vrrp)
    how = f"(256 - {vrrp.priority})/256" + (f" x {vrrp.advert_int:g} s" if vrrp.version == 3 else " s")
    if kind == "graceful":
        return Bound(skew, f"skew_time = {how}")
    return Bound(master_down_interval(vrrp), f"3 x {vrrp.advert_int:g} s + skew_time, skew_time = {how}")


def check_time(delay_loop: float, connect_timeout: float, retry: int, delay_before_retry: float) -> float:
    """Seconds until a server that went silent just after a check is taken out, at most."""
    return delay_loop + (retry + 1) * connect_timeout + retry * delay_before_retry
