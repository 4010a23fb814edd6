# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_findings
short_description: Name what is wrong on the segment of a cluster, from what its hosts see
version_added: 0.1.0
description:
  - Judges on the controller what M(lvs.cluster.arp_probe) saw on several hosts at the same time.
  - Names real servers that answer for a virtual address or use it as sender, two holders of an address and why,
    lost adverts and the direction in which they are lost, strangers on a VRID of ours, holders that no host is known
    for, and real servers behind NAT that send their answers another way.
  - Does not fail by itself.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.controller
attributes:
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  address:
    description:
      - The virtual addresses.
    type: list
    elements: str
    required: true
  views:
    description:
      - The RV(lvs.cluster.arp_probe#module:view) of each host, by its name.
    type: dict
    required: true
  directors:
    description:
      - Hosts that are directors.
    type: list
    elements: str
    required: true
  real_servers:
    description:
      - Hosts that are real servers.
    type: list
    elements: str
    default: []
  gateways:
    description:
      - The addresses through which each real server behind NAT may send its answers, by host.
    type: dict
    default: {}
  allowed:
    description:
      - MAC addresses of others that may answer for a virtual address, as routers with proxy ARP.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: See what each host sees
  lvs.cluster.arp_probe:
    interface: eth0
    address: [192.0.2.80]
  register: seen

- name: Judge it
  lvs.cluster.cluster_findings:
    address: [192.0.2.80]
    directors: "{{ groups.directors }}"
    real_servers: "{{ groups.real_servers }}"
    views: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, ['seen', 'view']))) }}"
  run_once: true
"""

RETURN = r"""
findings:
  description: What is wrong, empty when nothing is.
  type: list
  elements: dict
  returned: success
  sample:
    - code: answers-for-vip
      host: rs2
      address: 192.0.2.80
      what: real server rs2 (52:54:00:00:00:12) answers for 192.0.2.80
      mend: sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
holders:
  description: The directors that have each address.
  type: dict
  returned: success
  sample: {192.0.2.80: [dir1]}
names:
  description: The hosts of MAC and IP addresses; for M(lvs.cluster.drill_report).
  type: dict
  returned: success
speakers:
  description: Everyone who sends VRRP adverts on the segment.
  type: list
  elements: dict
  returned: success
"""
