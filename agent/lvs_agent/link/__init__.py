# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces and addresses of this host, seen as they change; messages built before they are needed."""
