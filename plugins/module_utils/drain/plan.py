# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which weights in the kernel's table take a server out of services or bring it back, and what is refused; pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

if TYPE_CHECKING:
    from ..change.kernel_table import Row

Record = Mapping[str, int]
"""Weights from before a drain, by `service -> destination`."""


class Plan(NamedTuple):
    """changes: rows with the weight that they get; record: what to remember after; refused: why nothing may be done."""

    changes: Tuple[Tuple[Row, int], ...] = ()
    record: Record = MappingProxyType({})
    refused: Tuple[str, ...] = ()


def place(row: Row) -> str:
    """What a destination of a service is called in a record."""
    return f"{row.service} -> {row.destination}"


def as_asked(server: str, port: Optional[int]) -> str:
    """A server as the agent's drains name it."""
    if port is None:
        return server
    return f"[{server}]:{port}" if ":" in server else f"{server}:{port}"


def concerned(rows: Iterable[Row], server: str, port: Optional[int], service: Optional[str]) -> List[Row]:
    """The destinations that are this server: by its address, and its port and service where they are said."""
    found = []
    for row in rows:
        address, _colon, own = row.destination.rpartition(":")
        if address.strip("[]") != server or (port is not None and int(own) != port):
            continue
        if service is None or row.service == service:
            found.append(row)
    return found


def drain(rows: List[Row], mine: List[Row], record: Record, floor: int) -> Plan:
    """Weight 0 for each of `mine`, unless a service would keep fewer than `floor` servers that take connections."""
    refused = []
    gone = {place(row) for row in mine}
    for service in dict.fromkeys(row.service for row in mine if row.weight):
        left = [row for row in rows if row.service == service and row.weight and place(row) not in gone]
        if len(left) < floor:
            refused.append(f"{service} would have {len(left)} servers left, the floor is {floor}")
    if refused:
        return Plan(refused=tuple(refused))
    kept: Dict[str, int] = {**record, **{place(row): row.weight for row in mine if row.weight}}
    return Plan(tuple((row, 0) for row in mine if row.weight), kept)


def restore(mine: List[Row], record: Record) -> Plan:
    """The weights from before for those that were drained; what was not drained by us stays."""
    changes = tuple(
        (row, record[place(row)]) for row in mine if place(row) in record and row.weight != record[place(row)]
    )
    done = {place(row) for row in mine}
    return Plan(changes, {name: weight for name, weight in record.items() if name not in done})


def command(row: Row, weight: int) -> List[str]:
    """ipvsadm's words that give a destination a weight and leave its forwarding method."""
    kind, name = row.service.split(" ", 1)
    option = {"TCP": "-t", "UDP": "-u", "SCTP": "--sctp-service", "FWM": "-f"}[kind]
    return ["-e", option, name, "-r", row.destination, METHODS[row.method], "-w", str(weight)]


METHODS = {"Masq": "-m", "Route": "-g", "Tunnel": "-i", "Local": "-g", "Bypass": "-g"}
"""ipvsadm's option by the word in /proc/net/ip_vs."""
