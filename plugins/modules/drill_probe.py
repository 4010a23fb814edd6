# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: drill_probe
short_description: Observe a virtual address from a client's side, many times a second
version_added: 0.1.0
description:
  - With O(state=started) starts a process on the host that opens a new connection every O(interval), keeps O(held)
    connections open with a request on each every O(held_interval), sends numbered datagrams, asks who has the address,
    and listens to VRRP adverts. All of it goes into one log with the times of both clocks.
  - The process is on its own. After O(limit) seconds it ends whatever happens, so that nothing stays behind when the
    controller is gone.
  - With O(state=stopped) ends it. With O(state=marked) notes in the log that something was done at this moment.
    With O(state=followed) waits O(seconds), or until nothing was answered for O(dark) seconds.
  - M(lvs.cluster.drill_report) makes a report of the log.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
attributes:
  check_mode:
    description: In C(check_mode) nothing is started, stopped or marked.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: A probe that runs is not started again, one that does not run is not stopped. A mark is always new.
    support: partial
    details: O(state=marked) writes a mark at every call.
options:
  log:
    description:
      - The log. A running probe keeps it locked. With O(state=started) an older log of that name is replaced.
    type: path
    required: true
  state:
    description:
      - What to do.
    type: str
    choices: [started, stopped, marked, followed]
    default: started
  limit:
    description:
      - Seconds after which the probe ends by itself.
    type: float
    default: 300
  address:
    description:
      - The virtual address. Required with O(state=started).
    type: str
  port:
    description:
      - TCP port of the service. With V(0) no connections are opened.
    type: int
    default: 80
  protocol:
    description:
      - With V(http) an answer is a response to a GET, with V(tcp) it is an established connection, and none are held.
    type: str
    choices: [http, tcp]
    default: http
  path:
    description:
      - What to GET.
    type: str
    default: /
  virtualhost:
    description:
      - The Host header; without it the address.
    type: str
    default: ""
  status_codes:
    description:
      - Status codes that count as an answer.
    type: list
    elements: int
    default: [200]
  name_header:
    description:
      - The response header that names the real server. Without it the first line of the body is taken.
    type: str
    default: ""
  source:
    description:
      - The address to connect from; without it the kernel chooses.
    type: str
    default: ""
  interval:
    description:
      - Seconds between two new connections; the resolution of what is measured.
    type: float
    default: 0.01
  timeout:
    description:
      - Seconds after which a connection or datagram without an answer counts as lost.
    type: float
    default: 1.0
  in_flight:
    description:
      - New connections that may be waiting at the same time; more are not opened.
    type: int
    default: 200
  held:
    description:
      - Connections that are kept open.
    type: int
    default: 4
  held_interval:
    description:
      - Seconds between two requests on a held connection.
    type: float
    default: 0.05
  held_timeout:
    description:
      - Seconds without an answer after which a held connection counts as lost.
    type: float
    default: 15.0
  udp_port:
    description:
      - UDP port of a service that echoes datagrams. With V(0) none are sent.
    type: int
    default: 0
  udp_interval:
    description:
      - Seconds between two datagrams.
    type: float
    default: 0.02
  interface:
    description:
      - The interface whose ARP, Neighbor Discovery and VRRP is heard. Without it only connections are observed.
      - To be set only where the host is on the segment of the virtual address.
    type: str
    default: ""
  watch:
    description:
      - Further addresses whose holders are asked for.
    type: list
    elements: str
    default: []
  arp_interval:
    description:
      - Seconds between two questions who has the address. They are ARP probes, from which no cache learns.
    type: float
    default: 0.1
  mark_port:
    description:
      - UDP port on which marks are taken from M(lvs.cluster.drill_fault). With V(0) none are.
    type: int
    default: 0
  mark_token:
    description:
      - A secret word that a mark must carry.
    type: str
    default: ""
  label:
    description:
      - What was done; with O(state=marked).
    type: str
  seconds:
    description:
      - How long to wait; with O(state=followed).
    type: float
    default: 10
  dark:
    description:
      - Seconds without an answer after which waiting ends at once; with O(state=followed). V(0) for never.
    type: float
    default: 0
