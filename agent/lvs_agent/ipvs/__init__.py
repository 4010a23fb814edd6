# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's IPVS table.

Values: table, stats, connections. What to change: diff, and failure for what the kernel refused. Bytes: genl, wire,
decode. Text: save and restore (ipvsadm's own), listing. The socket: port.
"""
