# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the text of /proc/net/ip_vs_conn (and ip_vs_conn_sync): the connections and persistence templates.

The file says nothing of flags, marks and sequence deltas. It can have a million lines: everything is a generator.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Connection(NamedTuple):
    """One entry. ``protocol``: TCP, UDP, SCTP, or IP for a template of a mark. ``expires``: seconds from now.

    A persistence template has client port 0; that of a firewall mark has the mark's four bytes as virtual address.
    ``origin`` is LOCAL or SYNC in ip_vs_conn_sync, '' in ip_vs_conn.
    """

    protocol: str
    client: str
    client_port: int
    virtual: str
    virtual_port: int
    destination: str
    destination_port: int
    state: str
    expires: int
    pe_name: str = ""
    pe_data: str = ""
    origin: str = ""


def read(lines: Iterable[str]) -> Iterator[Connection]:
    """The connections of the file's lines, its heading passed over; ValueError for a line of another shape."""
    sync = False
    for line in lines:
        words = line.split()
        if not words:
            continue
        if words[0] == "Pro":
            sync = "Origin" in words
            continue
        if len(words) < (10 if sync else 9):
            raise ValueError(f"not a line of ip_vs_conn: {line.rstrip()!r}")
        protocol, client, client_port, virtual, virtual_port, destination, port, state = words[:8]
        origin = words[8] if sync else ""
        rest = words[9 if sync else 8 :]
        yield Connection(
            protocol,
            address(client),
            int(client_port, 16),
            address(virtual),
            int(virtual_port, 16),
            address(destination),
            int(port, 16),
            state,
            int(rest[0]),
            rest[1] if len(rest) > 1 else "",
            rest[2] if len(rest) > 2 else "",
            origin,
        )


def address(text: str) -> str:
    """``C0000201`` is 192.0.2.1; IPv6 addresses stand in full and are shortened. ValueError where it is neither."""
    if ":" in text:
        try:
            return inet_ntop(AF_INET6, inet_pton(AF_INET6, text))
        except OSError:
            raise ValueError(f"no address: {text!r}") from None
    packed = bytes.fromhex(text)
    if len(packed) != 4:
        raise ValueError(f"no address: {text!r}")
    return inet_ntop(AF_INET, packed)
