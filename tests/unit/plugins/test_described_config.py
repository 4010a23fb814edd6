# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A director's file from YAML, and the files of all directors beside one another, as the action plugins ask."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils import conf
from ansible_collections.lvs.cluster.plugins.plugin_utils.described_config import between, described

ROUTER = {"name": "V", "interface": "eth0", "virtual_router_id": 51, "virtual_ipaddress": ["192.0.2.80/24"]}
TEXT = "vrrp_instance V {\n    interface eth0\n    virtual_router_id 51\n    virtual_ipaddress {\n        192.0.2.80/24\n    }\n}\n"


def test_a_text_is_taken_as_it_is():
    assert described("anything", "x") == ("anything", [], [], None)


def test_a_mapping_becomes_the_file():
    assert described({"vrrp_instances": [ROUTER]}, "config")[:3] == (TEXT, [], [])


def test_every_mistake_has_its_path():
    text, errors, notes, _origins = described(
        {"vrrp_instances": [{**ROUTER, "priority": 300, "state": "SLAVE"}], "virtul_servers": []}, "config"
    )
    assert text is None
    assert [error.split(":")[0] for error in errors] == ["config.vrrp_instances[0].priority", "config.virtul_servers"]
    assert notes[0].startswith("config.vrrp_instances[0].state: note[legacy-value]")


def test_what_is_no_configuration_at_all():
    (error,) = described(["x"], "d1:director_config").errors
    assert error.startswith("d1:director_config: error[bad-value]: a list does not belong here")


def test_between_directors():
    secret = TEXT.replace(
        "51\n", "51\n    authentication {\n        auth_type PASS\n        auth_pass geheimnis\n    }\n"
    )
    texts = {"d1.example.org": secret, "d2": secret.replace("geheimnis", "verraten")}
    documents = {host: conf.read(text, host).document for host, text in texts.items()}
    errors, warnings = between({host: described(text, host) for host, text in texts.items()}, documents)
    shown = "\n".join(errors)
    assert "d2:keepalived.conf:4:5: error[auth-differs]" in shown
    assert "error[priority-equal]: V has priority 100 on d1.example.org too" in shown
    assert "geheimnis" not in shown
    assert "verraten" not in shown
    assert warnings == []


def test_between_mappings_the_paths_are_told():
    made = {host: described({"vrrp_instances": [{**ROUTER, "priority": 100}]}, "lvs_cluster") for host in ("d1", "d2")}
    documents = {host: conf.read(one.text or "", host).document for host, one in made.items()}
    ((error,), warnings) = between(made, documents)
    assert error.startswith("d2: lvs_cluster.vrrp_instances[0].priority: error[priority-equal]: ")
    assert warnings == []


def test_a_finding_of_the_text_is_told_with_its_path():
    made = described({"vrrp_instances": [{**ROUTER, "virtual_ipaddress": [], "no_accept": True, "accept": True}]}, "x")
    assert {made.shown(found).split(" ")[0] for found in conf.read(made.text or "", "c").findings} == {
        "x.vrrp_instances[0].name:", "x.vrrp_instances[0].no_accept:"
    }  # fmt: skip
