# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: drill_fault
short_description: Do a fault on a host for a drill, with its putting back armed before
version_added: 0.1.0
description:
  - With O(state=armed) starts two processes on the host. The first waits O(hold) seconds and then runs O(undo),
    whatever became of the controller and its connection. Only when it waits, the second runs O(do).
  - Both tell the probes of M(lvs.cluster.drill_probe) the moments, with one datagram each.
  - With O(state=restored) runs O(undo) now instead of later, and waits for its end.
  - With O(state=locked) keeps other drills away from the host, for O(hold) seconds at most.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
attributes:
  check_mode:
    description: In C(check_mode) nothing is done.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: What is restored, locked or unlocked stays so. A fault is done at every call.
    support: partial
    details: O(state=armed) fails while the same fault is armed.
options:
  name:
    description:
      - The drill. Letters, digits, V(-) and V(_).
    type: str
    required: true
  state:
    description:
      - What to do.
    type: str
    choices: [armed, restored, locked, unlocked]
    default: armed
  do:
    description:
      - Shell commands that make the fault, run in order as this user. Each is ended after 60 seconds.
    type: list
    elements: str
    default: []
  undo:
    description:
      - Shell commands that put everything back. They run also when the fault had not come that far.
    type: list
    elements: str
    default: []
  delay:
    description:
      - Seconds until the fault.
    type: float
    default: 0.5
  hold:
    description:
      - Seconds from the fault until it is put back; with O(state=locked) until the lock is void.
    type: float
    default: 30
  probes:
    description:
      - Who is told the moments, each as V(ADDRESS:PORT) or V([ADDRESS]:PORT).
    type: list
    elements: str
    default: []
  token:
    description:
      - The secret word of the probes.
    type: str
    default: ""
  limit:
    description:
      - With O(state=restored), seconds to wait for the end of O(undo).
    type: float
    default: 120
"""

EXAMPLES = r"""
- name: Freeze the engine for ten seconds
  lvs.cluster.drill_fault:
    name: frozen
    do: [systemctl kill -s STOP lvs-agent]
    undo: [systemctl kill -s CONT lvs-agent]
    hold: 10

- name: Thaw it now
  lvs.cluster.drill_fault:
    name: frozen
    state: restored
"""

RETURN = r"""
done:
  description: What the commands of the fault said, when it has been done.
  type: dict
  returned: with O(state=restored)
  sample: {at: 1700000000.0, results: [{command: "true", rc: 0, output: ""}]}
undone:
  description: What the commands of the putting back said.
  type: dict
  returned: with O(state=restored)
  sample: {at: 1700000010.0, results: [{command: "true", rc: 0, output: ""}]}
"""

import os
import re
from typing import List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.drill import fault
from ansible_collections.lvs.cluster.plugins.module_utils.drill.detach import DetachError

PLACE = re.compile(r"\[?([0-9A-Fa-f.:]+?)\]?:([0-9]{1,5})\Z")


def places(texts: List[str]) -> Tuple[Tuple[str, int], ...]:
    """The probes as (address, port); raises ValueError."""
    found = [PLACE.match(text) for text in texts]
    if not all(found):
        raise ValueError(f"probes: {texts} are not all ADDRESS:PORT")
    return tuple((match.group(1), int(match.group(2))) for match in found if match)


def arm(module: AnsibleModule) -> None:
    options = module.params
    asked = fault.Fault(
        name=options["name"],
        do=tuple(options["do"]),
        undo=tuple(options["undo"]),
        delay=options["delay"],
        hold=options["hold"],
        probes=places(options["probes"]),
        token=options["token"],
        host=os.uname().nodename,
    )
    if not module.check_mode:
        fault.arm(asked)
    module.exit_json(changed=True)


def restore(module: AnsibleModule) -> None:
    name = module.params["name"]
    armed = bool(fault.state(name)["armed"])
    state = fault.state(name) if module.check_mode else fault.restore(name, module.params["limit"])
    bad = [row for row in (state["undone"] or {}).get("results", ()) if row["rc"]]
    if bad:
        words = "; ".join(f"{row['command']}: exit {row['rc']}: {row['output'].strip()}" for row in bad)
        module.fail_json(msg=f"not all was put back: {words}", done=state["done"], undone=state["undone"])
    module.exit_json(changed=armed, done=state["done"], undone=state["undone"])


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["armed", "restored", "locked", "unlocked"], "default": "armed"},
            "do": {"type": "list", "elements": "str", "default": []},
            "undo": {"type": "list", "elements": "str", "default": []},
            "delay": {"type": "float", "default": 0.5},
            "hold": {"type": "float", "default": 30},
            "probes": {"type": "list", "elements": "str", "default": []},
            "token": {"type": "str", "default": "", "no_log": True},
            "limit": {"type": "float", "default": 120},
        },
        supports_check_mode=True,
    )
    name, hold = module.params["name"], module.params["hold"]
    if not re.match(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z", name):
        module.fail_json(msg=f"name: {name!r} has other signs than letters, digits, '-' and '_'")
    if not 0 < hold <= 3600:
        module.fail_json(msg=f"hold: {hold} is not within 0 and 3600")
    try:
        if module.params["state"] == "armed":
            arm(module)
        elif module.params["state"] == "restored":
            restore(module)
        elif module.params["state"] == "locked":
            module.exit_json(changed=module.check_mode or fault.lock(name, hold))
        module.exit_json(changed=module.check_mode or fault.unlock(name))
    except (fault.FaultError, DetachError, ValueError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
