# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that keepalived does not know: behind @lvs_agent, line by line, in every direction of the language."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import layout, mapping, model, read, write
from ansible_collections.lvs.cluster.plugins.module_utils.conf.cache import Cache
from ansible_collections.lvs.cluster.plugins.module_utils.conf.spec import BLOCK, Spec, spec

VECTOR = Path(__file__).parents[2] / "vectors" / "conf" / "keywords.tsv"
KEEPALIVED = {tuple(line.split("\t")) for line in VECTOR.read_text().splitlines() if line and line[0] != "#"}

FILE = """virtual_server 10.0.0.1 80 {{
    lvs_sched rr
    lvs_method DR
    protocol TCP
    real_server 10.0.0.2 80 {{
        weight 3
{lines}
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
}}
"""
BLOCK_LINES = """        @lvs_agent SIMPLETCP_CHECK {
        @lvs_agent     connect_timeout 2
        @lvs_agent     receive "^220 "
        @lvs_agent }"""
CHECKS = (model.SimpletcpCheck(connect_timeout=2.0, receive="^220 "), model.TcpCheck(connect_timeout=3.0))


def file(lines: str) -> str:
    return FILE.format(lines=lines)


def checks(text: str) -> tuple[object, ...]:
    return read(text, "k.conf").document.virtual_servers[0].real_servers[0].checks


def said(text: str) -> list[tuple[str, int]]:
    return [(one.code, one.line) for one in read(text, "k.conf").findings]


GOOD = {
    "a line each": BLOCK_LINES,
    "on one line": '@lvs_agent SIMPLETCP_CHECK { connect_timeout 2\n@lvs_agent receive "^220 " }',
    "brace below": '@lvs_agent SIMPLETCP_CHECK\n@lvs_agent {\n@lvs_agent\tconnect_timeout 2\n@lvs_agent receive "^220 "\n@lvs_agent }',
    "comments and empty lines": BLOCK_LINES.replace("\n", "\n # why\n\n"),
    "by a variable": "$A=@lvs_agent\n" + BLOCK_LINES.replace("@lvs_agent", "$A"),
    "by a sequence": BLOCK_LINES.replace("@lvs_agent ", "~SEQ(N,1,1) @lvs_agent "),
}
BAD = {
    "no prefix at all": (BLOCK_LINES.replace("@lvs_agent ", ""), [("agent-word", 7)]),
    "a condition of another name": (BLOCK_LINES.replace("@lvs_agent", "@^other"), [("agent-word", 7)]),
    "a line without": (BLOCK_LINES.replace("@lvs_agent     c", "c"), [("agent-block", 8)]),
    "the closing brace without": (BLOCK_LINES.replace("@lvs_agent }", "}"), [("agent-block", 10)]),
    "the opening brace without": (
        '@lvs_agent SIMPLETCP_CHECK\n{\n@lvs_agent connect_timeout 2\n@lvs_agent receive "^220 "\n@lvs_agent }',
        [("agent-block", 8)],
    ),
    "only the head": ('@lvs_agent SIMPLETCP_CHECK {\nconnect_timeout 2\nreceive "^220 "\n}', [("agent-block", 8), ("agent-block", 10)]),
}  # fmt: skip


@pytest.mark.parametrize("lines", GOOD.values(), ids=list(GOOD))
def test_layouts_that_keepalived_skips(lines: str) -> None:
    text = file(lines)
    assert said(text) == []
    assert checks(text) == CHECKS


@pytest.mark.parametrize(("lines", "wanted"), BAD.values(), ids=list(BAD))
def test_what_keepalived_would_see(lines: str, wanted: list[tuple[str, int]]) -> None:
    text = file(lines)
    assert said(text) == wanted
    assert checks(text) == CHECKS


def test_a_word_of_keepalived_may_stand_behind_the_prefix() -> None:
    assert said(file("@lvs_agent uthreshold 5")) == []
    assert said(file("@lvs_agent PING_CHECK {\n@lvs_agent }")) == []
    assert said(file("@lvs_agent PING_CHECK {\n}")) == [("agent-block", 8)]
    assert said(file("PING_CHECK {\n@lvs_agent }")) == [("agent-block", 8)]


def test_it_is_written_as_it_is_read() -> None:
    text = file(BLOCK_LINES)
    assert write(read(text, "k.conf").document) == text


def test_fmt_lays_the_prefix_at_the_margin_of_the_block() -> None:
    rough = '@lvs_agent   SIMPLETCP_CHECK{connect_timeout    2  # quick\n  @lvs_agent receive "^220 " }'
    smooth = BLOCK_LINES.replace("CHECK {", "CHECK {  # quick")
    assert layout.fmt(file(rough)) == file(smooth)
    assert layout.fmt(file(smooth)) == file(smooth)


