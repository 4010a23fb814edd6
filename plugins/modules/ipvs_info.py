# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_info
short_description: Read the kernel's IPVS table and its sysctls
version_added: 0.1.0
description:
  - Returns what the kernel of a director has, whoever put it there, in keepalived's words.
  - Needs no program on the host and no engine, and changes nothing. A kernel without IPVS has an empty table.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
attributes:
  diff_mode:
    description: There is nothing to compare.
    support: none
options: {}
seealso:
  - module: lvs.cluster.keepalived_config_info
"""

EXAMPLES = r"""
- name: Read the table
  lvs.cluster.ipvs_info:
  register: ipvs

- name: See that every service has a server
  ansible.builtin.assert:
    that: ipvs.virtual_servers | rejectattr('real_servers') | length == 0
"""

RETURN = r"""
loaded:
  description: Whether the kernel has IPVS now.
  type: bool
  returned: success
virtual_servers:
  description: The services, in the kernel's order.
  type: list
  elements: dict
  returned: success
  contains:
    address:
      description: The virtual address, null for a firewall mark.
      type: str
    port:
      description: The port, 0 for all, null for a firewall mark.
      type: int
    protocol:
      description: V(TCP), V(UDP) or V(SCTP), null for a firewall mark.
      type: str
    fwmark:
      description: The firewall mark, null for an address.
      type: int
    ip_family:
      description: V(inet) or V(inet6), null for a firewall mark that has no real server.
      type: str
    lvs_sched:
      description: The scheduler.
      type: str
    ops:
      description: One packet scheduling.
      type: bool
    persistent:
      description: Whether a client stays on its server. For how long is not in what the kernel shows without netlink.
      type: bool
    persistence_granularity:
      description: Netmask (IPv4) or prefix length (IPv6) of what counts as one client, null for single addresses.
      type: str
    real_servers:
      description: The servers in the table.
      type: list
      elements: dict
      contains:
        address:
          description: The address.
          type: str
        port:
          description: The port.
          type: int
        lvs_method:
          description: V(NAT), V(DR) or V(TUN).
          type: str
        weight:
          description: The weight.
          type: int
        active_connections:
          description: Connections that are established.
          type: int
        inactive_connections:
          description: Connections that are not.
          type: int
sysctls:
  description: The values of C(net.ipv4.vs), by the last part of their names.
  type: dict
  returned: success
  sample: {conntrack: "0", expire_nodest_conn: "0"}
"""

import os
from typing import Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.host import ipvs_table

TABLE = "/proc/net/ip_vs"
SYSCTLS = "/proc/sys/net/ipv4/vs"


def read(path: str) -> str:
    """The text of a file of /proc, "" when it is not there."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)  # type: ignore[no-untyped-call]
    sysctls: Dict[str, str] = {}
    if os.path.isdir(SYSCTLS):
        sysctls = {name: read(f"{SYSCTLS}/{name}").strip() for name in sorted(os.listdir(SYSCTLS))}
    module.exit_json(
        changed=False,
        loaded=os.path.exists(TABLE),
        virtual_servers=ipvs_table.services(read(TABLE)),
        sysctls=sysctls,
    )


if __name__ == "__main__":
    main()
