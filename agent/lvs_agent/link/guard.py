# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accept_Mode off (RFC 9568 6.1): packets to these addresses are dropped, neighbour discovery apart. nft(8) text. Pure.

The rules are there whether the addresses are or not, so that a takeover has nothing to wait for. ARP is no packet to an
address; the nft family inet sees none.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import FrozenSet


@dataclass(frozen=True)
class Guard:
    """What is dropped: packed addresses; in which table, at which priority, with counters or not."""

    addresses: FrozenSet[bytes] = frozenset()
    table: str = "lvs_agent"
    priority: int = -1
    counters: bool = False

    def removal(self) -> str:
        """Without the table, whether it is there or not."""
        return f"add table inet {self.table}; delete table inet {self.table}"

    def commands(self) -> str:
        """With the table as it has to be, in one transaction whatever was there."""
        if not self.addresses:
            return self.removal()
        chain = f"inet {self.table} in"
        lines = [
            self.removal(),
            f"add table inet {self.table}",
            f"add chain {chain} {{ type filter hook input priority {self.priority}; policy accept; }}",
            f"add rule {chain} icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept",
        ]
        verdict = "counter drop" if self.counters else "drop"
        for word, size in (("ip", 4), ("ip6", 16)):
            names = sorted(str(ip_address(each)) for each in self.addresses if len(each) == size)
            if names:
                lines.append(f"add rule {chain} {word} daddr {{ {', '.join(names)} }} {verdict}")
        return "; ".join(lines)
