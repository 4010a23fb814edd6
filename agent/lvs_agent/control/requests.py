# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of the control socket that a child answers: what they may say. Pure.

Each reader takes the request and gives the kind and the words of the message to the child, or raises ValueError with
a text for the operator.
"""

from __future__ import annotations

import functools
from typing import Any, Callable, Dict, Mapping, Tuple

Message = Tuple[str, Tuple[object, ...]]

LONGEST = 7 * 86400.0
"""Seconds that a wish of an operator may hold at most: what is meant for ever belongs into the file."""
USUAL = 600.0
"""Seconds that a takeover or a standby holds when nothing is said."""


def _mastership(kind: str, request: Mapping[str, Any]) -> Message:
    names = request.get("names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("names is a list of vrrp_instance and vrrp_sync_group names; without it all are meant")
    return "mastership", (kind, tuple(names), seconds(request, "seconds", USUAL))


def seconds(request: Mapping[str, Any], key: str, usual: float) -> float:
    """A time limit of a request. Raises ValueError for nonsense."""
    value = request.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= LONGEST:
        raise ValueError(f"{key} is a number from 1 to {LONGEST:.0f}")
    return float(value)


CHILDREN: Dict[str, Tuple[str, Callable[[Mapping[str, Any]], Message]]] = {
    "takeover": ("vrrp", functools.partial(_mastership, "takeover")),
    "standby": ("vrrp", functools.partial(_mastership, "standby")),
    "end": ("vrrp", functools.partial(_mastership, "end")),
}
"""By command: which child answers, and the reader of the request."""
