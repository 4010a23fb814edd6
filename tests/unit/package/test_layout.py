# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's places on a director."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.package import layout


@pytest.mark.parametrize(
    ("names", "current", "previous", "gone"),
    [
        (["a", "current"], "a", None, []),
        (["a", "b", "current"], "b", "a", []),
        (["a", "b", "c", "current"], "c", "b", ["a"]),
        ([".new-x", "a", "current"], "a", "a", [".new-x"]),
    ],
)
def test_the_present_version_and_the_one_before_stay(names, current, previous, gone):
    assert layout.outdated(names, current, previous) == gone


def test_the_unit_runs_the_file_it_is_given_and_reloads_by_signal():
    lines = layout.unit("/etc/x.conf").splitlines()
    assert "ExecStart=/usr/local/sbin/lvs-agent run -n -f /etc/x.conf" in lines
    assert "ExecReload=/bin/kill -HUP $MAINPID" in lines
    assert "Type=notify" in lines
    assert "Conflicts=keepalived.service" in lines


def test_the_launcher_is_the_agent():
    lines = layout.launcher("/usr/bin/python3").splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[-1] == 'exec /usr/bin/python3 -ISB /usr/local/lib/lvs-agent/current "$@"'
