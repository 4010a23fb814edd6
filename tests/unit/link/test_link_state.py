# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel said about links, applied message by message; which address adverts come from."""

from __future__ import annotations

import ipaddress
from typing import Optional

import pytest

from lvs_agent.link import state
from lvs_agent.link.state import AddressGone, AddressSeen, Held, Interface, LinkGone, LinkSeen, RouteGone

MAC = b"\x02\0\0\0\0\x0a"
UP, NO_CARRIER, DOWN = 0x11043, 0x1003, 0x1002  # as the kernel says them for a veth


def ip(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def held(text: str, prefixlen: int = 24, flags: int = 0x80) -> Held:
    return Held(ip(text), prefixlen, 0, flags)


ETH0 = Interface(2, "eth0", UP, MAC, 1500, (held("192.0.2.1"), held("192.0.2.2", flags=0x81)))
LINKS = {2: ETH0}


@pytest.mark.parametrize(
    ("news", "after"),
    [
        (LinkSeen(2, "eth0", DOWN, MAC, 1500), Interface(2, "eth0", DOWN, MAC, 1500, ETH0.addresses)),
        (LinkSeen(2, "wan", UP, MAC, 9000), Interface(2, "wan", UP, MAC, 9000, ETH0.addresses)),
        (LinkGone(2), None),
        (LinkGone(7), ETH0),
        (AddressSeen(2, held("192.0.2.3")), Interface(2, "eth0", UP, MAC, 1500, (*ETH0.addresses, held("192.0.2.3")))),
        (
            AddressSeen(2, held("192.0.2.1", flags=0)),  # told again: it keeps its place
            Interface(2, "eth0", UP, MAC, 1500, (held("192.0.2.1", flags=0), ETH0.addresses[1])),
        ),
        (AddressGone(2, ip("192.0.2.1"), 24), Interface(2, "eth0", UP, MAC, 1500, ETH0.addresses[1:])),
        (AddressGone(2, ip("192.0.2.1"), 32), ETH0),
        (AddressSeen(7, held("192.0.2.3")), ETH0),
    ],
)
def test_news(news: state.News, after: Optional[Interface]) -> None:
    assert state.apply(LINKS, news) == ({2: after} if after else {})
    assert LINKS == {2: ETH0}


def test_a_new_interface_begins_without_addresses() -> None:
    assert state.apply({}, LinkSeen(5, "eth1", UP, MAC, 1500))[5].addresses == ()


@pytest.mark.parametrize(
    ("before", "news", "lacks"),
    [
        (UP, RouteGone(), True),
        (UP, LinkSeen(2, "eth0", DOWN, MAC, 1500), False),  # nothing can be set on it now
        (DOWN, LinkSeen(2, "eth0", UP, MAC, 1500), True),
        (DOWN, LinkSeen(2, "eth0", NO_CARRIER, MAC, 1500), True),
        (NO_CARRIER, LinkSeen(2, "eth0", UP, MAC, 1500), False),  # routes stay while only the carrier is away
        (UP, LinkSeen(2, "eth0", UP, MAC, 9000), False),
        (UP, LinkSeen(7, "eth0", UP, MAC, 1500), True),  # a new one
        (UP, LinkGone(2), False),
    ],
)
def test_an_interface_that_comes_up_lacks_its_routes(before: int, news: state.News, lacks: bool) -> None:
    assert state.lacks_routes({2: Interface(2, "eth0", before, MAC, 1500)}, news) is lacks


@pytest.mark.parametrize(("flags", "up"), [(UP, True), (NO_CARRIER, False), (DOWN, False), (0x40, False)])
def test_up_is_administrative_state_and_carrier(flags: int, up: bool) -> None:
    assert Interface(2, "eth0", flags, MAC, 1500).up is up


V6 = (held("2001:db8::1", 64), held("fe80::99", 64), held("fe80::1", 64))


@pytest.mark.parametrize(
    ("addresses", "family", "virtual", "expected"),
    [
        (ETH0.addresses, 4, (), "192.0.2.1"),
        (ETH0.addresses[::-1], 4, (), "192.0.2.1"),  # .2 is secondary wherever it stands
        (ETH0.addresses, 4, ("192.0.2.1",), None),
        ((), 4, (), None),
        (V6, 4, (), None),
        (V6, 6, (), "fe80::99"),
        (V6, 6, ("fe80::99",), "fe80::1"),
        ((held("fe80::1", 64, 0xC0),), 6, (), None),  # tentative
        ((held("fe80::1", 64, 0x88),), 6, (), None),  # duplicate
        ((held("2001:db8::1", 64),), 6, (), None),
    ],
)
def test_the_primary_address_is_never_a_virtual_one(
    addresses: tuple, family: int, virtual: tuple, expected: Optional[str]
) -> None:  # T06, T07
    interface = Interface(2, "eth0", UP, MAC, 1500, addresses)
    assert state.primary(interface, family, {ip(v) for v in virtual}) == (ip(expected) if expected else None)


def test_an_interface_is_found_by_name() -> None:
    assert state.named(LINKS, "eth0") is ETH0
    assert state.named(LINKS, "eth1") is None
