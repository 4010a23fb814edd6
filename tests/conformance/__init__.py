# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VRRP ledger as a program: every row of it, tried on a running speaker (see __main__)."""

from __future__ import annotations

import sys
from pathlib import Path

LAB = Path(__file__).resolve().parents[1] / "lab"
if str(LAB) not in sys.path:  # its hosts are the lab's
    sys.path.append(str(LAB))
