# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: director_info
short_description: Tell what a director does now
version_added: 0.1.0
description:
  - Who serves, which virtual addresses the director holds, which servers of its kernel's IPVS table take connections,
    and what became of the last change by M(lvs.cluster.director_commit).
  - The virtual addresses are those of the C(keepalived.conf) on the director.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
attributes:
  diff_mode:
    description: It changes nothing.
    support: none
requirements:
  - iproute2 and systemd on the host
options:
  path:
    description: Where the file is on the director.
    type: path
    default: /etc/keepalived/keepalived.conf
"""

EXAMPLES = r"""
- name: See what the director does
  lvs.cluster.director_info:
  register: found

- name: Say who is master
  ansible.builtin.debug:
    msg: "{{ inventory_hostname }} holds {{ found.director.holds | join(', ') }}"
"""

RETURN = r"""
director:
  description: The director.
  type: dict
  returned: success
  contains:
    engine:
      description: Who serves, C(agent), C(keepalived), or an empty string for nobody.
      type: str
    problems:
      description: What the engine says is wrong with itself.
      type: list
      elements: str
    instances:
      description: The state of each C(vrrp_instance), where the engine is the agent.
      type: dict
    holds:
      description: The virtual addresses of the file that this director has now.
      type: list
      elements: str
    real_server_of:
      description: The clusters whose real server this host is as well, by the module M(lvs.cluster.real_server).
      type: list
      elements: str
    servers:
      description: By virtual service, the servers that take connections.
      type: dict
    connections:
      description: By virtual service and server, active and inactive connections.
      type: dict
    change:
      description: The state of the last watched change and, when it was taken back, the reasons.
      type: dict
    status:
      description:
        - All that the agent says of itself, as C(lvs-agent status --json) prints it; empty for another engine.
        - Instances, groups, trackers, addresses, requests, services, servers, checks with their last result and time,
          drains, sync daemons, counters, the file's digest, processes.
      type: dict
  sample:
    engine: agent
    problems: []
    instances: {VI_1: MASTER}
    holds: [192.0.2.80]
    real_server_of: []
    servers: {"TCP 192.0.2.80:80": ["192.0.2.11:80"]}
    connections: {"TCP 192.0.2.80:80 -> 192.0.2.11:80": [3, 17]}
    change: {state: confirmed, reasons: []}
    status: {version: 0.1.0, pid: 512}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.change import kernel_table, look, port
from ansible_collections.lvs.cluster.plugins.module_utils.conf.port import read_file
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import secret
from ansible_collections.lvs.cluster.plugins.module_utils.host.module import read_record
from ansible_collections.lvs.cluster.plugins.module_utils.host.real_server import owners
from ansible_collections.lvs.cluster.plugins.module_utils.service.port import ask_agent


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={"path": {"type": "path", "default": "/etc/keepalived/keepalived.conf"}},
        supports_check_mode=True,
    )
    engine, _deaths, ill, instances = look.engine_view()
    try:
        document = read_file(module.params["path"], ask_machine=False).document
    except OSError:
        document = None
    own = look.own_addresses()
    virtual = [
        item.address
        for instance in (document.vrrp_instances if document else ())
        for item in (*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded)
    ]
    change = port.state()
    told = ask_agent("status") if engine == "agent" else None
    module.exit_json(
        changed=False,
        director={
            "engine": engine,
            "problems": list(ill),
            "instances": instances,
            "holds": [address for address in dict.fromkeys(virtual) if address in own],
            "real_server_of": owners(read_record(module)),
            "servers": {name: sorted(each) for name, each in kernel_table.up(look.text_of(look.IP_VS)).items()},
            "connections": {name: list(each) for name, each in look.connections().items()},
            "change": {
                "state": change.get("state", ""),
                "reasons": [secret.masked(reason) for reason in change.get("reasons", ())],
            },
            "status": (told or {}).get("status", {}),
        },
    )


if __name__ == "__main__":
    main()
