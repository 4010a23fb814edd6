# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VRRP's sockets: raw IP protocol 112 on one interface, and frames that announce addresses. Bytes in, bytes out.

Sending is one system call with bytes that were built before. Errors of a send are counted by errno and given back,
never raised: an interface that is down refuses everything, and that is no reason to stop.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple, Union

from .packet import PROTOCOL, TOS, TTL, Datagram, Discard, datagram4

_IP_MULTICAST_ALL, _IPV6_MULTICAST_ALL = 49, 29  # linux/in.h, linux/in6.h
_IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT = 51, 52
RECEIVE_BUFFER = 256 * 1024
_LIBC = ctypes.CDLL(None, use_errno=True)


class Wire:
    """Adverts of one family on one interface; every virtual router there shares it."""

    def __init__(
        self, name: str, index: int, family: int, protocol: int = PROTOCOL, *, buffer: int = RECEIVE_BUFFER
    ) -> None:
        """`family` is 4 or 6, `protocol` VRRP's own or AH's, `buffer` in bytes. No name and index 0: on any interface.

        Raises OSError when the interface is gone or raw sockets are not permitted.
        """
        self.family, self.index, self._protocol = family, index, protocol
        self._joined: FrozenSet[bytes] = frozenset()
        domain = socket.AF_INET if family == 4 else socket.AF_INET6
        self._socket = socket.socket(domain, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, protocol)
        try:
            if name:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode() + b"\0")
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, 6)  # TC_PRIO_INTERACTIVE
            (self._prepare4 if family == 4 else self._prepare6)()
        except OSError:
            self._socket.close()
            raise

    def _prepare4(self) -> None:
        mreqn = struct.pack("=4s4si", bytes(4), bytes(4), self.index)
        for level, option, value in (
            (socket.IPPROTO_IP, socket.IP_HDRINCL, 1),
            (socket.IPPROTO_IP, socket.IP_MULTICAST_IF, mreqn),
            (socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0),
            (socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, TTL),
            (socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0),
        ):
            self._socket.setsockopt(level, option, value)

    def _prepare6(self) -> None:
        for option, value in (
            (socket.IPV6_MULTICAST_IF, self.index),
            (socket.IPV6_MULTICAST_LOOP, 0),
            (socket.IPV6_MULTICAST_HOPS, TTL),
            (socket.IPV6_UNICAST_HOPS, TTL),
            (socket.IPV6_TCLASS, TOS),
            (socket.IPV6_RECVPKTINFO, 1),
            (_IPV6_RECVHOPLIMIT, 1),
            (_IPV6_MULTICAST_ALL, 0),
        ):
            self._socket.setsockopt(socket.IPPROTO_IPV6, option, value)

    def fileno(self) -> int:
        """For the loop."""
        return self._socket.fileno()

    def join(self, groups: Iterable[bytes]) -> None:
        """Be a member of exactly these multicast groups here."""
        wanted = frozenset(groups)
        for group, joining in [(g, True) for g in wanted - self._joined] + [(g, False) for g in self._joined - wanted]:
            if self.family == 4:
                option = socket.IP_ADD_MEMBERSHIP if joining else socket.IP_DROP_MEMBERSHIP
                self._socket.setsockopt(socket.IPPROTO_IP, option, struct.pack("=4s4si", group, bytes(4), self.index))
            else:
                option = socket.IPV6_JOIN_GROUP if joining else socket.IPV6_LEAVE_GROUP
                self._socket.setsockopt(socket.IPPROTO_IPV6, option, struct.pack("=16si", group, self.index))
        self._joined = wanted

    def send(self, payload: bytes, source: bytes, destination: bytes) -> Optional[int]:
        """One advert: with its own IP header for IPv4, the bare message for IPv6. The errno when refused."""
        try:
            if self.family == 4:
                self._socket.sendto(payload, (socket.inet_ntop(socket.AF_INET, destination), 0))
            else:
                info = struct.pack("=16si", source, self.index)
                target = (socket.inet_ntop(socket.AF_INET6, destination), 0, 0, self.index)
                self._socket.sendmsg([payload], [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info)], 0, target)
        except OSError as error:
            return error.errno or -1
        return None

    def receive(self, most: int) -> List[Union[Datagram, Discard]]:
        """What has arrived, at most so many: the rest stays readable for the next turn."""
        found: List[Union[Datagram, Discard]] = []
        for _datagram in range(most):
            try:
                found.append(self._receive4() if self.family == 4 else self._receive6())
            except BlockingIOError:
                break
            except OSError:  # a pending error of the interface (ENETDOWN); reading it has cleared it
                break
        return found

    def _receive4(self) -> Union[Datagram, Discard]:
        return datagram4(self._socket.recv(65535), self._protocol)

    def _receive6(self) -> Union[Datagram, Discard]:
        payload, ancillary, _flags, address = self._socket.recvmsg(65535, 128)
        destination, hops = b"", 0
        for _level, kind, data in ancillary:
            if kind == socket.IPV6_PKTINFO:
                destination = data[:16]
            elif kind == _IPV6_HOPLIMIT:
                hops = int.from_bytes(data[:4], "little" if struct.pack("=H", 1)[0] else "big")
        source = socket.inet_pton(socket.AF_INET6, address[0].partition("%")[0])
        return Datagram(source, destination, hops, payload)

    def close(self) -> None:
        """Give the descriptors back."""
        self._socket.close()


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class _Msghdr(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("pieces", ctypes.POINTER(_Iovec)),
        ("number", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class _Mmsghdr(ctypes.Structure):
    """struct mmsghdr of sendmmsg(2); for a bound socket it names no address."""

    _fields_ = [("message", _Msghdr), ("sent", ctypes.c_uint)]


class Frames:
    """Frames laid out for the kernel, so that hundreds of them are one system call."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        self.frames = tuple(frames)
        self._pieces = (_Iovec * len(frames))(*(_Iovec(frame, len(frame)) for frame in frames))
        self._messages = (_Mmsghdr * len(frames))()
        for piece, header in zip(self._pieces, self._messages):
            header.message.pieces, header.message.number = ctypes.pointer(piece), 1

    def __len__(self) -> int:
        """How many."""
        return len(self._messages)

    def send(self, descriptor: int) -> Optional[int]:
        """All of them, in order; one that is refused is left out. The first errno."""
        refused: Optional[int] = None
        at, total, size = 0, len(self._messages), ctypes.sizeof(_Mmsghdr)
        while at < total:
            sent = _LIBC.sendmmsg(descriptor, ctypes.byref(self._messages, at * size), total - at, 0)
            if sent < 1:
                refused = refused or ctypes.get_errno() or -1
            at += max(1, sent)
        return refused


class Announcer:
    """A packet socket per interface for gratuitous ARP and neighbour advertisements; it receives nothing."""

    def __init__(self) -> None:
        self._sockets: Dict[str, Tuple[int, socket.socket]] = {}

    def send(self, interface: str, index: int, frames: Union[Frames, Sequence[bytes]]) -> Optional[int]:
        """Send all frames; the first errno, if any was refused."""
        try:
            link = self._open(interface, index)
        except OSError as error:
            return error.errno or -1
        return (frames if isinstance(frames, Frames) else Frames(frames)).send(link.fileno())

    def open(self, interface: str, index: int) -> None:
        """Have the socket before it is needed."""
        try:
            self._open(interface, index)
        except OSError:
            pass  # said when it matters, by send()

    def _open(self, interface: str, index: int) -> socket.socket:
        have = self._sockets.get(interface)
        if have is not None:
            if have[0] == index:
                return have[1]
            have[1].close()
            del self._sockets[interface]
        link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, 0)
        try:
            link.bind((interface, 0))
        except OSError:
            link.close()
            raise
        self._sockets[interface] = (index, link)
        return link

    def close(self) -> None:
        """Give the descriptors back."""
        for _index, link in self._sockets.values():
            link.close()
        self._sockets.clear()
