# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a dead child comes back, and how."""

from __future__ import annotations

import pytest

from lvs_agent.respawn import Respawn, after_death


@pytest.mark.parametrize(
    ("deaths", "now", "delay", "resume"),
    [
        ((), 100.0, 0.0, True),  # an accident: at once, as it stood
        ((99.0,), 100.0, 0.0, True),
        ((98.0, 99.0), 100.0, 0.0, True),
        ((97.0, 98.0, 99.0), 100.0, 0.5, False),  # keeps dying: from nothing, and later
        ((96.0, 97.0, 98.0, 99.0), 100.0, 1.0, False),
        ((1.0, 2.0, 3.0), 100.0, 0.0, True),  # long ago does not count
        (tuple(float(90 + n) for n in range(10)), 100.0, 30.0, False),  # never longer than LONGEST
    ],
)
def test_after_death(deaths: tuple, now: float, delay: float, resume: bool) -> None:
    record, verdict = after_death(Respawn(deaths, total=len(deaths)), now)
    assert (verdict.delay, verdict.resume) == (delay, resume)
    assert record.total == len(deaths) + 1
    assert record.deaths[-1] == now
