# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger is whole: 101 rows, each with two tests or a reason, and a break or a reason."""

from __future__ import annotations

from collections import Counter

import pytest
from conformance import beyond, breaks, report, runner
from conformance.breaks import BREAKS, NONE, ROOT
from conformance.departures import DEPARTURES
from conformance.facts import Facts
from conformance.ledger import ROWS, SECTIONS
from conformance.speakers import NAMES, frr, keepalived
from conformance.verdict import Result, Verdict


def test_rows() -> None:
    assert Counter(row[0] for row in ROWS) == {"T": 21, "R": 27, "S": 26, "A": 19, "X": 8}
    assert set(SECTIONS) == {row[0] for row in ROWS}
    assert all(row.statement and row.rfc for row in ROWS.values())
    assert len({row.statement for row in ROWS.values()}) == len(ROWS)


def test_every_row_is_tried_on_every_speaker_or_says_why_not() -> None:
    for name, row in ROWS.items():
        assert name in runner.CHECKS or set(row.not_for) == set(NAMES), name


@pytest.mark.parametrize("row", runner.CHECKS)
def test_positive_and_negative_differ(row: str) -> None:
    check = runner.CHECKS[row]
    assert check.positive is not check.negative


def test_every_row_of_ours_has_a_break_or_a_reason() -> None:
    assert set(runner.CHECKS) == set(BREAKS) | set(NONE) | set(DEPARTURES)
    assert not set(BREAKS) & set(NONE)


@pytest.mark.parametrize("row", BREAKS)
def test_a_break_fits_the_code(row: str) -> None:
    for file, old, new in BREAKS[row]:
        text = (ROOT / "agent" / "lvs_agent" / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, (file, old)
        assert old != new
        compile(text.replace(old, new), file, "exec")


def test_scenes_are_shared() -> None:
    parts = runner.scenes(runner.CHECKS.values())
    assert sorted(check.row for part in parts for check in part) == sorted(runner.CHECKS)
    for part in parts:
        assert len(part) <= runner.TOGETHER
        assert len({check.facts for check in part}) == 1
        assert len(part) == 1 or not any(check.alone or check.guest or not check.start for check in part)


TIMES = [
    (Facts(priority=100, interval=1), 0.609, 3.609),
    (Facts(priority=254, interval=1), 0.008, 3.008),
    (Facts(priority=1, interval=0.4), 0.398, 1.598),
    (Facts(version=2, priority=56, interval=2), 0.781, 6.781),
    (Facts(version=2, priority=100, interval=1), 0.609, 3.609),
]


@pytest.mark.parametrize(("facts", "skew", "down"), TIMES)
def test_formulas(facts: Facts, skew: float, down: float) -> None:
    assert (round(facts.skew(), 3), round(facts.down(), 3)) == (skew, down)


def test_configurations() -> None:
    facts = Facts(version=2, interval=1, preempt=False, password="sesame", peers=("10.9.0.2",))
    text = keepalived.configuration(facts)
    for line in ("version 2", "nopreempt", "auth_pass sesame", "unicast_src_ip 10.9.0.100", "advert_int 1"):
        assert f"    {line}\n" in text
    assert " vrrp 51 advertisement-interval 200\n" in frr.configuration(Facts())
    assert frr.Frr().lacks(facts) == "no unicast mode"


def test_tables() -> None:
    results = {"T01": Result("T01", Verdict.OK), "T08": Result("T08", Verdict.DEVIATES, "source | MAC", "use_vmac")}
    text = report.render({"agent 1": results, "frr 2": results}, "markdown")
    assert "- agent 1: 1 ok, 1 DEVIATES" in text
    assert "| T08 |" in text
    assert "DEVIATES: source / MAC (ok with use_vmac)" in text
    assert report.read(report.render({"agent 1": results}, "json")) == {"agent 1": results}


def test_a_signer_never_repeats_itself() -> None:
    signer = beyond.Signer()
    says = [signer.sign(beyond.Says(51, 200, "10.9.0.2", ("10.9.0.10",), 20)) for _ in range(5)]
    sequences = [each.trailer.sequence for each in says if each.trailer]
    assert sequences == sorted(set(sequences))
    assert len(sequences) == 5


def test_only_a_real_failure_is_a_caught_break() -> None:
    def caught(row: str, result: Result) -> bool:
        return breaks.Broken(row, (), result).caught

    assert caught("R01", Result("R01", Verdict.DEVIATES, "taken in"))
    assert not caught("R01", Result("R01", Verdict.OK))
    assert not caught("R01", Result("R01", Verdict.NOT_TESTED, "the tester failed"))
    assert not caught("R01", Result("R01", Verdict.DEVIATES, "the configuration is refused: SyntaxError"))
    assert not caught("T18", Result("T18", Verdict.DEVIATES, "seen", "v3_checksum_as_v2"))
