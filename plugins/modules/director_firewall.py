# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: director_firewall
short_description: Let VRRP and the connection synchronisation of an LVS director come from its peers
version_added: 0.1.0
description:
  - With firewalld or ufw, lets VRRP (with AH where it is used) and the port of C(lvs_sync_daemon) in from the other
    directors of the cluster. With firewalld in the zone of the interface, in the default zone when it has none.
  - With nftables, drops them from everyone else, in a table of its own. It opens nothing, as an C(accept) in one table
    ends no other one. A unit of its own sets the table again at boot and whenever C(nftables.service) is started,
    restarted or reloaded.
  - Nothing else is let in. The ports of virtual services are to be opened for the clients by other means.
  - On an interface where no other director has a known address in reach, nothing is done, and that is said.
  - Which peers and interfaces there are is told by M(lvs.cluster.keepalived_config).
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
options:
  needs:
    description: The C(needs.firewall) that M(lvs.cluster.keepalived_config) returned.
    type: dict
    default: {}
  backend:
    description:
      - V(auto) takes firewalld or ufw where one of them runs, and does nothing otherwise.
      - V(nftables) is for hosts whose advertisements come from the addresses that the inventory has. Those from a
        director's other address would be dropped.
    type: str
    choices: [auto, nftables, firewalld, ufw, none]
    default: auto
  state:
    description: V(present) sets the rules, V(absent) takes all of them back.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Let VRRP in from the peers
  lvs.cluster.director_firewall:
    needs: "{{ config.needs.firewall }}"

- name: Drop VRRP from strangers
  lvs.cluster.director_firewall:
    needs: "{{ config.needs.firewall }}"
    backend: nftables
"""

RETURN = r"""
backend:
  description: The firewall that has the rules now, V(none) when there is none.
  type: str
  returned: success
  sample: firewalld
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.host import firewall, firewalls, port
from ansible_collections.lvs.cluster.plugins.module_utils.host.module import runner, settle


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "needs": {"type": "dict", "default": {}},
            "backend": {"type": "str", "choices": ["auto", *firewall.BACKENDS, "none"], "default": "auto"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    run = runner(module)
    backend = module.params["backend"] if module.params["state"] == "present" else "none"
    if backend == "auto":
        backend = firewalls.active(run) or "none"
    if backend == "none":
        settle(module, "director firewall", None, backend=backend)
    try:
        found, unknown = firewall.passages(module.params["needs"], port.networks(run))
    except (port.HostError, ValueError) as error:
        module.fail_json(msg=str(error))
    for interface in unknown:
        module.warn(f"{interface}: no other director has a known address in reach, so nothing is limited there")
    if backend == "nftables":
        want = firewall.nftables(found, systemd=port.has_systemd())
    elif backend == "firewalld":
        want = firewall.firewalld(found, firewalls.zones(run, (passage.interface for passage in found)))
    else:
        want = firewall.ufw(found)
    settle(module, "director firewall", want, backend=backend)


if __name__ == "__main__":
    main()
