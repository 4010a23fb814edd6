# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that an operator takes out: no new connections, those that there are go on until a deadline. Pure.

A drain names an address and perhaps a port; it counts in every virtual server that has such a server, whatever the
checks say. At its deadline the server leaves the table, which cuts what is left. Files of a maintenance directory, as
ldirectord has it, are drains without a deadline.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any, Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Tuple


@dataclass(frozen=True)
class Drain:
    """One server taken out: `port` None for every port; `since` and `deadline` in seconds of the epoch."""

    address: str
    port: Optional[int] = None
    since: float = 0.0
    deadline: Optional[float] = None

    def names(self, address: str, port: int) -> bool:
        """Whether it is this server."""
        return self.address == address and self.port in (None, port)

    @property
    def text(self) -> str:
        """As an operator writes it."""
        if self.port is None:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def load(rows: Any) -> Tuple[Drain, ...]:
    """The journal's rows. Raises ValueError when they are none."""
    try:
        return tuple(
            Drain(
                str(ip_address(row["address"])),
                None if row["port"] is None else int(row["port"]),
                float(row["since"]),
                None if row["deadline"] is None else float(row["deadline"]),
            )
            for row in rows
        )
    except (TypeError, KeyError) as error:
        raise ValueError(f"not a journal of drains: {error}") from None


def dump(drains: Iterable[Drain]) -> List[Dict[str, Any]]:
    """Rows for JSON that `load` reads."""
    return [asdict(each) for each in drains]


def with_one(drains: Sequence[Drain], new: Drain) -> Tuple[Drain, ...]:
    """The new one besides the others, in place of an older one of the same server."""
    return (*(each for each in drains if (each.address, each.port) != (new.address, new.port)), new)


def out(drains: Iterable[Drain], address: str, port: int, now: float) -> Optional[bool]:
    """None: it serves. False: it takes nothing new. True: its deadline is over, and it is cut off."""
    found = [each for each in drains if each.names(address, port)]
    if not found:
        return None
    return any(each.deadline is not None and each.deadline <= now for each in found)


def maintained(files: FrozenSet[str], hosts: Mapping[str, Sequence[str]], address: str, port: int) -> bool:
    """Whether a file of the maintenance directory names this server: address or host name, with or without port."""
    if not files:
        return False
    names = [address, f"[{address}]", *hosts.get(address, ())]
    names += [name.partition(".")[0] for name in hosts.get(address, ())]
    return any(name in files or f"{name}:{port}" in files for name in names)


@dataclass(frozen=True)
class Seat:
    """One server of one virtual server as the floor sees it: whether it takes connections now."""

    service: str
    address: str
    port: int
    takes: bool


def refusal(seats: Sequence[Seat], new: Drain, floor: int) -> str:
    """Why the drain is refused: nobody has such a server, or a virtual server would keep too few; '' when it is not."""
    mine = [seat for seat in seats if new.names(seat.address, seat.port)]
    if not mine:
        return f"no virtual_server has a real_server {new.text}"
    short = []
    for service in dict.fromkeys(seat.service for seat in mine):
        left = sum(s.takes and not new.names(s.address, s.port) for s in seats if s.service == service)
        if left < floor and any(s.takes for s in mine if s.service == service):
            short.append(f"{service} would keep {left} of its servers")
    return f"{'; '.join(short)}: fewer than the floor of {floor}" if short else ""
