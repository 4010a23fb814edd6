# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which numbers in which files hold a server out beside keepalived, and where nothing does."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils import conf
from ansible_collections.lvs.cluster.plugins.module_utils.change.kernel_table import Row
from ansible_collections.lvs.cluster.plugins.module_utils.drain import hold
from ansible_collections.lvs.cluster.plugins.module_utils.drain.plan import Asked

from lvs_agent.checks.track_file import FileCheck

M = hold.MARGIN
WEB, TLS = "TCP 192.0.2.80:80", "TCP 192.0.2.80:443"


def document(*services, more=""):
    """A file with track_files A and B; a service is its head and, by the last number of each server, its words."""
    text = "".join(f"track_file {name} {{\n file /run/{name}\n}}\n" for name in "AB") + more
    for head, servers in services:
        blocks = "".join(f"real_server 10.0.0.{n} {{\n{words}\n}}\n" for n, words in servers.items())
        text += f"virtual_server {head} {{\nprotocol TCP\nlvs_method DR\n{blocks}}}\n"
    reading = conf.read(text, "x")
    assert not reading.errors, reading.findings
    return reading.document


def follows(name, weight=""):
    return f"FILE_CHECK {{\n track_file {name}\n {weight and f'weight {weight}'}\n}}\n"


def test_where_the_servers_of_a_file_stand():
    group = "virtual_server_group G {\n 192.0.2.1 80\n}\n"
    found = document(("192.0.2.80 80", {1: "weight 3", 2: ""}), ("group G", {1: ""}), ("fwmark 5", {1: ""}), more=group)
    assert [(seat.place, seat.weight) for seat in hold.seats(found)] == [
        ((WEB, "10.0.0.1:80"), 3),
        ((WEB, "10.0.0.2:80"), 1),
        ((None, "10.0.0.1:0"), 1),
        (("FWM 5", "10.0.0.1:0"), 1),
    ]


VRRP = """vrrp_instance V {
 interface eth0
 virtual_router_id 5
 virtual_ipaddress {
  192.0.2.80
 }
 track_file {
  A
 }
}
"""


@pytest.mark.parametrize(
    ("services", "more", "numbers"),
    [
        ([("192.0.2.80 80", {1: "weight 3\n" + follows("A"), 2: ""})], "", {"/run/A": -(M + 4)}),
        ([("192.0.2.80 80", {1: "weight 3\n" + follows("A", "2")})], "", {"/run/A": -((M + 3) // 2 + 1)}),
        ([("192.0.2.80 80", {1: follows("A", "-1")})], "", {"/run/A": M + 2}),
        ([("192.0.2.80 80", {1: follows("A", "1 reverse")})], "", {"/run/A": M + 2}),
        ([("192.0.2.80 80", {1: follows("A", "0")})], "", {"/run/A": 1}),
        ([("192.0.2.80 80", {1: follows("A", "0 reverse")})], "", {"/run/A": 0}),
        ([("192.0.2.80 80", {1: follows("A") + follows("B", "0")})], "", {"/run/A": -(M + 2), "/run/B": 1}),
        # One file for two of its services: the number that is enough for both, where there is one.
        (
            [("192.0.2.80 80", {1: follows("A", "2")}), ("192.0.2.80 443", {1: "weight 2000000\n" + follows("A")})],
            "",
            {"/run/A": -(M + 2000001)},
        ),
        ([("192.0.2.80 80", {1: follows("A")}), ("192.0.2.80 443", {1: follows("A", "-1")})], "", {}),
        # Somebody else follows it as well.
        ([("192.0.2.80 80", {1: follows("A"), 2: follows("A")})], "", {}),
        ([("192.0.2.80 80", {1: follows("A")})], VRRP, {}),
        ([("192.0.2.80 80", {1: "", 2: follows("A")})], "", {}),
    ],
)
def test_the_number_that_holds_a_server_out(services, more, numbers):
    found = document(*services, more=more)
    seats = list(hold.seats(found))
    assert hold.numbers(seats, hold.followed(found), Asked(("10.0.0.1",))) == numbers
    for seat in seats:
        for watch in seat.watches:  # as the agent's own check, proved beside keepalived, takes it
            if watch.path in numbers:
                outcome = FileCheck(*watch).judge(f"{numbers[watch.path]}\n")
                assert not outcome.ok or seat.weight + outcome.delta <= 0


ROW = Row(WEB, "10.0.0.1:80", 0, 0, 0)


@pytest.mark.parametrize(
    ("files", "rows", "lasting", "said"),
    [
        (["/run/A"], [ROW], True, [TLS]),
        ([], [ROW], True, [WEB, TLS]),
        ([], [ROW], False, [TLS]),
        ([], [ROW, ROW._replace(service=TLS)], False, []),
    ],
)
def test_where_keepalived_may_bring_it_back_is_said(files, rows, lasting, said):
    found = document(("192.0.2.80 80", {1: follows("A"), 2: ""}), ("192.0.2.80 443", {1: ""}))
    lines = list(hold.doubts(list(hold.seats(found)), set(files), rows, Asked(("10.0.0.1",)), lasting=lasting))
    assert [line.partition(" -> ")[0] for line in lines] == said
