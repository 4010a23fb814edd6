# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mark says "this was done now", told to the probe by the host that did it, with one datagram.

So the moment of a fault is known in the probe's own clock, without trust in the clocks of the
hosts or in the speed of a controller. The token keeps strangers from writing into the log. No I/O.
"""

from __future__ import annotations

import hmac
import json
from typing import Optional, Tuple


def pack(token: str, label: str, host: str, wall: float) -> bytes:
    """The datagram. `label` is one of the words `fault`, `done`, `undo`, `undone`, or a note."""
    return json.dumps({"token": token, "label": label, "host": host, "w": round(wall, 6)}).encode()


def unpack(data: bytes, token: str) -> Optional[Tuple[str, str, float]]:
    """(label, host, wall clock of the sender), None when it is not a mark with this token."""
    try:
        value = json.loads(data)
        if not hmac.compare_digest(str(value["token"]).encode(), token.encode()):
            return None
        return str(value["label"])[:80], str(value["host"])[:80], float(value["w"])
    except (ValueError, KeyError, TypeError):
        return None
