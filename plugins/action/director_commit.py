# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of director_commit: checks, shows what would change, has it made and watched, confirms it."""

from __future__ import annotations

import base64
import json
import os
import typing as t

from ansible_collections.lvs.cluster.plugins.action.keepalived_config import PATH
from ansible_collections.lvs.cluster.plugins.action.keepalived_config import ActionModule as KeepalivedConfig
from ansible_collections.lvs.cluster.plugins.module_utils.change import port
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import secret
from ansible_collections.lvs.cluster.plugins.plugin_utils import change_expected, described_config


class ActionModule(KeepalivedConfig):
    """Look, then (unless nothing differs or in check mode) apply, then confirm."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """See the documentation of the module."""
        result: dict[str, t.Any] = super(KeepalivedConfig, self).run(tmp, task_vars)
        self._play = os.getppid()
        self._warned: list[str] = []
        args = {key: value for key, value in self._task.args.items() if not key.startswith("_")}
        variables = task_vars or {}
        state = args.get("state", "present")
        if state == "absent":
            result.update(self._execute_module(module_args=args, task_vars=variables))
            return result
        if state == "previous":
            good = self._step("look", args, variables)
            if good.get("failed"):
                result.update(good, warnings=self._warned)
                return result
            text = bytes.fromhex(good["_good"]).decode("utf-8", "replace")
            made = described_config.Described(text, [], [])
            args = {**args, "state": "present", "engine": good["_good_engine"]}
        else:
            made = self._described(args, variables)
            if made.text is None:
                result.update(failed=True, msg="\n".join([*made.errors, *made.notes]))
                return result
        result.update(self._commit(made, args, variables))
        return result

    def _commit(
        self, made: described_config.Described, args: dict[str, t.Any], variables: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        text, path, engine = made.text or "", str(args.get("path") or PATH), str(args.get("engine", "agent"))
        known, passed = self._check(made, path, engine, variables)
        if not passed:
            return known
        args["content"] = base64.b64encode(text.encode()).decode("ascii")
        found = self._step("look", args, variables)
        if found.get("failed") or not found.get("changed"):
            return self._answer(known, found, engine)
        config_id = str(variables.get("inventory_hostname", "")).split(".", 1)[0]
        before = bytes.fromhex(found["_before"]).decode("utf-8", "replace")
        old = change_expected.document(before, path, config_id)
        wanted = change_expected.document(text, path, config_id)
        if wanted is None:
            return {"failed": True, "msg": f"{path} is empty: there is nothing to serve"}
        limit = int(args.get("watch", 20))
        seconds, odd = change_expected.watch_time(old, wanted, anew=bool(found["_anew"]), limit=limit)
        known["warnings"] = [*known["warnings"], *([odd] if odd else [])]
        known["diff"] = [
            *([secret.diff(path, before, text), change_expected.model_diff(old, wanted)] if before != text else []),
            {"prepared": "".join(f"systemctl {order}\n" for order in found["orders"])},
            *self._kernel(old, wanted, found),
        ]
        if self._task.check_mode:
            return self._answer(known, found, engine)
        expected = change_expected.expected(wanted, engine)
        listen = change_expected.expected(old, engine).interfaces if old else ()
        args["_expected"] = {**expected.as_json(), "listen": list(listen)}
        args["watch"] = int(seconds + 0.999)
        known["watched"] = float(args["watch"])
        answer = self._step("apply", args, variables)
        if not answer.get("failed"):
            answer = {**answer, **self._confirmed(text)}
        return self._answer(known, answer, engine)

    def _confirmed(self, text: str) -> dict[str, t.Any]:
        """Tell the guard that the change is wanted, and what it made of that. No module: that may take too long.

        Ansible's workers have sessions of their own, and one outlives a play that was killed: it speaks for nobody.
        """
        if os.getppid() != self._play:
            return {"failed": True, "msg": "the play is gone: nothing is confirmed, the director takes it back"}
        command = self._low_level_execute_command(port.CONFIRMATION)
        try:
            said = json.loads(command["stdout"].strip())
        except ValueError:
            return {"failed": True, "msg": f"the guard does not answer: {command['stdout']}{command['stderr']}"}
        return port.outcome(said, text)

    @staticmethod
    def _kernel(old: t.Any, wanted: t.Any, found: dict[str, t.Any]) -> list[dict[str, str]]:
        """What would change in the kernel's table, as a diff."""
        if found["_table"] is None:
            return [{"prepared": "the kernel's IPVS table cannot be read in full: no lvs-agent and no ipvsadm there\n"}]
        lines = change_expected.kernel_diff(old, wanted, found["_table"], found["_connections"])
        shown = "".join(f"{line}\n" for line in lines)
        return [{"prepared": f"the kernel's IPVS table:\n{shown}"}] if lines else []

    def _step(self, step: str, args: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        answer: dict[str, t.Any] = self._execute_module(module_args={**args, "_step": step}, task_vars=variables)
        answer.pop("invocation", None)
        self._warned += answer.pop("warnings", ())
        return answer

    def _answer(self, known: dict[str, t.Any], found: dict[str, t.Any], engine: str) -> dict[str, t.Any]:
        """What the task says: the host's answer without what was for this plugin only."""
        said = {key: value for key, value in found.items() if not key.startswith("_") or key.startswith("_ansible")}
        said["warnings"] = [*known.pop("warnings", ()), *self._warned]
        known.pop("needs", None)
        return {**known, **said, "engine": engine}
