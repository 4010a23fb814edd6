# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's text of its IPVS table; tests/lab/test_ipvs_commands.py compares it with ipvsadm on a kernel."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.host.ipvs_table import services

HEAD = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
"""


def test_an_empty_table():
    assert services("") == services(HEAD) == []


def test_services_and_servers():
    (tcp, mark) = services(
        HEAD
        + "TCP  C0000250:0050 wrr  persistent 5000 FFFFFF00\n"
        + "  -> C000020B:1F90      Masq    3      7          9         \n"
        + "  -> C000020C:0050      Route   0      0          0         \n"
        + "FWM  00000005 lc ops \n"
        + "  -> [2001:0db8:0000:0000:0000:0000:0000:0002]:0000      Tunnel  1      0          0         \n"
    )
    assert (tcp["address"], tcp["port"], tcp["protocol"], tcp["lvs_sched"]) == ("192.0.2.80", 80, "TCP", "wrr")
    assert (tcp["persistent"], tcp["persistence_granularity"], tcp["ops"]) == (True, "255.255.255.0", False)
    first, second = tcp["real_servers"]
    assert (first["address"], first["port"], first["lvs_method"], first["weight"]) == ("192.0.2.11", 8080, "NAT", 3)
    assert (first["active_connections"], first["inactive_connections"]) == (7, 9)
    assert second["lvs_method"] == "DR"
    assert (mark["fwmark"], mark["ip_family"], mark["ops"], mark["address"]) == (5, "inet6", True, None)
    assert mark["real_servers"][0]["address"] == "2001:db8::2"


@pytest.mark.parametrize(
    ("place", "number", "expected"),
    [
        ("C0000250:0050", "FFFFFFFF", None),
        ("C0000250:0050", "FFFF0000", "255.255.0.0"),
        ("[2001:db8::1]:0050", "40000000", "64"),
        ("[2001:db8::1]:0050", "80000000", None),
        ("[2001:db8::1]:0050", "00000040", "64"),
    ],
)
def test_what_counts_as_one_client(place, number, expected):
    (service,) = services(f"{HEAD}TCP  {place} rr persistent 100 {number}\n")
    assert service["persistence_granularity"] == expected
