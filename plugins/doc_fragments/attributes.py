# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """What the modules of this collection share in their documentation."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what it would change, changing nothing.
    support: full
  diff_mode:
    description: Says what changed, or would change, when run with C(--diff).
    support: full
  idempotent:
    description: Run again with the same options it changes nothing.
    support: full
  action_group:
    description: Is in the action group C(lvs.cluster.cluster), for C(module_defaults).
    support: full
    membership:
      - lvs.cluster.cluster
"""

    LINUX = r"""
options: {}
attributes:
  platform:
    description: Runs on Linux.
    support: full
    platforms: linux
requirements:
  - Python 3.9 or newer on the host
"""

    CONTROLLER = r"""
options: {}
attributes:
  platform:
    description: Runs on the controller, for hosts with Linux.
    support: full
    platforms: linux
"""
