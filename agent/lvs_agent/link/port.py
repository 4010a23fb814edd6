# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route netlink: address messages encoded at load and sent at a takeover, and the kernel's news about links.

`Batch` is bytes; `Netlink.apply` is one send and a look at the errors. `Monitor` turns the kernel's messages into
state.News. pyroute2 encodes and decodes; nothing of it opens a socket here.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address
from typing import AbstractSet, Callable, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Tuple

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from . import device
from .messages.port import message
from .state import (
    Address,
    AddressGone,
    AddressSeen,
    Device,
    Held,
    LinkGone,
    LinkSeen,
    News,
    Raised,
    Route,
    RouteGone,
    Rule,
    Thing,
)

log = logging.getLogger("lvs-agent")

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 16, 17, 18, 20, 21, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE, RTM_DELRULE = 24, 25, 32, 33
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST, _DUMP = 0x1, 0x300
_SOL_NETLINK, _ROUTE_GROUPS = 270, (7, 8, 11, 19)  # RTNLGRP_IPV4_ROUTE, IPV4_RULE, IPV6_ROUTE, IPV6_RULE
_BY_KERNEL = 2
_GROUPS = 0x1 | 0x10 | 0x100  # links, IPv4 addresses, IPv6 addresses
_HEADER = struct.Struct("=IHHII")
_PER_SEND = 400  # messages; their bytes stay far below the socket's buffer
_PER_TURN = 64  # messages from the monitor in one turn of the loop

THERE_ALREADY = frozenset({errno.EEXIST})
GONE_ALREADY = frozenset({errno.EADDRNOTAVAIL, errno.ENODEV, errno.ESRCH, errno.ENOENT})


@dataclass(frozen=True)
class Failure:
    """What the kernel refused, and why."""

    thing: Thing
    errno: int

    def __str__(self) -> str:
        return f"{_words(self.thing)}: {os.strerror(self.errno)}"


@dataclass(frozen=True)
class Batch:
    """Messages ready to send; the sequence number of each is its place in `things`."""

    things: Tuple[Thing, ...]
    messages: Tuple[bytes, ...]
    tolerated: FrozenSet[int]


def batch(things: Sequence[Thing], indexes: Mapping[str, int], *, remove: bool = False) -> Batch:
    """Encode adding these things, or removing them in reverse order.

    One on an interface that is not there is left out: removing it is pointless, adding it impossible.
    """
    usable = tuple(thing for thing in things if _interfaces(thing) <= indexes.keys())
    ordered = usable[::-1] if remove else usable
    messages = tuple(message(thing, indexes, sequence, remove=remove) for sequence, thing in enumerate(ordered))
    return Batch(ordered, messages, GONE_ALREADY if remove else THERE_ALREADY)


def adjusting(devices: Sequence[Device]) -> Batch:
    """What interfaces of our own need beside being made."""
    messages = tuple(device.adjust(each, sequence) for sequence, each in enumerate(devices))
    return Batch(tuple(devices), messages, frozenset())


def _interfaces(thing: Thing) -> AbstractSet[str]:
    if isinstance(thing, Address):
        return {thing.interface}
    if isinstance(thing, Route):
        return {hop.interface for hop in thing.hops if hop.interface}
    if isinstance(thing, (Device, Raised)):
        return {thing.base if isinstance(thing, Device) else thing.interface}
    return frozenset()  # a rule may name an interface that comes later


def _words(thing: Thing) -> str:
    if isinstance(thing, Address):
        return f"{ip_address(thing.address)} on {thing.interface}"
    if isinstance(thing, Route):
        return f"route to {ip_address(thing.destination)}/{thing.prefixlen} in table {thing.table}"
    if isinstance(thing, Rule):
        return f"rule with preference {thing.priority}"
    return f"interface {thing.name if isinstance(thing, Device) else thing.interface}"


