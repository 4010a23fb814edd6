# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows for each director from one description and the inventory, and where its mistakes are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.lvs.cluster.plugins.module_utils.conf import explain
from ansible_collections.lvs.cluster.plugins.plugin_utils import description as source
from ansible_collections.lvs.cluster.plugins.plugin_utils.described_config import of_host
from ansible_collections.lvs.cluster.plugins.plugin_utils.description import derive

from .inventories import CLUSTER, GROUPS, ROUTER, SERVICE, inventory


def derived(description, host="d1", known=None):
    found = derive(description, host, known or inventory(), "lvs_cluster")
    assert not found.findings
    return found.config


def routers(host, known=None, **words):
    (router,) = derived({"vrrp_instances": [{**ROUTER, **words}]}, host, known)["vrrp_instances"]
    return router


def servers(said, known=None, **words):
    service = {**SERVICE, "real_servers": said, **words}
    return derived({"virtual_servers": [service]}, known=known)["virtual_servers"][0]["real_servers"]


@pytest.mark.parametrize(
    ("host", "words", "state", "priority"),
    [
        ("d1", {}, "MASTER", 200),
        ("d2", {}, "BACKUP", 190),
        ("d1", {"nopreempt": True}, "BACKUP", 200),
        ("d1", {"directors": ["d2", "d1"]}, "BACKUP", 190),
        ("d2", {"directors": ["d2", "d1"]}, "MASTER", 200),
        ("d2", {"state": "MASTER", "priority": 7}, "MASTER", 7),
    ],
)
def test_a_director_s_part_in_a_virtual_router(host, words, state, priority):
    router = routers(host, **words)
    assert (router["state"], router["priority"]) == (state, priority)
    assert "directors" not in router


def test_a_virtual_router_of_some_directors_only():
    assert derived({"vrrp_instances": [{**ROUTER, "directors": ["d2"]}]})["vrrp_instances"] == []


def test_directors_of_another_cluster_do_not_count():
    known = inventory(d1={"lvs_cluster_name": "other"})
    assert routers("d2", known)["priority"] == 200


@pytest.mark.parametrize(
    ("vip", "addresses", "peers", "source"),
    [
        ("192.0.2.80/24", {}, ["192.0.2.2"], "192.0.2.1"),
        ("2001:db8::80/64", {"d1": {"lvs_address": ["192.0.2.1", "2001:db8::1"]},
                             "d2": {"lvs_address": ["192.0.2.2", "2001:db8::2"]}}, ["2001:db8::2"], "2001:db8::1"),
    ],
)  # fmt: skip
def test_unicast_peers_are_the_other_directors(vip, addresses, peers, source):
    router = routers("d1", inventory(**addresses), unicast_peer="directors", virtual_ipaddress=[vip])
    assert (router["unicast_peer"], router["unicast_src_ip"]) == (peers, source)


def test_router_id():
    assert derived({})["global_defs"] == {"router_id": "d1"}
    assert derived({"global_defs": {"router_id": "x", "vrrp_version": 3}})["global_defs"] == {
        "router_id": "x",
        "vrrp_version": 3,
    }


CHECK = {"TCP_CHECK": {"connect_timeout": 3}}
R1, R2 = ({"address": f"192.0.2.{number}", "port": 80, **CHECK} for number in (11, 12))


@pytest.mark.parametrize(
    ("said", "known", "expected"),
    [
        ("real_servers", {}, [R1, R2]),
        ("r2", {}, [R2]),
        (["r2", "r1"], {}, [R2, R1]),
        ({"group": "real_servers", "weight": 3}, {}, [{**R1, "weight": 3}, {**R2, "weight": 3}]),
        ([{"group": "real_servers", "weight": 3}], {"r2": {"lvs_real_server": {"weight": 5}}},
         [{**R1, "weight": 3}, {**R2, "weight": 5}]),
        ([{"host": "r1", "weight": 3}], {"r1": {"lvs_real_server": {"weight": 5}}}, [{**R1, "weight": 3}]),
        ([{"host": "r1", "port": 8080, "PING_CHECK": None}], {},
         [{"address": "192.0.2.11", "port": 8080, "PING_CHECK": None}]),
        ([{"address": "10.0.0.1", "port": 80}], {}, [{"address": "10.0.0.1", "port": 80, **CHECK}]),
    ],
)  # fmt: skip
def test_real_servers_by_name(said, known, expected):
    known = {host: {"lvs_address": inventory().addresses(host), **more} for host, more in known.items()}
    assert servers(said, inventory(**known)) == expected


def test_a_real_server_has_the_family_of_its_service():
    assert [one["address"] for one in servers("real_servers", address="2001:db8::80")] == [
        "2001:db8::11",
        "2001:db8::12",
    ]


@pytest.mark.parametrize(
    ("path", "code", "change"),
    [
        ("virtual_servers[0].real_servers", "unknown-host", {"real_servers": "web"}),
        ("virtual_servers[0].real_servers[1]", "no-address", {"real_servers": ["r1", "r3"]}),
        ("virtual_servers[0].real_servers[1].weight", "not-a-number",
         {"real_servers": ["real_servers", {"host": "r1", "weight": "many"}]}),
        ("virtual_servers[0].lvs_sched", "unknown-value", {"lvs_sched": "wrrr"}),
        ("virtual_servers[0].TCP_CHEK", "unknown-keyword", {"TCP_CHEK": {}}),
    ],
)  # fmt: skip
def test_mistakes_are_told_where_they_were_written(path, code, change):
    known = inventory(groups={**GROUPS, "all": [*GROUPS["all"], "r3"]}, r3={})
    (error,) = of_host({"virtual_servers": [{**SERVICE, **change}]}, "d1", known, "lvs_cluster").errors
    assert error.startswith(f"lvs_cluster.{path}: error[{code}]")


