# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How people and machines talk to a running agent: socket, status, service manager."""
