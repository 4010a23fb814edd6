# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module gives out about a file: findings as data, in characters that an answer can carry; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from . import secret

if TYPE_CHECKING:
    from ..conf import Finding

SAID = ("level", "code", "message", "help", "file", "line", "column")


def said(finding: Finding, text: str) -> Dict[str, Any]:
    """One finding as data, without the secrets of the file."""
    shown = {word: getattr(finding, word) for word in SAID}
    for word in ("message", "help"):
        shown[word] = secret.masked_as_in(shown[word], text)
    return shown


def readable(item: Any) -> Any:
    """The same with a replacement character for each byte of the file that was no UTF-8, which no answer can carry."""
    if isinstance(item, str):
        return item.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(item, dict):
        return {key: readable(part) for key, part in item.items()}
    return [readable(part) for part in item] if isinstance(item, list) else item
