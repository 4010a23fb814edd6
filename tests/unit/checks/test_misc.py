# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MISC_CHECK: exit status to outcome."""

from __future__ import annotations

import pytest

from lvs_agent.checks.misc import AS_CONFIGURED, MiscCheck


@pytest.mark.parametrize(
    ("dynamic", "status", "ok", "weight"),
    [
        (False, 0, True, None),
        (False, 1, False, None),
        (False, 2, False, None),
        (False, 255, False, None),
        (True, 0, True, AS_CONFIGURED),
        (True, 1, False, None),
        (True, 2, True, 0),
        (True, 102, True, 100),
        (True, 255, True, 253),
        (False, -9, False, None),
        (True, -15, False, None),
    ],
)
def test_exit_status(dynamic: bool, status: int, ok: bool, weight):
    outcome = MiscCheck(("/bin/check",), 5.0, dynamic).judge(status)
    assert (outcome.ok, outcome.weight) == (ok, weight)


def test_a_time_limit_is_a_failure():
    assert MiscCheck(("/bin/check",), 5.0).timed_out()[:2] == (False, "/bin/check: no end within 5 s")
