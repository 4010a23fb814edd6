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
  - Refuses when a service would have too few servers left, and fails for a server that is in no service of this
    director, neither in the kernel's table nor in the engine's file. One that its checks have taken out is known by the
    file.
  - Run it on every director of the cluster at once; the playbook C(lvs.cluster.drain) does.
  - With the agent as the engine it asks the agent, whose journal keeps the server out over reloads and restarts, until
    it is brought back. With C(@lvs_agent slow_start) in its file the server comes back slowly.
  - With keepalived it sets the weight itself, for as long as the engine does not. A reload, a restart, or a server that
    goes down and comes up sets the weight of the file again. V(maintenance) lasts where the file can hold the server
    out, see O(state).
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
requirements:
  - ipvsadm on the host, where keepalived is the engine; the role P(lvs.cluster.director#role) installs it
options:
  server:
    description:
      - The addresses of the real server. One is enough of those that it has; one that is in no service here does not
        matter when another one is.
    type: list
    elements: str
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
    description:
      - V(drained) takes it out and waits for its connections until O(deadline).
      - V(maintenance) takes it out and waits for nobody. With the agent it lasts as V(drained) does. With keepalived it
        also writes the file of a C(FILE_CHECK) of that server, when neither another server nor a C(vrrp_instance)
        follows that file, so that the weight is 0 or, where the factor is 0, the server is down, which cuts its
        connections. That lasts over reloads and boots, when the file does. The task warns where nothing can hold the
        server out. What the file said before is kept in C(/var/lib/lvs-cluster).
      - V(serving) gives back the weight, and what the file said, before that.
    type: str
    choices: [drained, maintenance, serving]
    default: drained
  deadline:
    description: How many seconds to wait for its connections to end. With V(0) nobody waits.
    type: int
    default: 60
  floor:
    description: How many servers that take connections each service has to keep.
    type: int
    default: 1
  path:
    description: The file that keepalived runs, where that is the engine.
    type: path
    default: /etc/keepalived/keepalived.conf
"""

EXAMPLES = r"""
- name: Take r1 out, and wait five minutes for its connections
  lvs.cluster.real_server_state:
    server: 192.0.2.11
    deadline: 300

- name: Keep it out until it is repaired, by both of its addresses
  lvs.cluster.real_server_state:
    server: [192.0.2.11, "2001:db8::11"]
    state: maintenance

- name: Bring it back
  lvs.cluster.real_server_state:
    server: 192.0.2.11
    state: serving
"""

RETURN = r"""
weights:
  description: The weights that were set, or would be; those that the agent sets follow from its file.
  type: dict
  returned: success
  sample: {"TCP 192.0.2.80:80 -> 192.0.2.11:80": 0}
active:
  description: How many active connections the server still has.
  type: int
  returned: success
real_servers:
  description: The real servers of this director, when none of them is the one that was asked for.
  type: list
  elements: str
  returned: the server is in no service here
  sample: ["192.0.2.11:80", "192.0.2.12:80"]
"""

import ipaddress
import time
from typing import Any, Dict, List, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.change import kernel_table, look
from ansible_collections.lvs.cluster.plugins.module_utils.drain import hold, plan, port
from ansible_collections.lvs.cluster.plugins.module_utils.service.port import ask_agent

Texts = Tuple[Optional[str], Optional[str]]
"""What a file says and what it is to say; None: it is not there."""


def table() -> List[kernel_table.Row]:
    """The kernel's destinations now."""
    return list(kernel_table.rows(look.text_of(look.IP_VS)))


def refuse_unknown(module: AnsibleModule, places: List[plan.Place], asked: plan.Asked) -> None:
    """A server that stands nowhere here is a mistake, or another cluster's."""
    why = plan.unknown(places, asked)
    if why:
        module.fail_json(msg=why, real_servers=list(dict.fromkeys(destination for _service, destination in places)))


def by_agent(module: AnsibleModule, asked: plan.Asked, drains: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Have the agent drain the server or give it connections again, by each of its addresses that is known there."""
    if asked.service:
        module.fail_json(msg="service: the agent takes a server out of all its services; say port instead")
    out = {row["server"] for row in drains if "maintenance" not in row}
    places = plan.places_of_agent((ask_agent("status") or {}).get("status") or {})
    names = {plan.as_asked(server, asked.port): asked._replace(servers=(server,)) for server in asked.servers}
    here = [name for name, one in names.items() if name in out or not plan.unknown(places, one)]
    if not here:
        refuse_unknown(module, places, asked)
    wanted = module.params["state"] != "serving"
    todo = [name for name in here if (name in out) is not wanted]
    rows = table()
    planned = plan.drain(rows, plan.concerned(rows, asked), {}, module.params["floor"]) if wanted else plan.Plan()
    if planned.refused:
        module.fail_json(msg="\n".join(planned.refused))
    if not module.check_mode:
        tell_agent(module, todo, wanted)
    words = ("serving", "drained") if wanted else ("drained", "serving")
    before, after = ("".join(f"{name} {word}\n" for name in todo) for word in words)
    weights = {plan.place(row): weight for row, weight in planned.changes}
    return {"changed": bool(todo), "weights": weights, "diff": {"before": before, "after": after}}


def tell_agent(module: AnsibleModule, names: List[str], wanted: bool) -> None:
    """One address after the other; where one is refused, those before it serve again."""
    command, words = ("drain", {"floor": module.params["floor"]}) if wanted else ("undrain", {})
    for number, name in enumerate(names):
        answer = ask_agent(command, server=name, **words)
        if answer is None or not answer.get("ok"):
            for done in names[:number] if wanted else ():
                ask_agent("undrain", server=done)
            module.fail_json(msg=f"the agent did not {command} it: {(answer or {}).get('error', 'no answer')}")


def by_kernel(module: AnsibleModule, asked: plan.Asked) -> Dict[str, Any]:
    """Set the weights in the kernel's table and, for what is to last, write the files that keepalived follows."""
    rows, record, held, state = table(), port.weights(), port.held(), module.params["state"]
    document = port.document(module.params["path"])
    seats = list(hold.seats(document)) if document else []
    places = [*(seat.place for seat in seats), *((row.service, row.destination) for row in rows)]
    places += [*map(plan.split, record), *((None, server) for one in held.values() for server in one.servers)]
    refuse_unknown(module, places, asked)
    mine = plan.concerned(rows, asked)
    files: Dict[str, Texts] = {}
    if state == "serving":
        planned = plan.restore(mine, record, asked)
        files = {path: (one.says, one.said) for path, one in held.items() if one.of(asked)}
    else:
        planned = plan.drain(rows, mine, record, module.params["floor"])
        if state == "maintenance" and document:
            numbers = hold.numbers(seats, hold.followed(document), asked)
            files = {path: (port.text(path), f"{number}\n") for path, number in numbers.items()}
        for line in hold.doubts(seats, set(files), mine, asked, lasting=state == "maintenance"):
            module.warn(line)
        files = {path: texts for path, texts in files.items() if texts[0] != texts[1]}
    if planned.refused:
        module.fail_json(msg="\n".join(planned.refused))
    program = module.get_bin_path("ipvsadm", required=bool(planned.changes))  # type: ignore[no-untyped-call]
    if not module.check_mode:
        servers = [seat.place[1] for seat in seats if asked.means(seat.place[1], seat.place[0])]
        carry_out(module, program, planned, files, asked, servers)
    said = [
        *((plan.place(row), f"weight {row.weight}", f"weight {weight}") for row, weight in planned.changes),
        *((path, *((text or "is not there").strip() for text in texts)) for path, texts in files.items()),
    ]
    before, after = ("".join(f"{words[0]} {words[side]}\n" for words in said) for side in (1, 2))
    weights = {plan.place(row): weight for row, weight in planned.changes}
    return {"changed": bool(said), "weights": weights, "diff": {"before": before, "after": after}}


def carry_out(
    module: AnsibleModule,
    program: str,
    planned: plan.Plan,
    files: Dict[str, Texts],
    asked: plan.Asked,
    servers: List[str],
) -> None:
    """What the weights and files were is remembered before they are set."""
    if planned.record != port.weights():
        port.remember_weights(planned.record)
    if module.params["state"] == "serving":
        port.let_go(asked)
    for row, weight in planned.changes:
        module.run_command([program, *plan.command(row, weight)], check_rc=True)  # type: ignore[no-untyped-call]
    if module.params["state"] == "maintenance" and files:
        port.hold({path: str(then) for path, (_now, then) in files.items()}, servers)


def left(asked: plan.Asked, seconds: float) -> int:
    """How many active connections are left; waits so long for their end."""
    ends = time.monotonic() + seconds
    while True:
        active = sum(row.active for row in plan.concerned(table(), asked))
        if not active or time.monotonic() >= ends:
            return active
        time.sleep(0.5)


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "server": {"type": "list", "elements": "str", "required": True},
            "port": {"type": "int"},
            "service": {"type": "str"},
            "state": {"type": "str", "choices": ["drained", "maintenance", "serving"], "default": "drained"},
            "deadline": {"type": "int", "default": 60},
            "floor": {"type": "int", "default": 1},
            "path": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        servers = tuple(str(ipaddress.ip_address(address)) for address in options["server"])
    except ValueError as error:
        module.fail_json(msg=f"server: {error}")
    asked = plan.Asked(servers, options["port"], options["service"])
    answer = ask_agent("drains")
    try:
        result = by_agent(module, asked, answer["drains"]) if answer and answer.get("ok") else by_kernel(module, asked)
    except OSError as error:
        module.fail_json(msg=str(error))
    waits = options["deadline"] if options["state"] == "drained" and not module.check_mode else 0
    active = left(asked, waits)
    if active and waits:
        module.warn(f"{' and '.join(servers)} has {active} active connections left after {waits} s")
    module.exit_json(active=active, **result)


if __name__ == "__main__":
    main()
