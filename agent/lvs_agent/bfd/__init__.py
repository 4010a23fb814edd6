# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BFD, asynchronous mode (RFC 5880, 5881, 5883): packet, session | port."""
