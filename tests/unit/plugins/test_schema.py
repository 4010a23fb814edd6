# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schemas of blocks inside a larger description."""

from __future__ import annotations

import pytest
import voluptuous
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model
from ansible_collections.lvs.cluster.plugins.plugin_utils import schema

SERVICE = {"address": "192.0.2.80", "port": 80, "lvs_sched": "rr", "real_servers": [{"address": "192.0.2.11"}]}


def wrong(description, item, path=""):
    with pytest.raises(voluptuous.Invalid) as raised:
        voluptuous.Schema(description)(item)
    return schema.messages(raised.value, path)


def test_a_block_is_given_back_as_it_was():
    assert voluptuous.Schema({"services": [schema.block(model.VirtualServer)]})({"services": [SERVICE]}) == {
        "services": [SERVICE]
    }


@pytest.mark.parametrize(
    ("item", "errors"),
    [
        ([{**SERVICE, "lvs_sched": "rrr"}],
         [("services[0].lvs_sched: 'rrr' is not known here (did you mean 'rr'? (one of rr, wrr, lc, wlc, lblc, lblcr, "
          "sh, mh, dh, fo, ovf, sed, nq, twos))")]),
        ([SERVICE, {**SERVICE, "real_servers": [{"address": "192.0.2.11", "weight": -1}, {"address": "x"}]}],
         ["services[1].real_servers[0].weight: -1 is out of range (a number from 0 to 2147483647)",
          "services[1].real_servers[1].address: 'x' is not an IP address (no names are looked up: write the address)"]),
        ([{"port": 80}], ["services[0].address: it is missing (one of address, fwmark, group)"]),
        ([7], ["services[0]: a number does not belong here (a mapping of keywords)"]),
    ],
)  # fmt: skip
def test_errors_have_paths_through_both(item, errors):
    assert wrong({"services": [schema.block(model.VirtualServer)]}, {"services": item}) == errors


def test_keys_for_a_larger_description():
    description = {**schema.keys(model.VrrpInstance, without=("priority",)), voluptuous.Required("vip"): str}
    good = {"virtual_router_id": 51, "vip": "192.0.2.80", "track_interface": ["eth1"]}
    assert voluptuous.Schema(description)(good) == good
    assert wrong(description, {**good, "virtual_router_id": 0}, "router") == [
        "router.virtual_router_id: 0 is out of range (a number from 1 to 255)"
    ]
    assert wrong(description, {**good, "priority": 7}) == ["priority: extra keys not allowed"]
    assert wrong(description, {"vip": "x"}) == ["virtual_router_id: required key not provided"]


def test_a_keyword_says_what_it_is_for():
    (marker,) = [key for key in schema.keys(model.VrrpInstance) if key == "advert_int"]
    assert marker.description == "seconds between adverts"


def test_the_whole_document():
    assert wrong(schema.block(), {"virtual_serverz": []}) == [
        "virtual_serverz: there is no 'virtual_serverz' here (did you mean 'virtual_servers'?)"
    ]


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(schema, "voluptuous", None)
    with pytest.raises(schema.MissingLibrary, match="pip install voluptuous"):
        schema.block()
