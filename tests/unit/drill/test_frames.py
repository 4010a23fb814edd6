# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of Linux and of keepalived, read; our questions against the kernel's own."""

from __future__ import annotations

import ipaddress
import pathlib

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill.frames import (
    Advert,
    Sighting,
    arp_probe,
    asker,
    link_local,
    mac_bytes,
    question,
    read,
    solicitation,
)

VECTORS = pathlib.Path(__file__).parents[2] / "vectors" / "drill" / "segment.frames"
FRAMES = {
    name: bytes.fromhex(octets)
    for name, _, octets in (
        line.partition(": ") for line in VECTORS.read_text().splitlines() if not line.startswith("#")
    )
}
KEEPALIVED, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:0a"


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("arp reply", Sighting(KEEPALIVED, "10.1.0.1", "reply", "10.1.0.10")),
        ("arp request", Sighting(KEEPALIVED, "10.1.0.1", "request", "10.1.0.10")),
        ("gratuitous arp", Sighting(KEEPALIVED, "10.1.0.100", "announce", "10.1.0.100")),
        ("solicitation", Sighting(OTHER, "fd00::a", "request", "fd00::1")),
        ("advertisement", Sighting(KEEPALIVED, "fd00::1", "reply", "fd00::1")),
        ("unsolicited advertisement", Sighting(KEEPALIVED, "fd00::100", "announce", "fd00::100")),
        ("vrrp 2 in AH", Advert(KEEPALIVED, "10.1.0.1", 2, 51, 150, 1.0, ("10.1.0.100", "10.1.0.101"))),
        ("vrrp 2", Advert(KEEPALIVED, "10.1.0.1", 2, 52, 200, 2.0, ("10.1.0.102",))),
        ("goodbye", Advert(KEEPALIVED, "10.1.0.1", 2, 52, 0, 2.0, ("10.1.0.102",))),
        ("vrrp 3", Advert(KEEPALIVED, "fe80::ff:fe00:1", 3, 53, 100, 0.25, ("fe80::5", "fd00::100"))),
        ("mld report", None),
        ("ping", None),
    ],
)
def test_read(name, meaning):
    assert read(FRAMES[name]) == meaning


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_cut_short_is_never_an_error(name):
    whole = read(FRAMES[name])
    for length in range(len(FRAMES[name])):
        assert read(FRAMES[name][:length]) in (None, whole)


def test_our_solicitation_is_the_kernels():
    source, address = ipaddress.IPv6Address("fd00::a"), ipaddress.IPv6Address("fd00::1")
    assert solicitation(OTHER, OTHER, source, address) == FRAMES["solicitation"]


def test_our_arp_probe_is_the_kernels_request_without_a_sender():
    expected = bytearray(FRAMES["arp request"])
    expected[28:32] = bytes(4)
    assert arp_probe(KEEPALIVED, KEEPALIVED, ipaddress.IPv4Address("10.1.0.10")) == bytes(expected)
    # RFC 5227, 2.1.1: no cache learns from it, so it is no sighting either.
    assert read(bytes(expected)) is None


def test_answers_go_to_an_address_that_nobody_has():
    assert asker("52:54:00:12:34:56") == "56:54:00:12:34:56"
    assert asker(KEEPALIVED) == "06:00:00:00:00:01"
    assert asker("00:16:3e:00:00:01") == "06:16:3e:00:00:01"
    frame = question(KEEPALIVED, asker(KEEPALIVED), "10.1.0.10")
    assert frame[6:12] == mac_bytes(KEEPALIVED)
    assert frame[22:28] == mac_bytes(asker(KEEPALIVED))
    assert read(question(KEEPALIVED, asker(KEEPALIVED), "fd00::1")) == Sighting(
        asker(KEEPALIVED), "fe80::400:ff:fe00:1", "request", "fd00::1"
    )


def test_link_local_is_the_kernels():
    # As the addresses of the two sides in the capture.
    assert str(link_local(KEEPALIVED)) == "fe80::ff:fe00:1"
    assert str(link_local(OTHER)) == "fe80::ff:fe00:a"


@pytest.mark.parametrize("text", ["", "02:00:00:00:00", "02:00:00:00:00:01:02", "no"])
def test_no_mac(text):
    with pytest.raises(ValueError):
        mac_bytes(text)
