# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a keepalived.conf says of its real servers: where they stand, and the files that can hold them out; pure.

A file of a FILE_CHECK holds a server out over reloads and restarts of keepalived: its number, times a factor, is added
to the weight, which then is 0; or, with the factor 0, any number but 0 takes the server down.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Dict, Iterator, NamedTuple, Optional, Sequence, Set, Tuple

from .plan import as_asked

if TYPE_CHECKING:
    from ..change.kernel_table import Row
    from ..conf import model
    from .plan import Asked, Place

MARGIN = 1 << 20
"""By how much more than its weight a file takes from a server: for what its other checks add."""


class Watch(NamedTuple):
    """A file that a server follows: its path, the factor of its number, whether that counts the other way round."""

    path: str
    factor: int
    reverse: bool


class Seat(NamedTuple):
    """One real_server of one virtual_server."""

    place: Place
    weight: int
    watches: Tuple[Watch, ...] = ()


def seats(document: model.Document) -> Iterator[Seat]:
    """All real servers of a file, in its order."""
    from ..conf import effective, model  # noqa: PLC0415 - half a second, and needed beside keepalived only

    files = {block.name: (block.file, block.weight) for block in document.track_files if block.file}
    for block in document.virtual_servers:
        for server in block.real_servers:
            watches = []
            for check in server.checks:
                if isinstance(check, model.FileCheck) and check.track_file in files:
                    path, usual = files[check.track_file]
                    factor = check.weight or usual or model.TrackWeight(1)
                    watches.append(Watch(path, factor.weight, factor.reverse))
            destination = _endpoint(server.address, effective.real_server_port(block, server))
            place = (_service(block, effective.protocol(block)), destination)
            yield Seat(place, effective.weight(block, server), tuple(watches))


def followed(document: model.Document) -> Set[str]:
    """Files that VRRP follows: they are not only a server's."""
    paths = {block.name: block.file for block in document.track_files if block.file}
    names = {line.name for one in document.vrrp_instances for line in one.track_file}
    names |= {line.name for group in document.vrrp_sync_groups for line in group.track_file}
    return {path for name, path in paths.items() if name in names}


def numbers(found: Sequence[Seat], others: Set[str], asked: Asked) -> Dict[str, int]:
    """The number for each file by which this server, and nobody else, is held out. others: files not to be written."""
    mine = [seat for seat in found if asked.means(seat.place[1], seat.place[0])]
    others = others | {watch.path for seat in found if seat not in mine for watch in seat.watches}
    made: Dict[str, int] = {}
    for path in dict.fromkeys(watch.path for seat in mine for watch in seat.watches if watch.path not in others):
        uses = [(seat.weight, watch) for seat in mine for watch in seat.watches if watch.path == path]
        good = [number for number in (_number(*use) for use in uses) if all(_out(number, *use) for use in uses)]
        if good:
            made[path] = good[0]
    return made


def doubts(
    found: Sequence[Seat], files: Set[str], rows: Sequence[Row], asked: Asked, *, lasting: bool
) -> Iterator[str]:
    """Where keepalived may give this server connections again. rows: its destinations now; files: what holds it out."""
    for seat in found:
        service, destination = seat.place
        if not asked.means(destination, service) or any(watch.path in files for watch in seat.watches):
            continue
        name = f"{service or 'a group'} -> {destination}"
        if lasting:
            yield (
                f"{name}: a reload or restart of keepalived, or a check that fails and succeeds, brings it back; what "
                "lasts is weight 0 in the file, or a FILE_CHECK with a file of its own"
            )
        elif not any(service in (None, row.service) for row in rows):
            yield f"{name} is not in the table now; when its checks succeed keepalived gives it connections"


def _number(weight: int, watch: Watch) -> int:
    if not watch.factor:
        return 0 if watch.reverse else 1
    size = (weight + MARGIN) // abs(watch.factor) + 1
    return size if (watch.factor < 0) is not watch.reverse else -size


def _out(number: int, weight: int, watch: Watch) -> bool:
    if not watch.factor:
        return (number == 0) is watch.reverse
    return weight + number * watch.factor * (-1 if watch.reverse else 1) <= 0


def _service(block: model.VirtualServer, protocol: Optional[str]) -> Optional[str]:
    """As the kernel's table names it; None for a group, which is several."""
    if block.fwmark is not None:
        return f"FWM {block.fwmark}"
    return f"{protocol} {_endpoint(block.address, block.port or 0)}" if block.address else None


def _endpoint(address: str, port: int) -> str:
    return as_asked(str(ipaddress.ip_address(address)), port)
