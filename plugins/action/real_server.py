# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of real_server: finds out from the directors' descriptions what the host has to be."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Adds the clusters to the module's options when they are to be derived."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """See the documentation of the module."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        if boolean(args.get("derive", False), strict=False):  # type: ignore[no-untyped-call]
            # every host's worker would load the whole language otherwise
            from ansible_collections.lvs.cluster.plugins.plugin_utils import (  # noqa: PLC0415
                cluster_view,
                inventory,
            )

            task_vars = task_vars or {}
            try:
                host = str(task_vars["inventory_hostname"])
                leaves = args.get("state") == "absent"
                args["clusters"] = [] if leaves else cluster_view.wishes(host, inventory.of_task(task_vars))
            except ValueError as error:
                result.update(failed=True, msg=str(error))
                return result
        result.update(self._execute_module(module_args=args, task_vars=task_vars))
        return result
