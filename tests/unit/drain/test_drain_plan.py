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
    assert plan.concerned(ROWS, "10.0.0.1", port, service) == found


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
        ([OUT], {plan.place(R1): 3, "other": 1}, ((OUT, 3),), {"other": 1}),
        ([R1], {plan.place(R1): 3}, (), {}),
        ([OUT], {}, (), {}),
    ],
)
def test_a_server_is_brought_back(mine, record, changes, kept):
    assert plan.restore(mine, record) == plan.Plan(changes, kept)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (R1._replace(method="Route"), "-e -t 192.0.2.80:80 -r 10.0.0.1:80 -g -w 0"),
        (Row("FWM 5", "10.0.0.1:0", 1, 0, 0, "Tunnel"), "-e -f 5 -r 10.0.0.1:0 -i -w 0"),
    ],
)
def test_ipvsadm_s_words(row, words):
    assert " ".join(plan.command(row, 0)) == words
