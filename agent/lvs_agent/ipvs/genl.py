# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generic netlink framing: headers, attributes, the walk over a datagram. No socket, nothing of IPVS.

Layouts from linux/netlink.h and linux/genetlink.h; integers are in the machine's byte order.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence number, port id
GENL_HEADER = struct.Struct("=BBH")  # genlmsghdr: command, version, reserved
ATTRIBUTE = struct.Struct("=HH")  # nlattr: length with this header, type
PAYLOAD = HEADER.size + GENL_HEADER.size  # where a message's attributes begin

REQUEST, ACK, DUMP = 0x001, 0x004, 0x300  # NLM_F_*
ERROR, DONE = 2, 3  # NLMSG_*
NESTED, TYPE_MASK = 0x8000, 0x3FFF  # NLA_F_NESTED; the type without its two flag bits

CONTROL_FAMILY, GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2


class Message(NamedTuple):
    """One message inside a datagram: ``body`` is everything behind the nlmsghdr."""

    kind: int
    sequence: int
    body: memoryview


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    return ATTRIBUTE.pack(4 + len(value), kind) + value + bytes(-len(value) % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    """An attribute made of attributes."""
    value = b"".join(attributes)
    return ATTRIBUTE.pack(4 + len(value), kind | NESTED) + value


def payload(command: int, attributes: bytes = b"", version: int = 1) -> bytes:
    """A message's genlmsghdr and attributes."""
    return GENL_HEADER.pack(command, version, 0) + attributes


def frame(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    """``body`` behind its nlmsghdr; it must be padded to four bytes, as ``payload`` is."""
    return HEADER.pack(HEADER.size + len(body), kind, flags, sequence, 0) + body


def family_request(name: str, sequence: int) -> bytes:
    """Asks the kernel for the number of a generic netlink family."""
    named = attribute(CTRL_ATTR_FAMILY_NAME, name.encode() + b"\0")
    return frame(CONTROL_FAMILY, REQUEST, sequence, payload(GETFAMILY, named))


def messages(datagram: bytes) -> Iterator[Message]:
    """The messages of one datagram; ValueError where a length does not fit."""
    view, offset, total = memoryview(datagram), 0, len(datagram)
    while offset < total:
        if total - offset < HEADER.size:
            raise ValueError("netlink datagram ends within a header")
        length, kind, _flags, sequence, _port = HEADER.unpack_from(view, offset)
        if not HEADER.size <= length <= total - offset:
            raise ValueError(f"netlink message of {length} bytes where {total - offset} are left")
        yield Message(kind, sequence, view[offset + HEADER.size : offset + length])
        offset += (length + 3) & ~3


def answers(datagram: bytes, sequence: int) -> tuple[list[memoryview], Optional[int]]:
    """The bodies in a datagram that answer the request ``sequence``, and the errno of the end of the answer.

    None: more may come. 0: DONE or an acknowledgement. What belongs to other requests is passed over.
    """
    bodies: list[memoryview] = []
    for message in messages(datagram):
        if message.sequence == sequence:
            if message.kind in (DONE, ERROR):
                return bodies, error(message)
            bodies.append(message.body)
    return bodies, None


def error(message: Message) -> int:
    """The errno of an ERROR (0: an acknowledgement) or DONE message, above 0 for a failure."""
    if len(message.body) < 4:
        return 0
    return -int(struct.unpack_from("=i", message.body)[0])


def attributes(view: memoryview) -> dict[int, memoryview]:
    """{type: value} of a run of attributes; of one type the last stands. ValueError where a length does not fit."""
    found, offset, total = {}, 0, len(view)
    while offset < total:
        if total - offset < 4:
            raise ValueError("netlink attributes end within a header")
        length, kind = ATTRIBUTE.unpack_from(view, offset)
        if not 4 <= length <= total - offset:
            raise ValueError(f"netlink attribute of {length} bytes where {total - offset} are left")
        found[kind & TYPE_MASK] = view[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found
