# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All clusters of an inventory: what is wrong, and what each real server has to be."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.plugin_utils.cluster_view import check_all, wishes

from .inventories import CLUSTER, ROUTER, SERVICE, inventory

TEXT = """
vrrp_instance V {
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress { 192.0.2.80/24 }
}
virtual_server 192.0.2.80 80 {
    lvs_method TUN
    protocol TCP
    real_server 192.0.2.11 80 { TCP_CHECK { } }
}
"""


def services(cluster, host="r1", **variables):
    found = wishes(host, inventory(cluster, **variables))
    assert [one["name"] for one in found] == ["default"]
    return found[0]["services"]


def nat(*routers, **service):
    groups = [{"name": "G", "group": [router["name"] for router in routers]}] if len(routers) > 1 else []
    return {
        "vrrp_sync_groups": groups,
        "vrrp_instances": list(routers),
        "virtual_servers": [{**SERVICE, "lvs_method": "NAT", **service}],
    }


BACK = {"lvs_method": "NAT", "address": "192.0.2.11", "port": 80, "protocol": "tcp"}
INSIDE = {**ROUTER, "name": "I", "virtual_router_id": 52, "interface": "eth1", "virtual_ipaddress": ["192.0.2.254/24"]}


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        (CLUSTER, [{"lvs_method": "DR", "virtual_ipaddress": ["192.0.2.80"]}]),
        (TEXT, [{"lvs_method": "TUN", "virtual_ipaddress": ["192.0.2.80"], "address": "192.0.2.11"}]),
        ({**CLUSTER, "virtual_servers": [SERVICE, {**SERVICE, "address": "192.0.2.81"}, {**SERVICE, "port": 443}]},
         [{"lvs_method": "DR", "virtual_ipaddress": ["192.0.2.80", "192.0.2.81"]}]),
        ({**CLUSTER, "virtual_servers": [{**SERVICE, "address": "2001:db8::80"}]},
         [{"lvs_method": "DR", "virtual_ipaddress": ["2001:db8::80"]}]),
        (nat({**ROUTER, "virtual_ipaddress": ["192.0.2.80/24", "192.0.2.254/24"]}), [{**BACK, "gateway": "192.0.2.254"}]),
        (nat(ROUTER, INSIDE), [{**BACK, "gateway": "192.0.2.254"}]),
        (nat(ROUTER, {**INSIDE, "virtual_ipaddress": ["198.51.100.1/24"]}), [BACK]),
        (nat(ROUTER, INSIDE, real_servers=["r2"], sorry_server="192.0.2.11 8080"),
         [{**BACK, "port": 8080, "gateway": "192.0.2.254"}]),
        ({"vrrp_instances": [ROUTER], "virtual_servers": [
            {"fwmark": 1, "lvs_method": "DR", "real_servers": ["r1"], "PING_CHECK": None}]},
         [{"lvs_method": "DR", "virtual_ipaddress": ["192.0.2.80"]}]),
        ({"virtual_server_groups": [{"name": "g", "members": ["192.0.2.80-82 80"]}], "virtual_servers": [
            {"group": "g", "lvs_method": "DR", "protocol": "TCP", "real_servers": ["r1"], "TCP_CHECK": None}]},
         [{"lvs_method": "DR", "virtual_ipaddress": ["192.0.2.80", "192.0.2.81", "192.0.2.82"]}]),
    ],
)  # fmt: skip
def test_what_a_real_server_has_to_be(cluster, expected):
    assert services(cluster) == expected


def test_two_clusters_on_one_real_server():
    other = {**CLUSTER, "virtual_servers": [{**SERVICE, "address": "192.0.2.90"}]}
    found = wishes("r1", inventory(CLUSTER, d2={"lvs_cluster_name": "mail", "lvs_cluster": other}))
    assert [(one["name"], one["services"][0]["virtual_ipaddress"]) for one in found] == [
        ("default", ["192.0.2.80"]),
        ("mail", ["192.0.2.90"]),
    ]


def test_nobody_s_real_server():
    assert wishes("d1", inventory(CLUSTER)) == []
    with pytest.raises(ValueError, match="the address of r1 is not known"):
        wishes("r1", inventory(CLUSTER, r1={"lvs_address": []}))


def test_no_errors_in_a_good_cluster():
    out = check_all(inventory(CLUSTER))
    assert (out.errors, out.odd) == ([], [])
    assert sorted(out.documents) == ["d1", "d2"]


def test_a_mistake_in_the_shared_description_is_said_once():
    out = check_all(inventory({**CLUSTER, "virtual_servers": [{**SERVICE, "lvs_sched": "wrrr"}]}))
    assert len(out.errors) == 1
    assert out.errors[0].startswith("lvs_cluster.virtual_servers[0].lvs_sched: error[unknown-value]")


def test_a_director_without_anything():
    assert check_all(inventory()).errors[0].startswith("d1: neither lvs_cluster nor director_config")


def local(method, **more):
    service = {**SERVICE, "lvs_method": method, "real_servers": ["d1", "d2"]}
    return {**CLUSTER, "virtual_servers": [service], **more}


@pytest.mark.parametrize(
    ("cluster", "code"),
    [
        (local("DR"), "local-node-loop"),
        (local("NAT"), "local-node-nat"),
        (local("DR", global_defs={"lvs_sync_daemon": "eth0 V"}), None),
    ],
)
def test_directors_that_are_real_servers(cluster, code):
    known = inventory(cluster, d1={"director_engine": "keepalived"}, d2={"director_engine": "keepalived"})
    errors = check_all(known).errors
    assert [error.split(": ")[1] for error in errors] == ([f"error[{code}]"] * 2 if code else [])
    (wish,) = wishes("d1", known) if code != "local-node-nat" else ({"director": True},)
    assert wish["director"]


def test_a_host_of_the_group_that_nobody_uses():
    (odd,) = check_all(inventory({**CLUSTER, "virtual_servers": [{**SERVICE, "real_servers": ["r1"]}]})).odd
    assert odd.startswith("r2: warning[unused-real-server]")
