# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which orders systemd gets."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.service.plan import Unit, UnitError, orders, restored

MISSING = Unit("not-found", "inactive", "")
NEW = Unit("loaded", "inactive", "disabled")
STOPPED = Unit("loaded", "inactive", "enabled")
RUNS = Unit("loaded", "active", "enabled")
FAILED = Unit("loaded", "failed", "enabled")
LOOPS = Unit("loaded", "activating", "enabled")
A, K = "lvs-agent.service", "keepalived.service"


@pytest.mark.parametrize(
    ("agent", "keepalived", "engine", "reload", "restart", "expected"),
    [
        (NEW, MISSING, "agent", False, False, [("enable", A), ("start", A)]),
        (NEW, MISSING, "agent", True, True, [("enable", A), ("start", A)]),
        (STOPPED, MISSING, "agent", False, False, [("start", A)]),
        (FAILED, MISSING, "agent", True, False, [("start", A)]),
        (LOOPS, MISSING, "agent", True, False, [("start", A)]),
        (RUNS, MISSING, "agent", False, False, []),
        (RUNS, NEW, "agent", False, False, []),
        (RUNS, MISSING, "agent", True, False, [("reload", A)]),
        (RUNS, MISSING, "agent", True, True, [("restart", A)]),
        (NEW, RUNS, "agent", False, False, [("disable", "--now", K), ("enable", A), ("start", A)]),
        (RUNS, STOPPED, "agent", False, False, [("disable", "--now", K)]),
        (RUNS, NEW, "keepalived", False, False, [("disable", "--now", A), ("enable", K), ("start", K)]),
        (MISSING, RUNS, "keepalived", True, False, [("reload", K)]),
        (RUNS, RUNS, None, False, False, [("disable", "--now", A), ("disable", "--now", K)]),
        (NEW, MISSING, None, False, False, []),
    ],
)
def test_orders(agent, keepalived, engine, reload, restart, expected):
    assert orders({"agent": agent, "keepalived": keepalived}, engine, reload, restart) == tuple(expected)


@pytest.mark.parametrize("unit", [MISSING, Unit("masked", "inactive", "masked")])
def test_an_engine_that_cannot_start_is_said(unit):
    with pytest.raises(UnitError, match=unit.load):
        orders({"agent": RUNS, "keepalived": unit}, "keepalived", False, False)


@pytest.mark.parametrize(
    ("unit", "enabled", "ran", "expected"),
    [
        (NEW, True, True, [("enable", K), ("start", K)]),
        (NEW, True, False, [("enable", K)]),
        (NEW, False, True, [("start", K)]),
        (NEW, False, False, []),
        (RUNS, True, True, []),
        (FAILED, True, True, [("start", K)]),
        (MISSING, True, True, []),
    ],
)
def test_keepalived_is_made_again_what_it_was(unit, enabled, ran, expected):
    assert restored(unit, enabled, ran) == tuple(expected)
