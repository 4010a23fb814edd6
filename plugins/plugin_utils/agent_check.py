# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent of this collection says of a document that the language accepts: asked on the controller.

Takes the agent's own pure functions from agent/lvs_agent of the installed collection, so that play and agent refuse
the same files.
"""

from __future__ import annotations

import importlib
import importlib.util
import pathlib
import sys
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import Finding, model

PACKAGE = "lvs_agent"
FOLDER = pathlib.Path(__file__).absolute().parents[2] / "agent" / PACKAGE


def unsupported(document: model.Document, file: str) -> list[Finding]:
    """What the agent would refuse (errors) or leave out (warnings) of a document."""
    _load()
    found: list[Finding] = []
    for name in ("plan_vrrp", "plan_checks"):
        found += importlib.import_module(f"{PACKAGE}.{name}").unsupported(document, file)
    return found


def agent(module: str) -> t.Any:
    """A module of the agent, by its name in the package."""
    _load()
    return importlib.import_module(f"{PACKAGE}.{module}")


def _load() -> None:
    """Make the agent's package importable by its name, without a change of the search path."""
    if PACKAGE in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        PACKAGE, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{FOLDER} is missing: this installation of the collection lvs.cluster is not whole")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
