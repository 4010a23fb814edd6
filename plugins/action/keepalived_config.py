# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of keepalived_config: checks the text before the host is touched, and masks what is shown."""

from __future__ import annotations

import base64
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import secret
from ansible_collections.lvs.cluster.plugins.plugin_utils import director_config

PATH = "/etc/keepalived/keepalived.conf"


class ActionModule(ActionBase):
    """Refuses a text with errors; else runs the module and adds findings, needs and the diff."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """See the documentation of the module."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        path = str(args.get("path") or PATH)
        text = ""
        if args.get("state", "present") == "present":
            if not isinstance(args.get("content"), str):
                result.update(failed=True, msg="content: the text of the file is required with state=present")
                return result
            text = args["content"]
            known, passed = self._check(text, path, str(args.get("engine", "agent")), task_vars or {})
            result.update(known)
            if not passed:
                return result
            args["content"] = base64.b64encode(text.encode()).decode("ascii")
        answer: dict[str, t.Any] = self._execute_module(module_args=args, task_vars=task_vars)
        answer.pop("invocation", None)
        before = bytes.fromhex(answer.pop("_before", "")).decode("utf-8", "replace")
        result["warnings"] = [*result.get("warnings", ()), *answer.pop("warnings", ())]
        result.update(answer)
        if result.get("changed"):
            result["diff"] = secret.diff(path, before, text)
        return result

    def _check(self, text: str, path: str, engine: str, task_vars: dict[str, t.Any]) -> tuple[dict[str, t.Any], bool]:
        config_id = str(task_vars.get("inventory_hostname", "")).split(".", 1)[0]
        checked = director_config.check(text, path, config_id, engine)
        if checked.document is None:
            return {"failed": True, "msg": "\n".join([*checked.errors, *checked.warnings])}, False
        needs = director_config.needs(checked.document)
        return {
            "findings": checked.warnings,
            "warnings": list(checked.warnings),
            "needs": {"modules": needs.modules, "sysctls": needs.sysctls},
        }, True
