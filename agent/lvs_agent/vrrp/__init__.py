# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VRRP: the packet, the machine, sync groups and announcements as pure values; port.py alone touches sockets."""
