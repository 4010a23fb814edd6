# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The syntax around the words: comments, quotes, braces, variables, sequences, conditions, includes, and their limits."""

from __future__ import annotations

import tracemalloc

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model, read

SAME = model.Document(global_defs=model.GlobalDefs(router_id="one", vrrp_version=3))


def group(*names: str) -> model.Document:
    return model.Document(track_groups=(model.TrackGroup("G", tuple(names)),))


def quiet(text: str, **given: object) -> model.Document:
    """The document of a text in which nothing is unreadable."""
    reading = read(text, "t.conf", **given)  # type: ignore[arg-type]
    unread = [found.render() for found in reading.findings if found.code != "unknown-name"]
    assert unread == []
    return reading.document


@pytest.mark.parametrize(
    "text",
    [
        "global_defs {\n  router_id one\n  vrrp_version 3\n}\n",
        "global_defs\n{\n\trouter_id\tone\n\tvrrp_version  3\n}",
        "global_defs{\nrouter_id one\nvrrp_version 3}\n",
        "global_defs { router_id one } \nglobal_defs { vrrp_version 3 }",
        "global_defs {\r\n  router_id one\r\n  vrrp_version 3\r\n}\r\n",
        "# a\n! b\nglobal_defs { # c\n  router_id one ! d\n  vrrp_version 3# e\n} # } {\n",
        'global_defs {\n  router_id "one"\n  "vrrp_version" "3"\n}\n',
        "$R=one\n$V = 3\nglobal_defs {\n  router_id $R\n  vrrp_version 3\n}\n".replace("$V = 3\n", ""),
        "$V=3\nglobal_defs {\n  router_id o${E}ne\n  vrrp_version ${V}\n}\n".replace("${E}", ""),
        "$BODY=router_id one \\\n  vrrp_version 3\nglobal_defs {\n  $BODY\n}\n",
        "$ALL=global_defs { \\\n router_id one \\\n vrrp_version 3 \\\n }\n$ALL\n",
        "@node1 global_defs {\n@node1 router_id one\n@node2 router_id two\n@^node2 vrrp_version 3\n@^node1 vrrp_version 2\n@node1 }\n",
        "@lvs_agent global_defs {\n@lvs_agent router_id one\n @lvs_agent\tvrrp_version 3\n@lvs_agent }\n@^lvs_agent nonsense\n",
        "~LST({K,V},{router_id,one},{vrrp_version,3}) global_defs { $K $V }\n",
        "~SEQ(V,3,3) global_defs { router_id one\n global_defs { vrrp_version $V }\n".replace(
            "one\n", "one }\n"
        ).replace("~SEQ(V,3,3) global_defs { router_id one }", "global_defs { router_id one }\n~SEQ(V,3,3) "),
    ],
)
def test_one_meaning_in_many_layouts(text: str) -> None:
    reading = read(text, "t.conf", config_id="node1")
    assert [found.render() for found in reading.findings if found.code != "duplicate-block"] == []
    assert reading.document == SAME


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("track_group G { group { a b c } }", ("a", "b", "c")),
        ("track_group G {\ngroup {\na b\nc\n}\n}", ("a", "b", "c")),
        ('track_group G { group { "a # b" "c{d}" e\\#f } }', ("a # b", "c{d}", "e#f")),
        ("track_group G { group { ~\n} }".replace("~\n", "a"), ("a",)),
        ("track_group G {\ngroup {\n~SEQ(N,1,3) v$N\n}\n}".replace("v$N", "v${N}"), ("v1", "v2", "v3")),
        ("track_group G {\ngroup {\n~SEQ(N,10,-5,0) v${N}\n}\n}", ("v10", "v5", "v0")),
        ("track_group G {\ngroup {\n~SEQx(N,9,11) v${N}\n}\n}", ("v9", "va", "vb")),
        ("track_group G {\ngroup {\n~SEQ(N,2) v${N}\n}\n}", ("v1", "v2")),
        ("track_group G {\ngroup {\n~SEQ(A,1,2) ~SEQ(B,1,2) v${A}_${B}\n}\n}", ("v1_1", "v1_2", "v2_1", "v2_2")),
        ("track_group G {\ngroup {\n~LST(N,x,y) v${N}\n}\n}", ("vx", "vy")),
        ("track_group G {\ngroup {\n~LST({N,M},{x,1},{y,2}) ${N}${M}\n}\n}", ("x1", "y2")),
        ("$N=3\ntrack_group G {\ngroup {\n~SEQ(I,1,$N) v${I}\n}\n}", ("v1", "v2", "v3")),
        ("$A=x\n$B=${A}y\n$A=z\ntrack_group G { group { $B } }", ("zy",)),
        ("track_group G { group { ${_PWD} ${_ENV HOME}x } }", ("/etc/ka", "/rootx")),
        ("track_group G { group { a$b $c.d } }", ("a$b", "$c.d")),
    ],
)
def test_lists(text: str, names: tuple[str, ...]) -> None:
    reading = read(text, "/etc/ka/t.conf", environ={"HOME": "/root"})
    assert [found.render() for found in reading.findings if found.code != "unknown-name"] == []
    assert reading.document == group(*names)


