# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP_CHECK: conversations as text, cut at every place."""

from __future__ import annotations

import pytest

from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.outcome import Outcome
from lvs_agent.checks.smtp import MOST_REPLY, SmtpCheck

GOOD = ["220 mail.example ESMTP Postfix\r\n", "250 mail.example\r\n", "221 2.0.0 Bye\r\n"]


@pytest.mark.parametrize("cut", [1, 5, 1000])
@pytest.mark.parametrize(
    ("replies", "said", "ok", "text"),
    [
        (GOOD, ["HELO me\r\n", "QUIT\r\n"], True, "greets and takes HELO"),
        (["220\n", "250\n", "221\n"], ["HELO me\r\n", "QUIT\r\n"], True, "greets and takes HELO"),
        (["220-mail.example\r\n220 ready\r\n", *GOOD[1:]], ["HELO me\r\n", "QUIT\r\n"], True, "greets and takes HELO"),
        (["554 no\r\n"], [], False, "greeting: 554 no"),
        (["2200 mail\r\n"], [], False, "greeting: 2200 mail"),
        (["HTTP/1.0 400 Bad Request\r\n"], [], False, "greeting: HTTP/1.0 400 Bad Request"),
        ([GOOD[0], "501 who?\r\n"], ["HELO me\r\n"], False, "HELO: 501 who?"),
        ([], [], False, "closed instead of answering greeting"),
        (GOOD[:1], ["HELO me\r\n"], False, "closed instead of answering HELO"),
        (GOOD[:2], ["HELO me\r\n", "QUIT\r\n"], False, "closed instead of answering QUIT"),
    ],
)
def test_visit(replies, said, ok: bool, text: str, cut: int):
    talk = SmtpCheck(Endpoint("192.0.2.1", 25), "me").converse(0)
    sent, outcome = talk.opened()
    assert (sent, outcome) == (b"", None)
    heard = []
    for reply in replies:
        for start in range(0, len(reply), cut):
            sent, outcome = talk.received(reply[start : start + cut].encode())
            if sent:
                heard.append(sent.decode())
        if outcome is not None:
            break
    outcome = outcome or talk.ended()
    assert (heard, outcome.ok, outcome.text) == (said, ok, text)


def test_a_reply_without_an_end_is_given_up():
    talk = SmtpCheck(Endpoint("192.0.2.1", 25)).converse(0)
    assert talk.received(b"2" * (MOST_REPLY + 1))[1] == Outcome(False, "reply without an end")
