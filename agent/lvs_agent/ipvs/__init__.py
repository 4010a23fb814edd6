# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's IPVS table: values (table, stats), what to change (diff), bytes (genl, wire, decode), text (save,
listing, connections), the socket (port).
"""
