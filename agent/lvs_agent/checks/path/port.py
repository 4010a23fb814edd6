# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From where a check goes the way of the data, and what lets its answer in.

A packet with the mark of a private IPVS service is sent to one real server as a client's packet is (DR, TUN), with the
virtual server's address as its destination. The answer comes from that address: where it is ours as well, as on the
director in charge, IPv4 takes it for a forgery unless accept_local is set on the interface. IPv6 does not look.
"""

from __future__ import annotations

import logging
import socket
import struct
from ipaddress import ip_address
from typing import Callable, Dict

_NLM_F_REQUEST, _RTM_NEWROUTE, _RTM_GETROUTE = 1, 24, 26
_RTA_DST, _RTA_OIF = 1, 4
_DEPRECATED = 0x20
_SETTING = "/proc/sys/net/ipv4/conf/{}/accept_local"

_LOG = logging.getLogger("checks")


class Paths:
    """The ways of one process's checks: which interfaces were opened for them."""

    def __init__(self) -> None:
        self.opened: Dict[str, str] = {}
        """What accept_local was, by interface, where it was changed, by this process or one before it."""
        self.changed: Callable[[], None] = lambda: None
        """Called when there is one more."""

    def source(self, toward: str, target: str) -> str:
        """Our address toward a server, other than the target; the interface on the way there takes answers from our own
        addresses from now on. Raises OSError.
        """
        family = socket.AF_INET6 if ":" in toward else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((toward, 9))
            address: str = sock.getsockname()[0]
        if family == socket.AF_INET:
            self._open(interface(toward))
        if address == target:
            # The kernel likes the virtual address best where its prefix is the longest.
            with open("/proc/net/if_inet6", encoding="ascii") as table:
                address = another(table.read(), address)
        return address

    def restore(self) -> None:
        """Put accept_local back."""
        for name, before in self.opened.items():
            _write(name, before)
        self.opened.clear()

    def _open(self, name: str) -> None:
        if not name:
            return
        try:
            with open(_SETTING.format(name), encoding="ascii") as setting:
                before = setting.read().strip()
        except OSError:
            return
        # Looked at every time: another process of the agent may have put it back, or anybody else.
        if before == "0" and _write(name, "1"):
            self.opened.setdefault(name, before)
            self.changed()
            _LOG.info("%s: accept_local is set: answers of data paths come from our own addresses", name)


def another(table: str, address: str) -> str:
    """An IPv6 address of the same interface and scope as this one, from /proc/net/if_inet6; itself if there is none.

    Deprecated ones are the last choice, as virtual addresses often are.
    """
    digits = ip_address(address).exploded.replace(":", "")
    rows = [line.split() for line in table.splitlines()]
    for digits_of, _index, _length, scope, _flags, name in rows:
        if digits_of == digits:
            beside = [row for row in rows if row[3] == scope and row[5] == name and row[0] != digits]
            beside.sort(key=lambda row: int(row[4], 16) & _DEPRECATED)
            return str(ip_address(int(beside[0][0], 16).to_bytes(16, "big"))) if beside else address
    return address


def _write(name: str, value: str) -> bool:
    try:
        with open(_SETTING.format(name), "w", encoding="ascii") as setting:
            setting.write(value)
    except OSError as error:
        _LOG.error("%s: accept_local cannot be set to %s: %s", name, value, error.strerror)
        return False
    return True


def interface(toward: str) -> str:
    """The interface on the way to an IPv4 address (rtnetlink(7)); '' when there is none."""
    body = struct.pack("=BBBBBBBBI", socket.AF_INET, 32, 0, 0, 0, 0, 0, 0, 0)
    body += struct.pack("=HH4s", 8, _RTA_DST, socket.inet_aton(toward))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as sock:
        sock.send(struct.pack("=IHHII", 16 + len(body), _RTM_GETROUTE, _NLM_F_REQUEST, 1, 0) + body)
        answer = sock.recv(4096)
    (kind,) = struct.unpack_from("=H", answer, 4)
    at = 16 + 12
    while kind == _RTM_NEWROUTE and at + 4 <= len(answer):
        size, name = struct.unpack_from("=HH", answer, at)
        if name == _RTA_OIF:
            return socket.if_indextoname(struct.unpack_from("=I", answer, at + 4)[0])
        at += (size + 3) & ~3
    return ""
