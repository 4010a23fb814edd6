# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""RADIUS_CHECK: an Access-Request with a password (PAP) is accepted, by somebody who knows the secret.

RFC 2865, 3 and 5.2; RFC 3579, 3.2 for the Message-Authenticator, which is sent, and verified where it comes back.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .exchange import Exchange
from .outcome import Outcome

if TYPE_CHECKING:
    from .endpoint import Endpoint

_HEADER = struct.Struct("!BBH16s")
_REQUEST, _ACCEPT = 1, 2
_CODES = {3: "Access-Reject", 11: "Access-Challenge"}
_USER_NAME, _USER_PASSWORD, _NAS_IDENTIFIER, _MESSAGE_AUTHENTICATOR = 1, 2, 32, 80
_NOTHING = bytes(16)


@dataclass(frozen=True)
class RadiusCheck:
    """One RADIUS_CHECK."""

    endpoint: Endpoint
    login: str
    passwd: str
    secret: str
    name = "RADIUS_CHECK"
    steps = 1
    protocol = 0

    def exchange(self, token: int) -> Exchange:
        """One request."""
        return _Asked(self, token & 0xFF, secrets.token_bytes(16))


def request(check: RadiusCheck, number: int, authenticator: bytes) -> bytes:
    """The Access-Request."""
    secret = check.secret.encode()
    said = (
        _attribute(_MESSAGE_AUTHENTICATOR, _NOTHING)
        + _attribute(_USER_NAME, check.login.encode()[:253])
        + _attribute(_USER_PASSWORD, hidden(check.passwd.encode()[:128], secret, authenticator))
        + _attribute(_NAS_IDENTIFIER, b"lvs-agent")
    )
    data = _HEADER.pack(_REQUEST, number, _HEADER.size + len(said), authenticator) + said
    return _signed(data, _HEADER.size + 2, secret)


def hidden(passwd: bytes, secret: bytes, authenticator: bytes) -> bytes:
    """User-Password: RFC 2865, 5.2."""
    passwd = passwd.ljust(max(16, -(-len(passwd) // 16) * 16), b"\0")
    made, before = b"", authenticator
    for start in range(0, len(passwd), 16):
        mask = hashlib.md5(secret + before, usedforsecurity=False).digest()
        before = bytes(one ^ other for one, other in zip(passwd[start : start + 16], mask))
        made += before
    return made


class _Asked(Exchange):
    __slots__ = ("_authenticator", "_check", "_number")

    def __init__(self, check: RadiusCheck, number: int, authenticator: bytes) -> None:
        self._check, self._number, self._authenticator = check, number, authenticator

    def request(self) -> bytes:
        """The Access-Request."""
        return request(self._check, self._number, self._authenticator)

    def received(self, data: bytes) -> Optional[Outcome]:
        """Ours if it has our number; worth something if its authenticator is right."""
        if len(data) < _HEADER.size:
            return None
        code, number, size, authenticator = _HEADER.unpack_from(data)
        if number != self._number or not _HEADER.size <= size <= len(data):
            return None
        data, secret = data[:size], self._check.secret.encode()
        ours = data[:4] + self._authenticator + data[_HEADER.size :]
        if not hmac.compare_digest(hashlib.md5(ours + secret, usedforsecurity=False).digest(), authenticator):
            return Outcome(False, "the answer is not signed with our secret")
        place = _find(data, _MESSAGE_AUTHENTICATOR)
        if place:
            bare = ours[:place] + _NOTHING + ours[place + 16 :]
            if not hmac.compare_digest(_signed(bare, place, secret), ours):
                return Outcome(False, "the answer's Message-Authenticator is wrong")
        if code != _ACCEPT:
            return Outcome(False, _CODES.get(code, f"answer of code {code}"))
        return Outcome(True, "Access-Accept")

    def silence(self) -> Outcome:
        """No answer: nobody there, or somebody who does not know us."""
        return Outcome(False, "no answer (is the secret right, and this host one of its clients?)")


def _attribute(kind: int, value: bytes) -> bytes:
    return bytes([kind, len(value) + 2]) + value


def _signed(data: bytes, place: int, secret: bytes) -> bytes:
    """The packet with its Message-Authenticator, 16 zeros so far, at this place."""
    return data[:place] + hmac.new(secret, data, "md5").digest() + data[place + 16 :]


def _find(data: bytes, kind: int) -> int:
    """Where the 16 bytes of an attribute are; 0 when it is not there."""
    place = _HEADER.size
    while place + 2 <= len(data) and data[place + 1] >= 2:
        if data[place] == kind and data[place + 1] == 18 and place + 18 <= len(data):
            return place + 2
        place += data[place + 1]
    return 0
