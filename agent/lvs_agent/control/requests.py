# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of the control socket that a child answers: what they may say. Pure.

Each reader takes the request and gives the kind and the words of the message to the child, or raises ValueError with
a text for the operator.
"""

from __future__ import annotations

import functools
from ipaddress import ip_address
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

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


def _drain(kind: str, request: Mapping[str, Any]) -> Message:
    server = request.get("server")
    if kind != "drains" and not isinstance(server, str):
        raise ValueError("server is ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT of a real_server")
    address, port = drain_server(server) if isinstance(server, str) else ("", None)
    deadline = None if request.get("deadline") is None else seconds(request, "deadline", 0.0)
    floor = request.get("floor", 1)
    if isinstance(floor, bool) or not isinstance(floor, int) or floor < 0:
        raise ValueError("floor is how many servers each virtual_server keeps: 0 or more")
    return "drain", (kind, address, port, deadline, floor)


def drain_server(text: str) -> Tuple[str, Optional[int]]:
    """ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. Raises ValueError with a text for the operator."""
    address, port = text, None
    if text.startswith("["):
        address, _bracket, rest = text[1:].partition("]")
        port = rest[1:] if rest else None
    elif text.count(":") == 1:
        address, _colon, port = text.partition(":")
    try:
        packed, number = ip_address(address), None if port is None else int(port)
    except ValueError:
        raise ValueError(f"{text!r} is no server: ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT") from None
    if number is not None and not 0 < number < 65536:
        raise ValueError(f"{text!r}: a port is 1 to 65535")
    return str(packed), number


CHILDREN: Dict[str, Tuple[str, Callable[[Mapping[str, Any]], Message]]] = {
    "takeover": ("vrrp", functools.partial(_mastership, "takeover")),
    "standby": ("vrrp", functools.partial(_mastership, "standby")),
    "end": ("vrrp", functools.partial(_mastership, "end")),
    "drain": ("checker", functools.partial(_drain, "drain")),
    "undrain": ("checker", functools.partial(_drain, "undrain")),
    "drains": ("checker", functools.partial(_drain, "drains")),
}
"""By command: which child answers, and the reader of the request."""
