# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick rows of the VRRP ledger on our agent; all of it: `cd tests && python -m conformance`.

A row fails when it deviates and is no documented departure, and when a documented departure deviates no more.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from conformance import runner, speakers
from conformance.departures import DEPARTURES
from conformance.verdict import Result, Verdict

pytestmark = pytest.mark.netns(limit=300)

ROWS = (
    *("T01", "T02", "T04", "T05", "T06", "T07", "T08", "T11", "T12", "T17", "T18", "T20", "T21"),
    *("R01", "R02", "R03", "R04", "R05", "R07", "R08", "R09", "R14", "R15", "R17", "R22", "R25", "R26"),
    *("S01", "S08", "S11", "S14", "S15", "S16", "S18", "S20", "S24"),
    *("A01", "A02", "A04", "A06", "A13", "A15", "X01", "X02", "X06"),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Result]:
    """What surprises is looked at again by itself: a deviation is one when it was seen in two runs."""
    speaker = speakers.speaker("agent")
    found = dict(runner.Run(speaker, tmp_path_factory.mktemp("ledger")).table(ROWS))
    wanted = {row: Verdict.DEVIATES if row in DEPARTURES else Verdict.OK for row in ROWS}
    surprises = tuple(row for row in ROWS if found[row].verdict is not wanted[row])
    if surprises:
        found.update(runner.Run(speaker, tmp_path_factory.mktemp("again")).table(surprises))
    return found


@pytest.mark.parametrize("row", ROWS)
def test_row(row: str, table: Dict[str, Result]) -> None:
    result = table[row]
    if row in DEPARTURES:
        assert result.verdict is Verdict.DEVIATES, f"it departs no more: {result.cell}"
    else:
        assert result.verdict is Verdict.OK, result.cell
