# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: director_engine
short_description: Have one engine, lvs-agent or keepalived, serve a director
version_added: 0.1.0
description:
  - Enables and starts the unit of one engine; stops and disables that of the other one.
  - A running engine takes a new configuration by a reload. A restart, which gives up the virtual addresses for a
    moment, is made only for O(restart).
  - The agent is also reloaded when its file is not the one that it runs, as after a play that ended too early; and the
    task fails when the agent refuses the file and goes on with the old one.
  - When the unit does not start, the end of its journal is in the message.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
attributes:
  idempotent:
    support: partial
    details:
      - With O(reload) or O(restart) a running engine is reloaded or restarted each time.
requirements:
  - systemd on the host
options:
  engine:
    description: Who serves. V(agent) is C(lvs-agent.service), V(keepalived) is C(keepalived.service).
    type: str
    choices: [agent, keepalived]
    default: agent
  reload:
    description: Reload the engine if it runs already, because its configuration is new.
    type: bool
    default: false
  restart:
    description: Restart the engine if it runs already, because its program is new.
    type: bool
    default: false
  state:
    description:
      - V(present) has the engine serve.
      - V(absent) stops and disables both engines. A keepalived that this collection has neither started nor stopped is
        left alone.
      - V(restored) has keepalived enabled, and started, where it was before the first time that this collection told
        systemd anything. Its own file should be back by then.
    type: str
    choices: [present, absent, restored]
    default: present
"""

EXAMPLES = r"""
- name: Have the agent serve
  lvs.cluster.director_engine:

- name: Have it serve a new configuration
  lvs.cluster.director_engine:
    reload: "{{ config is changed }}"

- name: Have keepalived serve instead
  lvs.cluster.director_engine:
    engine: keepalived
"""

RETURN = r"""
orders:
  description: What systemctl was told, or would be.
  type: list
  elements: str
  returned: success
  sample: [disable --now keepalived.service, enable lvs-agent.service, start lvs-agent.service]
"""

from typing import Dict, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import first, secret
from ansible_collections.lvs.cluster.plugins.module_utils.service import plan, port


def orders_for(module: AnsibleModule, units: Dict[str, plan.Unit]) -> Tuple[plan.Order, ...]:
    """What systemctl is to be told."""
    options, was = module.params, first.service()
    if options["state"] == "restored":
        # What comes before this task would have stopped it.
        rests = units["keepalived"]._replace(active="inactive", enabled="disabled")
        return plan.restored(rests if module.check_mode else units["keepalived"], *was) if was else ()
    if options["state"] == "absent":
        mine = {name: unit for name, unit in units.items() if was or name != "keepalived"}
        return plan.orders(mine, None, reload=False, restart=False)
    engine = options["engine"]
    if module.check_mode and not units[engine].exists:
        # What comes before this task would have installed it.
        units = {**units, engine: plan.Unit("loaded", "inactive", "disabled")}
    answer = port.ask_agent("status") if engine == "agent" and units[engine].runs else None
    reload, restart = options["reload"] or port.is_stale(answer), options["restart"] or port.is_outdated(answer)
    return plan.orders(units, engine, reload, restart)


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "engine": {"type": "str", "choices": list(plan.ENGINES), "default": "agent"},
            "reload": {"type": "bool", "default": False},
            "restart": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
        },
        supports_check_mode=True,
    )
    state = module.params["state"]
    try:
        units = port.read_units(module.run_command)
        orders = orders_for(module, units)
        changed = bool(orders) or (state == "restored" and first.service() is not None)
        if not module.check_mode:
            if orders and state == "present":
                first.remember_service(first.Service.of(units["keepalived"]))
            port.carry_out(module.run_command, orders)
            if changed and state == "restored":
                first.forget(first.KEEPALIVED)
    except (OSError, port.ServiceError, plan.UnitError) as error:
        module.fail_json(msg=secret.masked(str(error)))
    said = [" ".join(order) for order in orders]
    module.exit_json(changed=changed, orders=said, diff={"prepared": "".join(f"{order}\n" for order in said)})


if __name__ == "__main__":
    main()
