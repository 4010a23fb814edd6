# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP_GET: request bytes against keepalived's own (captured), answers against verdicts."""

from __future__ import annotations

from typing import Any, Tuple

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf.pcre2.port import Expression

from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.http import HttpCheck, Url, request
from lvs_agent.checks.match import MOST_BODY, Match
from lvs_agent.checks.tls.settings import Tls

V4 = Endpoint("192.0.2.1", 80)
V6 = Endpoint("2001:db8::1", 8080)
HELLO = "b1946ac92492d2347c6235b4d2611184"  # md5sum of "hello\n"


# Bytes that genhash of Debian's keepalived 2.2.7 (which shares the code of HTTP_GET) sent to a listener.
@pytest.mark.parametrize(
    ("endpoint", "url", "virtualhost", "protocol", "expected"),
    [
        (V4, Url("/"), None, "1.0", "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 192.0.2.1:80\r\n\r\n"),
        (
            V6,
            Url("/a?b=c"),
            None,
            "1.0",
            "GET /a?b=c HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: [2001:db8::1]:8080\r\n\r\n",
        ),
        (
            V4,
            Url("/"),
            "www.example",
            "1.0",
            "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: www.example\r\n\r\n",
        ),
        (
            V6,
            Url("/", virtualhost="own.example"),
            "www.example",
            "1.1",
            "GET / HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: own.example\r\n\r\n",
        ),
        (
            V4,
            Url("/"),
            None,
            "1.0C",
            "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: 192.0.2.1:80\r\n\r\n",
        ),
    ],
)
def test_request(endpoint: Endpoint, url: Url, virtualhost, protocol: str, expected: str):
    assert request(endpoint, url, virtualhost, protocol).decode() == expected


def ask(url: Url, answer: bytes, cut: int = 10**6):
    """The outcome of an answer that arrives in pieces of `cut` bytes, then EOF."""
    talk = HttpCheck(V4, (url,)).converse(0)
    assert talk.opened()[1] is None
    for start in range(0, len(answer), cut):
        outcome = talk.received(answer[start : start + cut])[1]
        if outcome is not None:
            return outcome
    return talk.ended()


OK = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 6\r\n\r\nhello\n"


@pytest.mark.parametrize("cut", [1, 3, 7, 10**6])
@pytest.mark.parametrize(
    ("url", "answer", "ok", "text"),
    [
        (Url("/"), OK, True, "/: HTTP status code 200"),
        (Url("/", digest=HELLO), OK, True, "/: HTTP status code 200"),
        (Url("/", digest=HELLO.upper()), OK, True, "/: HTTP status code 200"),
        (Url("/", digest="0" * 32), OK, False, f"/: MD5 digest is {HELLO}"),
        # The digest ends with Content-Length, and without one with the connection.
        (Url("/", digest=HELLO), OK + b"more", True, "/: HTTP status code 200"),
        (Url("/", digest=HELLO), b"HTTP/1.0 200 OK\r\n\r\nhello\n", True, "/: HTTP status code 200"),
        (
            Url("/", digest=HELLO),
            b"HTTP/1.0 200 OK\r\ncontent-LENGTH:6\r\n\r\nhello\nmore",
            True,
            "/: HTTP status code 200",
        ),
        (
            Url("/", digest=HELLO),
            b"HTTP/1.0 200 OK\r\nX-Content-Length: 2\r\n\r\nhello\n",
            True,
            "/: HTTP status code 200",
        ),
        (Url("/"), b"HTTP/1.1 404 Not Found\r\n\r\n", False, "/: HTTP status code 404"),
        (Url("/"), b"HTTP/1.1 299 x\r\n\r\n", True, "/: HTTP status code 299"),
        (Url("/"), b"HTTP/1.1 300 x\r\n\r\n", False, "/: HTTP status code 300"),
        (Url("/", status_codes=((404, 404), (500, 503))), b"HTTP/1.1 404 x\r\n\r\n", True, "/: HTTP status code 404"),
        (Url("/", status_codes=((404, 404), (500, 503))), b"HTTP/1.1 502 x\r\n\r\n", True, "/: HTTP status code 502"),
        (Url("/", status_codes=((404, 404), (500, 503))), OK, False, "/: HTTP status code 200"),
        (Url("/"), b"", False, "closed without an answer"),
        (Url("/"), b"SSH-2.0-OpenSSH_9.2\r\n", False, "answer is not HTTP"),
        (Url("/"), b"220 mail ESMTP\r\n\r\n", False, "/: HTTP status code 0"),
        (Url("/"), b"HTTP/1.1 2000 x\r\n\r\n", False, "/: HTTP status code 0"),
        (Url("/"), b"HTTP/1.1 200\r\n\r\n", True, "/: HTTP status code 200"),
    ],
)
def test_answers(url: Url, answer: bytes, ok: bool, text: str, cut: int):
    assert ask(url, answer, cut)[:2] == (ok, text)


def test_a_header_without_an_end_is_given_up():
    assert ask(Url("/"), b"HTTP/1.1 200 OK\r\n" + b"x" * 70000, 4096)[:2] == (False, "header without an end")


