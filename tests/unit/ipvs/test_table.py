# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What behaves the same is the same value."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, IPPROTO_TCP

import pytest

from lvs_agent.ipvs.table import F_ONEPACKET, F_PERSISTENT, Destination, Forward, Service, ServiceKey, Tunnel, table

WEB = ServiceKey(AF_INET, IPPROTO_TCP, "192.0.2.1", 80)
SIX = ServiceKey(AF_INET6, IPPROTO_TCP, "2001:db8::1", 80)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ServiceKey(AF_INET6, IPPROTO_TCP, "2001:DB8:0:0::1", 80), SIX),
        (Service(WEB, "rr"), Service(WEB, "rr", netmask=32)),
        (Service(WEB, "rr"), Service(WEB, "rr", netmask=24)),  # nothing persists: the mask is not looked at
        (Service(SIX, "rr", timeout=50), Service(SIX, "rr", timeout=50, netmask=128)),
        (Service(WEB, "rr", F_PERSISTENT | F_ONEPACKET, 50), Service(WEB, "rr", F_ONEPACKET, 50)),
        (Destination("2001:DB8::0:1", 80, Forward.DR, 1), Destination("2001:db8::1", 80, Forward.DR, 1)),
        (
            Destination("10.0.0.1", 80, Forward.DR, 1, 0, 0, Tunnel.GUE, 6080, 1),
            Destination("10.0.0.1", 80, Forward.DR, 1),
        ),
        (
            Destination("10.0.0.1", 80, Forward.TUN, 1, 0, 0, Tunnel.IPIP, 6080, 1),
            Destination("10.0.0.1", 80, Forward.TUN, 1),
        ),
        (
            Destination("10.0.0.1", 80, Forward.TUN, 1, 0, 0, Tunnel.GRE, 6080, 1),
            Destination("10.0.0.1", 80, Forward.TUN, 1, 0, 0, Tunnel.GRE, 0, 1),
        ),
    ],
)
def test_equal(one, other):
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ServiceKey(AF_INET, fwmark=1), ServiceKey(AF_INET6, fwmark=1)),
        (Service(WEB, "rr", timeout=50), Service(WEB, "rr", timeout=50, netmask=24)),
        (Service(WEB, "rr", timeout=50, netmask=24), Service(WEB, "rr", timeout=50, netmask=-0xFF00FF00)),
        (Service(WEB, "rr", F_PERSISTENT), Service(WEB, "rr")),
        (Destination("10.0.0.1", 80, Forward.DR, 1), Destination("10.0.0.1", 80, Forward.MASQ, 1)),
        (
            Destination("10.0.0.1", 80, Forward.TUN, 1, 0, 0, Tunnel.GUE, 6080),
            Destination("10.0.0.1", 80, Forward.TUN, 1, 0, 0, Tunnel.GUE, 6081),
        ),
    ],
)
def test_not_equal(one, other):
    assert one != other


def test_address_that_is_none():
    with pytest.raises(OSError, match="illegal IP address"):
        ServiceKey(AF_INET6, IPPROTO_TCP, "2001:db8::x", 80)


def test_table_keeps_the_order_and_the_later_of_two():
    one, two = Destination("10.0.0.1", 80, Forward.DR, 1), Destination("10.0.0.2", 80, Forward.DR, 1)
    made = table([(Service(SIX, "rr"), []), (Service(WEB, "rr"), [one]), (Service(SIX, "wrr"), [two, one])])
    assert list(made) == [SIX, WEB]
    assert (made[SIX].service.scheduler, made[SIX].destinations) == ("wrr", (two, one))
