# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a plan as Ansible's --diff wants it; pure."""

from __future__ import annotations

from typing import Dict, List

from .settings import Kind, Plan, Step, Value


def diffs(plan: Plan) -> List[Dict[str, str]]:
    """One diff of the running host, and one for each file."""
    live = [step for step in plan.steps if step.setting.kind is not Kind.FILE]
    shown = [
        {
            "before_header": "host",
            "after_header": "host",
            "before": "".join(_line(step, step.now) for step in live),
            "after": "".join(_line(step, step.value) for step in live),
        }
    ]
    return (shown if live else []) + [
        {
            "before_header": step.setting.name,
            "after_header": step.setting.name,
            "before": step.now or "",
            "after": step.value or "",
        }
        for step in plan.steps
        if step.setting.kind is Kind.FILE
    ]


def _line(step: Step, value: Value) -> str:
    kind, name = step.setting
    if value is None:
        return ""
    if kind is Kind.SYSCTL:
        return f"{name} = {value}\n"
    if kind is Kind.SYMLINK:
        return f"{name} -> {value}\n"
    return f"{kind.name.lower()} {name} {value}\n"
