# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page: whole, self-contained, and its picture where the figures say."""

from __future__ import annotations

import html.parser
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from ansible_collections.lvs.cluster.plugins.module_utils.drill import bounds, compare, picture, report
from ansible_collections.lvs.cluster.plugins.module_utils.drill.timeline import timeline
from ansible_collections.lvs.cluster.plugins.plugin_utils.drill_page import page
from drill.logs import NEW, OLD, log

VOID = {"meta", "br", "hr", "img", "input", "link"}
NAMES = {OLD: "dir1", NEW: "dir2", "192.0.2.1": "dir1", "192.0.2.2": "dir2"}


class Reader(html.parser.HTMLParser):
    """Every element is closed; what it refers to is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.references, self.seen, self.text = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        self.references += [v for k, v in attributes if k in ("src", "href", "xlink:href", "action", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def drawn(limits=None, scenario="SIGKILL", **how):
    seen = timeline(log(**how))
    kind = report.Scenario("kill", scenario, "silent", "dir1", "agent")
    limit = bounds.bound("silent", bounds.Vrrp(2, 1, 100))
    return seen, report.report(seen, kind, limit, limits or report.Limits(), NAMES)


@pytest.mark.parametrize("how", [{}, {"dark": (1003.0, 1003.0)}, {"fault": None}, {"undo": 1008.0}, {"held": "kept"}])
def test_page_is_whole_and_needs_nothing_else(how):
    seen, found = drawn(**how)
    text = page(seen, found, NAMES)
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert reader.references == []
    assert not re.search(r"url\(|@import|<script", text)
    assert found["verdict"] in "".join(reader.text)
    assert sum(1 for tag, _attributes in reader.seen if tag == "svg") >= 1
    for _tag, attributes in reader.seen:
        for name in ("x", "y", "width", "height", "x1", "x2"):
            if name in attributes and attributes[name].replace(".", "").isdigit():
                assert 0 <= float(attributes[name]) <= 1400


def test_a_comparison_stands_on_the_page():
    seen, found = drawn()
    text = page(seen, found, NAMES, compare.compare(dict(found, started="2026-01-02T03:04:05Z"), found))
    assert "Beside the drill of 2026-01-02 03:04:05 UTC" in text
    assert "not comparable" not in text
    _seen, other = drawn(dark=(1003.0, 1004.0))
    text = page(seen, found, NAMES, compare.compare(dict(other, probe=dict(other["probe"], port=81)), found))
    assert '<td class="number">+2.5</td><td class="worse">worse</td>' in text
    assert "not comparable: probe port: 81 and 80" in text


def test_words_from_outside_are_quoted():
    seen, found = drawn(scenario="<script>alert(1)</script>")
    assert "<script" not in page(seen, found, NAMES)


def test_the_picture_shows_what_was_measured():
    seen, found = drawn()
    whole = picture.pictures(seen, found, NAMES)[-1]
    (band,) = whole["bands"]
    plot = whole["right"] - whole["left"]
    # 3.51 s of 10 s, from 2.992 s on.
    assert band["w"] == pytest.approx(plot * 0.351, abs=1)
    assert band["x"] == pytest.approx(whole["left"] + plot * 0.2992, abs=1)
    lanes = {lane["label"]: lane for lane in whole["lanes"]}
    assert lanes["New connections"]["note"] == "350 of 1000 lost"
    red = [shape for shape in lanes["New connections"]["shapes"] if shape["class"] == "bad"]
    assert sum(shape["w"] for shape in red) == pytest.approx(plot * 0.35, abs=3 * picture.COLUMN)
    (old,) = [shape for shape in lanes["address at dir1"]["shapes"] if shape["kind"] == "rect"]
    (new,) = [shape for shape in lanes["address at dir2"]["shapes"] if shape["kind"] == "rect"]
    assert old["x"] + old["w"] < new["x"]
    assert old["class"] != new["class"]
    assert [flag["label"] for flag in whole["flags"]] == ["fault", "allowed 3.61 s"]
    assert [shape["kind"] for shape in lanes["held connections"]["shapes"]] == ["rect", "cross"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("dir1", "address at dir1"),
        ("02:00:c0:a8:8c:8d", "02:00:c0:a8:8c:8d"),
        ("director-1.site-a.example.net", "…tor-1.site-a.example.net"),
    ],
)
def test_a_label_has_no_more_than_its_room(name, label):
    seen, found = drawn()
    for holder in found["holders"]:
        holder["host"] = name if holder["host"] == "dir1" else holder["host"]
    labels = [lane["label"] for lane in picture.pictures(seen, found, NAMES)[-1]["lanes"]]
    assert label in labels
    assert max(map(len, labels)) <= picture.ROOM


def test_a_long_observation_is_shown_twice():
    seen, found = drawn(end=1030.0)
    near, whole = picture.pictures(seen, found, NAMES)
    assert near["bands"][0]["w"] > 3 * whole["bands"][0]["w"]


@pytest.mark.parametrize(("step", "expected"), [(0.9, 1), (1.0, 1), (1.1, 2), (0.021, 0.05), (60, 100), (0.35, 0.5)])
def test_nice(step, expected):
    assert picture.nice(step) == pytest.approx(expected)
