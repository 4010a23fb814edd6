# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of two directors beside one another."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import cluster, read

ONE = """
global_defs {
    lvs_sync_daemon eth1 inst VI_1 id 7
}
vrrp_script chk {
    script "/usr/bin/pgrep nginx"
    weight -20
}
vrrp_sync_group G {
    group {
        VI_1
        VI_2
    }
}
vrrp_instance VI_1 {
    interface eth0
    state MASTER
    virtual_router_id 51
    priority 110
    advert_int 1
    unicast_src_ip 10.9.0.1
    unicast_peer {
        10.9.0.2
    }
    authentication {
        auth_type PASS
        auth_pass secret
    }
    virtual_ipaddress {
        10.0.0.100
    }
    track_script {
        chk
    }
}
vrrp_instance VI_2 {
    interface eth1
    virtual_router_id 52
    priority 110
    virtual_ipaddress {
        10.1.0.100
    }
}
virtual_server 10.0.0.100 80 {
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    real_server 10.1.0.1 80 {
        weight 1
    }
}
"""
TWO = (
    ONE.replace("state MASTER", "state BACKUP")
    .replace("priority 110", "priority 100")
    .replace("ip 10.9.0.1", "ip 10.9.0.3")
    .replace("10.9.0.2", "10.9.0.1")
    .replace("10.9.0.3", "10.9.0.2")
    .replace("eth0", "ens3")
)


def found(one: str, two: str, **given: object) -> list[tuple[str, str]]:
    documents = {}
    for name, text in (("d1", one), ("d2", two)):
        reading = read(text, name)
        assert reading.errors == ()
        documents[name] = reading.document
    return [(item.code, item.level) for item in cluster.check(documents, **given)]  # type: ignore[arg-type]


def test_two_that_agree() -> None:
    assert found(ONE, TWO) == []


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (
            "virtual_router_id 52",
            "virtual_router_id 53",
            [("router-missing", "warning")] * 2 + [("sync-groups-differ", "error")],
        ),
        ("    advert_int 1\n", "    advert_int 2\n", [("advert-int-differs", "error")]),
        ("    advert_int 1\n", "    version 3\n", [("version-differs", "error")]),
        ("auth_pass secret", "auth_pass other", [("authentication-differs", "error")]),
        ("        10.0.0.100\n", "        10.0.0.101\n", [("addresses-differ", "error")]),
        ("        10.0.0.100\n", "        10.0.0.100\n        10.0.0.101\n", [("addresses-differ", "error")]),
        ("    unicast_peer {\n        10.9.0.1\n    }\n", "", [("unicast-differs", "error")]),
        ("priority 100\n    advert", "priority 110\n    advert", [("same-priority", "error")]),
        ("state BACKUP", "state MASTER", [("two-masters", "warning")]),
        ("priority 100\n    advert", "priority 120\n    advert", [("master-is-not-highest", "warning")]),
        ("priority 100\n    advert", "priority 80\n    advert", [("weight-too-small", "warning")]),
        ("state BACKUP", "state BACKUP\n    nopreempt", [("nopreempt-differs", "warning")]),
        ("        10.9.0.1\n", "        10.9.0.9\n", [("peer-missing", "error"), ("peer-unknown", "warning")]),
        ("        VI_2\n", "", [("sync-groups-differ", "error"), ("nat-without-gateway", "warning")]),
        ("        weight 1\n", "        weight 2\n", [("service-differs", "error")]),
        ("virtual_server 10.0.0.100 80", "virtual_server 10.0.0.100 81", [("service-missing", "error")] * 2),
        (" id 7", " id 8", [("sync-daemon-differs", "error")]),
        ("    lvs_sync_daemon eth1 inst VI_1 id 7\n", "", [("sync-daemon-missing", "warning")]),
    ],
)
def test_a_disagreement(old: str, new: str, wanted: list[tuple[str, str]]) -> None:
    assert old in TWO
    assert found(ONE, TWO.replace(old, new)) == wanted


def test_where_services_differ() -> None:
    documents = {"d1": read(ONE, "d1").document, "d2": read(TWO.replace("weight 1", "weight 2"), "d2").document}
    (one,) = cluster.check(documents)
    assert one.render() == (
        "d2, d1: error[service-differs]: virtual_server 10.0.0.100 80 TCP: real_servers[0].weight is not that of d1\n"
        "  help: write the same on all"
    )


def test_addresses_outside_the_networks() -> None:
    networks = {"d1": {"eth0": ["192.168.0.1/24"], "eth1": ["10.1.0.9/24"]}}
    assert found(ONE, TWO, networks=networks) == [("address-outside", "warning")]
