# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: real_server
short_description: Prepare a host as a real server of an LVS cluster, or put it back
version_added: 0.1.0
description:
  - Gives the host the virtual addresses of a cluster in such a way that it never answers ARP for them.
    The sysctls are set before the addresses, and taken back after them.
  - Writes a unit that does the same at boot, before the network comes up.
  - Remembers how each setting was before, in C(/var/lib/lvs-cluster/host.json), and O(state=absent) puts it back.
  - A host can be a real server of several clusters. What two of them need stays until both have left.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
requirements:
  - iproute2 on the host
options:
  name:
    description:
      - The cluster whose real server this is. Letters, digits, V(-) and V(_).
    type: str
    default: default
  virtual_ipaddress:
    description:
      - The virtual addresses, IPv4 or IPv6, without or with the full prefix length.
      - Required with O(state=present).
    type: list
    elements: str
    default: []
  lvs_method:
    description:
      - How the directors forward to this host; the word C(lvs_method) (or C(lb_kind)) of its C(virtual_server).
      - With V(DR) the addresses are on C(lo). With V(TUN) they are on C(tunl0) (C(ip6tnl0)).
    type: str
    choices: [DR, TUN]
    default: DR
  service_manager:
    description:
      - With V(systemd) a unit sets everything again at boot. With V(none) only the running host is set.
    type: str
    choices: [systemd, none]
    default: systemd
  state:
    description:
      - V(present) prepares the host, V(absent) puts back all that this cluster changed.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Serve a virtual address by direct routing
  lvs.cluster.real_server:
    virtual_ipaddress: [192.0.2.80]

- name: Serve two clusters
  lvs.cluster.real_server:
    name: "{{ item.name }}"
    virtual_ipaddress: "{{ item.addresses }}"
  loop:
    - {name: web, addresses: [192.0.2.80, "2001:db8::80"]}
    - {name: mail, addresses: [192.0.2.25]}

- name: Leave the cluster
  lvs.cluster.real_server:
    name: mail
    state: absent
"""

RETURN = r"""
virtual_ipaddress:
  description: The addresses of this cluster that the host has now, each with its length and link.
  type: list
  elements: str
  returned: success
  sample: [192.0.2.80/32 lo]
"""

import re
from typing import Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.host import real_server
from ansible_collections.lvs.cluster.plugins.module_utils.host.module import settle
from ansible_collections.lvs.cluster.plugins.module_utils.host.settings import Kind, Want


def wish(module: AnsibleModule) -> Optional[Want]:
    """The settings that the options ask for, None for none of them."""
    options = module.params
    if options["state"] == "absent":
        return None
    try:
        want = dict(real_server.live(options["virtual_ipaddress"], options["lvs_method"]))
    except real_server.AddressError as error:
        module.fail_json(msg=f"virtual_ipaddress: {error}")
    if options["service_manager"] == "systemd":
        want.update(real_server.at_boot(options["name"], want))
    return want


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "name": {"type": "str", "default": "default"},
            "virtual_ipaddress": {"type": "list", "elements": "str", "default": []},
            "lvs_method": {"type": "str", "choices": list(real_server.METHODS), "default": "DR"},
            "service_manager": {"type": "str", "choices": ["systemd", "none"], "default": "systemd"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    if not re.match(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z", name):
        module.fail_json(msg=f"name: {name!r} has other signs than letters, digits, '-' and '_'")
    if module.params["state"] == "present" and not module.params["virtual_ipaddress"]:
        module.fail_json(msg="virtual_ipaddress: a real server that is present needs at least one address")
    want = wish(module)
    addresses = sorted(s.name for s in want or () if s.kind is Kind.ADDRESS)
    settle(module, f"real_server {name}", want, virtual_ipaddress=addresses)


if __name__ == "__main__":
    main()
