# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up servers with faults, for who wants to see whether a check can fail."""