@pytest.mark.parametrize(
    ("tls", "url", "expected"),
    [
        (None, Url("/"), None),
        (Tls(), Url("/"), None),
        (Tls(enable_sni=True), Url("/"), "www.example"),
        (Tls(enable_sni=True), Url("/", virtualhost="own.example"), "own.example"),
        (Tls(enable_sni=True, sni_name="sni.example"), Url("/", virtualhost="own.example"), "sni.example"),
    ],
)
def test_server_name(tls, url: Url, expected):
    assert HttpCheck(V4, (url,), "www.example", tls=tls).server_name(0) == expected


def match(pattern: str, options: Tuple[str, ...] = (), **words: Any) -> Match:
    return Match(Expression(pattern, options), **words)


PAGE = b"HTTP/1.0 200 OK\r\nX: header\r\n\r\nAll systems\nare GO.\n"


@pytest.mark.parametrize("cut", [1, 7, 10**6])
@pytest.mark.parametrize(
    ("wanted", "ok"),
    [
        (match("systems"), True),
        (match("syst[a-f]+ms$", ("multiline",)), True),
        (match("systems$"), False),
        (match("go", ("caseless",)), True),
        (match("go"), False),
        (match("systems.are"), False),
        (match("systems.are", ("dotall",)), True),
        (match("s y s t e m s", ("extended", "ungreedy", "no_auto_possess")), True),
        # The body, not the header.
        (match("header"), False),
        (match("systems", no_match=True), False),
        (match("fire", no_match=True), True),
        # A match starts between the offsets, both included: "systems" is at 4.
        (match("systems", min_offset=4), True),
        (match("systems", min_offset=5), False),
        (match("systems", max_offset=4), True),
        (match("systems", max_offset=3), False),
        (match("s", min_offset=5, max_offset=6), True),
        (match("s", min_offset=5, max_offset=5), False),
        # The end of the body has a newline behind it.
        (match("GO.$"), True),
        (match("GO.$", ("dollar_endonly",)), False),
        (match("GO.\\n$", ("dollar_endonly",)), True),
        (match("GO[$.]", ("dollar_endonly",)), True),
        (match("systems$", ("dollar_endonly", "multiline")), True),
        (match("systems", ("firstline",)), True),
        (match("^[[:alpha:]]+ systems$", ("multiline",)), True),
        (match("GO[[:punct:]]+", no_match=True), False),
        (match("\\n", ("firstline",)), True),
        (match("are", ("firstline",)), False),
        (match("are", ("firstline",), min_offset=12), True),
    ],
)
def test_regular_expressions(wanted: Match, ok: bool, cut: int):
    assert ask(Url("/", match=wanted), PAGE, cut).ok is ok


@pytest.mark.parametrize(
    ("wanted", "ok"),
    [
        (match("gr.n"), False),
        (match("gr.n", ("utf",)), True),
        (match("GRÜN", ("utf", "caseless")), True),
        (match("gr\\wn", ("utf",)), False),
        (match("gr\\wn", ("utf", "ucp")), True),
        (match("grün", ("utf",), max_offset=2), True),  # bytes before it, not characters
        (match("grün", ("utf",), max_offset=1), False),
        (match("rün", ("utf",), min_offset=3, max_offset=3), True),
    ],
)
def test_characters_or_bytes(wanted: Match, ok: bool):
    page = b"HTTP/1.0 200 OK\r\n\r\n" + "ügrün".encode()
    assert ask(Url("/", match=wanted), page, 10**6).ok is ok


def test_a_long_body_is_searched_up_to_a_limit():
    page = b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * (MOST_BODY + 70000) + b"needle"
    assert ask(Url("/", match=match("needle")), page, 65536).ok is False
    assert ask(Url("/", match=match("needle", max_offset=MOST_BODY)), page, 65536).ok is False
    assert ask(Url("/", match=match("needle", max_offset=MOST_BODY + 70000)), page, 65536).ok is True
    assert ask(Url("/", match=match("needle", min_offset=MOST_BODY)), page, 65536).ok is True
    page = page[: 19 + MOST_BODY - 1] + b"needle"
    assert [ask(Url("/", match=match(word)), page, 65536).ok for word in ("needle", "n$", "xn")] == [False, True, True]


def test_a_search_that_is_given_up_fails_the_check():
    """With regex_no_match too: nobody knows that the body is good."""
    for no_match in (False, True):
        outcome = ask(
            Url("/", match=match(r"^(\w+\s?)*$", no_match=no_match)), PAGE[:27] + b"\r\n\r\n" + b"x" * 30 + b"!"
        )
        assert outcome[:2] == (False, "/: regex was given up: match limit exceeded")


def test_a_path_of_bytes_that_are_no_utf8_is_sent_as_it_stands():
    path = b"/\xff\xe9".decode("utf-8", "surrogateescape")
    assert request(V4, Url(path), None, "1.0").startswith(b"GET /\xff\xe9 HTTP/1.0\r\n")
