# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model as mappings: YAML and JSON, there and back, and the paths of mistakes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import mapping, model, read, write
from ansible_collections.lvs.cluster.plugins.module_utils.conf.spec import spec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import strategies

CLUSTER: dict[str, Any] = {
    "global_defs": {"router_id": "lb1", "vrrp_version": 3, "enable_script_security": True, "script_user": "nobody"},
    "vrrp_scripts": [{"name": "chk", "script": "/usr/bin/pgrep nginx", "interval": 2, "weight": -20}],
    "vrrp_instances": [
        {
            "name": "VI_1",
            "interface": "eth0",
            "virtual_router_id": 51,
            "priority": 101,
            "advert_int": 0.5,
            "nopreempt": False,
            "virtual_ipaddress": ["10.0.0.1/24 dev eth0", {"address": "10.0.0.2", "prefixlen": 24}],
            "track_script": ["chk"],
            "track_interface": [{"name": "eth1", "weight": -5}],
            "authentication": {"auth_type": "PASS", "auth_pass": 1111},
        }
    ],
    "virtual_servers": [
        {
            "address": "10.0.0.1",
            "port": 80,
            "lvs_sched": "wrr",
            "lvs_method": "DR",
            "protocol": "tcp",
            "sorry_server": "10.2.0.1 80",
            "real_servers": [
                {
                    "address": "10.1.0.1",
                    "port": 80,
                    "weight": 3,
                    "checks": [
                        {"TCP_CHECK": {"connect_timeout": 3}},
                        {"HTTP_GET": {"urls": [{"path": "/health", "status_code": [[200, 299], [404, 404]]}]}},
                        {"MISC_CHECK": {"misc_path": "/bin/check 'two words'"}},
                        {"PING_CHECK": None},
                    ],
                }
            ],
        },
        {"fwmark": 7, "real_servers": [{"address": "10.1.0.1"}]},
    ],
    "virtual_server_groups": [{"name": "G", "members": ["10.0.0.5 80", {"fwmark": 3}]}],
}


def test_a_cluster_in_yaml() -> None:
    document, findings = mapping.from_mapping(CLUSTER)
    assert findings == ()
    assert document is not None
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
    assert mapping.from_mapping(json.loads(json.dumps(mapping.to_mapping(document)))) == (document, ())


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.documents)
def test_json_reads_back(document: model.Document) -> None:
    again, findings = mapping.from_json(mapping.to_json(document))
    assert [finding.render() for finding in findings if finding.level == "error"] == []
    assert again == document


SERVERS = "virtual_servers"


def server(**keys: Any) -> dict[str, Any]:
    return {SERVERS: [{"fwmark": 1, **keys}]}


def real(**keys: Any) -> dict[str, Any]:
    return server(real_servers=[{"address": "10.0.0.1", **keys}])


def router(**keys: Any) -> dict[str, Any]:
    return {"vrrp_instances": [{"name": "V", "virtual_router_id": 1, **keys}]}


REAL = "virtual_servers[0].real_servers[0]"
ROUTER = "vrrp_instances[0]"


