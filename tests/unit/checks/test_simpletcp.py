# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIMPLETCP_CHECK: what it sends, and when an answer is one."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf.pcre2.port import Expression

from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.simpletcp import MOST_ANSWER, SimpletcpCheck
from lvs_agent.plan_own_checks import unescaped

END = Endpoint("10.0.0.1", 7)


def talk(receive: str, *pieces: bytes):
    """(whether it ended well, its text) of a conversation that gets these pieces and then the end."""
    conversation = SimpletcpCheck(END, b"hi\r\n", Expression(receive)).converse(0)
    assert conversation.opened() == (b"hi\r\n", None)
    for piece in pieces:
        sent, outcome = conversation.received(piece)
        assert sent == b""
        if outcome is not None:
            return outcome.ok, outcome.text
    return conversation.ended()[:2]


@pytest.mark.parametrize(
    ("receive", "pieces", "ok", "text"),
    [
        ("^220 ", (b"220 ready\r\n",), True, "the answer matches"),
        ("^220 .*dy", (b"220 r", b"ea", b"dy"), True, "the answer matches"),
        ("^220 ", (b"421 busy\r\n",), False, "the answer does not match: '421 busy\\r\\n'"),
        ("^220 ", (), False, "closed without an answer"),
        ("x", (b"-" * MOST_ANSWER, b"-"), False, "no match in 65536 bytes"),
        ("\\xff", (b"\xff",), True, "the answer matches"),
        ("^[[:digit:]]{3} ", (b"220 ready\r\n",), True, "the answer matches"),
        (r"^(\w+\s?)*$", (b"x" * 30 + b"!",), False, "the search for a match is given up: match limit exceeded"),
    ],
)
def test_answers(receive, pieces, ok, text):
    assert talk(receive, *pieces) == (ok, text)


@pytest.mark.parametrize(
    ("word", "data"),
    [
        ("plain", b"plain"),
        (r"HELP\r\n\t", b"HELP\r\n\t"),
        (r"\x00\xff\x41", b"\x00\xffA"),
        (r"a\\n", b"a\\n"),
        (r"\d\xg", rb"\d\xg"),
        ("é", "é".encode()),
    ],
)
def test_escapes(word, data):
    assert unescaped(word) == data
