# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML page. For the controller, which has jinja2."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any, Mapping, Optional

import jinja2
from ansible_collections.lvs.cluster.plugins.module_utils.drill import picture
from ansible_collections.lvs.cluster.plugins.module_utils.drill.report import MEANINGS

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.drill.timeline import Timeline

TEMPLATE = pathlib.Path(__file__).parents[2] / "roles" / "drill" / "templates" / "report.html.j2"


def page(
    seen: Timeline,
    report: Mapping[str, Any],
    names: Mapping[str, str],
    comparison: Optional[Mapping[str, Any]] = None,
) -> str:
    """The page's text, with the comparison with an earlier report if there is one. It refers to nothing outside."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return made.render(
        report=report, pictures=picture.pictures(seen, report, names), meanings=MEANINGS, comparison=comparison
    )
