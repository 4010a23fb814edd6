# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gratuitous ARP and unsolicited NA against keepalived's frames and scapy's (ledger A06, A07)."""

from __future__ import annotations

import pytest

from lvs_agent.vrrp import announce

from .vectors import frames, ip

KEEPALIVED = frames("keepalived-2.2.7.frames")
SCAPY = frames("scapy.packets")
MAC = bytes.fromhex("02000000000a")


@pytest.mark.parametrize("name", [name for name in KEEPALIVED if name.startswith(("garp ", "na "))])
def test_frames_are_keepalived_s(name: str) -> None:
    # keepalived ran on a host that does not forward: its NA has R clear
    assert announce.frame(MAC, ip(name.split()[1]), router=False) == KEEPALIVED[name]


def test_frames_are_scapy_s() -> None:
    mac = bytes.fromhex("020000000001")
    assert announce.frame(mac, ip("192.0.2.100")) == SCAPY["garp"]
    assert announce.frame(mac, ip("2001:db8::100")) == SCAPY["na"]
