# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LDAP_CHECK: a simple bind and a search of one base object that finds exactly it. RFC 4511, 4.2 and 4.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional

from . import ber
from .outcome import Conversation, Outcome, Step
from .tls.settings import Secured

if TYPE_CHECKING:
    from .endpoint import Endpoint
    from .match import Expression
    from .tls.settings import Tls

MOST_ANSWER = 1 << 20
"""Bytes of one message before it is given up."""

_BIND, _BIND_ANSWER = 0x60, 0x61
_SEARCH, _ENTRY, _DONE, _REFERENCE = 0x63, 0x64, 0x65, 0x73
_UNBIND = 0x42
_SIMPLE, _PRESENT = 0x80, 0x87
_CODES = {1: "operationsError", 2: "protocolError", 8: "strongerAuthRequired", 10: "referral", 32: "noSuchObject"}
_CODES.update({48: "inappropriateAuthentication", 49: "invalidCredentials", 50: "insufficientAccessRights"})
_CODES.update({51: "busy", 52: "unavailable", 53: "unwillingToPerform", 34: "invalidDNSyntax"})


@dataclass(frozen=True)
class LdapCheck(Secured):
    """One LDAP_CHECK. base: the object that is looked for ("" is the root DSE); receive: what the entry matches."""

    endpoint: Endpoint
    base: str = ""
    login: str = ""
    passwd: str = ""
    receive: Optional[Expression] = None
    tls: Optional[Tls] = None
    name = "LDAP_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """Bind and search."""
        return _Visit(self)


def message(number: int, operation: bytes) -> bytes:
    """An LDAPMessage."""
    return ber.element(ber.SEQUENCE, ber.number(number), operation)


def bind(login: str, passwd: str) -> bytes:
    """A simple bind of version 3; both empty: anonymous."""
    words = (ber.number(3), ber.element(ber.OCTETS, login.encode()), ber.element(_SIMPLE, passwd.encode()))
    return message(1, ber.element(_BIND, *words))


def search(base: str) -> bytes:
    """A search of the base object alone, (objectClass=*), at most two entries."""
    return message(
        2,
        ber.element(
            _SEARCH,
            ber.element(ber.OCTETS, base.encode()),
            ber.number(0, ber.ENUMERATED),  # scope: the base object
            ber.number(0, ber.ENUMERATED),  # aliases stay
            ber.number(2),
            ber.number(0),
            ber.element(ber.BOOLEAN, b"\0"),
            ber.element(_PRESENT, b"objectClass"),
            ber.element(ber.SEQUENCE),
        ),
    )


class _Visit(Conversation):
    __slots__ = ("_buffer", "_check", "_entries")

    def __init__(self, check: LdapCheck) -> None:
        self._check = check
        self._buffer = b""
        self._entries: List[bytes] = []

    def opened(self) -> Step:
        """Bind."""
        return bind(self._check.login, self._check.passwd), None

    def received(self, data: bytes) -> Step:
        """Part of an answer."""
        self._buffer += data
        say = b""
        try:
            while True:
                found = ber.take(self._buffer, MOST_ANSWER)
                if found is None:
                    return say, None
                whole, self._buffer = found
                parts = list(ber.elements(whole.content))
                if whole.tag != ber.SEQUENCE or len(parts) < 2:
                    raise ValueError("no message")
                more, outcome = self._message(parts[1])
                say += more
                if outcome is not None:
                    return say, outcome
        except ValueError as error:
            return b"", Outcome(False, f"answer is not LDAP: {error}")

    def ended(self) -> Outcome:
        """The server hung up too early."""
        return Outcome(False, "closed without an answer")

    def _message(self, operation: ber.Element) -> Step:
        if operation.tag == _ENTRY:
            self._entries.append(operation.content)
            return b"", None
        if operation.tag == _REFERENCE:
            return b"", None
        if operation.tag not in (_BIND_ANSWER, _DONE):
            raise ValueError(f"operation {operation.tag:#x}")
        what = "bind" if operation.tag == _BIND_ANSWER else "search"
        code = next(ber.elements(operation.content), ber.Element(0, b"\x01")).number
        if code:
            return b"", Outcome(False, f"{what}: {_CODES.get(code, f'result code {code}')}")
        if what == "bind":
            return search(self._check.base), None
        if len(self._entries) != 1:
            return b"", Outcome(False, f"search: {len(self._entries)} entries")
        wanted = self._check.receive
        try:
            if wanted is not None and wanted.search(self._entries[0]) is None:
                return b"", Outcome(False, "the entry does not match")
        except ValueError as error:
            return b"", Outcome(False, f"the search for a match is given up: {error}")
        return message(3, ber.element(_UNBIND)), Outcome(True, "binds and finds the entry")
