# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run of a tracked script is whose: results that arrive after a reload."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

import pytest

from lvs_agent.loop import Loop
from lvs_agent.plan_tracking import Tracks, TrackScript
from lvs_agent.vrrp_tracking import Tracking

if TYPE_CHECKING:
    from lvs_agent.notify.scripts import Job


def script(program: str) -> TrackScript:
    return TrackScript("S", (program,), None, None, 1.0, 30.0, 1, 1, False)


def verdicts(tracking: Tracking, jobs: List[Job], *results: tuple) -> list:
    """S's verdict after each result (number of the job, status)."""
    found = []
    for number, status in results:
        tracking.ended([(jobs[number].ident, status)])
        found.append(tracking.verdicts.get(("script", "S")))
    return found


@pytest.mark.parametrize(
    ("reloads", "started", "results", "told"),
    [
        pytest.param([], 1, [(0, 1)], [0], id="its own"),
        pytest.param([{"S": script("b")}], 2, [(0, 1), (1, 1)], [1, 0], id="changed: the run before does not count"),
        pytest.param([{"S": script("b")}, {"S": script("a")}], 3, [(0, 1), (1, 1), (2, 1)], [1, 1, 0], id="and back"),
        pytest.param([{}, {"S": script("a")}], 2, [(0, 1), (1, 1)], [1, 0], id="gone and there again"),
        pytest.param([{}], 1, [(0, 1)], [None], id="gone"),
        pytest.param([{"S": script("a")}], 1, [(0, 1)], [0], id="unchanged: the run goes on"),
    ],
)
def test_a_script_is_judged_by_its_own_runs(reloads: list, started: int, results: list, told: list) -> None:
    jobs: List[Job] = []
    tracking = Tracking(Loop(), jobs.append, lambda: None, lambda _states: None)
    for plans in [{"S": script("a")}, *reloads]:
        tracking.adopt(Tracks(plans), presumed=True)
    assert len(jobs) == started
    assert verdicts(tracking, jobs, *results) == told
