# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BFD's sockets: one that hears, one that speaks for each neighbour (RFC 5881 4, 5; RFC 5883 5)."""

from __future__ import annotations

import errno
import socket
import struct
from typing import List, Optional, Tuple

from .packet import MULTIHOP_PORT, PORT

_FIRST, _LAST = 49152, 65535  # source ports, RFC 5881 4
_IP_RECVTTL, _IP_FREEBIND, _IPV6_FREEBIND, _IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT = 12, 15, 78, 51, 52
_SIZE = 128


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Ear:
    """Hears every neighbour of one family, on the port of neighbours at hand or of those behind routers."""

    def __init__(self, *, six: bool, multihop: bool) -> None:
        """Raises OSError when somebody else has the port."""
        self._six = six
        self._socket = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if six:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT, 1)
            else:
                self._socket.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
            self._socket.setblocking(False)
            self._socket.bind(("::" if six else "0.0.0.0", MULTIHOP_PORT if multihop else PORT))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """For the loop."""
        return self._socket.fileno()

    def receive(self, most: int) -> List[Tuple[str, int, bytes]]:
        """(source, TTL, bytes) of what has arrived, at most so many."""
        found: List[Tuple[str, int, bytes]] = []
        for _packet in range(most):
            try:
                data, ancillary, _flags, source = self._socket.recvmsg(_SIZE, _SIZE)
            except BlockingIOError:
                break
            except OSError:  # an ICMP error about an earlier packet; reading it has cleared it
                continue
            ttl = next((struct.unpack("=i", value[:4])[0] for _level, _kind, value in ancillary), 0)
            found.append((source[0].partition("%")[0], ttl, data))
        return found

    def close(self) -> None:
        """Give the descriptor back."""
        self._socket.close()


class Mouth:
    """Speaks to one neighbour, from a port of its own."""

    def __init__(self, neighbour: str, source: Optional[str], ttl: int, *, multihop: bool) -> None:
        """Raises OSError when there is no port left or no such source address."""
        family = _family(neighbour)
        self._target = (neighbour, MULTIHOP_PORT if multihop else PORT)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, 6)
            if family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_FREEBIND, 1)
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
            else:
                self._socket.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
            self._bind(source or ("::" if family == socket.AF_INET6 else "0.0.0.0"))
        except OSError:
            self._socket.close()
            raise

    def _bind(self, source: str) -> None:
        for port in range(_FIRST, _LAST + 1):
            try:
                self._socket.bind((source, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return
        raise OSError(errno.EADDRINUSE, "no port between 49152 and 65535 is free")

    def send(self, data: bytes) -> None:
        """One packet; what the world refuses is as good as lost."""
        try:
            self._socket.sendto(data, self._target)
        except OSError:
            return

    def close(self) -> None:
        """Give the descriptor back."""
        self._socket.close()
