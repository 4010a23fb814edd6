# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One adapter for each VRRP speaker: its configuration from neutral facts, its start, stop and counters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Tuple

from . import agent, frr, keepalived

if TYPE_CHECKING:
    from .speaker import Speaker

NAMES: Tuple[str, ...] = ("agent", "keepalived", "frr")


def speaker(name: str) -> Speaker:
    """The adapter of that name."""
    tree = Path(os.environ.get("LEDGER_AGENT", agent.ROOT))  # a guest is told of a broken copy so
    known: Dict[str, Speaker] = {"agent": agent.Agent(tree), "keepalived": keepalived.Keepalived(), "frr": frr.Frr()}
    return known[name]
