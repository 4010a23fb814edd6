# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What IPVS counts, and its other settings, as values: counters, connections, timeouts, sync daemons, version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lvs_agent.ipvs.table import Destination, Service

STATE_MASTER, STATE_BACKUP = 1, 2  # IP_VS_STATE_*


class Counters(NamedTuple):
    """64-bit totals since the last zero, and rates per second as the kernel estimates them (IPVS_STATS_ATTR_*)."""

    conns: int = 0
    inpkts: int = 0
    outpkts: int = 0
    inbytes: int = 0
    outbytes: int = 0
    cps: int = 0
    inpps: int = 0
    outpps: int = 0
    inbps: int = 0
    outbps: int = 0


@dataclass(frozen=True)
class DestinationStats:
    """A destination as it runs: ``active``, ``inactive`` and ``persistent`` (templates) connections now."""

    destination: Destination
    active: int
    inactive: int
    persistent: int
    counters: Counters


@dataclass(frozen=True)
class ServiceStats:
    """A service as it runs."""

    service: Service
    counters: Counters
    destinations: tuple[DestinationStats, ...] = ()


@dataclass(frozen=True)
class Timeouts:
    """Connection timeouts in seconds; when set, 0 leaves one as it is."""

    tcp: int = 0
    tcp_fin: int = 0
    udp: int = 0


@dataclass(frozen=True)
class Daemon:
    """A connection sync daemon: ``state`` STATE_MASTER sends, STATE_BACKUP receives.

    ``interface``: where the multicast goes. ``maxlen`` (bytes of UDP payload), ``group``, ``port`` and ``ttl`` leave
    the kernel's choice (MTU - 28, 224.0.0.81, 8848, 1) when 0 or ''.
    """

    state: int
    interface: str
    syncid: int = 0
    maxlen: int = 0
    group: str = ""
    port: int = 0
    ttl: int = 0


@dataclass(frozen=True)
class Info:
    """The IPVS in the kernel: version (1.2.1) and the number of rows of its connection hash table."""

    version: tuple[int, int, int]
    conn_tab_size: int
