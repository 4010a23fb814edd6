# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's sockets and clocks: streams, datagrams, one packet socket that hears ARP, ND and VRRP.

The packet socket sees frames through a filter in the kernel, so that a busy client host does not
wake the probe for its own traffic. Joining the VRRP groups (RFC 9568, 5.1.1.2 and 5.1.2.2) is
what a switch with IGMP or MLD snooping needs before it lets adverts through.
"""

from __future__ import annotations

import ctypes
import errno
import ipaddress
import os
import socket
import struct
import time
from typing import Any, List, Optional, Tuple

from . import frames

SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_STATISTICS, PACKET_OUTGOING = 263, 1, 6, 4
MR_MULTICAST, MR_UNICAST = 0, 3
SO_ATTACH_FILTER, SO_RCVBUFFORCE, SO_TIMESTAMPNS = 26, 33, 35
ETH_P_ALL = 3
GROUPS = (b"\x01\x00\x5e\x00\x00\x12", b"\x33\x33\x00\x00\x00\x12", b"\x33\x33\x00\x00\x00\x01")
"""224.0.0.18 and ff02::12, where adverts go; ff02::1, where Neighbor Advertisements go unasked."""

# Classic BPF, (code, jump if true, jump if false, k): all ARP; IPv4 with protocol VRRP or AH;
# IPv6 with VRRP, or ICMPv6 of type 135 or 136. Counted from the frame's first octet.
_LDH, _LDB, _JEQ, _RET = 0x28, 0x30, 0x15, 0x06
_PROGRAM = (
    (_LDH, 0, 0, 12),
    (_JEQ, 10, 0, frames.ETH_ARP),
    (_JEQ, 0, 3, frames.ETH_IPV4),
    (_LDB, 0, 0, 23),
    (_JEQ, 7, 0, frames.VRRP),
    (_JEQ, 6, 7, frames.AH),
    (_JEQ, 0, 6, frames.ETH_IPV6),
    (_LDB, 0, 0, 20),
    (_JEQ, 3, 0, frames.VRRP),
    (_JEQ, 0, 3, frames.ICMPV6),
    (_LDB, 0, 0, 54),
    (_JEQ, 0, 2, frames.SOLICITATION),
    (_RET, 0, 0, 2048),
    (_RET, 0, 0, 0),
    (_JEQ, 0, 1, frames.ADVERTISEMENT),
    (_RET, 0, 0, 2048),
    (_RET, 0, 0, 0),
)


def now() -> float:
    """CLOCK_MONOTONIC, seconds."""
    return time.monotonic()


def wall() -> float:
    """Seconds since 1970."""
    return time.time()


def clocks() -> Tuple[float, float]:
    """Both clocks at one moment: (now, wall). Of five readings the one that took the shortest, or a process that was
    put aside between the two would say a difference that never was.
    """
    found = []
    for _turn in range(5):
        before = now()
        seconds = wall()
        after = now()
        found.append((after - before, before, seconds))
    _took, moment, seconds = min(found)
    return moment, seconds


def receive(sock: socket.socket, size: int) -> Tuple[bytes, float, Any]:
    """Data, the time at which the kernel got it (on CLOCK_MONOTONIC) and its origin; raises OSError.

    With the kernel's time a busy host of the probe delays its sight, not what it says about the service.
    """
    data, ancillary, _flags, origin = sock.recvmsg(size, 64)
    current, seconds_now = clocks()
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("@ll", value[: struct.calcsize("@ll")])
            age = seconds_now - (seconds + nanoseconds / 1e9)
            # Outside of this the wall clock was set between then and now.
            if 0 <= age < 10:
                return data, current - age, origin
    return data, current, origin


def family(address: str) -> int:
    """AF_INET or AF_INET6 of an address."""
    return socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET


def connecting(address: str, port: int, source: str) -> Tuple[socket.socket, int]:
    """A stream whose handshake is under way, from a fresh source port; raises OSError when it cannot start."""
    stream = socket.socket(family(address), socket.SOCK_STREAM)
    try:
        stream.setblocking(False)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        if source:
            stream.bind((source, 0))
        status = stream.connect_ex((address, port))
        if status not in (0, errno.EINPROGRESS):
            raise OSError(status, os.strerror(status))
        return stream, stream.getsockname()[1]
    except BaseException:
        stream.close()
        raise


def pending_error(stream: socket.socket) -> int:
    """The errno a handshake ended with, 0 for success."""
    return stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def datagrams(address: str, port: int, source: str) -> socket.socket:
    """A datagram socket that talks to one address only."""
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    if source:
        sock.bind((source, 0))
    sock.connect((address, port))
    return sock


def listening(port: int) -> socket.socket:
    """A datagram socket for marks, on every address of both families where there is IPv6."""
    try:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("::", port))
    except OSError:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("0.0.0.0", port))
    sock.setblocking(False)
    return sock


class Segment:
    """One interface's link: frames in (own ones marked so) and questions out. Needs CAP_NET_RAW.

    Questions name a MAC address that nobody has (frames.asker) as the one to answer: answers to this
    host's own would change its kernel's cache, once a second when two hosts answer, and so the very
    thing that is observed. For the kernel they are another host's; this socket asks for them.
    """

    def __init__(self, interface: str) -> None:
        self.interface = interface
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._members: List[socket.socket] = []
        try:
            self._open()
        except OSError:
            self.close()
            raise

    def _open(self) -> None:
        self.socket.setblocking(False)
        _attach(self.socket)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        except PermissionError:
            pass
        index = socket.if_nametoindex(self.interface)
        # Bound after the filter is there: nothing unfiltered ever gets in.
        self.socket.bind((self.interface, ETH_P_ALL))
        self.mac = frames.mac_text(self.socket.getsockname()[4])
        self.asker = frames.asker(self.mac)
        groups = [(MR_MULTICAST, group) for group in GROUPS]
        for kind, address in (*groups, (MR_UNICAST, frames.mac_bytes(self.asker))):
            request = struct.pack("=iHH8s", index, kind, len(address), address)
            self.socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)
        self._members = [member for member in (_join4(index), _join6(index)) if member]

    def receive(self) -> Optional[Tuple[bytes, float, bool]]:
        """The next frame, its time, whether this host sent it; None when there is none now (or the link is down)."""
        try:
            data, when, origin = receive(self.socket, 2048)
        except OSError:
            return None
        return data, when, origin[2] == PACKET_OUTGOING

    def ask(self, address: str) -> bool:
        """Ask who has an address; False when the question could not be sent."""
        try:
            self.socket.send(frames.question(self.mac, self.asker, address))
        except OSError:
            return False
        return True

    def drops(self) -> int:
        """Frames lost for want of room since the last call."""
        _seen, lost = struct.unpack("=II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        return int(lost)

    def close(self) -> None:
        """Leave the groups and stop listening."""
        self.socket.close()
        for member in self._members:
            member.close()


class Stack:
    """Adverts as a VRRP daemon on this host gets them: behind the firewall, not in front of it as a Segment."""

    def __init__(self, interface: str) -> None:
        index = socket.if_nametoindex(interface)
        self.sockets = []
        for kind, protocol in ((4, frames.VRRP), (4, frames.AH), (6, frames.VRRP)):
            try:
                sock = socket.socket(socket.AF_INET if kind == 4 else socket.AF_INET6, socket.SOCK_RAW, protocol)
            except OSError:
                continue
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            self.sockets.append(sock)
        self._members = [member for member in (_join4(index), _join6(index)) if member]

    def receive(self, sock: socket.socket) -> Optional[frames.Advert]:
        """The next advert of one of `sockets`; None for anything else, BlockingIOError when there is nothing."""
        data, origin = sock.recvfrom(2048)
        try:
            if sock.family == socket.AF_INET:
                return frames.read_ipv4("", data)
            return frames.read_vrrp("", origin[0].partition("%")[0], data, 16)
        except (IndexError, ValueError):
            return None

    def close(self) -> None:
        """Leave the groups and stop listening."""
        for sock in (*self.sockets, *self._members):
            sock.close()


def _attach(sock: socket.socket) -> None:
    program = b"".join(struct.pack("=HBBI", *step) for step in _PROGRAM)
    memory = ctypes.create_string_buffer(program)
    # struct sock_fprog: a count and a pointer, with the machine's own alignment.
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(_PROGRAM), ctypes.addressof(memory)))


def _join4(index: int) -> Optional[socket.socket]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    request = socket.inet_aton("224.0.0.18") + struct.pack("=4si", bytes(4), index)
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    except OSError:
        sock.close()
        return None
    return sock


def _join6(index: int) -> Optional[socket.socket]:
    try:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    except OSError:
        return None
    request = socket.inet_pton(socket.AF_INET6, "ff02::12") + struct.pack("=I", index)
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    except OSError:
        sock.close()
        return None
    return sock
