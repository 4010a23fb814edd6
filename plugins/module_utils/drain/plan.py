# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which weights in the kernel's table take a server out of services or bring it back, and what is refused; pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

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


class Asked(NamedTuple):
    """Which server: its addresses, and its port and service where only that is meant."""

    servers: Tuple[str, ...]
    port: Optional[int] = None
    service: Optional[str] = None

    def means(self, destination: str, service: Optional[str]) -> bool:
        """Whether it is this one; service: None where it may be any."""
        address, _colon, port = destination.rpartition(":")
        if address.strip("[]") not in self.servers or (self.port is not None and int(port) != self.port):
            return False
        return None in (self.service, service) or self.service == service


Place = Tuple[Optional[str], str]
"""Where a real server stands: its service, None where it may be any, and `ADDRESS:PORT`."""


def unknown(places: Sequence[Place], asked: Asked) -> str:
    """Why nothing can be done for this server: it stands nowhere; '' when it does."""
    if any(asked.means(destination, service) for service, destination in places):
        return ""
    names = " and ".join(as_asked(server, asked.port) for server in asked.servers)
    there = list(dict.fromkeys(destination for _service, destination in places))
    more = f" and {len(there) - MOST} more" if len(there) > MOST else ""
    where = f"not in {asked.service}" if asked.service else "in no service"
    return f"{names} is {where} here; real servers here: {', '.join(there[:MOST]) or 'none'}{more}"


def places_of_agent(status: Mapping[str, Any]) -> List[Place]:
    """Every real server of the file that an agent runs, by its status; it names them as `[192.0.2.11]:tcp:80`."""
    services = (status.get("checker") or {}).get("services", ())
    names = (server["name"].rsplit(":", 2) for service in services for server in service["servers"])
    return [(None, as_asked(address.strip("[]"), int(port))) for address, _protocol, port in names]


def concerned(rows: Iterable[Row], asked: Asked) -> List[Row]:
    """The destinations that are this server."""
    return [row for row in rows if asked.means(row.destination, row.service)]


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


def restore(mine: List[Row], record: Record, asked: Asked) -> Plan:
    """The weights from before for those that were drained; what was not drained by us, or is not any more, stays."""
    changes = tuple((row, record[place(row)]) for row in mine if not row.weight and record.get(place(row)))
    kept = {}
    for name, weight in record.items():
        service, destination = split(name)
        if not asked.means(destination, service):
            kept[name] = weight
    return Plan(changes, kept)


def split(name: str) -> Tuple[str, str]:
    """Service and destination of a place in a record."""
    service, _arrow, destination = name.partition(" -> ")
    return service, destination


def command(row: Row, weight: int) -> List[str]:
    """ipvsadm's words that give a destination a weight and leave its forwarding method."""
    kind, name = row.service.split(" ", 1)
    option = {"TCP": "-t", "UDP": "-u", "SCTP": "--sctp-service", "FWM": "-f"}[kind]
    return ["-e", option, name, "-r", row.destination, METHODS[row.method], "-w", str(weight)]


MOST = 20
"""How many real servers a message names."""

METHODS = {"Masq": "-m", "Route": "-g", "Tunnel": "-i", "Local": "-g", "Bypass": "-g"}
"""ipvsadm's option by the word in /proc/net/ip_vs."""
