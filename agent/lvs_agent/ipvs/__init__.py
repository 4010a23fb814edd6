# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's IPVS table: values (table), what to change (diff), bytes (wire), text (save, listing), the socket (port)."""
