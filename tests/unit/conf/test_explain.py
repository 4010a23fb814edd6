# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every code is explained, with an example that gives it and one that does not."""

from __future__ import annotations

import re

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import cluster, explain, explain_description, read

from .rule_codes import FOLDER
from .test_cluster import FACTS, directors

# words with a hyphen in the sources of the language that are no codes
_WORDS = {"receive-only", "flag-1", "flag-2", "flag-3", "sh-port", "sh-fallback", "mh-port", "mh-fallback"} | {
    "tunnel-id",
    "ttl-propagate",
    "utf-8",
}
_CODE = re.compile(r'"([a-z0-9]+(?:-[a-z0-9]+)+|unused|contradiction)"')
SOURCES = [file for file in FOLDER.glob("*.py") if not file.name.startswith("explain")]
OF_YAML = set(
    re.findall(r"^@ (\S+)$", explain_description.CATALOGUE, re.MULTILINE)
)  # plugins/test_description has those
USED = {code for file in SOURCES for code in _CODE.findall(file.read_text())} - _WORDS


def test_every_code_is_explained_and_none_is_invented() -> None:
    assert set(explain.codes()) - OF_YAML == USED


def codes_of(text: str) -> set[str]:
    if text.startswith("# director "):
        return {one.code for one in cluster.check(directors(text), FACTS)}

    def opener(pattern: str, including: str, _variant: str) -> list[tuple[str, str]]:
        if pattern.startswith("/"):
            raise FileNotFoundError(2, "No such file or directory")
        if pattern == "many.conf":
            return [(f"{number}.conf", "\n") for number in range(600)]
        return [(including, "")]

    found = read(text, "x.conf", opener=opener, exists=lambda path: "nonexistent" not in path).findings
    return {one.code for one in found}


@pytest.mark.parametrize("code", sorted(set(explain.codes()) - OF_YAML))
def test_the_bad_example_is_bad_and_the_good_one_is_good(code: str) -> None:
    explanation = explain.explain(code)
    assert explanation is not None
    assert len(explanation.text) > 20
    assert code in codes_of(explain.full(explanation.bad))
    assert code not in codes_of(explain.full(explanation.good))


def test_what_is_printed() -> None:
    shown = explain.explain("unknown-forwarding")
    assert shown is not None
    assert shown.render().startswith("unknown-forwarding\n\nThe forwarding methods are NAT, DR and TUN")
    assert "Wrong:\n\n    virtual_server 10.0.0.1 80 {\n        lvs_method dr\n" in shown.render()
    assert explain.explain("no such code") is None
