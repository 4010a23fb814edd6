# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model as mappings: YAML and JSON, there and back, and the paths of mistakes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.lvs.cluster.plugins.module_utils.conf import mapping, model
from hypothesis import HealthCheck, given, settings

from . import strategies

CLUSTER = """
global_defs: {router_id: lb1, vrrp_version: 3, enable_script_security: true, script_user: nobody}
vrrp_scripts:
  - {name: chk, script: "/usr/bin/pgrep nginx", interval: 2, weight: -20}
vrrp_instances:
  - name: VI_1
    interface: eth0
    virtual_router_id: 51
    priority: 101
    advert_int: 0.5
    nopreempt: false
    virtual_ipaddress: [10.0.0.1/24 dev eth0, {address: 10.0.0.2, prefixlen: 24}]
    track_script: [chk]
    track_interface: [{name: eth1, weight: -5}]
    authentication: {auth_type: PASS, auth_pass: 1111}
virtual_servers:
  - address: 10.0.0.1
    port: 80
    lvs_sched: wrr
    lvs_method: DR
    protocol: tcp
    sorry_server: 10.2.0.1 80
    real_servers:
      - address: 10.1.0.1
        port: 80
        weight: 3
        checks:
          - TCP_CHECK: {connect_timeout: 3}
          - HTTP_GET:
              urls:
                - {path: /health, status_code: [[200, 299], [404, 404]]}
          - MISC_CHECK: {misc_path: "/bin/check 'two words'"}
          - PING_CHECK:
  - {fwmark: 7, real_servers: [{address: 10.1.0.1}]}
virtual_server_groups:
  - {name: G, members: [10.0.0.5 80, {fwmark: 3}]}
"""


def test_a_cluster_in_yaml() -> None:
    document = mapping.from_mapping(yaml.safe_load(CLUSTER))
    assert document.vrrp_instances == (
        model.VrrpInstance(
            "VI_1",
            interface="eth0",
            virtual_router_id=51,
            priority=101,
            advert_int=0.5,
            virtual_ipaddress=(model.VirtualAddress("10.0.0.1", 24, "eth0"), model.VirtualAddress("10.0.0.2", 24)),
            track_script=(model.Track("chk"),),
            track_interface=(model.Track("eth1", -5),),
            authentication=model.Authentication("PASS", "1111"),
        ),
    )
    web = document.virtual_servers[0]
    assert (web.lvs_method, web.protocol) == (model.Forwarding("DR"), "TCP")
    assert web.sorry_server == model.AddressPort("10.2.0.1", 80)
    assert web.real_servers[0].checks == (
        model.TcpCheck(connect_timeout=3.0),
        model.HttpGet(urls=(model.HttpUrl("/health", status_code=((200, 299), (404, 404))),)),
        model.MiscCheck(misc_path=model.Script(("/bin/check", "two words"))),
        model.PingCheck(),
    )
    assert document.virtual_server_groups[0].members == (
        model.GroupMember("10.0.0.5", port=80),
        model.GroupMember(fwmark=3),
    )
    assert mapping.from_mapping(yaml.safe_load(yaml.safe_dump(mapping.to_mapping(document)))) == document


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.documents)
def test_json_reads_back(document: model.Document) -> None:
    assert mapping.from_json(mapping.to_json(document)) == document


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"virtual_server": []}, "virtual_server"),
        ({"virtual_servers": {}}, "virtual_servers"),
        ({"virtual_servers": [3]}, "virtual_servers[0]"),
        ({"virtual_servers": [{"port": 80}]}, "virtual_servers[0].address"),
        ({"virtual_servers": [{"address": "10.0.0.300", "port": 80}]}, "virtual_servers[0].address"),
        (
            {
                "virtual_servers": [
                    {"fwmark": 1},
                    {"fwmark": 2},
                    {"fwmark": 3, "real_servers": [{"address": "10.0.0.1", "weight": -1}]},
                ]
            },
            "virtual_servers[2].real_servers[0].weight",
        ),
        ({"virtual_servers": [{"fwmark": 1, "lvs_sched": "wrrr"}]}, "virtual_servers[0].lvs_sched"),
        ({"virtual_servers": [{"fwmark": 1, "lvs_method": "dr"}]}, "virtual_servers[0].lvs_method"),
        (
            {"virtual_servers": [{"fwmark": 1, "real_servers": [{"address": "::1", "checks": [{"TCP_CHEK": {}}]}]}]},
            "virtual_servers[0].real_servers[0].checks[0].TCP_CHEK",
        ),
        (
            {
                "virtual_servers": [
                    {"fwmark": 1, "real_servers": [{"address": "::1", "checks": [{"TCP_CHECK": {"retry": "x"}}]}]}
                ]
            },
            "virtual_servers[0].real_servers[0].checks[0].TCP_CHECK.retry",
        ),
        ({"vrrp_instances": [{"name": "V"}]}, "vrrp_instances[0].virtual_router_id"),
        ({"vrrp_instances": [{"virtual_router_id": 1}]}, "vrrp_instances[0].name"),
        ({"vrrp_instances": [{"name": "V", "virtual_router_id": 0}]}, "vrrp_instances[0].virtual_router_id"),
        ({"vrrp_instances": [{"name": "V", "virtual_router_id": True}]}, "vrrp_instances[0].virtual_router_id"),
        (
            {"vrrp_instances": [{"name": "V", "virtual_router_id": 1, "virtual_ipaddress": ["10.0.0.1", "10.0.0"]}]},
            "vrrp_instances[0].virtual_ipaddress[1]",
        ),
        (
            {"vrrp_instances": [{"name": "V", "virtual_router_id": 1, "virtual_ipaddress": [{"adress": "10.0.0.1"}]}]},
            "vrrp_instances[0].virtual_ipaddress[0].adress",
        ),
        ({"global_defs": {"router_id": 'a"b'}}, "global_defs.router_id"),
        ({"global_defs": {"vrrp_strict": "perhaps"}}, "global_defs.vrrp_strict"),
        ({"global_defs": {"smtp_server": {"port": "25"}}}, "global_defs.smtp_server.host"),
    ],
)
def test_a_mistake_has_a_path(wrong: Any, path: str) -> None:
    with pytest.raises(mapping.WrongMapping) as raised:
        mapping.from_mapping(wrong)
    assert raised.value.path == path, raised.value
    assert raised.value.message


def test_a_hint_for_a_mistyped_key() -> None:
    with pytest.raises(mapping.WrongMapping, match="did you mean 'virtual_servers'"):
        mapping.from_mapping({"virtual_server": []})


def test_what_is_no_json() -> None:
    with pytest.raises(mapping.WrongMapping, match="no JSON"):
        mapping.from_json("{")
