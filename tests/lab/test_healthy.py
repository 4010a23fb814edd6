# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A healthy cluster gives no finding, a hundred times; in `make drills`, as it takes two minutes."""

from __future__ import annotations

import pytest
from segment import Segment

pytestmark = pytest.mark.netns(limit=400)
RUNS = 100


def test_healthy_a_hundred_times():
    segment = Segment()
    segment.hurry()
    found = [finding for _run in range(RUNS) for finding in segment.healthy()]
    segment.close()
    print(f"{len(found)} findings in {RUNS} looks of four hosts together and of two directors alone")
    assert found == []
