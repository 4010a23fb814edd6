# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of whole files about a mapping point into the mapping, never into the text that was made of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import mapping, model, read
from hypothesis import HealthCheck, given, settings

from .strategies import documents

ROUTER = {"name": "A", "interface": "eth0", "virtual_router_id": 51, "virtual_ipaddress": ["10.0.0.1"]}
OTHER = {**ROUTER, "name": "B", "virtual_router_id": 52, "virtual_ipaddress": ["10.0.0.2"]}
REAL = {"address": "10.1.0.1", "port": 80, "TCP_CHECK": {}}
SERVICE = {
    "address": "10.0.0.1",
    "port": 80,
    "lvs_sched": "rr",
    "lvs_method": "NAT",
    "protocol": "TCP",
    "real_servers": [REAL],
}


def found(config: Any) -> list[str]:
    made = mapping.described(config, "config")
    assert made.text is not None, made.findings
    return [
        f"{one.path} {one.code}"
        for one in map(made.origins.moved, read(made.text, "c").findings)
        if one.level != "note"
    ]


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"vrrp_instances": [ROUTER, OTHER]}, []),
        ({"vrrp_instances": [ROUTER, {**OTHER, "name": "A"}]}, ["vrrp_instances[1].name duplicate-name"]),
        (
            {"vrrp_instance": [ROUTER, {**OTHER, "virtual_router_id": 51}]},
            ["vrrp_instance[1].virtual_router_id duplicate-vrid"],
        ),
        (
            {"vrrp_instances": [{**ROUTER, "track_script": ["a", {"name": "b", "weight": 2}]}]},
            ["vrrp_instances[0].track_script[0] unknown-name", "vrrp_instances[0].track_script[1] unknown-name"],
        ),
        (
            {"vrrp_instances": [ROUTER], "vrrp_sync_groups": [{"name": "G", "group": ["A", "C"]}]},
            ["vrrp_sync_groups[0].group[1] unknown-name"],
        ),
        (
            {"vrrp_instances": [{**ROUTER, "virtual_ipaddress": ["10.0.0.1", {"address": "10.0.0.1"}]}]},
            ["vrrp_instances[0].virtual_ipaddress[1] duplicate-address"],
        ),
        (
            {"vrrp_instances": [{**ROUTER, "authentication": {"auth_type": "PASS", "auth_pass": "ninechars"}}]},
            ["vrrp_instances[0].authentication.auth_pass password-cut"],
        ),
        ({"virtual_servers": [SERVICE]}, []),
        ({"virtual_servers": [SERVICE, SERVICE]}, ["virtual_servers[1].address duplicate-service"]),
        ({"virtual_servers": [{**SERVICE, "protocol": None}]}, ["virtual_servers[0] missing-protocol"]),
        ({"virtual_servers": [{**SERVICE, "quorum": 5}]}, ["virtual_servers[0].quorum quorum-out-of-reach"]),
        (
            {"virtual_servers": [{**SERVICE, "lvs_method": None, "lb_kind": "DR", "real_servers": [{**REAL, "port": 8}]}]},
            ["virtual_servers[0].real_servers[0].port port-mismatch"],
        ),
        (
            {"virtual_servers": [{**SERVICE, "real_server": [REAL, REAL], "real_servers": None}]},
            ["virtual_servers[0].real_server[1].address duplicate-server"],
        ),
        (
            {"virtual_servers": [{**SERVICE, "real_servers": [{**REAL, "weight": 0}]}]},
            ["virtual_servers[0].address all-weights-zero"],
        ),
        (
            {
                "virtual_servers": [
                    {**SERVICE, "real_servers": [REAL, {**REAL, "address": "10.1.0.2", "weight": 3, "uthreshold": 3, "lthreshold": 9}]}
                ]
            },
            ["virtual_servers[0].real_servers[1].lthreshold threshold-range"],
        ),
        (
            {"virtual_servers": [{**SERVICE, "real_servers": [{**REAL, "TCP_CHECK": [{}, {"bindto": "fe80::1"}]}]}]},
            ["virtual_servers[0].real_servers[0].TCP_CHECK[1].bindto family-mismatch"],
        ),
        (
            {
                "virtual_servers": [
                    {**SERVICE, "real_servers": [{"address": "10.1.0.1", "checks": [{"HTTP_GET": {"urls": [{"path": "x"}]}}]}]}
                ]
            },
            ["virtual_servers[0].real_servers[0].checks[0].HTTP_GET.urls[0].path relative-path"],
        ),
        (
            {"virtual_servers": [{"fwmark": 3, "lvs_sched": "rr", "lvs_method": "DR", "real_servers": [REAL]}]},
            ["virtual_servers[0].real_servers[0].port port-ignored"],
        ),
        (
            {"virtual_servers": [{"group": "G", **{word: SERVICE[word] for word in list(SERVICE)[2:]}}]},
            ["virtual_servers[0].group unknown-name"],
        ),
    ],
)  # fmt: skip
def test_a_finding_has_the_path_of_what_was_written(config: Any, wanted: list[str]) -> None:
    assert found(config) == [f"config.{one}" for one in wanted]


def test_other_lines_are_told_as_paths_too() -> None:
    made = mapping.described({"vrrp_instances": [ROUTER, {**OTHER, "name": "A"}]}, "config")
    (one,) = read(made.text or "", "c").findings
    assert "line" in one.help
    assert made.origins.moved(one).help == "the first is config.vrrp_instances[0]"


def test_a_mapping_with_errors_has_no_text() -> None:
    assert mapping.described({"vrrp_instances": [{"name": "A"}]}).text is None


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents)
def test_every_line_of_every_document_leads_to_its_place(document: model.Document) -> None:
    tree = mapping.to_mapping(document)
    made = mapping.described(tree)
    for number, line in enumerate((made.text or "").split("\n"), 1):
        if line.strip() in ("", "}", "@lvs_agent }"):
            assert number not in made.origins.lines
            continue
        here: Any = tree
        for step in re.findall(r"[^.\[\]]+", made.origins.lines[number].path):
            here = here[int(step) if step.isdigit() else step]
