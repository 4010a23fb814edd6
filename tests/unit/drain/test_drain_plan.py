# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which weights take a server out and bring it back; when that is refused."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.change.kernel_table import Row
from ansible_collections.lvs.cluster.plugins.module_utils.drain import plan

WEB, DNS = "TCP 192.0.2.80:80", "UDP 192.0.2.80:53"
R1, R2, R1_DNS = Row(WEB, "10.0.0.1:80", 3, 0, 0), Row(WEB, "10.0.0.2:80", 1, 0, 0), Row(DNS, "10.0.0.1:53", 1, 0, 0)
OUT = R1._replace(weight=0)
ROWS = [R1, R2, R1_DNS]


@pytest.mark.parametrize(
    ("port", "service", "found"),
    [(None, None, [R1, R1_DNS]), (80, None, [R1]), (None, DNS, [R1_DNS]), (80, DNS, [])],
)
def test_which_destinations_are_the_server(port, service, found):
    assert plan.concerned(ROWS, plan.Asked(("10.0.0.1", "2001:db8::1"), port, service)) == found


PLACES = [(WEB, "10.0.0.1:80"), (None, "10.0.0.2:80"), (DNS, "[2001:db8::1]:53")]
THERE = "; real servers here: 10.0.0.1:80, 10.0.0.2:80, [2001:db8::1]:53"


@pytest.mark.parametrize(
    ("servers", "port", "service", "why"),
    [
        (["10.0.0.1"], None, None, ""),
        (["10.0.0.1"], 80, WEB, ""),
        (["10.0.0.2"], None, DNS, ""),  # a group's may be any service
        (["2001:db8::9", "10.0.0.1"], None, None, ""),
        (["2001:db8::1"], None, None, ""),
        (["10.0.0.9"], None, None, f"10.0.0.9 is in no service here{THERE}"),
        (["10.0.0.1"], 81, None, f"10.0.0.1:81 is in no service here{THERE}"),
        (["10.0.0.1"], None, DNS, f"10.0.0.1 is not in {DNS} here{THERE}"),
        (["10.0.0.9", "::9"], None, None, f"10.0.0.9 and ::9 is in no service here{THERE}"),
    ],
)
def test_a_server_that_stands_nowhere(servers, port, service, why):
    assert plan.unknown(PLACES, plan.Asked(tuple(servers), port, service)) == why


def test_a_long_list_is_cut():
    places = [(None, f"10.0.1.{n}:80") for n in range(25)]
    assert plan.unknown(places, plan.Asked(("::9",))).endswith(", 10.0.1.19:80 and 5 more")
    assert plan.unknown([], plan.Asked(("::9",))) == "::9 is in no service here; real servers here: none"


def test_what_the_agent_s_status_names():
    names = ["[10.0.0.1]:tcp:80", "[2001:db8::1]:none:0"]
    status = {"checker": {"services": [{"servers": [{"name": name} for name in names]}]}}
    assert plan.places_of_agent(status) == [(None, "10.0.0.1:80"), (None, "[2001:db8::1]:0")]
    assert plan.places_of_agent({"checker": None}) == []


@pytest.mark.parametrize(
    ("rows", "mine", "record", "floor", "changes", "kept", "refused"),
    [
        ([R1, R2], [R1], {}, 1, ((R1, 0),), {plan.place(R1): 3}, ()),
        ([R1, R2], [R1], {}, 2, (), {}, (f"{WEB} would have 1 servers left, the floor is 2",)),
        (ROWS, [R1, R1_DNS], {}, 1, (), {}, (f"{DNS} would have 0 servers left, the floor is 1",)),
        (ROWS, [R1, R1_DNS], {}, 0, ((R1, 0), (R1_DNS, 0)), {plan.place(R1): 3, plan.place(R1_DNS): 1}, ()),
        # Once more: nothing to do, and the weight from before is not forgotten.
        ([OUT, R2], [OUT], {plan.place(R1): 3}, 1, (), {plan.place(R1): 3}, ()),
        ([R1, R2], [], {}, 1, (), {}, ()),
    ],
)  # fmt: skip
def test_a_server_is_taken_out(rows, mine, record, floor, changes, kept, refused):
    assert plan.drain(rows, mine, record, floor) == plan.Plan(changes, kept, refused)


@pytest.mark.parametrize(
    ("mine", "record", "changes", "kept"),
    [
        ([OUT], {plan.place(R1): 3, plan.place(R2): 1}, ((OUT, 3),), {plan.place(R2): 1}),
        ([R1], {plan.place(R1): 3}, (), {}),
        # Somebody has given it another weight since, or it is not in the table.
        ([R1], {plan.place(R1): 5}, (), {}),
        ([], {plan.place(R1): 3}, (), {}),
        ([OUT], {}, (), {}),
    ],
)
def test_a_server_is_brought_back(mine, record, changes, kept):
    assert plan.restore(mine, record, plan.Asked(("10.0.0.1",))) == plan.Plan(changes, kept)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (R1._replace(method="Route"), "-e -t 192.0.2.80:80 -r 10.0.0.1:80 -g -w 0"),
        (Row("FWM 5", "10.0.0.1:0", 1, 0, 0, "Tunnel"), "-e -f 5 -r 10.0.0.1:0 -i -w 0"),
    ],
)
def test_ipvsadm_s_words(row, words):
    assert " ".join(plan.command(row, 0)) == words
