# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a checker block that only lvs-agent has (`@lvs_agent NAME { ... }`) to a check. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, Dict

from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

from .checks.simpletcp import SimpletcpCheck

if TYPE_CHECKING:
    from .checks.endpoint import Endpoint
    from .checks.port import Check

_ESCAPE = re.compile(r"\\(?:([rnt\\])|x([0-9a-fA-F]{2}))")
_MEANT = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


def unescaped(text: str) -> bytes:
    r"""The bytes that a word means: \r, \n, \t, \\ and \xNN; any other backslash stands for itself."""

    def meant(found: re.Match[str]) -> str:
        letter, digits = found.groups()
        return _MEANT[letter] if letter else bytes.fromhex(digits).decode("ascii", "surrogateescape")

    return _ESCAPE.sub(meant, text).encode("utf-8", "surrogateescape")


def own_check(declared: model.OwnCheck, end: Endpoint) -> Check:
    """The check of one block."""
    return _MAKERS[type(declared)](declared, end)


def _simpletcp(declared: Any, end: Endpoint) -> Check:
    return SimpletcpCheck(end, unescaped(declared.request or ""), declared.receive or "")


_MAKERS: Dict[type, Callable[[Any, Endpoint], Check]] = {
    model.SimpletcpCheck: _simpletcp,
}
