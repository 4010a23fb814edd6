# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m lvs_agent`."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
