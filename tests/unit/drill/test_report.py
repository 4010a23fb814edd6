# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report says of logs whose truth is known."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill import bounds, compare, junit, records, report
from ansible_collections.lvs.cluster.plugins.module_utils.drill.timeline import Attempt, gaps, spans, timeline

from .logs import NEW, OLD, VIP, log

CRASH = report.Scenario("kill", "SIGKILL", "silent", "dir1", "agent")
BOUND = bounds.bound("silent", bounds.Vrrp(2, 1, 100))
NAMES = {OLD: "dir1", NEW: "dir2", "192.0.2.1": "dir1", "192.0.2.2": "dir2"}


NONE = report.Limits()


def made(limits=NONE, **how):
    return report.report(timeline(log(**how)), CRASH, BOUND, limits, NAMES)


def test_a_failover():
    found = made()
    measured = found["measured"]
    # The last answer before came at 2.992 s, the first after at 6.502 s.
    assert measured["blackout"] == pytest.approx(3.51, abs=1e-6)
    assert measured["first_answer"] == pytest.approx(3.502, abs=1e-6)
    assert measured["detection"] == pytest.approx(3.494, abs=1e-6)
    assert measured["vip_move"] == pytest.approx(3.495, abs=1e-6)
    assert measured["requests"] == 1000
    assert measured["lost"] == 350
    assert (measured["held"], measured["kept"], measured["broken"], measured["silent"]) == (1, 0, 1, 0)
    assert found["theory"]["seconds"] == pytest.approx(3.609375)
    assert found["servers"] == {"rs1": 325, "rs2": 325}
    assert found["errors"] == {"timeout": 350}
    assert [(h["host"], h["address"]) for h in found["holders"]] == [("dir1", VIP), ("dir2", VIP)]
    assert [(s["host"], s["vrid"]) for s in found["speakers"]] == [("dir1", 51), ("dir2", 51)]
    assert found["verdict"] == "passed"
    assert found["reasons"] == []


@pytest.mark.parametrize(
    ("how", "limits", "verdict", "words"),
    [
        ({}, report.Limits(3.6, 350), "passed", ""),
        ({}, report.Limits(3.5, None), "failed", "blackout 3.510 s is above max_blackout 3.5 s"),
        ({}, report.Limits(None, 349), "failed", "350 requests lost are above max_lost 349"),
        ({"fault": None}, report.Limits(), "unmeasured", "no mark of the fault"),
        ({"fault": 1000.5}, report.Limits(), "unmeasured", "not been at work long enough"),
        ({"fault": 1005.0}, report.Limits(), "unmeasured", "not a healthy start"),
        ({"dark": (1003.0, 1010.0)}, report.Limits(), "failed", "did not come back"),
        ({"dark": (1003.0, 1003.0)}, report.Limits(0.05, 0), "passed", ""),
        # The blackout is after the putting back: it counts as well.
        ({"fault": 1001.5, "undo": 1002.5}, report.Limits(3.4, None), "failed", "blackout 3.510 s"),
    ],
)
def test_verdict(how, limits, verdict, words):
    found = made(limits, **how)
    assert found["verdict"] == verdict, found["reasons"]
    assert words in "; ".join(found["reasons"])


def test_the_way_back_is_told_apart():
    measured = made(fault=1001.5, undo=1002.5)["measured"]
    assert measured["blackout"] == pytest.approx(0.01, abs=1e-6)
    assert measured["return_blackout"] == pytest.approx(3.51, abs=1e-6)


@pytest.mark.parametrize(("fate", "counts"), [("kept", (1, 0, 0)), ("lost", (0, 1, 0)), ("silent", (0, 0, 1))])
def test_held_connections(fate, counts):
    measured = made(held=fate)["measured"]
    assert (measured["kept"], measured["broken"], measured["silent"]) == counts
    assert measured["held_pause"] == (pytest.approx(3.55, abs=0.01) if fate == "kept" else None)


