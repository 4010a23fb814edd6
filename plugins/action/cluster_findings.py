# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of cluster_findings: it runs on the controller only."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.lvs.cluster.plugins.module_utils.drill import watch


class ActionModule(ActionBase):
    """Judges views; never fails for what it finds."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """See the documentation of the module."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        spec = {
            "address": {"type": "list", "elements": "str", "required": True},
            "views": {"type": "dict", "required": True},
            "directors": {"type": "list", "elements": "str", "required": True},
            "real_servers": {"type": "list", "elements": "str", "default": []},
            "gateways": {"type": "dict", "default": {}},
            "allowed": {"type": "list", "elements": "str", "default": []},
        }
        _validated, args = self.validate_argument_spec(spec)  # type: ignore[no-untyped-call]
        try:
            addresses = tuple(str(ipaddress.ip_address(text)) for text in args["address"])
        except ValueError as error:
            result.update(failed=True, msg=f"address: {error}")
            return result
        views = {host: view for host, view in args["views"].items() if isinstance(view, dict)}
        cluster = watch.Cluster(
            addresses=addresses,
            roles={
                **dict.fromkeys(args["real_servers"], watch.REAL_SERVER),
                **dict.fromkeys(args["directors"], watch.DIRECTOR),
            },
            gateways={
                host: (ways,) if isinstance(ways, str) else tuple(ways) for host, ways in args["gateways"].items()
            },
            allowed=tuple(mac.lower() for mac in args["allowed"]),
        )
        own = {host: {address for address, _device in view["addresses"]} for host, view in views.items()}
        names = {view["mac"]: host for host, view in views.items()}
        # A virtual address is no host's name.
        names.update({a: host for host, held in own.items() for a in held if a not in addresses and a not in _LOCAL})
        result.update(
            changed=False,
            findings=[dict(vars(finding)) for finding in watch.judge(cluster, views)],
            holders={a: [host for host in args["directors"] if a in own.get(host, ())] for a in addresses},
            names=names,
            speakers=watch.speakers(views),
        )
        return result


_LOCAL = ("127.0.0.1", "::1")
