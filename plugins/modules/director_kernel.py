# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: director_kernel
short_description: Load and keep the kernel modules and sysctls of an LVS director, or put them back
version_added: 0.1.0
description:
  - Loads modules, sets sysctls, and writes C(/etc/modules-load.d/lvs-director.conf) and
    C(/etc/sysctl.d/60-lvs-director.conf) for the next boot.
  - Which ones a C(keepalived.conf) needs is told by M(lvs.cluster.keepalived_config).
  - Remembers how each setting was before, in C(/var/lib/lvs-cluster/host.json), and O(state=absent) puts it back.
    A module that is in use then stays loaded.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
requirements:
  - kmod on the host
options:
  modules:
    description: Names of kernel modules.
    type: list
    elements: str
    default: []
  sysctls:
    description: Sysctls, by name with dots, and their values.
    type: dict
    default: {}
  state:
    description: V(present) sets them, V(absent) puts all of them back.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Prepare a director for direct routing with two schedulers
  lvs.cluster.director_kernel:
    modules: [ip_vs, ip_vs_wrr, ip_vs_sh]

- name: Prepare a director for NAT
  lvs.cluster.director_kernel:
    modules: [ip_vs, ip_vs_wlc]
    sysctls:
      net.ipv4.ip_forward: 1

- name: Put everything back
  lvs.cluster.director_kernel:
    state: absent
"""

RETURN = r"""#"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.host.director import kernel
from ansible_collections.lvs.cluster.plugins.module_utils.host.module import settle


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "modules": {"type": "list", "elements": "str", "default": []},
            "sysctls": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    modules = module.params["modules"]
    sysctls = {str(key): str(value).strip() for key, value in module.params["sysctls"].items()}
    for name in modules:
        if not re.match(r"[A-Za-z0-9_-]+\Z", name):
            module.fail_json(msg=f"modules: {name!r} is not the name of a kernel module")
    for key in sysctls:
        if not re.match(r"[a-z0-9_]+(\.[A-Za-z0-9_-]+)+\Z", key):
            module.fail_json(msg=f"sysctls: {key!r} is not the name of a sysctl with dots")
    settle(module, "director", None if module.params["state"] == "absent" else kernel(modules, sysctls))


if __name__ == "__main__":
    main()
