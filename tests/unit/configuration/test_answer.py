# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived_config_info gives out."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils.conf import Finding
from ansible_collections.lvs.cluster.plugins.module_utils.configuration.answer import readable, said


def test_a_finding_as_data_shows_no_secret():
    found = Finding("warning", "password-cut", "'geheimnis' is cut to 'geheimni'", "at most 8", "k.conf", 4, 9, "x")
    assert said(found, "auth_pass geheimnis\n") == {
        "level": "warning",
        "code": "password-cut",
        "message": "'********' is cut to '********'",
        "help": "at most 8",
        "file": "k.conf",
        "line": 4,
        "column": 9,
    }


def test_bytes_that_are_no_text_do_not_stop_the_answer():
    assert readable({"a": ["caf\udce9", 1]}) == {"a": ["caf\ufffd", 1]}
