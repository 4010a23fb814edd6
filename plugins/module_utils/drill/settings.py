# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a probe is asked to do: one frozen value with its checks. No I/O."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Mapping, Tuple


@dataclass(frozen=True)
class Settings:
    """All times in seconds; `limit` is the hard end of the probe's life, whatever happens to its controller.

    `port` 0 opens no connections, `held` 0 holds none, `udp_port` 0 sends no datagrams, an empty
    `interface` listens to no frames. `watch` are further addresses whose owners are asked for.
    """

    log: str
    limit: float
    address: str
    port: int = 80
    protocol: str = "http"
    path: str = "/"
    virtualhost: str = ""
    status_codes: Tuple[int, ...] = (200,)
    name_header: str = ""
    source: str = ""
    interval: float = 0.01
    timeout: float = 1.0
    in_flight: int = 200
    held: int = 4
    held_interval: float = 0.05
    held_timeout: float = 15.0
    udp_port: int = 0
    udp_interval: float = 0.02
    interface: str = ""
    watch: Tuple[str, ...] = ()
    arp_interval: float = 0.1
    mark_port: int = 0
    mark_token: str = ""
    host: str = ""

    def as_json(self) -> Dict[str, Any]:
        """For the log's first record; without the token."""
        values = asdict(self)
        del values["mark_token"]
        return values


LIMITS: Mapping[str, Tuple[float, float]] = {
    "limit": (0.1, 3600),
    "interval": (0.001, 10),
    "timeout": (0.01, 60),
    "held_interval": (0.005, 60),
    "held_timeout": (0.1, 600),
    "udp_interval": (0.001, 10),
    "arp_interval": (0.02, 60),
    "in_flight": (1, 5000),
    "held": (0, 500),
    "port": (0, 65535),
    "udp_port": (0, 65535),
    "mark_port": (0, 65535),
}
"""A probe is bounded in count and time: what it may be asked for."""


def problems(settings: Settings) -> List[str]:
    """What is wrong with the settings, in words; empty when nothing is."""
    found = []
    for name, (low, high) in LIMITS.items():
        value = getattr(settings, name)
        if not low <= value <= high:
            found.append(f"{name}: {value} is not within {low:g} and {high:g}")
    for name in ("address", "source", *(f"watch {entry}" for entry in settings.watch)):
        text = name[6:] if name.startswith("watch ") else getattr(settings, name)
        if not text and name == "source":
            continue
        try:
            ipaddress.ip_address(text)
        except ValueError:
            found.append(f"{name}: {text!r} is no IP address")
    if settings.protocol not in ("http", "tcp"):
        found.append(f"protocol: {settings.protocol!r} is neither http nor tcp")
    if any(sign in settings.path + settings.virtualhost for sign in "\r\n "):
        found.append("path and virtualhost: no spaces and line ends")
    return found
