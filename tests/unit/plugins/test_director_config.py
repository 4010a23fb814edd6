# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller finds out from the directors' documents."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model
from ansible_collections.lvs.cluster.plugins.plugin_utils.director_config import check, masters, needs

NAT, DR, TUN = (model.Forwarding(method) for method in ("NAT", "DR", "TUN"))
V4, V6 = "192.0.2.80", "2001:db8::80"
SERVER = model.RealServer("192.0.2.11", 80)


def server(method=None):
    return model.RealServer("192.0.2.11", 80, lvs_method=method)


def service(address=V4, lvs_sched=None, lvs_method=None, real_servers=(SERVER,), **more):
    return model.VirtualServer(
        address=address, port=80, lvs_sched=lvs_sched, lvs_method=lvs_method, real_servers=tuple(real_servers), **more
    )


FORWARD = {"net.ipv4.ip_forward": "1"}
REUSE = {"net.ipv4.vs.conn_reuse_mode": "3"}


@pytest.mark.parametrize(
    ("servers", "modules", "sysctls"),
    [
        ([], [], {}),
        ([service(lvs_method=DR)], ["ip_vs", "ip_vs_wlc"], REUSE),
        ([service(lvs_method=DR, lvs_sched="wrr"), service(lvs_method=DR, lvs_sched="sh")],
         ["ip_vs", "ip_vs_sh", "ip_vs_wrr"], REUSE),
        ([service(lvs_method=TUN, lvs_sched="rr")], ["ip_vs", "ip_vs_rr", "ipip"], REUSE),
        ([service(lvs_method=NAT, lvs_sched="rr")], ["ip_vs", "ip_vs_rr"], FORWARD),
        ([service(lvs_sched="rr")], ["ip_vs", "ip_vs_rr"], FORWARD),
        ([service(V6, lvs_sched="rr", lvs_method=NAT)], ["ip_vs", "ip_vs_rr"], {"net.ipv6.conf.all.forwarding": "1"}),
        ([service(lvs_method=DR, lvs_sched="rr", real_servers=[server(TUN), server(NAT)])],
         ["ip_vs", "ip_vs_rr", "ipip"], FORWARD | REUSE),
        ([service(lvs_method=DR, lvs_sched="rr", persistence_engine="sip")], ["ip_vs", "ip_vs_pe_sip", "ip_vs_rr"], REUSE),
        ([service(lvs_method=DR, lvs_sched="rr", sorry_server=model.AddressPort("192.0.2.9"),
                  sorry_server_lvs_method=NAT)], ["ip_vs", "ip_vs_rr"], FORWARD | REUSE),
    ],
)  # fmt: skip
def test_needs(servers, modules, sysctls):
    assert needs(model.Document(virtual_servers=tuple(servers))) == (modules, sysctls)


def test_a_firewall_mark_has_the_family_it_says():
    mark = model.VirtualServer(fwmark=7, ip_family="inet6", lvs_method=NAT, real_servers=(server(),))
    assert needs(model.Document(virtual_servers=(mark,))).sysctls == {"net.ipv6.conf.all.forwarding": "1"}


def test_a_group_has_the_families_of_its_members():
    group = model.VirtualServerGroup(
        "g", (model.GroupMember(address=V6, port=80), model.GroupMember(fwmark=1, family="inet"))
    )
    served = model.VirtualServer(group="g", lvs_method=NAT, real_servers=(server(),))
    found = needs(model.Document(virtual_servers=(served,), virtual_server_groups=(group,)))
    assert found.sysctls == {"net.ipv6.conf.all.forwarding": "1", "net.ipv4.ip_forward": "1"}


def router(vrid, priority=None, state=None, interface="eth0"):
    return model.VrrpInstance(
        name=f"V{vrid}", interface=interface, virtual_router_id=vrid, priority=priority, state=state
    )


@pytest.mark.parametrize(
    ("routers", "expected"),
    [
        ({"a": [router(51, 101)], "b": [router(51, 100)]}, ["a"]),
        ({"a": [router(51, 99)], "b": [router(51)]}, ["b"]),
        ({"a": [router(51, 100)], "b": [router(51, 100, "MASTER")]}, ["b"]),
        ({"a": [router(1, 150), router(2, 50)], "b": [router(1, 50), router(2, 150)]}, ["a", "b"]),
        ({"a": [router(1, 50, interface="eth1")], "b": [router(1, 150)]}, ["a", "b"]),
        ({"a": [], "b": []}, []),
    ],
)
def test_masters(routers, expected):
    assert masters({host: model.Document(vrrp_instances=tuple(found)) for host, found in routers.items()}) == expected


WITH_MPLS = """
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_routes {
        192.0.2.0/24 via 10.0.0.1 ttl-propagate enabled
    }
    virtual_ipaddress {
        192.0.2.80
    }
}
"""


@pytest.mark.parametrize(("engine", "refused"), [("agent", True), ("keepalived", False)])
def test_what_the_agent_does_not_do_is_refused_for_the_agent_only(engine, refused):
    checked = check(WITH_MPLS, "d1:keepalived.conf", "d1", engine)
    assert bool(checked.errors) is refused, checked
    assert (checked.document is None) is refused


def test_findings_are_rendered_with_their_place_and_without_secrets():
    text = "vrrp_instance V {\n  authentication {\n    auth_type PASS\n    auth_pas geheimnis\n  }\n}\n"
    shown = "\n".join(check(text, "d1:keepalived.conf", "d1", "agent").errors)
    assert "d1:keepalived.conf:4:5: error[unknown-keyword]" in shown
    assert "did you mean 'auth_pass'?" in shown
    assert "geheimnis" not in shown
