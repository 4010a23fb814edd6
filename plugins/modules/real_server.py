# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: real_server
short_description: Prepare a host as a real server of an LVS cluster, or put it back
version_added: 0.1.0
description:
  - By DR and TUN, gives the host the virtual addresses of a cluster in such a way that it never answers ARP for them.
    The sysctls are set before the addresses, and taken back after them.
  - By NAT, leads the answers of a service back through the directors.
  - Writes units that do the same at boot, the addresses before the network comes up.
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
      - O(state=present) needs either these, O(clusters) or O(derive).
    type: list
    elements: str
    default: []
  lvs_method:
    description:
      - How the directors forward to this host; the word C(lvs_method) (or C(lb_kind)) of its C(virtual_server).
      - With V(DR) the addresses of O(virtual_ipaddress) are on C(lo). With V(TUN) they are on C(tunl0) (C(ip6tnl0)).
      - For V(NAT) there is O(clusters).
    type: str
    choices: [DR, TUN]
    default: DR
  clusters:
    description:
      - All that the host is a real server of, in the place of O(name), O(virtual_ipaddress) and O(lvs_method).
      - What it was for a cluster that is not named here is put back.
    type: list
    elements: dict
    suboptions:
      name:
        description: The cluster. Letters, digits, V(-) and V(_).
        type: str
        default: default
      director:
        description:
          - It is a director of this cluster as well. Connections that the master sends it, and tells it of by
            C(lvs_sync_daemon), are left to its own server then (C(net.ipv4.vs.backup_only)).
        type: bool
        default: false
      services:
        description: What it serves there.
        type: list
        elements: dict
        required: true
        suboptions:
          lvs_method:
            description: How the directors forward to it.
            type: str
            choices: [DR, TUN, NAT]
            default: DR
          virtual_ipaddress:
            description: The virtual addresses, for V(DR) and V(TUN).
            type: list
            elements: str
            default: []
          address:
            description:
              - The host's own address, that of its C(real_server).
              - Needed for V(NAT). For V(TUN) it tells the tunnel, when its family is not that of the virtual address.
            type: str
          port:
            description: The port it serves, for V(NAT); only what it answers from there is led back.
            type: int
          protocol:
            description: The protocol of O(clusters[].services[].port).
            type: str
            choices: [tcp, udp, sctp]
            default: tcp
          gateway:
            description: The address that moves with the master director, for V(NAT). Without it nothing is done.
            type: str
  derive:
    description:
      - Find out O(clusters) on the controller, from the C(lvs_cluster) or C(director_config) of the hosts of the group
        C(directors), text or YAML, and from this host's addresses in the inventory (C(lvs_address), else
        C(ansible_host)).
      - A host that is nobody's real server is put back.
    type: bool
    default: false
  route:
    description:
      - How the answers of NAT services find the director.
      - V(policy) leads those and only those, by a routing table and rules of its own. Clients in networks that the host
        reaches without its default route are answered without the director, who must not be asked by them.
      - V(default) leads all that the host sends to networks it knows by its default route only, which stays. There can
        be one gateway of each family.
      - V(none) does nothing; the host's network settings see to it.
    type: str
    choices: [policy, default, none]
    default: policy
  phase:
    description:
      - What of it to do now, so that the directors can be changed in between. A host that a director still sends to, or
        sends to already, must have the addresses.
      - V(add) sets what is asked for and puts nothing back; what an earlier run set stays (RV(kept)).
      - V(remove) is for the run after that one. In check mode it shows what is put back, as if V(add) had been done.
      - V(all) does both at once.
    type: str
    choices: [all, add, remove]
    default: all
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

- name: Serve what the inventory's clusters say
  lvs.cluster.real_server:
    derive: true

- name: Serve two clusters
  lvs.cluster.real_server:
    clusters:
      - name: web
        services:
          - virtual_ipaddress: [192.0.2.80, "2001:db8::80"]
      - name: mail
        services:
          - {lvs_method: NAT, address: 10.0.0.7, port: 25, gateway: 10.0.0.1}

- name: Get ready for what the directors will send, and for what they send still
  lvs.cluster.real_server:
    derive: true
    phase: add

- name: Leave the cluster
  lvs.cluster.real_server:
    name: mail
    state: absent
"""

RETURN = r"""
virtual_ipaddress:
  description: The addresses of these clusters that the host has now, each with its length and link.
  type: list
  elements: str
  returned: success
  sample: [192.0.2.80/32 lo]
clusters:
  description: What the host is a real server of now, by O(derive) or as it was said.
  type: list
  elements: dict
  returned: O(derive=true) or O(clusters)
  sample: [{name: default, services: [{lvs_method: DR, virtual_ipaddress: [192.0.2.80]}]}]

