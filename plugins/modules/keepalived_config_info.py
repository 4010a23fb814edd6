# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_config_info
short_description: Read a director's keepalived.conf as data, with what is wrong in it
version_added: 0.1.0
description:
  - Reads the file on the host, with what it includes, and returns what it says in keepalived's words, as
    O(lvs.cluster.keepalived_config#module:config) takes it.
  - Passwords and keys are masked. Before the answer is written back they have to be put in again.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
attributes:
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  path:
    description: Where the file is on the director.
    type: path
    default: /etc/keepalived/keepalived.conf
  config_id:
    description: What lines such as C(@d1 priority 150) are compared with. The host's short name by default.
    type: str
seealso:
  - module: lvs.cluster.keepalived_config
"""

EXAMPLES = r"""
- name: Read what the director has
  lvs.cluster.keepalived_config_info:
  register: present

- name: Show its virtual routers
  ansible.builtin.debug:
    msg: "{{ present.config.vrrp_instances | default([]) | map(attribute='name') }}"
"""

RETURN = r"""
exists:
  description: Whether the file is there.
  type: bool
  returned: success
config:
  description: What the file says. With errors in it, what could be understood; empty without a file.
  type: dict
  returned: success
  sample: {vrrp_instances: [{name: VI_1, virtual_router_id: 51, virtual_ipaddress: [{address: 192.0.2.80}]}]}
findings:
  description: What is wrong in the file.
  type: list
  elements: dict
  returned: success
  contains:
    level:
      description: V(error), V(warning) or V(note).
      type: str
    code:
      description: The kind of mistake. C(lvs-agent explain CODE) tells more.
      type: str
    message:
      description: What is wrong.
      type: str
    help:
      description: How to mend it.
      type: str
    file:
      description: The file, which may be an included one.
      type: str
    line:
      description: The line in it, from 1.
      type: int
    column:
      description: The column, from 1.
      type: int
errors:
  description: How many findings are errors.
  type: int
  returned: success
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.conf import ERROR, mapping, port
from ansible_collections.lvs.cluster.plugins.module_utils.configuration.answer import readable, said


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "path": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "config_id": {"type": "str"},
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    if not os.path.exists(path):
        module.exit_json(changed=False, exists=False, config={}, findings=[], errors=0)
    try:
        text = port.read_text(path)
        reading = port.read_file(path, config_id=module.params["config_id"])
    except OSError as error:
        module.fail_json(msg=f"{path}: {error.strerror}")
    module.exit_json(
        changed=False,
        exists=True,
        config=readable(mapping.to_mapping(reading.document, mask=True)),
        findings=readable([said(finding, text) for finding in reading.findings]),
        errors=sum(finding.level == ERROR for finding in reading.findings),
    )


if __name__ == "__main__":
    main()