class Netlink:
    """The socket that changes things."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.setblocking(False)
        self._socket.bind((0, 0))

    def apply(self, wanted: Batch) -> Tuple[Failure, ...]:
        """Send it all; the kernel has acted when this returns. What was wanted already is no failure."""
        failures: List[Failure] = []
        for start in range(0, len(wanted.messages), _PER_SEND):
            try:
                self._socket.send(b"".join(wanted.messages[start : start + _PER_SEND]))
            except OSError as error:
                failures += [Failure(each, error.errno or 0) for each in wanted.things[start : start + _PER_SEND]]
            failures += [
                Failure(wanted.things[sequence], number)
                for sequence, number in self._errors()
                if number not in wanted.tolerated and sequence < len(wanted.things)
            ]
        return tuple(failures)

    def _errors(self) -> Iterator[Tuple[int, int]]:
        """(sequence, errno) of every message refused; without NLM_F_ACK the kernel answers only those."""
        while True:
            try:
                data = self._socket.recv(65536)
            except BlockingIOError:
                return
            except OSError as error:  # more errors than the buffer holds: some are lost, the rest follows
                if error.errno != errno.ENOBUFS:
                    raise
                continue
            for kind, sequence, body in _split(data):
                if kind == _NLMSG_ERROR:
                    number = -struct.unpack_from("=i", body)[0]
                    if number:
                        yield sequence, number

    def close(self) -> None:
        """Give the descriptor back."""
        self._socket.close()


class Monitor:
    """The kernel's news: everything there is at first, then every change. `overrun` tells that some were lost."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind((0, _GROUPS))

    def fileno(self) -> int:
        """For the loop."""
        return self._socket.fileno()

    def routes(self, *, wanted: bool) -> None:
        """Hear of routes and rules that go as well, or no longer: a router with a full table has thousands a second."""
        option = 1 if wanted else 2  # NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP
        for group in _ROUTE_GROUPS:
            self._socket.setsockopt(_SOL_NETLINK, option, group)

    def everything(self) -> List[News]:
        """A dump of links, then addresses, on a socket of its own."""
        news: List[News] = []
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as asking:
            asking.settimeout(5.0)  # a dump is answered at once; a kernel that does not is broken
            for kind in (RTM_GETLINK, RTM_GETADDR):
                asking.send(_HEADER.pack(_HEADER.size + 16, kind, _REQUEST | _DUMP, 1, 0) + bytes(16))
                done = False
                while not done:
                    for answer, _sequence, body in _split(asking.recv(1 << 17)):
                        done = done or answer in (_NLMSG_DONE, _NLMSG_ERROR)
                        news += _news(answer, body)
        return news

    def news(self) -> List[News]:
        """What has arrived, a bounded part of it. Raises OverflowError when the kernel dropped some."""
        found: List[News] = []
        for _message in range(_PER_TURN):
            try:
                data = self._socket.recv(65536)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise OverflowError from error
                raise
            for kind, _sequence, body in _split(data):
                found += _news(kind, body)
        return found

    def close(self) -> None:
        """Give the descriptor back."""
        self._socket.close()


def _split(data: bytes) -> Iterator[Tuple[int, int, bytes]]:
    """(type, sequence, body) of each message in one datagram."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _flags, sequence, _port = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            return
        yield kind, sequence, data[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def _news(kind: int, body: bytes) -> List[News]:
    decode: Optional[Callable[[int, bytes], Optional[News]]] = _DECODERS.get(kind)
    found = decode(kind, body) if decode else None
    return [found] if found else []


def _decoded(message: "ifaddrmsg | ifinfmsg", kind: int, body: bytes) -> "ifaddrmsg | ifinfmsg":  # noqa: UP037
    decoder = message(_HEADER.pack(_HEADER.size + len(body), kind, 0, 0, 0) + body)
    decoder.decode()
    return decoder


def _link(kind: int, body: bytes) -> Optional[News]:
    if body[0] != socket.AF_UNSPEC:  # bridge ports are told again in AF_BRIDGE
        return None
    message = _decoded(ifinfmsg, kind, body)
    index = message["index"]
    if kind == RTM_DELLINK:
        return LinkGone(index)
    mac = bytes.fromhex((message.get_attr("IFLA_ADDRESS") or "").replace(":", ""))
    info = message.get_attr("IFLA_LINKINFO")
    return LinkSeen(
        index,
        message.get_attr("IFLA_IFNAME"),
        message["flags"],
        mac,
        message.get_attr("IFLA_MTU") or 0,
        (info.get_attr("IFLA_INFO_KIND") if info is not None else None) or "",
        message.get_attr("IFLA_LINK") or 0,
    )


def _address(kind: int, body: bytes) -> Optional[News]:
    message = _decoded(ifaddrmsg, kind, body)
    text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
    if text is None:
        return None
    packed, flags = ip_address(text).packed, message.get_attr("IFA_FLAGS")
    if kind == RTM_DELADDR:
        return AddressGone(message["index"], packed, message["prefixlen"])
    held = Held(packed, message["prefixlen"], message["scope"], message["flags"] if flags is None else flags)
    return AddressSeen(message["index"], held)


def _route(kind: int, body: bytes) -> Optional[News]:
    """Struct rtmsg: the protocol is its sixth byte."""
    return RouteGone() if kind == RTM_DELRULE or body[5] != _BY_KERNEL else None


_DECODERS: Dict[int, Callable[[int, bytes], Optional[News]]] = {
    RTM_NEWLINK: _link,
    RTM_DELLINK: _link,
    RTM_NEWADDR: _address,
    RTM_DELADDR: _address,
    RTM_DELROUTE: _route,
    RTM_DELRULE: _route,
}
