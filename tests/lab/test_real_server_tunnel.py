# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module real_server with lvs_method TUN: needs a kernel with ipip, so a guest."""

from __future__ import annotations

import os

import pytest
from one_module import own_files, play

pytestmark = pytest.mark.uml(limit=240)

VIP = "10.1.0.100"


class Guest:
    """The guest itself, as a host."""

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return None


def read(name):
    with open(f"/proc/sys/net/ipv4/conf/{name}", encoding="ascii") as file:
        return file.read().strip()


def addresses():
    with os.popen("ip -br address show") as printed:
        return printed.read()


def test_the_tunnel_is_made_and_taken_away_again(tmp_path):
    own_files(tmp_path)
    before = (addresses(), read("all/rp_filter"), read("all/arp_ignore"))
    assert "tunl0" not in before[0]

    assert play(Guest(), virtual_ipaddress=[VIP], lvs_method="TUN")[0]["changed"]
    assert f"{VIP}/32" in next(line for line in addresses().splitlines() if line.startswith("tunl0"))
    assert [read(name) for name in ("all/rp_filter", "tunl0/rp_filter", "all/arp_ignore")] == ["0", "0", "1"]
    assert not play(Guest(), virtual_ipaddress=[VIP], lvs_method="TUN")[0]["changed"]

    # From TUN to DR: the address is on lo before it is gone from tunl0.
    assert play(Guest(), virtual_ipaddress=[VIP], lvs_method="DR")[0]["changed"]
    assert "tunl0" not in addresses()
    assert f"{VIP}/32" in addresses()

    assert play(Guest(), state="absent")[0]["changed"]
    assert (addresses(), read("all/rp_filter"), read("all/arp_ignore")) == before
