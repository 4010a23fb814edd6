# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime of lvs.cluster: what runs on a director."""

__version__ = "0.1.0"
