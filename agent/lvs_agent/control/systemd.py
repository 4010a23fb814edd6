# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd's notification protocol (sd_notify(3)): one datagram of KEY=value lines to $NOTIFY_SOCKET."""

from __future__ import annotations

import os
import socket
from typing import Optional


def notify(*lines: str) -> None:
    """Tell the service manager; nothing happens when there is none or when it does not listen."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.sendto("\n".join(lines).encode(), address)
    except OSError:
        pass  # a service manager that went away must not stop a director


def watchdog_period() -> Optional[float]:
    """Half of WatchdogSec in seconds, or None when the unit has no watchdog."""
    try:
        limit = int(os.environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return limit / 2e6 if limit > 0 else None
