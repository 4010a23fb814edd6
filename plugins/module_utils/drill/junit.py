# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as JUnit XML: one suite a drill, one case a limit. Pure."""

from __future__ import annotations

from typing import Any, List, Mapping, Tuple
from xml.sax.saxutils import escape, quoteattr


def junit(report: Mapping[str, Any]) -> str:
    """The XML text."""
    scenario = report["scenario"]["name"]
    cases = _cases(report)
    failures = sum(1 for _name, _time, trouble in cases if trouble)
    suite = (
        f"<testsuite name={quoteattr('lvs.cluster.drill.' + scenario)} tests="
        f'"{len(cases)}" failures="{failures}" errors="0" skipped="0" time="{report["duration"]}"'
    )
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"{suite} timestamp={quoteattr(report['started'].rstrip('Z'))}>",
        " <properties>",
        *(
            f"  <property name={quoteattr(key)} value={quoteattr(str(value))}/>"
            for key, value in report["measured"].items()
        ),
        " </properties>",
    ]
    for name, time, trouble in cases:
        head = f" <testcase classname={quoteattr('drill.' + scenario)} name={quoteattr(name)} time={quoteattr(time)}"
        if trouble:
            rows += [head + ">", f"  <failure message={quoteattr(trouble)}>{escape(trouble)}</failure>", " </testcase>"]
        else:
            rows.append(head + "/>")
    return "\n".join([*rows, "</testsuite>", ""])


def _cases(report: Mapping[str, Any]) -> List[Tuple[str, str, str]]:
    """(name, seconds, what broke it or "") of each limit that was set, and of the drill itself."""
    reasons: List[str] = list(report["reasons"])
    measured = report["measured"]
    rows = []
    for name, time in (("max_blackout", measured["blackout"]), ("max_lost", report["duration"])):
        if report["limits"][name] is not None:
            mine = [reason for reason in reasons if name in reason]
            reasons = [reason for reason in reasons if reason not in mine]
            rows.append((name, str(time), "; ".join(mine)))
    rows.append(("measured", str(report["duration"]), "; ".join(reasons)))
    return rows