kept:
  description: What is not asked for any more and is put back by the next run without O(phase=add).
  type: list
  elements: str
  returned: success
  sample: [address 192.0.2.79/32 lo]
"""

import re
from typing import Any, Dict, List, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.host import real_server
from ansible_collections.lvs.cluster.plugins.module_utils.host.module import read_record, settle_all
from ansible_collections.lvs.cluster.plugins.module_utils.host.real_server import OWNER
from ansible_collections.lvs.cluster.plugins.module_utils.host.settings import Kind, Record, Want, with_owners
from ansible_collections.lvs.cluster.plugins.module_utils.host.units import at_boot, beside


def wish(module: AnsibleModule, name: str, services: List[Dict[str, Any]], *, director: bool = False) -> Want:
    """The settings that the services of one cluster ask for."""
    if not re.match(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z", name):
        module.fail_json(msg=f"name: {name!r} has other signs than letters, digits, '-' and '_'")
    try:
        want = {**real_server.live(services, module.params["route"]), **(real_server.DIRECTOR if director else {})}
    except real_server.AddressError as error:
        module.fail_json(msg=f"virtual_ipaddress: {error}")
    if module.params["service_manager"] == "systemd":
        want.update(at_boot(name, want))
    return want


def asked(module: AnsibleModule, record: Record) -> Dict[str, Optional[Want]]:
    """What each cluster asks for, None for one that is left; with a list of all clusters, the others are."""
    options = module.params
    if options["clusters"] is not None:
        wishes: Dict[str, Optional[Want]] = {OWNER + name: None for name in real_server.owners(record)}
        for one in options["clusters"] if options["state"] == "present" else ():
            wishes[OWNER + one["name"]] = wish(module, one["name"], one["services"], director=one["director"])
        try:
            real_server.one_way((want for want in wishes.values() if want), options["route"])
        except real_server.AddressError as error:
            module.fail_json(msg=str(error))
        return wishes
    if options["state"] == "absent":
        return {OWNER + options["name"]: None}
    if not options["virtual_ipaddress"]:
        module.fail_json(msg="virtual_ipaddress: a real server that is present needs at least one address")
    service = {"lvs_method": options["lvs_method"], "virtual_ipaddress": options["virtual_ipaddress"]}
    return {OWNER + options["name"]: wish(module, options["name"], [service])}


def kept(owner: str, old: Optional[Want], want: Optional[Want]) -> Optional[Want]:
    """What a cluster asks for, and what it had beside that."""
    return beside(owner[len(OWNER) :], old, want) if old and want else want or old


def main() -> None:
    service = {
        "lvs_method": {"type": "str", "choices": list(real_server.METHODS), "default": "DR"},
        "virtual_ipaddress": {"type": "list", "elements": "str", "default": []},
        "address": {"type": "str"},
        "port": {"type": "int"},
        "protocol": {"type": "str", "choices": ["tcp", "udp", "sctp"], "default": "tcp"},
        "gateway": {"type": "str"},
    }
    cluster = {
        "name": {"type": "str", "default": "default"},
        "director": {"type": "bool", "default": False},
        "services": {"type": "list", "elements": "dict", "required": True, "options": service},
    }
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "name": {"type": "str", "default": "default"},
            "virtual_ipaddress": {"type": "list", "elements": "str", "default": []},
            "lvs_method": {"type": "str", "choices": ["DR", "TUN"], "default": "DR"},
            "clusters": {"type": "list", "elements": "dict", "options": cluster},
            # The action plugin makes the clusters of it; here it is only known.
            "derive": {"type": "bool", "default": False},
            "route": {"type": "str", "choices": list(real_server.ROUTES), "default": "policy"},
            "phase": {"type": "str", "choices": ["all", "add", "remove"], "default": "all"},
            "service_manager": {"type": "str", "choices": ["systemd", "none"], "default": "systemd"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    record = read_record(module)
    wishes = asked(module, record)
    both = {owner: kept(owner, record.owners.get(owner), want) for owner, want in wishes.items()}
    phase = module.params["phase"]
    stages = [both] if phase == "add" else [both, wishes] if phase == "remove" and module.check_mode else [wishes]
    addresses = sorted({s.name for want in stages[-1].values() for s in want or () if s.kind is Kind.ADDRESS})
    needed = {s for want in with_owners(record, wishes).owners.values() for s in want}
    stays = {s for want in both.values() for s in want or ()} - needed if phase == "add" else set()
    said = {} if module.params["clusters"] is None else {"clusters": module.params["clusters"]}
    said["kept"] = [f"{one.kind.name.lower()} {one.name}" for one in sorted(stays)]
    settle_all(module, record, stages, virtual_ipaddress=addresses, **said)


if __name__ == "__main__":
    main()