"""

EXAMPLES = r"""
- name: Observe the virtual address for a minute at most
  lvs.cluster.drill_probe:
    log: /run/drill.jsonl
    address: 192.0.2.80
    interface: eth0
    limit: 60

- name: End the observation
  lvs.cluster.drill_probe:
    log: /run/drill.jsonl
    state: stopped
"""

RETURN = r"""
log:
  description: The log's path.
  type: str
  returned: success
  sample: /run/drill.jsonl
pid:
  description: The probe's process.
  type: int
  returned: when it was started
  sample: 4711
dark:
  description: Seconds since the last answer when that was too long ago, else V(0).
  type: float
  returned: with O(state=followed)
  sample: 0.0
"""

import os
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.drill import daemon
from ansible_collections.lvs.cluster.plugins.module_utils.drill.settings import Settings, problems

OPTIONS = {
    "limit": {"type": "float", "default": 300},
    "address": {"type": "str"},
    "port": {"type": "int", "default": 80},
    "protocol": {"type": "str", "choices": ["http", "tcp"], "default": "http"},
    "path": {"type": "str", "default": "/"},
    "virtualhost": {"type": "str", "default": ""},
    "status_codes": {"type": "list", "elements": "int", "default": [200]},
    "name_header": {"type": "str", "default": ""},
    "source": {"type": "str", "default": ""},
    "interval": {"type": "float", "default": 0.01},
    "timeout": {"type": "float", "default": 1.0},
    "in_flight": {"type": "int", "default": 200},
    "held": {"type": "int", "default": 4},
    "held_interval": {"type": "float", "default": 0.05},
    "held_timeout": {"type": "float", "default": 15.0},
    "udp_port": {"type": "int", "default": 0},
    "udp_interval": {"type": "float", "default": 0.02},
    "interface": {"type": "str", "default": ""},
    "watch": {"type": "list", "elements": "str", "default": []},
    "arp_interval": {"type": "float", "default": 0.1},
    "mark_port": {"type": "int", "default": 0},
    "mark_token": {"type": "str", "default": "", "no_log": True},
}


def start(module: AnsibleModule) -> None:
    options = module.params
    values: Dict[str, Any] = {
        name: tuple(options[name]) if isinstance(options[name], list) else options[name] for name in OPTIONS
    }
    settings = Settings(log=options["log"], **values)
    wrong = problems(settings)
    if wrong:
        module.fail_json(msg="; ".join(wrong))
    if daemon.running(settings.log):
        module.exit_json(changed=False, log=settings.log)
    if module.check_mode:
        module.exit_json(changed=True, log=settings.log)
    if os.path.exists(settings.log):
        os.unlink(settings.log)
    module.exit_json(changed=True, log=settings.log, pid=daemon.start(settings))


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "log": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["started", "stopped", "marked", "followed"], "default": "started"},
            "label": {"type": "str"},
            "seconds": {"type": "float", "default": 10},
            "dark": {"type": "float", "default": 0},
            **OPTIONS,
        },
        required_if=[("state", "started", ["address"]), ("state", "marked", ["label"])],
        supports_check_mode=True,
    )
    options = module.params
    log = options["log"]
    try:
        if options["state"] == "started":
            start(module)
        if options["state"] == "marked":
            if not module.check_mode:
                daemon.mark(log, options["label"], os.uname().nodename)
            module.exit_json(changed=True, log=log)
        if options["state"] == "followed":
            dark = 0.0 if module.check_mode else daemon.follow(log, options["seconds"], options["dark"])
            module.exit_json(changed=False, log=log, dark=dark)
        changed = daemon.running(log) if module.check_mode else daemon.stop(log)
        module.exit_json(changed=changed, log=log)
    except (daemon.ProbeError, OSError) as error:
        module.fail_json(msg=f"{log}: {error}")


if __name__ == "__main__":
    main()
