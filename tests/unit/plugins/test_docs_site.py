# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the documentation site are descriptions that pass every check, on both directors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.lvs.cluster.plugins.plugin_utils import described_config, director_config

from .inventories import inventory

SITE = Path(__file__).parents[3] / "docs" / "site"
BLOCK = re.compile(
    r"^ *```(?:yaml|\{code-block\} yaml)\n(?: *:caption:[^\n]*\n)?(.*?)^ *```$", re.MULTILINE | re.DOTALL
)
EXAMPLES = [
    pytest.param(found[1], id=f"{path.relative_to(SITE)}:{number}")
    for path in sorted(SITE.rglob("*.md"))
    for number, found in enumerate(BLOCK.finditer(path.read_text()))
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_passes(text):
    said = yaml.safe_load(re.sub(r"\{\{ vault_\w+ \}\}", "geheim", text))
    description = said.get("lvs_cluster")
    if description is None:
        return  # an inventory
    known = inventory(description)
    mades, documents = {}, {}
    for host in ("d1", "d2"):
        made = described_config.of_host(description, host, known, "lvs_cluster")
        assert made.errors == []
        mades[host] = made
        checked = director_config.check(made.text, "keepalived.conf", host, "agent")
        assert checked.errors == []
        documents[host] = checked.document
    errors, _warnings = described_config.between(mades, documents)
    assert errors == []


def test_there_are_examples():
    assert len(EXAMPLES) >= 8
