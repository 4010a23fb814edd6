# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The config law: what is written reads back as the same document, whatever the declared fields hold."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils.conf import model, read, write
from ansible_collections.lvs.cluster.plugins.module_utils.conf.fields import keywords
from ansible_collections.lvs.cluster.plugins.module_utils.conf.words import split
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import strategies
from .rule_codes import RULES

BLOCKS = sorted(
    {
        item
        for item in vars(model).values()
        if isinstance(item, type) and item.__module__.split(".")[-2] == "model" and keywords(item)
    },
    key=lambda block: block.__name__,
)
SLOW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def problems(text: str) -> list[str]:
    return [found.render() for found in read(text, "made.conf").findings if found.code not in RULES]


@SLOW
@given(strategies.documents)
def test_what_is_written_reads_back(document: model.Document) -> None:
    text = write(document)
    assert problems(text) == []
    assert read(text, "made.conf").document == document


def test_what_rules_say_is_no_problem_of_reading() -> None:
    url = "HTTP_GET {\nurl {\npath /\nregex ok\nregex_options 0\n}\n}\n"
    assert problems(f"virtual_server fwmark 1 {{\nprotocol TCP\nreal_server 192.0.2.1 80 {{\n{url}}}\n}}\n") == []


@SLOW
@given(strategies.documents)
def test_writing_is_stable(document: model.Document) -> None:
    text = write(document)
    assert write(read(text, "made.conf").document) == text


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_every_declared_field_alone(data: st.DataObject) -> None:
    """Each keyword of each block once, so that none depends on being drawn."""
    whole = [(block, keyword) for block in BLOCKS for keyword in keywords(block)]
    for block, keyword in whole:
        if type(keyword.kind) not in strategies.VALUES:
            continue
        value = data.draw(strategies.value_of(keyword.kind))
        text = keyword.kind.write(value)
        line = f"{keyword.word} {text}"
        if keyword.kind.names:
            assert tuple(word for one in text.split("\n") for word in split(one)) == value, keyword
        elif keyword.kind.listed:
            assert keyword.kind.read(split(text)) == value, (block, keyword)
        else:
            words = [line[len(keyword.word) :].strip()] if keyword.kind.raw else split(line)[1:]
            assert keyword.kind.read(words) == value, (block, keyword)
