# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tester's own bytes against scapy's, keepalived's, and the published vectors of auth_hmac."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest
from conformance import frames
from conformance.frames import Advert, Arp, Icmp, Says, Trailer

VECTORS = Path(__file__).parents[2] / "vectors" / "vrrp"


def vectors(name: str) -> Dict[str, bytes]:
    lines = (line.split("\t") for line in (VECTORS / name).read_text().splitlines() if not line.startswith("#"))
    return {key: bytes.fromhex(value) for key, value in lines}


SCAPY = vectors("scapy.packets")
KEEPALIVED = vectors("keepalived-2.2.7.frames")
VIPS4 = ("192.0.2.100", "192.0.2.101")
PASS = {"auth_type": 1, "auth": b"1111\0\0\0\0"}

SAID = [
    ("v2 none", Says(7, 101, "192.0.2.1", VIPS4, 3, 2)),
    ("v2 pass", Says(7, 101, "192.0.2.1", VIPS4[:1], 1, 2, **PASS)),
    ("v3 ipv4", Says(8, 200, "198.51.100.9", ("198.51.100.100", "198.51.100.101"), 25)),
    ("v3 ipv6", Says(9, 1, "fe80::9", ("fe80::1:1", "2001:db8::1:1"), 4095)),
]


@pytest.mark.parametrize(("name", "says"), SAID, ids=[name for name, _ in SAID])
def test_messages_are_scapys(name: str, says: Says) -> None:
    header = 40 if ":" in says.source else 20
    assert says.message() == SCAPY[name][header:]


HEARD = [
    ("advert vrid 51 version 2 priority 101", (2, 51, 101, 1, 0, ("192.168.140.140",), "message", bytes(8))),
    ("advert vrid 51 version 2 priority 0", (2, 51, 0, 1, 0, ("192.168.140.140",), "message", bytes(8))),
    (
        "advert vrid 52 version 2 priority 101",
        (2, 52, 101, 1, 1, ("192.168.140.140", "192.168.140.145"), "message", b"1111\0\0\0\0"),
    ),
    (
        "advert vrid 54 version 3 priority 200",
        (3, 54, 200, 50, 0, ("192.168.140.142", "192.168.140.143", "192.168.140.144"), "pseudo", b""),
    ),
]


@pytest.mark.parametrize(("name", "fields"), HEARD, ids=[name for name, _ in HEARD])
def test_keepalived_is_understood(name: str, fields: tuple) -> None:  # type: ignore[type-arg]
    said = frames.hear(KEEPALIVED[name])
    assert isinstance(said, Advert)
    found = (
        said.version,
        said.vrid,
        said.priority,
        said.interval,
        said.auth_type,
        said.addresses,
        said.form,
        said.auth,
    )
    assert found == fields
    assert (said.source, said.destination, said.ttl) == ("192.168.140.7", "224.0.0.18", 255)
    assert (said.mac_from, said.mac_to) == ("02:00:00:00:00:0a", "01:00:5e:00:00:12")


def test_scapys_announcements_are_understood() -> None:
    garp = frames.hear(SCAPY["garp"])
    assert isinstance(garp, Arp)
    assert (garp.sender, garp.sender_mac, garp.gratuitous) == ("192.0.2.100", "02:00:00:00:00:01", True)
    na = frames.hear(SCAPY["na"])
    assert isinstance(na, Icmp)
    assert (na.type, na.target, na.link_layer, na.ttl) == (136, "2001:db8::100", "02:00:00:00:00:01", 255)


# draft-cassen-vrrp-auth-hmac, as in keepalived's test/auth_hmac_test.c: key 00..1f, VRID 51, priority 200.
SEALED = [
    ("198.51.100.10", "192.0.2.100", "1b84bc4e8e43892dc6d98448f8ee2265"),
    ("fe80::10", "fe80::100", "c8c56146ebfd66ee10ec4d8186461b78"),
]


@pytest.mark.parametrize(("source", "vip", "seal"), SEALED, ids=["ipv4", "ipv6"])
def test_trailers_are_the_published_ones(source: str, vip: str, seal: str) -> None:
    says = Says(51, 200, source, (vip,), 100, trailer=Trailer(bytes(range(32)), 1, 0x6800000080000000))
    assert says.message()[-28:].hex() == "010100006800000080000000" + seal


USUAL = Says(51, 200, "10.9.0.2", ("10.9.0.10",), 20)
WRONG = [
    ({"checksum": "wrong"}, "form", "wrong"),
    ({"checksum": "message"}, "form", "message"),
    ({"ttl": 254}, "ttl", 254),
    ({"type": 3}, "type", 3),
    ({"version": 4}, "version", 4),
    ({"count": 2}, "count", 2),
    ({"reserve": 15}, "reserve", 15),
    ({"interval": 0}, "interval", 0),
    ({"tail": b"\0\0\0\0"}, "tail", b"\0\0\0\0"),
    ({"vrid": 52}, "vrid", 52),
    ({"destination": "10.9.0.100"}, "destination", "10.9.0.100"),
]


@pytest.mark.parametrize(("change", "name", "value"), WRONG, ids=[str(change) for change, _, _ in WRONG])
def test_wrong_in_one_place_only(change: dict, name: str, value: object) -> None:  # type: ignore[type-arg]
    right, wrong = frames.hear(USUAL.frame()), frames.hear(Says(**{**vars(USUAL), **change}).frame())
    assert getattr(wrong, name) == value
    rest = ("source", "ttl", "type", "version", "vrid", "priority", "form", "interval", "reserve", "tail")
    assert [getattr(wrong, other) for other in rest if other != name] == [
        getattr(right, other) for other in rest if other != name
    ]
    assert right.form == "pseudo"  # type: ignore[union-attr]
