# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of cluster_check: it runs on the controller only."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.lvs.cluster.plugins.plugin_utils import described_config, director_config

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model


class ActionModule(ActionBase):
    """Reads every director's text; fails with all that is wrong."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """See the documentation of the module."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        spec = {"directors": {"type": "dict", "required": True}, "engines": {"type": "dict", "default": {}}}
        _validated, args = self.validate_argument_spec(spec)  # type: ignore[no-untyped-call]
        errors: list[str] = []
        warnings: dict[str, list[str]] = {}
        documents: dict[str, model.Document] = {}
        texts: dict[str, str] = {}
        for host, config in args["directors"].items():
            made = described_config.described(config, f"{host}:director_config")
            errors += made.errors
            if made.text is None:
                continue
            texts[host] = made.text
            checked = director_config.check(
                made.text, f"{host}:keepalived.conf", host.split(".", 1)[0], args["engines"].get(host, "agent")
            )
            errors += checked.errors
            warnings[host] = [*made.notes, *checked.warnings]
            if checked.document is not None:
                documents[host] = checked.document
        wrong, odd = described_config.between(texts, documents) if not errors else ([], [])
        errors += wrong
        found = [line for lines in warnings.values() for line in lines] + odd
        if errors:
            result.update(failed=True, msg="\n".join([*errors, *found]))
        else:
            result.update(changed=False, findings=warnings, warnings=found, masters=director_config.masters(documents))
        return result
