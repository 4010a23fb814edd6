# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two directors' files say about how long a failover may take."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill.bounds import Vrrp
from ansible_collections.lvs.cluster.plugins.plugin_utils.drill_theory import texts, theory

from .inventories import CLUSTER, inventory

TEXT = """
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    priority {priority}
    {more}
    virtual_ipaddress {{
        192.0.2.80/24
    }}
}}
virtual_server 192.0.2.80 80 {{
    delay_loop 6
    protocol TCP
    real_server 192.0.2.11 80 {{
        {checks}
    }}
}}
"""
TCP = "TCP_CHECK {\n connect_timeout 3\n retry 2\n delay_before_retry 1\n }"


def files(more="", checks=TCP):
    return {
        host: TEXT.format(priority=priority, more=more, checks=checks) for host, priority in (("d1", 150), ("d2", 100))
    }


@pytest.mark.parametrize(
    ("texts", "target", "vrrp", "check"),
    [
        # 6 + 3 x 3 + 2 x 1
        (files(), "d1", Vrrp(2, 1.0, 100), 17.0),
        (files(), "d2", Vrrp(2, 1.0, 150), 17.0),
        (files("version 3\nadvert_int 0.2"), "d1", Vrrp(3, 0.2, 100), 17.0),
        (files(checks=""), "d1", Vrrp(2, 1.0, 100), None),
        (files(), "d1 d2", None, 17.0),
        ({}, "d1", None, None),
    ],
)
def test_theory(texts, target, vrrp, check):
    found = theory(texts, target, "192.0.2.80")
    assert (found.vrrp, found.check) == (vrrp, check)


def test_the_files_of_described_directors():
    known = inventory(CLUSTER, d2={"director_config": files()["d2"]})
    made = texts(["d1", "d2"], known)
    assert made["d2"] == files()["d2"]
    assert theory(made, "d2", "192.0.2.80").vrrp == Vrrp(2, 1.0, 200)
    assert theory(made, "", "192.0.2.80").check == 60 + 2 * 3 + 1


def test_a_director_without_a_file_promises_nothing():
    assert texts(["d1"], inventory(None)) == {}
    assert texts(["d1"], inventory({"vrrp_instances": "?"})) == {}


def test_another_address():
    assert theory(files(), "d1", "192.0.2.81") == (None, None)