@pytest.mark.parametrize(
    ("wrong", "path", "code"),
    [
        ([], "", "bad-value"),
        ({"virtual_serversx": []}, "virtual_serversx", "unknown-keyword"),
        ({SERVERS: {}}, SERVERS, "bad-value"),
        ({SERVERS: [3]}, "virtual_servers[0]", "bad-value"),
        ({SERVERS: [{"port": 80}]}, "virtual_servers[0].address", "missing-keyword"),
        ({SERVERS: [{"address": "10.0.0.300", "port": 80}]}, "virtual_servers[0].address", "bad-address"),
        ({SERVERS: [{"address": "10.0.0.30", "port": 70000}]}, "virtual_servers[0].port", "out-of-range"),
        ({SERVERS: [{"address": "10.0.0.30", "port": []}]}, "virtual_servers[0].port", "bad-value"),
        ({SERVERS: [{"address": {}, "port": 1}]}, "virtual_servers[0].address", "bad-value"),
        ({SERVERS: [{"address": "10.0.0.30", "fwmark": 7}]}, "virtual_servers[0].address", "duplicate-keyword"),
        ({SERVERS: [{"fwmark": "x"}]}, "virtual_servers[0].fwmark", "not-a-number"),
        (real(weight=-1), f"{REAL}.weight", "out-of-range"),
        (real(weight="many"), f"{REAL}.weight", "not-a-number"),
        (real(weight=[1]), f"{REAL}.weight", "bad-value"),
        (real(TCP_CHEK={}), f"{REAL}.TCP_CHEK", "unknown-keyword"),
        (real(checks=[{"TCP_CHEK": {}}]), f"{REAL}.checks[0].TCP_CHEK", "unknown-option"),
        (real(checks=[{"TCP_CHECK": {"retry": "x"}}]), f"{REAL}.checks[0].TCP_CHECK.retry", "not-a-number"),
        (real(TCP_CHECK={"retry": "x"}), f"{REAL}.TCP_CHECK.retry", "not-a-number"),
        (real(TCP_CHECK={"misc_path": "x"}), f"{REAL}.TCP_CHECK.misc_path", "misplaced-keyword"),
        (real(MISC_CHECK={"misc_path": "x 'y"}), f"{REAL}.MISC_CHECK.misc_path", "open-quote"),
        (real(MISC_CHECK=None), f"{REAL}.MISC_CHECK.misc_path", "missing-keyword"),
        (real(HTTP_GET={"urls": [{"path": "/", "status_code": ["2xx"]}]}),
         f"{REAL}.HTTP_GET.urls[0].status_code", "bad-value"),
        (server(lvs_sched="wrrr"), "virtual_servers[0].lvs_sched", "unknown-value"),
        (server(lvs_method="dr"), "virtual_servers[0].lvs_method", "unknown-forwarding"),
        (server(lvs_method={"method": "TUN", "tunnel_type": "gue"}),
         "virtual_servers[0].lvs_method.tunnel_type", "tunnel-port"),
        (server(lvs_sched="rr", lb_algo="rr"), "virtual_servers[0].lb_algo", "duplicate-keyword"),
        (server(ops="sometimes"), "virtual_servers[0].ops", "extra-words"),
        ({"vrrp_instances": [{"name": "V"}]}, f"{ROUTER}.virtual_router_id", "missing-keyword"),
        ({"vrrp_instances": [{"virtual_router_id": 1}]}, f"{ROUTER}.name", "missing-keyword"),
        (router(virtual_router_id=0), f"{ROUTER}.virtual_router_id", "out-of-range"),
        (router(virtual_router_id=True), f"{ROUTER}.virtual_router_id", "bad-value"),
        (router(advert_int="nan"), f"{ROUTER}.advert_int", "not-a-number"),
        (router(virtual_ipaddress=["10.0.0.1", "10.0.0"]), f"{ROUTER}.virtual_ipaddress[1]", "bad-address"),
        (router(virtual_ipaddress=["10.0.0.1 dve eth0"]), f"{ROUTER}.virtual_ipaddress[0]", "unknown-option"),
        (router(virtual_ipaddress=[""]), f"{ROUTER}.virtual_ipaddress[0]", "empty-value"),
        (router(virtual_ipaddress=[{"adress": "10.0.0.1"}]),
         f"{ROUTER}.virtual_ipaddress[0].adress", "unknown-option"),
        (router(virtual_ipaddress=[{"dev": "eth0"}]), f"{ROUTER}.virtual_ipaddress[0].address", "missing-value"),
        (router(virtual_ipaddress=[{"address": "10.0.0.1", "prefixlen": 33, "dev": "eth0"}]),
         f"{ROUTER}.virtual_ipaddress[0].prefixlen", "bad-prefix"),
        (router(virtual_routes=[{"to": "default", "via": "10.0.0"}]),
         f"{ROUTER}.virtual_routes[0].via", "bad-address"),
        (router(virtual_routes=[{"to": "default", "nexthops": [{"via": "10.0.0.1", "wait": 1}]}]),
         f"{ROUTER}.virtual_routes[0].nexthops.wait", "unknown-option"),
        (router(virtual_rules=[{"from": "10.0.0.1", "table": 7, "nop": True, "preference": 1}]),
         f"{ROUTER}.virtual_rules[0].table", "two-actions"),
        (router(track_interface=[{"name": "eth0", "weight": "heavy"}]),
         f"{ROUTER}.track_interface[0].weight", "not-a-number"),
        (router(auth_hmac={"keys": ["1 short"]}), f"{ROUTER}.auth_hmac.keys[0]", "key-length"),
        (router(notify="/bin/x --yes"), f"{ROUTER}.notify", "unquoted-arguments"),
        (router(nat_mask="x"), f"{ROUTER}.nat_mask", "gone-keyword"),
        (router(vmac_garp_intvl=5), f"{ROUTER}.vmac_garp_intvl", "legacy-keyword"),
        (router(state="SLAVE"), f"{ROUTER}.state", "legacy-value"),
        (server(lb_kind="DR"), "virtual_servers[0].lb_kind", "legacy-keyword"),
        ({"global_defs": {"router_id": 'a"b'}}, "global_defs.router_id", "bad-value"),
        ({"global_defs": {"router_id": "a\n}"}}, "global_defs.router_id", "bad-value"),
        ({"global_defs": {"vrrp_strict": "perhaps"}}, "global_defs.vrrp_strict", "not-a-truth-value"),
        ({"global_defs": {"smtp_server": {"port": "25"}}}, "global_defs.smtp_server.host", "missing-value"),
    ],
)  # fmt: skip
def test_a_mistake_has_a_path_and_the_code_of_the_text(wrong: Any, path: str, code: str) -> None:
    document, findings = mapping.from_mapping(wrong)
    assert [(one.path, one.code) for one in findings] == [(path, code)], findings
    assert (document is None) == (findings[0].level == "error")
    assert findings[0].message


