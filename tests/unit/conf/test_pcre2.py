# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions are PCRE2's own: what they mean, what stops them, and what is said where the library is missing."""

from __future__ import annotations

import contextlib
import gc
from unittest import mock

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read, write
from ansible_collections.lvs.cluster.plugins.module_utils.conf.expressions import ExpressionWord
from ansible_collections.lvs.cluster.plugins.module_utils.conf.pcre2 import port
from ansible_collections.lvs.cluster.plugins.module_utils.conf.pcre2.port import Expression
from hypothesis import example, given
from hypothesis import strategies as st

from lvs_agent import reading

TAB = b"a\tb"


@pytest.mark.parametrize(
    ("pattern", "text", "start"),
    [
        # Python's re takes these, and means something else.
        ("^[[:alpha:]]+ ok", b"hello ok\n", 0),
        ("error [[:digit:]]+", b"error 500\n", 0),
        ("[^[:space:]]+\\Z", b"ok\n", 0),
        ("ok\\Z", b"ok\n\n", None),
        ("xa{,3}$", b"xa{,3}", 0),  # three times from 10.43 on
        ("[a[b]", b"[", 0),
        # It does not take these; some of them it does from 3.11 on.
        ("ok\\z", b"ok\n", None),
        ("(?<n>o)k", b"ok", 0),
        ("(?<n>o)\\k<n>", b"oo", 0),
        ("a\\hb", TAB, 0),
        ("a\\Rb", b"a\r\nb", 0),
        ("a\\Kb", b"ab", 1),
        ("\\Qa.b\\E", b"axb", None),
        ("\\Qa.b\\E", b"a.b", 0),
        ("\\x{41}", b"A", 0),
        ("a\\Nb", b"a\nb", None),
        ("(?|(a)|(b))\\1", b"bb", 0),
        ("a(?i)b", b"aB", 0),
        ("a++a", b"aaa", None),
        ("(?>a+)a", b"aaa", None),
        ("(?1)(o)", b"oo", 0),
        ("\\((?:[^()]|(?R))*\\)", b"x(a(b)c)", 1),
        ("(*ANYCRLF)(?m)^ok$", b"no\rok\r", 3),
        ("\\p{Lu}", b"aB", 1),
        # Bytes are bytes.
        ("\\xff\\x00", b"a\xff\x00b", 1),
        ("gr\\wn", "grün".encode(), None),
        ("\udcff", b"a\xff", 1),
        ("", b"", 0),
    ],
)
def test_what_expressions_mean(pattern: str, text: bytes, start: int | None) -> None:
    if pattern == "xa{,3}$" and Expression("^a{,1}$").search(b"a") is not None:
        text = b"xaaa"
    assert Expression(pattern).search(text) == start


# Of every option of keepalived: an expression and a text that it finds with it or without it alone; or is not one.
NO = "no such expression"


@pytest.mark.parametrize(
    ("option", "pattern", "text", "with_it", "without"),
    [
        ("allow_empty_class", "a[]b]?c", b"a]c", None, 0),
        ("allow_empty_class", "a[]|c", b"c", 0, NO),
        ("alt_bsux", "\\u0041", b"A", 0, NO),
        ("auto_callout", "a", b"a", 0, 0),
        ("caseless", "a", b"A", 0, None),
        ("dollar_endonly", "a$", b"a\n", None, 0),
        ("dotall", "a.b", b"a\nb", 0, None),
        ("dupnames", "(?<n>a)|(?<n>b)", b"b", 0, NO),
        ("extended", "a b # c", b"ab", 0, None),
        ("firstline", "b", b"a\nb", None, 2),
        ("match_unset_backref", "(a)?\\1b", b"b", 0, None),
        ("multiline", "^b", b"a\nb", 2, None),
        ("never_ucp", "(*UCP)a", b"a", NO, 0),
        ("never_utf", "(*UTF)a", b"a", NO, 0),
        ("no_auto_capture", "(a)\\1", b"aa", NO, 0),
        ("no_auto_possess", "a+b", b"aab", 0, 0),
        ("no_dotstar_anchor", "(?s).*b", b"ab", 0, 0),
        ("no_start_optimize", "(*COMMIT)b", b"ab", None, 1),
        ("ucp", "(*UTF)gr\\wn", "grün".encode(), 0, None),
        ("ungreedy", "(?>a*)b", b"aab", 2, 0),
        ("utf", "gr.n", "grün".encode(), 0, None),
        ("utf", "a", b"\xff\xc3a", 2, 2),  # what is no UTF-8 matches nothing, and spoils nothing
        ("never_backslash_c", "\\Ca", b"ba", NO, 0),
        ("alt_circumflex", "(?m)^$", b"a\n", 2, None),
        ("alt_verbnames", "(*MARK:a\\)b)c", b"c", 0, NO),
        ("use_offset_limit", "a", b"a", 0, 0),
    ],
)
def test_options(option: str, pattern: str, text: bytes, with_it: object, without: object) -> None:
    def found(*options: str) -> object:
        try:
            Expression(pattern, options).check()
        except ValueError:
            return NO
        return Expression(pattern, options).search(text)

    assert (found(option), found()) == (with_it, without)


