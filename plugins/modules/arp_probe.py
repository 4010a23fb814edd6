# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: arp_probe
short_description: See who answers for the virtual addresses, and whose VRRP adverts are on the segment
version_added: 0.1.0
description:
  - Listens on an interface for some seconds, and asks meanwhile who has each address. Returns what this host saw.
  - The questions are ARP probes with sender 0.0.0.0, and Neighbor Solicitations. They want to be answered at a MAC
    address that nobody has, so that no cache changes, not even this host's own; nothing is ever announced.
  - M(lvs.cluster.cluster_findings) judges what several hosts saw.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
attributes:
  diff_mode:
    description: There is nothing to compare.
    support: none
requirements:
  - iproute2 on the host
options:
  interface:
    description:
      - The interface on the segment of the virtual addresses.
    type: str
    required: true
  address:
    description:
      - The virtual addresses, IPv4 or IPv6.
    type: list
    elements: str
    required: true
  seconds:
    description:
      - How long to listen, from 0.2 to 60. Take more than three advert intervals.
    type: float
    default: 4
  interval:
    description:
      - Seconds between two questions for each address. With V(0) nobody is asked.
    type: float
    default: 0.5
  route_to:
    description:
      - The address of a client. The way that this host takes to it is returned.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: See who answers for the virtual address
  lvs.cluster.arp_probe:
    interface: eth0
    address: [192.0.2.80]
  register: view
"""

RETURN = r"""
view:
  description: What this host saw; for M(lvs.cluster.cluster_findings).
  type: dict
  returned: success
  contains:
    mac:
      description: The MAC address of the interface.
      type: str
      returned: always
      sample: 52:54:00:00:00:01
    addresses:
      description: The addresses that this host had all the time, each with its interface.
      type: list
      elements: list
      returned: always
      sample: [[192.0.2.80, eth0]]
    sightings:
      description: >-
        MAC addresses of other hosts that answered for, announced, or used a virtual address; C(span) is seconds from
        the first to the last such frame.
      type: list
      elements: dict
      returned: always
      sample: [{address: 192.0.2.80, mac: "52:54:00:00:00:02", how: reply, count: 8, span: 1.8}]
    adverts:
      description: VRRP adverts on the wire; C(sent) are this host's own.
      type: list
      elements: dict
      returned: always
      sample: [{vrid: 51, version: 2, source: 192.0.2.1, priority: 150, sent: false, count: 4}]
    heard:
      description: Adverts that came through this host's firewall, as its VRRP daemon gets them.
      type: list
      elements: dict
      returned: always
      sample: [{vrid: 51, source: 192.0.2.1, count: 4}]
    sysctl:
      description: The values in force for the interface.
      type: dict
      returned: always
      sample: {arp_ignore: 1, arp_announce: 2}
    route:
      description: The way to O(route_to), empty when there is none; nothing when no way was asked for.
      type: dict
      returned: always
      sample: {via: 192.0.2.1, dev: eth0}
"""

import ipaddress

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.drill.observe import ObserveError, observe


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "interface": {"type": "str", "required": True},
            "address": {"type": "list", "elements": "str", "required": True},
            "seconds": {"type": "float", "default": 4},
            "interval": {"type": "float", "default": 0.5},
            "route_to": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    options = module.params
    if not 0.2 <= options["seconds"] <= 60:
        module.fail_json(msg=f"seconds: {options['seconds']} is not within 0.2 and 60")
    if options["interval"] and not 0.05 <= options["interval"] <= 60:
        module.fail_json(msg=f"interval: {options['interval']} is not within 0.05 and 60")
    try:
        addresses = [str(ipaddress.ip_address(text)) for text in options["address"]]
        view = observe(
            module.run_command,
            options["interface"],
            addresses,
            options["seconds"],
            options["interval"],
            options["route_to"],
        )
    except (ObserveError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, view=view)


if __name__ == "__main__":
    main()
