# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_package
short_description: Install lvs-agent on a director, or remove it
version_added: 0.1.0
description:
  - Builds the agent on the controller, from this collection and the controller's C(pyroute2), and installs it.
    The director needs no network and no packages but C(python3).
  - The archive is sent only when the director has another version. A version is named by the digest of its content.
  - Versions are kept side by side below C(/usr/local/lib/lvs-agent); the present one and the one before it stay.
  - Does not start, stop or restart anything, M(lvs.cluster.director_engine) does.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.linux
requirements:
  - pyroute2 0.9.1 or newer on the controller
options:
  _digest:
    description: The digest of the archive. The action plugin sets it.
    type: str
  _archive:
    description: Where the archive is on the host. The action plugin sets it.
    type: path
  config_file:
    description: The C(keepalived.conf) that the service runs.
    type: path
    default: /etc/keepalived/keepalived.conf
  service_manager:
    description: With V(systemd) the unit C(lvs-agent.service) is written, with V(none) it is not.
    type: str
    choices: [systemd, none]
    default: systemd
  state:
    description: V(present) installs the version of this collection, V(absent) removes all versions and the unit.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Install the agent
  lvs.cluster.agent_package:

- name: Remove it
  lvs.cluster.agent_package:
    state: absent
"""

RETURN = r"""
version:
  description: The version that the next start uses.
  type: str
  returned: O(state=present)
  sample: 5c0f1b8b2a9d4e67
previous:
  description: The version that was there before this run; empty when there was none.
  type: str
  returned: O(state=present)
  sample: 0d9f8b5b2a9d4c11
upgraded:
  description: Whether another version was there before, so that a running agent has to be restarted to be this one.
  type: bool
  returned: O(state=present)
"""

import sys
from typing import Dict, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils.host.port import has_systemd, write_file
from ansible_collections.lvs.cluster.plugins.module_utils.package import layout, port


def small_files(module: AnsibleModule) -> Dict[str, str]:
    """The launcher and the unit, by path."""
    files = {layout.LAUNCHER: layout.launcher(sys.executable)}
    if module.params["service_manager"] == "systemd":
        files[layout.UNIT] = layout.unit(module.params["config_file"])
    return files


def differing(files: Dict[str, str]) -> List[Dict[str, str]]:
    """A diff for each file that is not as it is to be."""
    return [
        {"before_header": path, "after_header": path, "before": port.content(path) or "", "after": text}
        for path, text in files.items()
        if port.content(path) != text
    ]


def reload_units(module: AnsibleModule) -> None:
    """Have systemd, when it runs this host, read its unit files again."""
    if has_systemd():
        module.run_command(["systemctl", "daemon-reload"], check_rc=True)  # type: ignore[no-untyped-call]


def install(module: AnsibleModule) -> None:
    """Bring the version and the small files; without the archive at hand, ask the action plugin for it."""
    digest, archive = module.params["_digest"], module.params["_archive"]
    previous = port.installed()
    files = small_files(module)
    diffs = differing(files)
    results = {"version": digest, "previous": previous or "", "upgraded": previous not in (None, digest)}
    if previous != digest:
        diffs.insert(0, {"before": f"lvs-agent {previous}\n" if previous else "", "after": f"lvs-agent {digest}\n"})
    if module.check_mode or not diffs:
        module.exit_json(changed=bool(diffs), diff=diffs, **results)
    if previous != digest:
        if not archive:
            module.exit_json(changed=False, wants_archive=True, **results)
        port.unpack(archive, digest)
        port.switch(digest)
        port.prune(digest, previous)
    for path, text in files.items():
        write_file(path, text, 0o755 if path == layout.LAUNCHER else 0o644)
    if any(diff.get("after_header") == layout.UNIT for diff in diffs):
        reload_units(module)
    module.exit_json(changed=True, diff=diffs, **results)


def remove(module: AnsibleModule) -> None:
    """Take all of it away."""
    there = port.present()
    if there and not module.check_mode:
        port.remove()
        reload_units(module)
    module.exit_json(changed=bool(there), diff={"before": "".join(f"{path}\n" for path in there), "after": ""})


def main() -> None:
    module = AnsibleModule(  # type: ignore[no-untyped-call]
        argument_spec={
            "config_file": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "service_manager": {"type": "str", "choices": ["systemd", "none"], "default": "systemd"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            # From the action plugin: the digest of what it built, and where it put the archive when it was asked to.
            "_digest": {"type": "str"},
            "_archive": {"type": "path"},
        },
        supports_check_mode=True,
    )
    if sys.version_info < layout.OLDEST_PYTHON:
        module.fail_json(
            msg=f"lvs-agent needs Python 3.9 or newer, {sys.executable} is {sys.version.split()[0]}:"
            " set ansible_python_interpreter to a newer one"
        )
    try:
        if module.params["state"] == "present":
            install(module)
        remove(module)
    except (port.PackageError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