def test_every_option_of_keepalived_is_tried() -> None:
    (mark,) = [one for one in test_options.pytestmark if one.name == "parametrize"]
    assert {row[0] for row in mark.args[1]} == set(port.OPTIONS)
    assert len(port.OPTIONS) == 24


@pytest.mark.parametrize(
    ("pattern", "text", "start", "found"),
    [
        ("a", b"aba", 1, 2),
        ("a", b"a", 1, None),
        ("a", b"a", 9, None),
        ("$", b"a", 1, 1),
        ("(?<=b)a", b"ba", 1, 1),
        ("^a", b"aa", 1, None),
        ("\\Ga", b"ba", 1, 1),
    ],
)
def test_where_a_search_begins(pattern: str, text: bytes, start: int, found: int | None) -> None:
    assert Expression(pattern).search(text, start) == found


# Searches that take for ever, or nearly so: each ends, and quickly.
LONG = b"x" * 100_000


@pytest.mark.parametrize(
    ("pattern", "text", "reason"),
    [
        (r"^(\w+\s?)*$", b"x" * 30 + b"!", "match limit exceeded"),
        (r"(\w+\s?)*$", b"x" * 30 + b"!" + LONG + b"!", "match limit exceeded"),
        (r"(*NO_JIT)^(\w+\s?)*$", b"x" * 30 + b"!", "match limit exceeded"),
        (r"(*LIMIT_MATCH=4000000000)^(\w+\s?)*$", b"x" * 30 + b"!", "match limit exceeded"),
        (r"(?:(*COMMIT)|)(\w\s?)+[0-3]z?\d", LONG, "match limit exceeded"),
        (r"(\w\s?)+[0-3]z?\d", b"-" * 60_000 + LONG, "0.25 s of processor time are used up"),
        (r"(*UTF)(?:é\s?)+[0-3]z?\d", "é".encode() * 20_000, "match limit exceeded"),
        (r"(?R)|x", LONG, "JIT stack limit reached"),
    ],
)
def test_a_runaway_search_is_given_up(pattern: str, text: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        Expression(pattern).search(text)


@pytest.mark.parametrize("ahead", range(0, 400, 7))
def test_no_byte_is_left_out_of_a_search_in_parts(ahead: int) -> None:
    text = b"-" * ahead + (b"x" * 60 + b"-") * 3 + b"-" * ahead
    with mock.patch.object(port, "STEPS", 2000):
        assert Expression(r"(?:\w\s?)+[0-3]z?\d").search(text + b"a35" + b"-" * 99) == len(text)


@pytest.mark.parametrize("text", [b"<html>Welcome" + b" <a>\n" * 50_000, b"-" * 250_000 + b"<html>Welcome" + b"x" * 9])
def test_a_search_that_goes_back_far_is_not_a_runaway(text: bytes) -> None:
    at = text.index(b"<html>")
    assert Expression("(?s)<html.*Welcome").search(text) == at
    assert Expression("(?s)<html.*Welcome.*<b>").search(text) is None
    assert Expression("<html(.|\n)*?Welcome").search(text) == at


@pytest.mark.parametrize(
    ("pattern", "options", "reason"),
    [
        ("a(", (), "missing closing parenthesis, at character 2"),
        ("a**", ("caseless", "nonsense"), "PCRE2 has no option 'nonsense'"),
        ("a\\Cb", ("utf",), "PCRE2 makes no machine code of it: no more memory"),
        ("\ud800", (), "'utf-8' codec can't encode character.*"),
        ("(" * 1000, (), "parentheses are too deeply nested, at character .*"),
    ],
)
def test_what_is_no_expression(pattern: str, options: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        Expression(pattern, options).check()


def test_equal_expressions_are_one_and_are_freed() -> None:
    freed: list[int] = []
    pcre2, free = port._library(), port._library().code_free
    port._compiled.cache_clear()
    pcre2.code_free = lambda code: (freed.append(code), free(code))
    try:
        made = [Expression("a[0-9]", ("caseless",)) for _server in range(10_000)]
        assert {one.search(b"-A7") for one in made} == {1}
        assert len(set(made)) == port._compiled.cache_info().currsize == 1
        port._compiled.cache_clear()
        gc.collect()
    finally:
        pcre2.code_free = free
    assert len(freed) == 1


PIECES = st.sampled_from(
    [*"ab()[]{}|*+?.^$\\,-:#<>=!PRKQEdDwWsSbBAzZGhHvVNXCkguxp0123 \n", "(?", "(*", "[[:alpha:]]", "(?R)", "{2,9}", "ü"]
)
PATTERNS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=20)


@given(
    PATTERNS,
    st.lists(st.sampled_from(port.OPTIONS), max_size=4).map(tuple),
    st.binary(max_size=40) | st.text(alphabet="ab 1ü\n", max_size=40).map(str.encode),
    st.integers(0, 50),
)
@example("é", ("utf",), "éé".encode(), 1)
@example("(?<=é)a", ("utf",), b"\xc3\xa9a", 1)
def test_anything_finds_something_or_not_or_is_refused(
    pattern: str, options: tuple[str, ...], text: bytes, start: int
) -> None:
    try:
        found = Expression(pattern, options).search(text, start)
    except ValueError:
        return
    assert found is None or 0 <= found <= len(text)
    with mock.patch.object(port, "STEPS", 100), contextlib.suppress(ValueError):  # parted where it goes back
        assert Expression(pattern, options).search(text, start) == found


# What Debian's keepalived 2.2.7 (`keepalived -t`) gave to pcre2_compile, seen by a library loaded before it.
@pytest.mark.parametrize(
    ("written", "meant", "lost"),
    [
        ("ok", "ok", False),
        (r"\\d+", r"\d+", False),
        (r'"^\\d+ \\w$"', r"^\d+ \w$", False),
        (r"\d+", "d+", True),
        (r"'a b'", "a b", False),
        (r'a" "b', "a b", False),
        (r'"\x41\n\101\t\r\f\a"', "A\nA\t\r\f\a", False),
        (r'"(a)\1"', "(a)\x01", True),
        (r'"\042\\\\\'"', "\"\\\\'", False),
        (r"\xff\xc3\xa9\351", "\udcffé\udce9", False),
        (r"\bok\b", "\bok\b", True),
        (r"\cA", "\1", True),
    ],
)
def test_backslashes_in_the_file(written: str, meant: str, lost: bool) -> None:
    found = read(TEXT.replace("(ok", written), "x")
    assert found.document.virtual_servers[0].real_servers[0].checks[0].urls[0].regex == meant
    assert [one.line for one in found.findings if one.code == "lost-backslash"] == [7] * lost
    assert read(write(found.document), "x").document == found.document


TEXT = """virtual_server 192.0.2.1 80 {
    protocol TCP
    real_server 192.0.2.2 80 {
        HTTP_GET {
            url {
                path /
                regex (ok
            }
        }
    }
}
"""


# So were these, as they are written.
@pytest.mark.parametrize(
    ("meant", "written"),
    [
        ("^[[:alpha:]]{2,} ", r'"^[[:alpha:]]{2,} "'),
        ("\\", r'"\\"'),
        ("a\"b'c", '"a\\042b\'c"'),
        ("a$A$", r'"a\044A$"'),
        ("${_PWD}x", r'"\044{_PWD}x"'),
        ("é\udcff\x011\n", r'"é\377\0011\012"'),
        ("include", '"include"'),
    ],
)
def test_how_an_expression_is_written(meant: str, written: str) -> None:
    assert ExpressionWord().write(meant) == written


def test_without_the_library_a_controller_warns_and_an_agent_refuses(monkeypatch, tmp_path) -> None:
    file = tmp_path / "keepalived.conf"
    file.write_text(TEXT)

    def said(findings) -> list[tuple[str, int, str]]:
        return [(one.level, one.line, one.message) for one in findings if one.code == "bad-regex"]

    assert said(reading.load(str(file)).findings) == [
        ("error", 7, "no regular expression: missing closing parenthesis, at character 3")
    ]
    monkeypatch.setattr(port, "_LIBRARY", "libpcre2-8.so.none")
    port._library.cache_clear()
    port._compiled.cache_clear()
    for found, level in ((read(TEXT, "x").findings, "warning"), (reading.load(str(file)).findings, "error")):
        message = "nobody knows whether this is a regular expression: libpcre2-8.so.none is not on this machine"
        assert said(found) == [(level, 7, message)]
        assert any("install libpcre2-8" in one.help for one in found)
    monkeypatch.undo()
    assert [level for level, _line, _message in said(read(TEXT, "x").findings)] == [
        "error"
    ]  # asked again, not remembered