def test_all_mistakes_at_once() -> None:
    wrong = {**router(priority=300, virtual_router_id="x"), **real(weight=-1, TCP_CHECK={"retry": -1})}
    assert [one.path for one in mapping.from_mapping(wrong)[1]] == [
        f"{ROUTER}.virtual_router_id", f"{ROUTER}.priority", f"{REAL}.weight", f"{REAL}.TCP_CHECK.retry",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (real(weight="3"), real(weight=3)),
        (real(TCP_CHECK=None, PING_CHECK={}), real(checks=["TCP_CHECK", {"PING_CHECK": None}])),
        (real(HTTP_GET={"url": [{"path": "/", "status_code": "200-299 404"}]}),
         real(HTTP_GET={"urls": [{"path": "/", "status_code": [[200, 299], 404]}]})),
        (real(MISC_CHECK={"misc_path": "/bin/x 'a b'"}), real(MISC_CHECK={"misc_path": ["/bin/x", "a b"]})),
        (server(**{"sh-port": True, "ops": "True"}), server(sh_port=True, ops=True)),
        (server(persistence_timeout=True), server(persistence_timeout=360)),
        (server(protocol="tcp", ops=False, quorum=None), server(protocol="TCP")),
        ({"virtual_server": [{"fwmark": 1}]}, server()),
        (router(preempt_delay=2, track_script=["a weight -3"]),
         router(preempt_delay="2", track_script=[{"name": "a", "weight": -3}])),
        (router(notify_deleted=True), router(notify_deleted={"argv": []})),
        (router(timer_expired_backup=True), router(timer_expired_backup=0)),
        (router(use_vmac=True), router(use_vmac={})),
        (router(virtual_rules=["from 10.0.0.1 lookup 7 order 1"]),
         router(virtual_rules=[{"from": "10.0.0.1", "table": 7, "preference": 1}])),
        ({"bfd_instances": [{"name": "b", "neighbor_ip": "10.0.0.1", "min_rx": 10}]},
         {"bfd_instances": [{"name": "b", "neighbor_ip": "10.0.0.1", "min_rx": "10.0"}]}),
        ({"SSL": {"key": "/k"}}, {"ssl": {"key": "/k"}}),
    ],
)  # fmt: skip
def test_two_ways_to_say_it(left: Any, right: Any) -> None:
    one, findings = mapping.from_mapping(left)
    assert [found for found in findings if found.level != "note"] == []
    assert one == mapping.from_mapping(right)[0]


