# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/net/ip_vs as Linux 6.1 prints it."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.change import kernel_table

PROC = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0A88C8C:0050 wrr persistent 50 FFFFFFFF
  -> C0A88C89:0050      Route   1      12         3
  -> C0A88C8B:0050      Route   0      4          0
UDP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0035 rr
  -> [2001:0db8:0000:0000:0000:0000:0000:0002]:0035      Masq    7      0          1
FWM  0000000A wlc
TCP  C0000201:01BB wlc
"""


def test_what_takes_connections() -> None:
    assert kernel_table.up(PROC) == {
        "TCP 192.168.140.140:80": {"192.168.140.137:80"},
        "UDP [2001:db8::1]:53": {"[2001:db8::2]:53"},
    }


@pytest.mark.parametrize(
    ("own", "services"),
    [
        ({"192.168.140.138", "2001:db8::1"}, set()),
        ({"192.168.140.139"}, {"TCP 192.168.140.140:80"}),
        ({"2001:db8::2", "10.0.0.1"}, {"UDP [2001:db8::1]:53"}),
    ],
)
def test_where_this_host_is_a_destination(own: set[str], services: set[str]) -> None:
    assert kernel_table.local(PROC, own) == services


def test_services_without_destinations_are_services() -> None:
    assert kernel_table.services(PROC) == {
        "TCP 192.168.140.140:80", "UDP [2001:db8::1]:53", "FWM 10", "TCP 192.0.2.1:443",
    }  # fmt: skip


def test_connections_are_counted() -> None:
    assert [(row.destination, row.active, row.inactive) for row in kernel_table.rows(PROC)][:2] == [
        ("192.168.140.137:80", 12, 3),
        ("192.168.140.139:80", 4, 0),
    ]


def test_no_ip_vs_is_no_table() -> None:
    assert kernel_table.up("") == {}
