# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""key ID VALUE of auth_hmac. A key too short turns keepalived's authentication off, so its length is checked here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from .findings import Bad
from .kinds import Kind, check_extra, integer
from .values import HmacKey
from .words import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence


class HmacKeyLine(Kind):
    """ID VALUE."""

    shape = "1..255 hex:DIGITS|file:PATH|CHARACTERS"
    made = HmacKey

    def read(self, words: Sequence[str]) -> Any:
        if len(words) < 2:
            raise Bad("needs an id and a value", code="missing-value", word=0)
        number, value = integer(words[0], 1, 255), words[1]
        length = _key_length(value)
        if length is not None and not 32 <= length <= 64:
            message = f"the key has {length} bytes: keepalived would run without any authentication"
            raise Bad(message, "32 to 64 bytes, as hex: digits or characters", code="key-length", word=2)
        return check_extra(words, 2, HmacKey(number, value))

    def write(self, value: Any) -> str:
        length = _key_length(value.value)
        if length is not None and not 32 <= length <= 64:
            raise ValueError(f"the key has {length} bytes, not 32 to 64")
        return f"{value.id} {quoted(value.value)}"


def _key_length(value: str) -> Optional[int]:
    """Bytes of a key as written; None when it is in a file; 0 when its hexadecimal digits are wrong."""
    if value.startswith("file:"):
        return None
    if value.startswith("hex:"):
        digits = "".join(value[4:].split())
        return len(digits) // 2 if len(digits) % 2 == 0 and all(c in "0123456789abcdefABCDEF" for c in digits) else 0
    return len(value.encode("utf-8", "replace"))
