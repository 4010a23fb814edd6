# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of several directors: every code with its examples, the place it points at, and what is no mistake."""

from __future__ import annotations

import re

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import cluster, explain, explain_cluster, read

FACTS = {"d1": {"eth0": ["10.0.0.11/24", "fe80::11/64"]}, "d2": {"eth0": ["10.0.0.12/24"]}}
CODES = re.findall(r"^@ (\S+)$", explain_cluster.CATALOGUE, re.MULTILINE)


def directors(text: str) -> list[cluster.Director]:
    """The files that `# director NAME` lines divide a text into."""
    pieces = re.split(r"^# director (\S+)\n", text, flags=re.MULTILINE)[1:]
    return [
        cluster.Director(name, read(body, f"{name}.conf").document, f"{name}.conf", body)
        for name, body in zip(pieces[::2], pieces[1::2])
    ]


# the line of the example that the finding stands at, without its indentation, and a part of the message
PLACES = {
    "router-alone": ("d1", "vrrp_instance VI_2 {", "no other director has vrrp_instance VI_2"),
    "vrid-differs": ("d2", "virtual_router_id 52", "has VRID 52 here and 51 on d1"),
    "shared-vrid": ("d2", "virtual_router_id 51", "VRID 51 on eth0 is VI_1 on d1"),
    "version-differs": ("d2", "vrrp_instance VI_1 {", "VRRPv2 here and v3 on d1"),
    "interval-differs": ("d2", "advert_int 2", "is 2 here and 1 on d1"),
    "auth-differs": ("d2", "authentication {", "is not that of d1"),
    "addresses-differ": ("d2", "virtual_ipaddress {", "lacks 10.0.0.1"),
    "priority-equal": ("d2", "priority 150", "on d1 too"),
    "priority-close": ("d3", "priority 100", "only 3.9 ms longer"),
    "two-masters": ("d2", "state MASTER", "on d1 too"),
    "master-not-highest": ("d2", "state MASTER", "d1 has priority 150"),
    "nopreempt-differs": ("d2", "vrrp_instance VI_1 {", "nopreempt is on d1, not here"),
    "track-too-weak": ("d1", "chk", "chk changes the priority by 20, but d2 is 50 below"),
    "unicast-mixed": ("d2", "vrrp_instance VI_1 {", "d1 unicast"),
    "peer-missing": ("d1", "unicast_peer {", "lacks 10.0.0.12 of d2"),
    "peer-unknown": ("d1", "10.0.0.99", "sends from 10.0.0.99"),
    "address-off-subnet": ("d1", "10.9.0.1/24", "in no subnet of eth0 on d1"),
    "sync-group-differs": ("d2", "vrrp_instance VI_1 {", "group G of d1 is missing"),
    "service-missing": ("d1", "virtual_server 10.0.0.1 80 {", "d2 has no virtual_server"),
    "service-differs": ("d2", "virtual_server 10.0.0.1 80 {", "lacks real_server 10.1.0.2 80"),
    "sync-daemon-missing": ("d2", "vrrp_instance VI_1 {", "knows no connections"),
    "sync-daemon-differs": ("d2", "lvs_sync_daemon eth0 VI_1 id 8", "is 8 here and 7 on d1"),
    "nat-without-gateway": ("d1", "virtual_server 10.0.0.1 80 {", "10.1.0.1 still answers through the old director"),
}


def test_every_code_has_a_row() -> None:
    assert sorted(CODES) == sorted(PLACES)


@pytest.mark.parametrize("code", CODES)
def test_the_bad_example_is_found_where_it_is_mended_and_the_good_one_is_clean(code: str) -> None:
    shown = explain.explain(code)
    assert shown is not None
    found = [one for one in cluster.check(directors(shown.bad), FACTS) if one.code == code]
    name, line, message = PLACES[code]
    assert (found[0].file, found[0].source_line.strip()) == (f"{name}.conf", line)
    assert message in found[0].message
    assert found[0].help
    others = {"router-alone"} if code == "shared-vrid" else set()
    assert {one.code for one in cluster.check(directors(shown.good), FACTS)} == others


def test_no_secret_is_shown() -> None:
    shown = explain.explain("auth-differs")
    assert shown is not None
    (found,) = cluster.check(directors(shown.bad))
    assert "one" not in f"{found.message} {found.help} {found.source_line}".replace("mentioned", "").split()


def test_without_a_text_the_path_is_said() -> None:
    shown = explain.explain("priority-equal")
    assert shown is not None
    plain = [cluster.Director(one.name, one.document) for one in directors(shown.bad)]
    (found,) = cluster.check(plain)
    assert (found.file, found.line) == ("d2: vrrp_instances[0].priority", 0)


def test_one_director_has_nobody_to_disagree_with() -> None:
    shown = explain.explain("nat-without-gateway")
    assert shown is not None
    alone = cluster.check(directors(shown.bad)[:1])
    assert [one.render() for one in alone] == []


def test_two_keys_during_a_rotation_are_no_mistake() -> None:
    body = """vrrp_instance V {
        interface eth0
        virtual_router_id 1
        priority %d
        auth_hmac {
            %s
        }
        virtual_ipaddress {
            10.0.0.1/24
        }
    }
    """
    old, new = "key 1 " + "a" * 32, "key 2 " + "b" * 32
    files = {"d1": body % (150, f"{old}\n{new}\nactive_key 1"), "d2": body % (100, f"{old}\n{new}\nactive_key 2")}
    texts = "".join(f"# director {name}\n{text}" for name, text in files.items())
    assert [one.render() for one in cluster.check(directors(texts))] == []
