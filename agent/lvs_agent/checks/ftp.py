# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP_CHECK: the server greets, takes a login, and has a file where one is named. RFC 959, 4.2 and 5.4; RFC 3659, 4.

No data connection is made: that a file is there is asked with SIZE.
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

_LAST = re.compile(rb"[1-5][0-9][0-9](?: |\Z)")


@dataclass(frozen=True)
class FtpCheck(Secured):
    """One FTP_CHECK. login: who logs in; file: what must be there, None for nothing."""

    endpoint: Endpoint
    login: str = "anonymous"
    passwd: str = "anonymous@"  # noqa: S105 - what anonymous says
    file: Optional[str] = None
    tls: Optional[Tls] = None
    name = "FTP_CHECK"
    steps = 1

    def converse(self, _step: int) -> Conversation:
        """A short visit."""
        turns = [
            Turn("greeting", b"", _LAST, _code("220")),
            Turn("USER", f"USER {self.login}\r\n".encode(), _LAST, _code("230|331"), _code("230")),
            Turn("PASS", f"PASS {self.passwd}\r\n".encode(), _LAST, _code("230|202")),
        ]
        if self.file is not None:
            turns.append(Turn("TYPE", b"TYPE I\r\n", _LAST, _code("200")))
            turns.append(Turn("SIZE", f"SIZE {self.file}\r\n".encode(), _LAST, _code("213")))
        turns.append(Turn("QUIT", b"QUIT\r\n", _LAST, ANY))
        return Dialogue(tuple(turns), "takes the login" if self.file is None else "has the file")


def _code(codes: str) -> re.Pattern[bytes]:
    return re.compile(f"(?:{codes})(?: |\\Z)".encode())
