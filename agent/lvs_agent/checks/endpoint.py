# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a check connects to and from: keepalived's connect_ip, connect_port, bindto, bind_port, bind_if, fwmark."""

from __future__ import annotations

from dataclasses import dataclass
from socket import AF_INET, AF_INET6
from typing import Optional


@dataclass(frozen=True)
class Endpoint:
    """An address to connect to. timeout: seconds for connecting and for each silence afterwards (connect_timeout).

    toward: the server that packets with this mark come to; their source is the address that we have toward it.
    """

    address: str
    port: int
    timeout: float = 5.0
    bindto: Optional[str] = None
    bind_port: int = 0
    bind_if: Optional[str] = None
    fwmark: int = 0
    toward: Optional[str] = None

    @property
    def family(self) -> int:
        """AF_INET or AF_INET6, as the address says."""
        return AF_INET6 if ":" in self.address else AF_INET

    @property
    def name(self) -> str:
        """address:port as a reader expects it, brackets around IPv6."""
        return f"[{self.address}]:{self.port}"