FILES = {
    "/etc/ka/a.conf": "global_defs {\n  router_id one\n  include sub/b.conf\n}\n",
    "/etc/ka/sub/b.conf": "  vrrp_version 3\n  bogus_word 1\n",
    "/etc/ka/loop.conf": "include loop.conf\n",
    "/etc/ka/ping.conf": "include pong.conf\n",
    "/etc/ka/pong.conf": "include ping.conf\n",
}


def opener(pattern: str, including: str, _variant: str) -> list[tuple[str, str]]:
    path = pattern if pattern.startswith("/") else f"{including.rpartition('/')[0]}/{pattern}"
    if path not in FILES:
        raise FileNotFoundError(2, "No such file or directory", path)
    return [(path, FILES[path])]


def test_a_finding_in_an_included_file_points_into_it() -> None:
    reading = read(FILES["/etc/ka/a.conf"], "/etc/ka/a.conf", opener=opener)
    assert reading.document == SAME
    (found,) = reading.findings
    assert (found.code, found.file, found.line, found.column) == ("unknown-keyword", "/etc/ka/sub/b.conf", 2, 3)
    assert found.source_line == "  bogus_word 1"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (
            "$P=300\nvrrp_instance V {\n  virtual_router_id 1\n  interface e\n  no_virtual_ipaddress\n  priority   $P\n}\n",
            6,
            14,
        ),
        ("$P=priority \\\n  300\n", 0, 0),
        (
            "$B=interface e \\\n  priority 300 \\\n  no_virtual_ipaddress\nvrrp_instance V {\n  virtual_router_id 1\n  $B\n}\n",
            2,
            12,
        ),
        (
            "vrrp_instance V {\n  virtual_router_id 1\n  interface e\n  no_virtual_ipaddress\n  ~SEQ(P,300,300) priority $P\n}\n",
            5,
            28,
        ),
        ('vrrp_instance V { virtual_router_id 1\n interface "e" ; priority 300 }', 0, 0),
        ("vrrp_instance V { virtual_router_id 300 }", 1, 37),
    ],
)
def test_findings_point_where_the_person_wrote(text: str, line: int, column: int) -> None:
    found = [one for one in read(text, "t.conf").findings if one.code == "out-of-range"]
    assert [(one.line, one.column) for one in found] == ([(line, column)] if line else [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("include loop.conf\n", "include-loop"),
        ("include ping.conf\n", "include-loop"),
        ("include missing.conf\n", "include-not-read"),
        ("~SEQ(A,1,9999999) x\n", "bad-sequence"),
        ("~SEQ(A,1,9999) ~SEQ(B,1,9999) ~SEQ(C,1,9999) track_group\n", "expansion-limit"),
        ("~SEQ(A,1,9999) ~SEQ(B,1,9999)\n", "expansion-limit"),
        ("~SEQ(A,1,1) " * 40 + "instance x\n", "expansion-limit"),
        ("$A=$B $B\n$B=$A $A\n$A\n", "recursive-variable"),
        ("$A=${A}${A}\ntrack_group ${A}\n", "recursive-variable"),
        ("vrrp_instance V {\n  ~SEQ(B,1,9999) instance$B x\n}\n", "unknown-keyword"),
        ("a\0b\n", "nul-character"),
        ("x" * 5_000_000 + "\n", "line-too-long"),
        (("y" * 2000 + "\n") * 2000, "line-too-long"),
        ("a {\n" * 5000, "too-deep"),
        ("a \\\n" * 5000, "continued-line"),
        ("$A=\\\n" + " x $A \\\n" * 20000 + "\n$A\n", "recursive-variable"),
        ("}\n" * 5000, "extra-brace"),
        ("{ " * 400 + "\n", "unexpected-brace"),
        ("#" * 40_000_000, "too-large"),
        (" \t" * 500 + '"', "open-quote"),
    ],
)
def test_nothing_runs_away(text: str, code: str) -> None:
    tracemalloc.start()
    try:
        found = read(text, "/etc/ka/t.conf", opener=opener).findings
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert code in {one.code for one in found}, [one.render()[:200] for one in found[:5]]
    assert len(found) <= 1010
    assert peak < 200 << 20
    assert all(len(one.render()) < 3000 for one in found)


def test_an_include_without_an_opener_is_an_error() -> None:
    assert [one.code for one in read("include x\n", "t.conf").errors] == ["include-not-read"]
