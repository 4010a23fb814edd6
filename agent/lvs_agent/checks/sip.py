# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP_CHECK: OPTIONS is answered with 200, over UDP or TCP. RFC 3261, 7, 8.1.1, 11 and 18."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .exchange import Exchange
from .outcome import Conversation, Outcome, Step
from .tls.settings import Secured

if TYPE_CHECKING:
    from .endpoint import Endpoint
    from .tls.settings import Tls

MOST_HEADER = 65536
"""Bytes of an answer's header before it is given up."""

_STATUS = re.compile(rb"SIP/2\.0 ([1-6][0-9][0-9])[ \r]")
_CALL = re.compile(rb"\r\n(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n \t]+)", re.IGNORECASE)


@dataclass(frozen=True)
class SipCheck:
    """One SIP_CHECK over UDP. user: who is asked for, None for the server itself."""

    endpoint: Endpoint
    user: Optional[str] = None
    name = "SIP_CHECK"
    steps = 1
    protocol = 0

    def exchange(self, token: int) -> Exchange:
        """One OPTIONS."""
        return _Asked(self.endpoint, self.user, f"{token:08x}{secrets.token_hex(8)}")


@dataclass(frozen=True)
class SipStreamCheck(Secured):
    """One SIP_CHECK over TCP, or over TLS."""

    endpoint: Endpoint
    user: Optional[str] = None
    tls: Optional[Tls] = None
    name = "SIP_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """One OPTIONS."""
        return _Talk(self.endpoint, self.user, "TLS" if self.tls else "TCP", secrets.token_hex(12))


def options(end: Endpoint, user: Optional[str], transport: str, call: str) -> bytes:
    """The request. call: new for every request. The answer comes back to where it came from (rport, RFC 3581)."""
    host, ours = (f"[{end.address}]", "[::1]") if ":" in end.address else (end.address, "127.0.0.1")
    who = f"sip:{user}@{host}:{end.port}" if user else f"sip:{host}:{end.port}"
    return (
        f"OPTIONS {who} SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} {ours};branch=z9hG4bK{call};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:lvs-agent@{ours}>;tag={call}\r\nTo: <{who}>\r\nCall-ID: {call}@lvs-agent\r\n"
        f"CSeq: 1 OPTIONS\r\nContact: <sip:lvs-agent@{ours}>\r\nUser-Agent: lvs-agent\r\nAccept: application/sdp\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def judge(answer: bytes, call: str) -> Optional[Outcome]:
    """The verdict on the header of an answer; None for one that is not the end, or not ours."""
    status = _STATUS.match(answer)
    if status is None:
        return Outcome(False, f"answer is not SIP: {answer[:40]!r}")
    named = _CALL.search(answer)
    if named is None or named.group(1) != f"{call}@lvs-agent".encode() or status.group(1)[:1] == b"1":
        return None
    line = answer.partition(b"\r\n")[0][:80].decode("utf-8", "replace")
    return Outcome(status.group(1) == b"200", line)


class _Asked(Exchange):
    __slots__ = ("_call", "_end", "_user")

    def __init__(self, end: Endpoint, user: Optional[str], call: str) -> None:
        self._end, self._user, self._call = end, user, call

    def request(self) -> bytes:
        """OPTIONS."""
        return options(self._end, self._user, "UDP", self._call)

    def received(self, data: bytes) -> Optional[Outcome]:
        """A datagram is a whole answer."""
        return judge(data, self._call)

    def silence(self) -> Outcome:
        """No answer."""
        return Outcome(False, "no answer")


class _Talk(Conversation):
    __slots__ = ("_buffer", "_call", "_request")

    def __init__(self, end: Endpoint, user: Optional[str], transport: str, call: str) -> None:
        self._request, self._call = options(end, user, transport, call), call
        self._buffer = b""

    def opened(self) -> Step:
        """OPTIONS."""
        return self._request, None

    def received(self, data: bytes) -> Step:
        """Part of an answer; its body does not matter, for a provisional one has none."""
        self._buffer += data
        while True:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                if len(self._buffer) > MOST_HEADER:
                    return b"", Outcome(False, "header without an end")
                return b"", None
            self._buffer = rest
            outcome = judge(head + b"\r\n", self._call)
            if outcome is not None:
                return b"", outcome

    def ended(self) -> Outcome:
        """The server hung up too early."""
        return Outcome(False, "closed without an answer")
