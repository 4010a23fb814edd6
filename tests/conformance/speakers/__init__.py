# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One adapter for each VRRP speaker: its configuration from neutral facts, its start, stop and counters."""

from __future__ import annotations

from typing import Dict, Tuple

from . import agent, frr, keepalived
from .speaker import Speaker

NAMES: Tuple[str, ...] = ("agent", "keepalived", "frr")


def speaker(name: str) -> Speaker:
    """The adapter of that name."""
    known: Dict[str, Speaker] = {"agent": agent.Agent(), "keepalived": keepalived.Keepalived(), "frr": frr.Frr()}
    return known[name]
