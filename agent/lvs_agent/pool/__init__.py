# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server pools: verdicts of checks in, a roster (who is in the table with which weight) and effects out. Pure.

No check, no socket and no IPVS is known here; servers are opaque keys. The rules are keepalived's (ipwrapper.c).
"""
