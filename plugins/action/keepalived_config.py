# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of keepalived_config: checks the text before the host is touched, and masks what is shown."""

from __future__ import annotations

import base64
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import secret
from ansible_collections.lvs.cluster.plugins.plugin_utils import (
    described_config,
    director_config,
    inventory,
)

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
            made = self._described(args, task_vars or {})
            if made.text is None:
                result.update(failed=True, msg="\n".join([*made.errors, *made.notes]))
                return result
            text = made.text
            known, passed = self._check(made, path, str(args.get("engine", "agent")), task_vars or {})
            result.update(known)
            if not passed:
                return result
            result["findings"] = [*made.notes, *result["findings"]]
            args["content"] = base64.b64encode(text.encode()).decode("ascii")
        answer: dict[str, t.Any] = self._execute_module(module_args=args, task_vars=task_vars)
        answer.pop("invocation", None)
        before, after = (
            bytes.fromhex(answer.pop(name, "")).decode("utf-8", "replace") for name in ("_before", "_after")
        )
        result["warnings"] = [*result.get("warnings", ()), *answer.pop("warnings", ())]
        result.update(answer)
        if result.get("changed"):
            result["diff"] = secret.diff(path, before, text or after)
        return result

    @staticmethod
    def _described(args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> described_config.Described:
        """The text to write, of `content`, `config` or `description`; what is no text is taken out of the arguments."""
        content = args.get("content")
        config, whole = args.pop("config", None), args.pop("description", None)
        if [content, config, whole].count(None) != 2:
            error = "state=present needs exactly one of content, config and description"
            return described_config.Described(None, [error], [])
        if whole is not None:
            host, known = str(task_vars["inventory_hostname"]), inventory.of_task(task_vars)
            name = "director_config" if "director_config" in task_vars else "lvs_cluster"
            return described_config.of_host(inventory.plain(whole), host, known, name)
        return described_config.described(inventory.plain(content if config is None else config), "config")

    def _check(
        self, made: described_config.Described, path: str, engine: str, task_vars: dict[str, t.Any]
    ) -> tuple[dict[str, t.Any], bool]:
        config_id = str(task_vars.get("inventory_hostname", "")).split(".", 1)[0]
        checked = director_config.check(made.text or "", path, config_id, engine, made.shown)
        if checked.document is None:
            return {"failed": True, "msg": "\n".join([*checked.errors, *checked.warnings])}, False
        known, host = inventory.of_task(task_vars), str(task_vars["inventory_hostname"])
        needs = director_config.needs(checked.document)
        peers = {address for one in known.directors(host) if one != host for address in known.addresses(one)}
        return {
            "findings": checked.warnings,
            "warnings": list(checked.warnings),
            "needs": {
                "modules": needs.modules,
                "sysctls": needs.sysctls,
                "firewall": director_config.firewall(checked.document, peers),
            },
        }, True
