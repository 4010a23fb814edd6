# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reload reads only what changed, and comes to the same as reading everything."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read
from ansible_collections.lvs.cluster.plugins.module_utils.conf.cache import Cache
from ansible_collections.lvs.cluster.plugins.module_utils.conf.expand import Expander
from ansible_collections.lvs.cluster.plugins.module_utils.conf.places import Places
from ansible_collections.lvs.cluster.plugins.module_utils.conf.reader import Reader
from ansible_collections.lvs.cluster.plugins.module_utils.conf.tree import Builder

from .test_mistakes import MISTAKES

FOLDER = Path(__file__).parents[2] / "vectors" / "conf" / "handbook"
FILES = {file.name: file.read_text() for file in sorted(FOLDER.glob("*.conf"))}


def services(count: int, each: int, *, port: int = 80) -> str:
    """Virtual servers with some real servers each."""
    made = ["global_defs {\n    router_id lb\n}\n\n"]
    number = 0
    for service in range(count):
        made.append(
            f"virtual_server 10.0.{service // 250}.{service % 250 + 1} 80 {{\n    lvs_sched rr\n    lvs_method DR\n    protocol TCP\n"
        )
        for _turn in range(each):
            number += 1
            where = f"172.16.{number // 250}.{number % 250 + 1}"
            made.append(
                f"    real_server {where} {port} {{\n        weight {number % 7}\n        TCP_CHECK {{\n            connect_timeout 3\n        }}\n    }}\n"
            )
        made.append("}\n")
    return "".join(made)


@pytest.mark.parametrize("name", FILES)
def test_the_handbook_files(name: str) -> None:
    cache = Cache()
    for _turn in range(2):
        assert read(FILES[name], name, cache=cache) == read(FILES[name], name)


@pytest.mark.parametrize("marked", [marked for _code, _level, marked in MISTAKES])
def test_mistakes_behind_and_before_other_blocks(marked: str) -> None:
    wrong = marked.replace("¶", "")
    cache = Cache()
    for text in (wrong, FILES["dr_director_master.conf"] + wrong, wrong + FILES["dr_director_master.conf"]):
        for _turn in range(2):
            assert read(text, "x.conf", cache=cache) == read(text, "x.conf")


@pytest.mark.parametrize(("count", "each"), [(200, 3), (1, 900), (3, 300)])
def test_random_changes(count: int, each: int) -> None:
    """Lines changed, taken away and doubled; findings among them, since not every change is sound."""
    chance = random.Random(20261120)
    cache = Cache()
    lines = services(count, each).split("\n")
    for _turn in range(12):
        at = chance.randrange(len(lines))
        what = chance.randrange(4)
        if what == 0:
            lines[at] = lines[at].replace("weight", "wieght").replace(" 80 ", " 81 ").replace("rr", "wrr")
        elif what == 1:
            lines.insert(at, "# a comment\n")
        elif what == 2:
            lines.insert(at, lines[at])
        else:
            block = next((i for i in range(at, len(lines)) if lines[i] == "}"), at)
            lines.insert(block, "    real_server 172.31.0.1 8080 {\n    }")
        text = "\n".join(lines)
        assert read(text, "x.conf", cache=cache) == read(text, "x.conf")


@pytest.mark.parametrize(("count", "each"), [(1000, 2), (1, 2000)])
def test_one_changed_block_is_a_small_part_of_the_work(count: int, each: int) -> None:
    text = services(count, each)
    cache = Cache()
    read(text, "x.conf", cache=cache)
    cold = cache.reads
    changed = text.replace("weight 5", "weight 6", 1)
    assert changed != text
    assert read(changed, "x.conf", cache=cache) == read(changed, "x.conf")
    assert cold > 40
    assert cache.reads - cold <= 3


def test_findings_of_unchanged_blocks_move_with_them() -> None:
    text = services(50, 2, port=8080)
    cache = Cache()
    first = read(text, "x.conf", cache=cache)
    second = read("# one more line\n" + text, "x.conf", cache=cache)
    assert len(first.findings) == 100
    assert [found.line + 1 for found in first.findings] == [found.line for found in second.findings]


@pytest.mark.parametrize("text", ["$A=1\nglobal_defs {\n router_id $A\n}\n", "include x\n", "@a instance b\n", "a {\n"])
def test_what_reaches_beyond_a_block_is_read_as_a_whole(text: str) -> None:
    cache = Cache()
    assert read(text, "x.conf", cache=cache) == read(text, "x.conf")


def test_no_block_has_the_number_of_a_dead_one() -> None:
    """Blocks are known by id(): one that is merged into another, or dropped, must not leave its own to a later one."""
    text = "global_defs {\n}\nglobal_defs {\n}\nvrrp_script {\n}\nvrrp_instance {\n  authentication {\n  }\n}\n"
    places = Places()
    builder = Builder(places)
    Expander(builder, places, None, None, None).file("", text)
    reader = Reader(places)
    document = reader.document(builder.top)
    alive = {id(one) for one in (*reader.kept, document, document.global_defs)}
    assert set(reader.written) <= alive


def test_a_finding_that_names_a_line_does_not_move_with_its_piece() -> None:
    wrong = "virtual_server 10.9.9.8 80 {\n    protocol TCP\n    lvs_method DR\n    @lvs_agent }\n"
    for count in range(24):  # where a text is cut is told by its content
        text = services(count, 1) + wrong
        cache, plain = Cache(), read(text, "x.conf")
        assert "agent-block" in {found.code for found in plain.findings}
        for _turn in range(2):
            assert read(text, "x.conf", cache=cache) == plain
