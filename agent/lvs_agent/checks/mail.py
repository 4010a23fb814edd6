# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""IMAP_CHECK and POP_CHECK: the server greets, takes a login where one is given, and says good-bye.

RFC 3501, 2.2 and 6; RFC 1939.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .dialogue import ANY, Dialogue, Turn
from .tls.settings import Secured

if TYPE_CHECKING:
    from .endpoint import Endpoint
    from .outcome import Conversation
    from .tls.settings import Tls

_STATUS = re.compile(rb"[+]OK|-ERR")
_OK = re.compile(rb"[+]OK")
_GREETING = re.compile(rb"[*] ")
_READY = re.compile(rb"[*] (?:OK|PREAUTH)\b", re.IGNORECASE)


@dataclass(frozen=True)
class ImapCheck(Secured):
    """One IMAP_CHECK. login, passwd: who logs in; None for nobody."""

    endpoint: Endpoint
    login: Optional[str] = None
    passwd: Optional[str] = None
    tls: Optional[Tls] = None
    name = "IMAP_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """A short visit."""
        turns = [Turn("greeting", b"", _GREETING, _READY)]
        if self.login is not None:
            words = f"LOGIN {_string(self.login)} {_string(self.passwd or '')}"
            turns.append(_tagged("LOGIN", 1, words))
        else:
            turns.append(_tagged("CAPABILITY", 1, "CAPABILITY"))
        turns.append(Turn("LOGOUT", b"a2 LOGOUT\r\n", re.compile(rb"a2 "), ANY))
        return Dialogue(tuple(turns), "greets" if self.login is None else "takes the login")


@dataclass(frozen=True)
class PopCheck(Secured):
    """One POP_CHECK. login, passwd: who logs in; None for nobody."""

    endpoint: Endpoint
    login: Optional[str] = None
    passwd: Optional[str] = None
    tls: Optional[Tls] = None
    name = "POP_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """A short visit."""
        turns = [Turn("greeting", b"", _STATUS, _OK)]
        if self.login is not None:
            turns.append(Turn("USER", f"USER {self.login}\r\n".encode(), _STATUS, _OK))
            turns.append(Turn("PASS", f"PASS {self.passwd or ''}\r\n".encode(), _STATUS, _OK))
        turns.append(Turn("QUIT", b"QUIT\r\n", _STATUS, ANY))
        return Dialogue(tuple(turns), "greets" if self.login is None else "takes the login")


def _tagged(what: str, number: int, words: str) -> Turn:
    tag = f"a{number} "
    good = re.compile(f"{tag}OK\\b".encode(), re.IGNORECASE)
    return Turn(what, f"{tag}{words}\r\n".encode(), re.compile(tag.encode()), good)


def _string(text: str) -> str:
    """A quoted string of IMAP."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
