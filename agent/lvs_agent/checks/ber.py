# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The little of BER (X.690, definite lengths, one-byte tags) that LDAP needs."""

from __future__ import annotations

from typing import Iterator, NamedTuple, Optional, Tuple

INTEGER, OCTETS, ENUMERATED, SEQUENCE, BOOLEAN = 0x02, 0x04, 0x0A, 0x30, 0x01


class Element(NamedTuple):
    """One element: its tag byte and its content."""

    tag: int
    content: bytes

    @property
    def number(self) -> int:
        """The content as a signed number."""
        return int.from_bytes(self.content, "big", signed=True)


def element(tag: int, *parts: bytes) -> bytes:
    """An element around these parts."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def number(value: int, tag: int = INTEGER) -> bytes:
    """A number that is not negative."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def take(data: bytes, most: int) -> Optional[Tuple[Element, bytes]]:
    """The first element and what is behind it; None when there is no whole one yet. ValueError: above `most` bytes."""
    if len(data) < 2:
        return None
    size, start = data[1], 2
    if size & 0x80:
        count = size & 0x7F
        if not 0 < count <= 4:
            raise ValueError("no length that LDAP has")
        if len(data) < 2 + count:
            return None
        size, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    if size > most:
        raise ValueError(f"an element of {size} bytes")
    if len(data) < start + size:
        return None
    return Element(data[0], data[start : start + size]), data[start + size :]


def elements(data: bytes) -> Iterator[Element]:
    """The elements of a content. Raises ValueError when they are cut."""
    while data:
        found = take(data, len(data))
        if found is None:
            raise ValueError("an element is cut")
        one, data = found
        yield one
