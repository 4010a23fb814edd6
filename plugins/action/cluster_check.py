# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of cluster_check: it runs on the controller only."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.lvs.cluster.plugins.plugin_utils import (
    cluster_view,
    described_config,
    director_config,
    inventory,
)


class ActionModule(ActionBase):
    """Reads every director's description or text; fails with all that is wrong."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """See the documentation of the module."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        spec = {"directors": {"type": "dict"}, "engines": {"type": "dict", "default": {}}}
        _validated, args = self.validate_argument_spec(spec)  # type: ignore[no-untyped-call]
        known = inventory.of_task(task_vars or {})
        if args["directors"] is None:
            out = cluster_view.check_all(known)
        else:
            made = {
                host: described_config.described(inventory.plain(config), "director_config")
                for host, config in args["directors"].items()
            }
            out = cluster_view.check(made, args["engines"])
        found = [line for lines in out.warnings.values() for line in lines] + out.odd
        if out.errors:
            result.update(failed=True, msg="\n".join([*out.errors, *found]))
        else:
            result.update(
                changed=False,
                findings=out.warnings,
                warnings=found,
                masters=director_config.masters(out.documents),
                clusters=known.clusters(),
                local_nodes=cluster_view.local_nodes(out.documents, known),
            )
        return result
