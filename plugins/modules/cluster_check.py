# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_check
short_description: Check the configurations of all directors of a cluster before any host is touched
version_added: 0.1.0
description:
  - Reads every director's text on the controller and fails with all findings of all of them at once.
  - Then compares them. The same virtual routers, versions, intervals, passwords, addresses, sync groups and services
    belong on all directors, with priorities that differ.
  - Touches no host. Use it once in a play, with C(run_once), before the plays that change hosts.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.controller
attributes:
  diff_mode:
    support: none
options:
  directors:
    description:
      - The text of each director's C(keepalived.conf), by the host's name.
      - Or a mapping of keywords, as O(lvs.cluster.keepalived_config#module:config) has it.
    type: dict
    required: true
  engines:
    description:
      - What runs the text on each director, V(agent) or V(keepalived), by the host's name; V(agent) for hosts left out.
      - What the agent does not do is an error where it is the engine.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Check all directors
  lvs.cluster.cluster_check:
    directors: "{{ dict(groups.directors | zip(groups.directors | map('extract', hostvars, 'director_config'))) }}"
  run_once: true
"""

RETURN = r"""
findings:
  description: Warnings, as one reads them, by the host's name.
  type: dict
  returned: success
masters:
  description:
    - The directors whose priority will make them master of a virtual router.
    - Change the others first, so that each virtual address moves once at most.
  type: list
  elements: str
  returned: success
"""
