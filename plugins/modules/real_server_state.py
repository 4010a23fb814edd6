# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: real_server_state
short_description: Take a real server out of a director's services without breaking its connections, or bring it back
version_added: 0.1.0
description:
  - Gives the real server the weight 0 in the kernel's IPVS table of the director, so that it gets no new connections,
    and waits until those that it has are over.
  - Refuses when a service would have too few servers left.
  - Run it on every director of the cluster at once; the playbook C(lvs.cluster.drain) does.
  - With the agent as the engine it asks the agent, whose journal keeps the server out over reloads and restarts, until
    it is brought back.
  - With keepalived it sets the weight itself, for as long as the engine does not. A reload, a restart, or a server that
    goes down and comes up sets the weight of the file again. What is to last stands in the file, as weight 0.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
requirements:
  - ipvsadm on the host, where keepalived is the engine
options:
  server:
    description: The address of the real server, as it stands in the director's table.
    type: str
    required: true
  port:
    description: Its port, when only the services on that port are meant.
    type: int
  service:
    description:
      - One virtual service, as C(TCP 192.0.2.80:80) or C(FWM 5), when only that is meant.
      - Not with the agent, which takes a server out of all its services.
    type: str
  state:
    description: V(drained) takes it out, V(serving) gives back the weight that it had before.
    type: str
    choices: [drained, serving]
    default: drained
  deadline:
    description: How many seconds to wait for its connections to end. With V(0) nobody waits.
    type: int
    default: 60
  floor:
    description: How many servers that take connections each service has to keep.
    type: int
    default: 1
"""

EXAMPLES = r"""
- name: Take r1 out, and wait five minutes for its connections
  lvs.cluster.real_server_state:
    server: 192.0.2.11
    deadline: 300

- name: Bring it back
  lvs.cluster.real_server_state:
    server: 192.0.2.11
    state: serving
"""

RETURN = r"""
weights:
  description: The weights that were set, or would be; those that the agent gives back follow from its file.
  type: dict
  returned: success
  sample: {"TCP 192.0.2.80:80 -> 192.0.2.11:80": 0}
active:
  description: How many active connections the server still has.
  type: int
  returned: success
"""

import ipaddress
import json
import os
import time
from typing import Dict, List, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.change import kernel_table, look
from ansible_collections.lvs.cluster.plugins.module_utils.drain import plan
from ansible_collections.lvs.cluster.plugins.module_utils.host.port import write_file
from ansible_collections.lvs.cluster.plugins.module_utils.service.port import ask_agent

RECORD = "/run/lvs-cluster/drained.json"


def record() -> Dict[str, int]:
    """What was drained before on this director."""
    try:
        return {str(name): int(weight) for name, weight in json.loads(look.text_of(RECORD)).items()}
    except ValueError:
        return {}


def mine_of(module: AnsibleModule) -> List[kernel_table.Row]:
    """The destinations that are this server, now."""
    options = module.params
    rows = kernel_table.rows(look.text_of(look.IP_VS))
    return plan.concerned(rows, options["server"], options["port"], options["service"])


def known_to_agent(module: AnsibleModule) -> Optional[bool]:
    """Whether the agent has it drained; None where no agent runs that can drain."""
    answer = ask_agent("drains")
    if answer is None or not answer.get("ok"):
        return None
    if module.params["service"]:
        module.fail_json(msg="service: the agent takes a server out of all its services; say port instead")
    named = plan.as_asked(module.params["server"], module.params["port"])
    return any(row["server"] == named and "maintenance" not in row for row in answer["drains"])


def tell_agent(module: AnsibleModule) -> None:
    """Have the agent drain it or give it connections again."""
    options = module.params
    command = "drain" if options["state"] == "drained" else "undrain"
    words = {"floor": options["floor"]} if command == "drain" else {}
    answer = ask_agent(command, server=plan.as_asked(options["server"], options["port"]), **words)
    if answer is None or not answer.get("ok"):
        module.fail_json(msg=f"the agent did not {command} it: {(answer or {}).get('error', 'no answer')}")


def carry_out(module: AnsibleModule, planned: plan.Plan) -> None:
    """Set the weights; what they were is remembered first."""
    program = module.get_bin_path("ipvsadm", required=True)  # type: ignore[no-untyped-call]
    os.makedirs(os.path.dirname(RECORD), mode=0o700, exist_ok=True)
    write_file(RECORD, json.dumps(dict(planned.record)), 0o600)
    for row, weight in planned.changes:
        module.run_command([program, *plan.command(row, weight)], check_rc=True)  # type: ignore[no-untyped-call]


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "server": {"type": "str", "required": True},
            "port": {"type": "int"},
            "service": {"type": "str"},
            "state": {"type": "str", "choices": ["drained", "serving"], "default": "drained"},
            "deadline": {"type": "int", "default": 60},
            "floor": {"type": "int", "default": 1},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        options["server"] = str(ipaddress.ip_address(options["server"]))
    except ValueError as error:
        module.fail_json(msg=f"server: {error}")
    rows, mine = list(kernel_table.rows(look.text_of(look.IP_VS))), mine_of(module)
    drained = options["state"] == "drained"
    known = known_to_agent(module)
    planned = plan.drain(rows, mine, record(), options["floor"]) if drained else plan.restore(mine, record())
    if planned.refused:
        module.fail_json(msg="\n".join(planned.refused))
    changed = bool(planned.changes) if known is None else known != drained
    if changed and not module.check_mode:
        if known is None:
            carry_out(module, planned)
        else:
            tell_agent(module)
    ends = time.monotonic() + (options["deadline"] if drained and not module.check_mode else 0)
    active = sum(row.active for row in mine_of(module))
    while active and time.monotonic() < ends:
        time.sleep(0.5)
        active = sum(row.active for row in mine_of(module))
    weights = {plan.place(row): weight for row, weight in planned.changes}
    before = "".join(f"{plan.place(row)} weight {row.weight}\n" for row, _weight in planned.changes)
    after = "".join(f"{name} weight {weight}\n" for name, weight in weights.items())
    if drained and active and options["deadline"] and not module.check_mode:
        module.warn(f"{options['server']} has {active} active connections left after {options['deadline']} s")
    if known is not None:
        named = plan.as_asked(options["server"], options["port"])
        before, after = (f"{named} {'drained' if out else 'serving'}\n" for out in (known, drained))
    module.exit_json(changed=changed, weights=weights, active=active, diff={"before": before, "after": after})


if __name__ == "__main__":
    main()