def test_milliseconds_are_milliseconds_as_in_the_file() -> None:
    document, _none = mapping.from_mapping({"bfd_instances": [{"name": "b", "neighbor_ip": "10.0.0.1", "min_rx": 10}]})
    assert document is not None
    assert document.bfd_instances[0].min_rx == 0.01
    assert mapping.to_mapping(document)["bfd_instances"][0]["min_rx"] == 10


def test_a_hint_for_a_mistyped_key() -> None:
    (found,) = mapping.from_mapping({"virtul_servers": []})[1]
    assert found.render() == (
        "virtul_servers: error[unknown-keyword]: there is no 'virtul_servers' here\n"
        "  help: did you mean 'virtual_servers'?"
    )


def test_a_path_begins_where_it_is_said() -> None:
    assert mapping.from_mapping({"x": 1}, "director_config")[1][0].path == "director_config.x"


def test_secrets_are_masked() -> None:
    key = {"id": 1, "value": "k" * 40}
    document, _none = mapping.from_mapping(
        {
            **router(authentication={"auth_type": "PASS", "auth_pass": "geheim"}, auth_hmac={"keys": [key]}),
            "ssl": {"password": "geheim", "ca": "/ca"},
        }
    )
    assert document is not None
    shown = mapping.to_mapping(document, mask=True)
    assert shown["vrrp_instances"][0]["authentication"] == {"auth_type": "PASS", "auth_pass": mapping.MASK}
    assert shown["vrrp_instances"][0]["auth_hmac"] == {"keys": [{"id": 1, "value": mapping.MASK}]}
    assert shown["ssl"] == {"password": mapping.MASK, "ca": "/ca"}
    assert "geheim" in mapping.to_json(document)
    assert "geheim" not in mapping.to_json(document, mask=True)


@pytest.mark.parametrize("secret", ['ge"heim', "geheim\n", "ge\nheim"])
def test_a_finding_shows_no_secret(secret: str) -> None:
    wrong = router(authentication={"auth_type": "PASS", "auth_pass": secret})
    (found,) = mapping.from_mapping(wrong)[1]
    assert (found.path, found.code) == (f"{ROUTER}.authentication.auth_pass", "bad-value")
    assert "heim" not in found.render()


def test_what_is_no_json() -> None:
    document, (found,) = mapping.from_json("{")
    assert document is None
    assert "no JSON" in found.message


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "address", "to", *spec(model.Document).words, *spec(model.VrrpInstance).words]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_given_there_are_findings_and_what_comes_out_is_written(item: Any) -> None:
    document, findings = mapping.from_mapping(item)
    assert document is not None or any(found.level == "error" for found in findings)
    if document is not None:
        write(document)


@pytest.mark.parametrize("expression", [r"a +b\d", "^ok$", r"\Qa \"b\E", " a", "200", "# {"])
def test_an_expression_is_itself(expression: str) -> None:
    described = {"virtual_servers": [{"address": "192.0.2.80", "port": 80, "real_servers": [
        {"address": "192.0.2.11", "port": 80, "HTTP_GET": {"urls": [{"path": "/", "regex": expression}]}}]}]}  # fmt: skip
    document, findings = mapping.from_mapping(described)
    assert findings == ()
    again = read(write(document), "written.conf").document
    for one in (document, again):
        assert one.virtual_servers[0].real_servers[0].checks[0].urls[0].regex == expression
