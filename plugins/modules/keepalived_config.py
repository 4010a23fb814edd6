# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_config
short_description: Write a director's keepalived.conf after it was checked
version_added: 0.1.0
description:
  - Checks the text on the controller, before anything on the host is touched, and fails with all findings at once.
  - Then replaces the file at once, readable by root only. A reader sees the old or the new file, never a part.
  - The text has to be whole. An C(include) of a file that only the director has cannot be checked and is an error;
    include on the controller instead, with Jinja.
  - Values of C(auth_pass) and its like are masked in diffs and messages.
  - Tells what the file needs of a director's kernel, for M(lvs.cluster.director_kernel).
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
options:
  content:
    description: The text of the file. With O(state=present) one of this, O(config) and O(description) is required.
    type: str
  config:
    description:
      - What the file is to say, as a mapping in keepalived's words; blocks that may be there several times are lists
        with the plural as their name. C(docs/reference.md) has all of them, C(docs/keepalived.schema.json) is for
        editors.
      - Mistakes are told with the path to them, as C(config.virtual_servers[2].real_servers[0].weight).
    type: dict
  description:
    description:
      - The description of the whole cluster, the same for all its directors, as the variable C(lvs_cluster) of the role
        P(lvs.cluster.director#role) has it; or the text of a C(keepalived.conf).
      - As O(config), but what follows from the inventory may be left out, and hosts and groups may stand for addresses.
    type: raw
  path:
    description: Where the file is on the director.
    type: path
    default: /etc/keepalived/keepalived.conf
  engine:
    description:
      - What is going to run the file.
      - With V(agent) also that is refused which the agent of this collection does not do.
      - With V(keepalived) the host's own C(keepalived --config-test) tests the file before it is taken. Errors that
        keepalived would run with (exit status 5) are warnings then, as the check on the controller is stricter.
    type: str
    choices: [agent, keepalived]
    default: agent
  backup:
    description: Keep the old file beside the new one, with a date in its name.
    type: bool
    default: false
  state:
    description:
      - V(present) writes the file. What was there before the first time, on a host that this collection finds with a
        file of somebody else's, is kept in C(/var/lib/lvs-cluster/before).
      - V(absent) puts that back, byte for byte with its mode and owner. Where nothing was it removes the file, and its
        directory when that was not there either. A file that was never written by this collection is left alone.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Write the configuration of a director
  lvs.cluster.keepalived_config:
    content: "{{ lookup('ansible.builtin.template', 'keepalived.conf.j2') }}"
  register: config

- name: The same from YAML
  lvs.cluster.keepalived_config:
    config:
      vrrp_instances:
        - name: VI_1
          interface: eth0
          virtual_router_id: 51
          priority: 150
          virtual_ipaddress: [192.0.2.80/24]
      virtual_servers:
        - address: 192.0.2.80
          port: 80
          lvs_sched: wlc
          lvs_method: DR
          protocol: TCP
          real_servers:
            - address: 192.0.2.11
              port: 80
              TCP_CHECK: {connect_timeout: 3}

- name: Have the engine take it
  lvs.cluster.director_engine:
    reload: "{{ config is changed }}"
"""

RETURN = r"""
findings:
  description: Warnings about the text, as one reads them.
  type: list
  elements: str
  returned: O(state=present)
needs:
  description: What the text needs of the kernel and of the firewall.
  type: dict
  returned: O(state=present)
  contains:
    modules:
      description: Kernel modules.
      type: list
      elements: str
    sysctls:
      description: Sysctls and their values.
      type: dict
    firewall:
      description: Who sends VRRP and connection synchronisation, for M(lvs.cluster.director_firewall).
      type: dict
  sample: {modules: [ip_vs, ip_vs_wrr], sysctls: {net.ipv4.ip_forward: "1"}}
backup_file:
  description: Where the old file is now.
  type: str
  returned: changed and O(backup=true)
  sample: /etc/keepalived/keepalived.conf.4711.2026-01-31@12:00:00~
"""

import base64
import os
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import first, port, refusal


def shown(data: bytes) -> str:
    """The old text for the action plugin, which masks it: in hexadecimal, where Ansible cannot find `content`."""
    return data.hex()


def write(module: AnsibleModule, data: bytes) -> None:
    """Bring the file, tested once more where it will be read."""
    path = module.params["path"]
    before, was = port.content(path), first.look(path)
    private = before is not None and port.is_private(path)
    if before == data and private:
        module.exit_json(changed=False)
    result: Dict[str, Any] = {"changed": True, "_before": shown(before or b"")}
    if not module.check_mode:
        staged = port.stage(path, data)
        try:
            text = data.decode("utf-8")
            refused, warnings = refusal.refusals(module.run_command, staged, path, text, module.params["engine"])
            for warning in warnings:
                module.warn(warning)
            if refused:
                module.fail_json(msg="\n".join(refused))
            if module.params["backup"] and before is not None:
                result["backup_file"] = module.backup_local(path)  # type: ignore[no-untyped-call]
            first.remember(path, was)
            os.replace(staged, path)
        finally:
            if os.path.exists(staged):
                os.unlink(staged)
    module.exit_json(**result)


def remove(module: AnsibleModule) -> None:
    """Put back what was there before; a file that was never changed is left alone."""
    path = module.params["path"]
    was, before = first.file(path), port.content(path)
    if was is None:
        module.exit_json(changed=False)
    result = {"changed": True, "_before": shown(before or b""), "_after": shown(was.data or b"")}
    if not module.check_mode:
        if module.params["backup"] and before is not None:
            result["backup_file"] = module.backup_local(path)  # type: ignore[no-untyped-call]
        first.put_back(path)
    module.exit_json(**result)


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            # From the action plugin, as base64: so no line of it is taken for a secret and masked in the diff.
            "content": {"type": "str", "no_log": True},
            # The action plugin makes the content of these; here they are only known.
            "config": {"type": "dict"},
            "description": {"type": "raw"},
            "path": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "engine": {"type": "str", "choices": ["agent", "keepalived"], "default": "agent"},
            "backup": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["content"])],
        supports_check_mode=True,
    )
    try:
        if module.params["state"] == "present":
            write(module, base64.b64decode(module.params["content"]))
        remove(module)
    except OSError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
