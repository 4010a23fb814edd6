# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_check
short_description: Check the configurations of all directors of a cluster before any host is touched
version_added: 0.1.0
description:
  - Reads every director's description or text on the controller and fails with all findings of all of them at once,
    each with its path in the YAML or its line in the text.
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
      - Without it, what the inventory says is checked. For each host of the group C(directors) that is its variable
        C(director_config), or C(lvs_cluster), the description of the whole cluster
        (see O(lvs.cluster.keepalived_config#module:description)). Directors with the same C(lvs_cluster_name) are one
        cluster.
    type: dict
  engines:
    description:
      - What runs the text on each director, V(agent) or V(keepalived), by the host's name; V(agent) for hosts left out.
      - What the agent does not do is an error where it is the engine.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Check all clusters of the inventory
  lvs.cluster.cluster_check:
  run_once: true

- name: Check two files
  lvs.cluster.cluster_check:
    directors:
      d1: "{{ lookup('ansible.builtin.file', 'd1.conf') }}"
      d2: "{{ lookup('ansible.builtin.file', 'd2.conf') }}"
    engines: {d2: keepalived}
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
clusters:
  description:
    - The directors of each cluster of the inventory, in their order, by its C(lvs_cluster_name). Those that are to be
      absent are left out.
  type: dict
  returned: success
  sample: {default: [d1, d2]}
local_nodes:
  description: The directors that are real servers of their own cluster too.
  type: list
  elements: str
  returned: success
"""