def test_a_path_behind_a_router_that_is_left_out():
    routers = [{**ROUTER, "directors": ["d2"]}, {**ROUTER, "name": "W", "priority": 300}]
    (error,) = of_host({"vrrp_instances": routers}, "d1", inventory(), "lvs_cluster").errors
    assert error.startswith("lvs_cluster.vrrp_instances[1].priority: error[out-of-range]")


def test_an_unknown_director():
    routers = [{**ROUTER, "directors": ["d1", "d3"]}]
    (error,) = of_host({"vrrp_instances": routers}, "d1", inventory(), "lvs_cluster").errors
    assert error.startswith("lvs_cluster.vrrp_instances[0].directors: error[unknown-director]: d3 is no director")


def test_the_peers_of_an_unknown_director():
    routers = [{**ROUTER, "directors": ["d1", "d3"], "unicast_peer": "directors"}]
    (error,) = of_host({"vrrp_instances": routers}, "d1", inventory(), "lvs_cluster").errors
    assert error.startswith("lvs_cluster.vrrp_instances[0].directors: error[unknown-director]: d3 is no director")


@pytest.mark.parametrize(
    ("own", "error"),
    [
        ("heavy", "r2: lvs_real_server: error[bad-value]: a string does not belong here"),
        ([2], "r2: lvs_real_server: error[bad-value]: a list does not belong here"),
        ({"weigth": 2}, "r2: lvs_real_server.weigth: error[unknown-keyword]: "),
        ({"TCP_CHECK": {"retry": "no"}}, "r2: lvs_real_server.TCP_CHECK.retry: error[not-a-number]: "),
    ],
)
@pytest.mark.parametrize("said", ["real_servers", [{"host": "r1"}, {"host": "r2", "weight": 2}]])
def test_what_a_host_says_wrongly_of_itself_is_told_there(said, own, error):
    service = {**SERVICE, "real_servers": said}
    known = inventory(r2={"lvs_real_server": own})
    (found,) = of_host({"virtual_servers": [service]}, "d1", known, "lvs_cluster").errors
    assert found.startswith(error)


def test_an_address_that_the_description_says_is_its_own():
    service = {**SERVICE, "real_servers": [{"host": "r1", "address": "bad"}]}
    (error,) = of_host({"virtual_servers": [service]}, "d1", inventory(), "lvs_cluster").errors
    assert error.startswith("lvs_cluster.virtual_servers[0].real_servers[0].address: error[bad-address]")


@pytest.mark.parametrize("own", [{"lvs_real_server": "heavy"}, {"lvs_real_server": {"weight": -1}}, {"lvs_address": 5}])
def test_a_host_is_told_of_once_however_many_services_it_is_in(own):
    services = [{**SERVICE, "port": port} for port in (80, 81)]
    known = inventory(r2=own)
    assert len(of_host({"virtual_servers": services}, "d1", known, "lvs_cluster").errors) == 1


@pytest.mark.parametrize("said", ["", [], ["", ""], "/24"])
def test_a_host_without_an_address_does_not_silently_leave(said):
    (error,) = of_host({"virtual_servers": [SERVICE]}, "d1", inventory(r2={"lvs_address": said}), "lvs_cluster").errors
    assert error.startswith("lvs_cluster.virtual_servers[0].real_servers: error[no-address]: the address of r2")


@pytest.mark.parametrize("said", [5, "192.0.2.300", {"a": 1}, [None]])
def test_an_address_that_is_none(said):
    errors = of_host({"virtual_servers": [SERVICE]}, "d1", inventory(r2={"lvs_address": said}), "lvs_cluster").errors
    assert [one.partition(": error")[0] for one in errors] == ["r2: lvs_address"]


def test_the_whole_file():
    assert (
        of_host(CLUSTER, "d2", inventory(), "lvs_cluster").text
        == """\
global_defs {
    router_id d2
}

vrrp_instance V {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 190
    virtual_ipaddress {
        192.0.2.80/24
    }
}

virtual_server 192.0.2.80 80 {
    lvs_method DR
    protocol TCP
    real_server 192.0.2.11 80 {
        TCP_CHECK {
            connect_timeout 3
        }
    }
    real_server 192.0.2.12 80 {
        TCP_CHECK {
            connect_timeout 3
        }
    }
}
"""
    )


def test_a_text_stays_as_it_is():
    assert of_host("anything", "d1", inventory(), "x").text == "anything"


CODES = sorted(set(re.findall(r'_wrong\("([a-z-]+)"', Path(source.__file__).read_text())))


@pytest.mark.parametrize("code", CODES)
def test_the_explained_examples(code):
    explanation = explain.explain(code)
    known = inventory(groups={**GROUPS, "all": [*GROUPS["all"], "r3"]}, r3={})
    for example, wanted in ((explanation.bad, [code]), (explanation.good, [])):
        found = derive(yaml.safe_load(example), "d1", known, "lvs_cluster").findings
        assert [one.code for one in found] == wanted
