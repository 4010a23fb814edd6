# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of drill_report: it runs on the controller only."""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.lvs.cluster.plugins.module_utils.drill import compare, junit, records, report
from ansible_collections.lvs.cluster.plugins.module_utils.drill.bounds import KINDS, bound
from ansible_collections.lvs.cluster.plugins.module_utils.drill.timeline import Timeline, timeline
from ansible_collections.lvs.cluster.plugins.plugin_utils import drill_page, drill_theory, inventory

SPEC: dict[str, dict[str, t.Any]] = {
    "log": {"type": "path", "required": True},
    "dest": {"type": "path", "required": True},
    "scenario": {"type": "str", "required": True},
    "title": {"type": "str", "default": ""},
    "kind": {"type": "str", "choices": list(KINDS), "required": True},
    "target": {"type": "str", "default": ""},
    "engine": {"type": "str", "default": ""},
    "directors": {"type": "list", "elements": "str", "default": []},
    "max_blackout": {"type": "float"},
    "max_lost": {"type": "int"},
    "names": {"type": "dict", "default": {}},
    "previous": {"type": "path"},
}


class ActionModule(ActionBase):
    """Reads a log, writes a report."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """See the documentation of the module."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validated, args = self.validate_argument_spec(SPEC)  # type: ignore[no-untyped-call]
        names = {str(key): str(value) for key, value in args["names"].items()}
        texts = drill_theory.texts(args["directors"], inventory.of_task(task_vars or {})) if args["directors"] else {}
        try:
            with open(args["log"], encoding="utf-8") as lines:
                found, broken = records.parse(lines)
            seen = timeline(found)
            made = report.report(seen, *_asked(args, seen, texts), names)
            if args["previous"]:
                with open(args["previous"], encoding="utf-8") as file:
                    result["comparison"] = compare.compare(json.load(file), made)
            files = {
                "report.json": json.dumps(made, indent=1) + "\n",
                "junit.xml": junit.junit(made),
                "report.html": drill_page.page(seen, made, names, result.get("comparison")),
            }
            if args["previous"]:
                files["comparison.json"] = json.dumps(result["comparison"], indent=1) + "\n"
                files["comparison.txt"] = compare.text(result["comparison"])
        except (OSError, ValueError, KeyError) as error:
            result.update(failed=True, msg=f"{args['log']}: {error}")
            return result
        if broken:
            result["warnings"] = [f"{args['log']}: {broken} lines could not be read"]
        folder = pathlib.Path(args["dest"])
        if not self._task.check_mode:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (folder / name).write_text(text, encoding="utf-8")
        result.update(changed=True, files=[str(folder / name) for name in files], report=made)
        result.update(verdict=made["verdict"], reasons=made["reasons"])
        return result


def _asked(
    args: dict[str, t.Any], seen: Timeline, texts: dict[str, str]
) -> tuple[report.Scenario, t.Any, report.Limits]:
    theory = drill_theory.theory(texts, args["target"], str(seen.settings.get("address")))
    scenario = report.Scenario(
        args["scenario"], args["title"] or args["scenario"], args["kind"], args["target"], args["engine"]
    )
    return (
        scenario,
        bound(args["kind"], theory.vrrp, theory.check),
        report.Limits(args["max_blackout"], args["max_lost"]),
    )