def test_fmt_of_conditions_and_variables_behind_the_prefix() -> None:
    text = "@lvs_agent $A=1\n@lvs_agent @lvs_agent include x.conf\n"
    assert layout.fmt(text) == text


def test_an_included_file_is_behind_the_prefix_of_its_include() -> None:
    def opener(_pattern: str, _including: str, _variant: str) -> list[tuple[str, str]]:
        return [("own.conf", 'SIMPLETCP_CHECK {\nconnect_timeout 2\nreceive "^220 "\n}\n')]

    for line, wanted in (("@lvs_agent include own.conf", []), ("include own.conf", ["agent-word"])):
        reading = read(file(line), "k.conf", opener=opener)
        assert [one.code for one in reading.findings] == wanted


def test_yaml_and_json_need_no_prefix() -> None:
    document = read(file(BLOCK_LINES), "k.conf").document
    shown = mapping.to_mapping(document)
    assert shown["virtual_servers"][0]["real_servers"][0]["checks"][0] == {
        "SIMPLETCP_CHECK": {"connect_timeout": 2.0, "receive": "^220 "}
    }
    assert mapping.from_json(mapping.to_json(document)) == (document, ())


def test_a_reload_reads_pieces_of_a_file_with_such_words() -> None:
    cache = Cache()
    text = "".join(file(BLOCK_LINES).replace("10.0.0.1 ", f"10.0.1.{number} ") for number in range(200))
    changed = text.replace("10.0.1.77 80", "10.0.1.77 81")
    assert read(text, "k.conf", cache=cache) == read(text, "k.conf")
    before = cache.reads
    assert read(changed, "k.conf", cache=cache) == read(changed, "k.conf")
    assert 0 < cache.reads - before < 4


def test_every_declared_word_is_keepalived_s_or_marked() -> None:
    unknown: list[str] = []

    def walk(of: Spec, path: str) -> None:
        for word, entry in of.words.items():
            if entry.agent:
                assert (path or "-", word) not in KEEPALIVED
                continue
            if (path or "-", word) not in KEEPALIVED:
                unknown.append(f"{path} {word}")
            if entry.mode == BLOCK:
                walk(spec(entry.kind.block), f"{path}/{word}".lstrip("/"))

    walk(spec(model.Document), "")
    assert unknown == [
        "virtual_server/real_server lb_kind"
    ]  # an old spelling that keepalived has only one block further up


def own(kind: str, *lines: str) -> str:
    return file("\n".join(f"@lvs_agent {line}" for line in (f"{kind} {{", *lines, "}")))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (own("FTP_CHECK", "login x"), []),
        (own("FTP_CHECK", "tls_verify"), [("useless-option", 8)]),
        (own("FTP_CHECK", "tls", "tls_ca /ca"), [("useless-option", 9)]),
        (own("FTP_CHECK", "tls", "tls_verify", "tls_ca /ca", "tls_expiry 30"), []),
        (own("MYSQL_CHECK", 'request "SELECT 1"'), [("useless-option", 8)]),
        (own("MYSQL_CHECK", "login x", 'request "SELECT 1"'), []),
        (own("MYSQL_CHECK", "login x", "connects 3"), []),
        (own("MYSQL_CHECK", "connects 3"), [("interrupted-handshake", 8)]),
        (own("SIMPLETCP_CHECK"), [("missing-keyword", 7)]),
        (own("SIMPLETCP_CHECK", 'receive "("'), [("bad-regex", 8)]),
        (own("RADIUS_CHECK", "login x", "passwd y"), [("missing-keyword", 7)]),
        (own("FTP_CHECK", "logn x"), [("unknown-keyword", 8)]),
        (own("SIP_CHECK", "transport sctp"), [("unknown-value", 8)]),
        (file("SSL_GET {\n@lvs_agent tls_verify\nurl {\npath /\n}\n}"), []),
        (file("SSL_GET {\ntls_verify\nurl {\npath /\n}\n}"), [("agent-word", 8)]),
        (file("SSL_GET {\n@lvs_agent tls_expiry 3\nurl {\npath /\n}\n}"), [("useless-option", 8)]),
        (file("TCP_CHECK {\ndata_path\n}"), [("agent-word", 8)]),
        (own("FTP_CHECK", "data_path"), []),
    ],
)
def test_findings_about_own_words(text: str, wanted: list[tuple[str, int]]) -> None:
    assert said(text) == wanted


def test_a_service_without_a_protocol_is_no_place_for_a_check_over_tcp() -> None:
    text = own("FTP_CHECK").replace("    protocol TCP\n", "").replace("TCP_CHECK", "PING_CHECK")
    assert [(one.code, one.level) for one in read(text, "k.conf").findings] == [("missing-protocol", "error")]
