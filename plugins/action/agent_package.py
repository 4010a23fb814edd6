# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of agent_package: builds the archive and sends it when the host asks for it."""

from __future__ import annotations

import os
import tempfile
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.lvs.cluster.plugins.plugin_utils import agent_archive


class ActionModule(ActionBase):
    """Runs the module, and once more with the archive when the host has another version."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """See the documentation of the module."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        args = {key: value for key, value in self._task.args.items() if not key.startswith("_")}
        if args.get("state", "present") != "present":
            result.update(self._execute_module(module_args=args, task_vars=task_vars))
            return result
        try:
            archive = agent_archive.build()
        except agent_archive.ArchiveError as error:
            result.update(failed=True, msg=str(error))
            return result
        args["_digest"] = archive.digest
        answer = self._execute_module(module_args=args, task_vars=task_vars)
        if answer.pop("wants_archive", False):
            args["_archive"] = self._send(archive.data)
            answer = self._execute_module(module_args=args, task_vars=task_vars)
        result.update(explained(answer))
        return result

    def _send(self, data: bytes) -> str:
        shell = self._connection._shell  # noqa: SLF001 - as every action plugin of Ansible's own
        if shell.tmpdir is None:
            self._make_tmp_path()
        remote: str = shell.join_path(shell.tmpdir, "lvs-agent.zip")
        handle, local = tempfile.mkstemp(prefix="lvs-agent-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            self._transfer_file(local, remote)
        finally:
            os.unlink(local)
        self._fixup_perms2((shell.tmpdir, remote))  # type: ignore[no-untyped-call]
        return remote


def explained(answer: dict[str, t.Any]) -> dict[str, t.Any]:
    """The module's answer; that of a Python too old to read the module says so."""
    said = f"{answer.get('module_stderr', '')}{answer.get('msg', '')}{answer.get('exception', '')}"
    if answer.get("failed") and "future feature annotations is not defined" in said:
        answer["msg"] = "lvs-agent needs Python 3.9 or newer on the host: set ansible_python_interpreter to a newer one"
    return answer