def test_both_hold_the_address():
    stays = tuple(records.line("arp", 1003 + n / 10, mac=OLD, ip=VIP, how="reply") for n in range(60))
    assert made()["both_held"] == []
    (both,) = made(extra=stays)["both_held"]
    assert both["hosts"] == ["dir1", "dir2"]
    assert both["begin"] == pytest.approx(3.495)


def test_a_goodbye_is_no_detection():
    goodbye = records.line("adv", 1003.1, mac=NEW, src="192.0.2.2", v=2, vrid=51, prio=0, int=1.0, ips=[VIP])
    assert made(extra=(goodbye,))["measured"]["detection"] == pytest.approx(3.494, abs=1e-6)


def test_the_probe_stood_still():
    seen = [r for r in log() if not (r["e"] == "new" and 1004 <= r["t"] < 1006.2)]
    found = report.report(timeline(seen), CRASH, BOUND, report.Limits())
    assert found["verdict"] == "unmeasured"
    assert "stood still for 2.2" in found["reasons"][0]


def test_a_killed_probe_leaves_half_a_line():
    text = records.line("start", 1.0, settings={}) + records.line("clock", 2.0, w=3.0) + '{"e":"new","t":2.5,"n'
    seen, broken = records.parse(text.splitlines())
    assert (len(seen), broken) == (2, 1)
    assert timeline(seen).end == 2.0


def test_no_log():
    with pytest.raises(ValueError, match="no start record"):
        timeline([])


@pytest.mark.parametrize(
    ("answers", "begin", "end", "expected"),
    [
        ([], 1, 5, [(1, 5)]),
        ([0.5, 4], 1, 5, [(0.5, 4), (4, 5)]),
        ([0.2, 0.5, 2, 3, 6, 7], 1, 5, [(0.5, 2), (2, 3), (3, 6)]),
    ],
)
def test_gaps(answers, begin, end, expected):
    assert gaps([Attempt(a, a) for a in answers], begin, end) == expected


def test_spans_of_two_side_by_side():
    seen = [(t / 10, "a") for t in range(20)] + [(1.0625, "b"), (1.125, "b")] + [(4.0, "a")]
    found = [(span.name, span.begin, span.end, span.count) for span in spans(seen, 0.35)]
    assert found == [("a", 0, 1.9, 20), ("b", 1.0625, 1.125, 2), ("a", 4.0, 4.0, 1)]


@pytest.mark.parametrize(
    ("limits", "failed"), [(report.Limits(3.5, 400), ["max_blackout"]), (report.Limits(9, 9), ["max_lost"])]
)
def test_junit(limits, failed):
    suite = ET.fromstring(junit.junit(made(limits)))
    cases = {case.get("name"): case.find("failure") for case in suite.findall("testcase")}
    assert [name for name, trouble in cases.items() if trouble is not None] == failed
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")


def test_compare():
    slow, fast = made(), made(dark=(1003.0, 1003.4))
    found = {row["name"]: row for row in compare.compare(slow, fast)["rows"]}
    assert found["blackout"]["judgement"] == "better"
    assert found["blackout"]["difference"] == pytest.approx(-3.1)
    assert found["lost"] == {"name": "lost", "old": 350, "new": 40, "difference": -310, "judgement": "better"}
    assert found["requests"]["judgement"] == "same"
    assert {row["judgement"] for row in compare.compare(slow, slow)["rows"]} == {"same"}
    back = {row["name"]: row["judgement"] for row in compare.compare(fast, slow)["rows"]}
    assert back["blackout"] == "worse"
    text = compare.text(compare.compare(slow, fast))
    assert "blackout" in text
    assert "-3.100 s" in text
    assert "not comparable" not in text


def test_different_drills_are_not_comparable():
    other = dict(made(), scenario=dict(vars(report.Scenario("stop", "x", "graceful", "dir1", "agent"))))
    assert "not comparable: scenario name: kill and stop" in compare.text(compare.compare(made(), other))
