# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: director_commit
short_description: Change a director's keepalived.conf or engine, watched, and taken back when it gets worse
version_added: 0.1.0
description:
  - Does what M(lvs.cluster.keepalived_config) and M(lvs.cluster.director_engine) do, as one change that is watched.
  - A guard on the director, which needs no connection to the controller, looks at what is, makes the change, and looks
    on. It takes the change back at once when the engine ends or refuses the file, a C(vrrp_instance) gets into FAULT
    state, a virtual address has two holders or none, a virtual router two masters or none, a virtual service loses
    servers that were up, or a virtual service that answered this director does not any more.
  - It compares with what was, not with what ought to be. A server that was down before may stay down.
  - A change that is good has to be confirmed by the controller; the module does that. When the controller or the way
    to it is gone, the director takes the change back by itself after O(confirm_within).
  - The same when the guard is killed, or the director loses its power, before the change is confirmed. Until then the
    old file is in C(/var/lib/lvs-cluster/unconfirmed), and C(lvs-take-back.service) brings it and its engine back at
    once or, before any engine starts, at the next boot. Where that was not possible, the next run of this module does
    it first and warns.
  - The task fails with the reasons when the change was taken back.
  - What was confirmed is remembered on the director, for O(state=previous). What was there before the first change is
    remembered too, for O(lvs.cluster.keepalived_config#module:state=absent) and
    O(lvs.cluster.director_engine#module:state=restored).
  - In check mode it shows the file's diff, the diff of what the file means, what systemctl would be told, and what
    would change in the kernel's IPVS table, with the connections of each changed server.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
attributes:
  idempotent:
    support: partial
    details:
      - With O(restart) a running engine is restarted each time.
      - O(state=previous) goes to and fro between the last two confirmed files.
requirements:
  - systemd on the host
options:
  content:
    description: The text of the file. With O(state=present) one of this, O(config) and O(description) is required.
    type: str
  config:
    description: What the file is to say, as a mapping; see O(lvs.cluster.keepalived_config#module:config).
    type: dict
  description:
    description:
      - The description of the whole cluster; see O(lvs.cluster.keepalived_config#module:description).
    type: raw
  path:
    description: Where the file is on the director.
    type: path
    default: /etc/keepalived/keepalived.conf
  engine:
    description: Who is to serve. Another engine than before is stopped and disabled.
    type: str
    choices: [agent, keepalived]
    default: agent
  restart:
    description: Restart the engine if it runs already, because its program is new.
    type: bool
    default: false
  watch:
    description:
      - How many seconds a change is watched at most.
      - It is watched for as long as the new or changed checks need to run once, three adverts, and 4 seconds at least.
        When O(watch) is shorter than that the task warns.
    type: int
    default: 20
  confirm_within:
    description:
      - In how many seconds after the change the controller has to have confirmed it; the director takes it back else.
      - A good watch leaves it 8 seconds at least.
    type: int
    default: 28
  state:
    description:
      - V(present) brings the file and the engine.
      - V(previous) brings back the file that was confirmed last, with its engine, when another one is there now; else
        the one that was confirmed before it.
      - V(absent) forgets what was confirmed. It changes neither the file nor the engine.
    type: str
    choices: [present, previous, absent]
    default: present
  _step:
    description: What the action plugin wants of the host now.
    type: str
    choices: [look, apply]
  _expected:
    description: What the new file answers for. The action plugin makes it.
    type: dict
"""

EXAMPLES = r"""
- name: Bring a new configuration, or have the old one back
  lvs.cluster.director_commit:
    content: "{{ lookup('ansible.builtin.template', 'keepalived.conf.j2') }}"

- name: Have keepalived serve instead of the agent
  lvs.cluster.director_commit:
    description: "{{ lvs_cluster }}"
    engine: keepalived

- name: Go back to the configuration before this one
  lvs.cluster.director_commit:
    state: previous
"""

RETURN = r"""
orders:
  description: What systemctl was told, or would be.
  type: list
  elements: str
  returned: O(state=present) or O(state=previous)
  sample: [reload lvs-agent.service]
reasons:
  description: Why the change was taken back.
  type: list
  elements: str
  returned: the change was taken back
  sample: [TCP 192.0.2.80:80 has no server any more]
watched:
  description: How many seconds the change was watched at least.
  type: float
  returned: changed
findings:
  description: Warnings about the text, as one reads them.
  type: list
  elements: str
  returned: O(state=present) or O(state=previous)
engine:
  description: Who serves.
  type: str
  returned: O(state=present) or O(state=previous)
"""

import base64
import os
from typing import Any, Dict, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.change import look, port, undo, watch
from ansible_collections.lvs.cluster.plugins.module_utils.change.judge import Expected
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import first, refusal, secret
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import port as configuration
from ansible_collections.lvs.cluster.plugins.module_utils.service import plan
from ansible_collections.lvs.cluster.plugins.module_utils.service import port as service

PATIENCE = 110.0
"""Seconds over its times that the guard may take to end: looks, and orders to systemd, which waits 90 s for a stop."""


class Present:
    """What is on the director, and which orders would make it what it is to be."""

    def __init__(self, module: AnsibleModule) -> None:
        options = module.params
        self.before = configuration.content(options["path"])
        self.units = service.read_units(module.run_command)
        self.engine: Optional[str] = next((name for name, unit in self.units.items() if unit.runs), None)
        answer = service.ask_agent("status") if self.engine == "agent" else None
        self.program = str(answer["status"].get("program", "")) if answer and answer.get("ok") else None
        self.stale, self.outdated = service.is_stale(answer), service.is_outdated(answer)

    def orders(self, options: Dict[str, Any], data: bytes, *, check_mode: bool) -> Tuple[plan.Order, ...]:
        """What systemctl is to be told."""
        units = dict(self.units)
        if check_mode and not units[options["engine"]].exists:
            # What comes before this task would have installed it.
            units[options["engine"]] = plan.Unit("loaded", "inactive", "disabled")
        fresh = self.before != data or self.stale
        return plan.orders(units, options["engine"], fresh, options["restart"] or self.outdated)


def tidy(module: AnsibleModule) -> None:
    """Take back first what a guard that is gone left without anybody's confirmation."""
    if not undo.armed() or port.under_way():
        return
    if module.check_mode:
        module.warn("a change is there that nobody confirmed, its guard is gone: the next run takes it back first")
        return
    undo.take_back()
    module.warn("a change was there that nobody confirmed, its guard was gone: it was taken back first")


def look_step(module: AnsibleModule) -> None:
    """What is there, for the action plugin to decide upon."""
    options = module.params
    tidy(module)
    present = Present(module)
    answer: Dict[str, Any] = {"_before": (present.before or b"").hex(), "_engine": present.engine}
    if options["state"] == "previous":
        found = port.last_good(present.before, present.engine)
        if found is None:
            module.fail_json(msg="nothing else than the present configuration was ever confirmed on this director")
        module.exit_json(changed=False, _good=found[0].hex(), _good_engine=found[1], **answer)
    data = base64.b64decode(options["content"])
    orders = present.orders(options, data, check_mode=module.check_mode)
    private = present.before is not None and configuration.is_private(options["path"])
    answer["_anew"] = any(order[0] in ("start", "restart") for order in orders)
    answer["_table"], answer["_connections"] = look.saved_table(), look.connections()
    changed = bool(orders) or present.before != data or not private
    module.exit_json(changed=changed, orders=[" ".join(order) for order in orders], **answer)


def apply_step(module: AnsibleModule) -> None:
    """Have the guard make the change and wait until it says what became of it."""
    options = module.params
    data = base64.b64decode(options["content"])
    text = data.decode("utf-8")
    was = first.look(options["path"])  # before a staged file makes its folder
    staged = configuration.stage(options["path"], data)
    try:
        refused, warnings = refusal.refusals(module.run_command, staged, options["path"], text, options["engine"])
    finally:
        os.unlink(staged)
    for warning in warnings:
        module.warn(warning)
    if refused:
        module.fail_json(msg="\n".join(refused), reasons=refused)
    present = Present(module)
    orders = present.orders(options, data, check_mode=False)
    wanted = Expected.of(options["_expected"])
    change = port.Change(
        options["path"],
        data,
        present.before,
        orders,
        options["engine"],
        present.engine,
        present.program,
        was,
        first.Service.of(present.units["keepalived"]),
    )
    times = watch.Times(float(options["watch"]), max(8.0, float(options["confirm_within"] - options["watch"])))
    interfaces = tuple({**dict.fromkeys(wanted.interfaces), **dict.fromkeys(options["_expected"]["listen"])})
    port.begin(change, wanted, interfaces, times)
    said = port.follow(times.watch + PATIENCE, (watch.GOOD, watch.BACK))
    told = [" ".join(order) for order in orders]
    answer = port.outcome(said, text)
    if answer.get("failed"):
        module.fail_json(orders=told, **answer)
    module.exit_json(orders=told, **answer)


def forget(module: AnsibleModule) -> None:
    """Remove what is remembered."""
    there = [*([port.STORE] if os.path.isdir(port.STORE) else []), *undo.left()]
    if there and not module.check_mode:
        port.forget()
        undo.disarm()
    diff = {"before": "".join(f"{path}\n" for path in there), "after": ""}
    module.exit_json(changed=bool(there), diff=diff)


STEPS = {"look": look_step, "apply": apply_step}


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            # From the action plugin, as base64: so no line of it is taken for a secret and masked in the diff.
            "content": {"type": "str", "no_log": True},
            # The action plugin makes the content of them; here they are only known.
            "config": {"type": "dict"},
            "description": {"type": "raw"},
            "path": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "engine": {"type": "str", "choices": list(plan.ENGINES), "default": "agent"},
            "restart": {"type": "bool", "default": False},
            "watch": {"type": "int", "default": 20},
            "confirm_within": {"type": "int", "default": 28},
            "state": {"type": "str", "choices": ["present", "previous", "absent"], "default": "present"},
            "_step": {"type": "str", "choices": ["look", "apply"]},
            "_expected": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    try:
        if module.params["state"] == "absent":
            forget(module)
        else:
            STEPS[module.params["_step"]](module)
    except (OSError, service.ServiceError, plan.UnitError, port.ChangeError, undo.UndoError) as error:
        module.fail_json(msg=secret.masked(str(error)))


if __name__ == "__main__":
    main()
