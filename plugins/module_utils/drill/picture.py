# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline as shapes on paper: lanes of rectangles, ticks and lines with their coordinates. Pure.

The page's template only writes them down as SVG. Coordinates are in its units; colours are class names
that the page gives a meaning: `good`, `bad`, `n0` to `n5` (hosts, in the order of their names).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .report import Names, moments

if TYPE_CHECKING:
    from .timeline import Attempt, Connection, Timeline

WIDTH, LEFT, RIGHT, TOP, GAP = 1200.0, 170.0, 24.0, 30.0, 10.0
LEVEL = 15.0
"""Height of one line of words above the plot."""
COLUMN = 2.5
"""Least width of one column of a histogram."""
ROOM = 25
"""Characters of a lane's label: what LEFT has room for."""
MOST = 8
"""Lanes of one kind; what does not fit is counted in words."""


@dataclass(frozen=True)
class Scale:
    """From seconds, relative to the fault, to places on the paper."""

    zero: float
    begin: float
    end: float

    def __call__(self, t: float) -> float:
        """The place of a time on the probe's clock, kept within the plot."""
        share = (t - self.zero - self.begin) / (self.end - self.begin)
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 2)

    def column(self, interval: float) -> float:
        """The width of a histogram's columns: no narrower than the time between two requests, with some room."""
        return max(COLUMN, 1.25 * interval / (self.end - self.begin) * (WIDTH - LEFT - RIGHT))

    def shows(self, begin: float, end: float) -> bool:
        """True when something from `begin` to `end` (probe's clock) is on the paper."""
        return end - self.zero >= self.begin and begin - self.zero <= self.end


def pictures(seen: Timeline, report: Mapping[str, Any], names: Mapping[str, str]) -> List[Dict[str, Any]]:
    """One picture of the whole, and before it one of the interruption when that is a small part of the whole."""
    fault, _undo = moments(seen)
    zero = fault if fault is not None else seen.begin
    whole = (seen.begin - zero, seen.end - zero)
    drawn = []
    measured = report["measured"]
    bound = report["theory"]["seconds"] or 0.0
    length = max(measured["blackout_end"], bound, measured["detection"] or 0.0, 20 * report["probe"]["resolution"])
    near = (max(-0.25 * length, whole[0]), min(1.35 * length, whole[1]))
    if near[1] - near[0] < 0.6 * (whole[1] - whole[0]):
        drawn.append(_picture("The fault and what followed", seen, report, Names(names), Scale(zero, *near)))
    drawn.append(_picture("The whole observation", seen, report, Names(names), Scale(zero, *whole)))
    return drawn


def _picture(title: str, seen: Timeline, report: Mapping[str, Any], name: Names, scale: Scale) -> Dict[str, Any]:
    hosts = sorted({row["host"] for row in [*report["holders"], *report["speakers"]]})
    colours = {host: f"n{index % 6}" for index, host in enumerate(hosts)}
    column = scale.column(float(seen.settings.get("interval") or 0.01))
    lanes = [_histogram("New connections", seen.new, scale, 64.0, column)]
    lanes += _server_lanes(seen.new, scale, column)
    lanes += _holder_lanes(seen, report, name, colours, scale)
    lanes += _speaker_lanes(seen, name, colours, scale)
    lanes += _held_lanes(seen.held, seen, scale)
    if seen.datagrams:
        column = scale.column(float(seen.settings.get("udp_interval") or 0.02))
        lanes.append(_histogram("Datagrams", seen.datagrams, scale, 24.0, column))
    flags = _flags(seen, report, scale)
    y = top = TOP + LEVEL * max((flag["level"] for flag in flags), default=0)
    for lane in lanes:
        lane["y"] = y
        y += lane["height"] + (GAP if lane.get("last", True) else 3.0)
    return {
        "title": title,
        "width": WIDTH,
        "height": round(y + 30, 1),
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": top - 6,
        "level": LEVEL,
        "middle": top + 32.0,
        "bottom": round(y - GAP + 4, 1),
        "lanes": lanes,
        "ticks": _ticks(scale),
        "bands": _bands(report, scale),
        "flags": flags,
    }


def _histogram(label: str, attempts: Sequence[Attempt], scale: Scale, height: float, width: float) -> Dict[str, Any]:
    """Columns by the time of the request: the answered share stands at the bottom, the lost one hangs above."""
    good: Dict[int, int] = {}
    bad: Dict[int, int] = {}
    for attempt in attempts:
        if attempt.open or not scale.shows(attempt.began, attempt.began):
            continue
        column = int((scale(attempt.began) - LEFT) / width)
        side = bad if attempt.answered is None else good
        side[column] = side.get(column, 0) + 1
    shapes = []
    for column in sorted({*good, *bad}):
        share = good.get(column, 0) / (good.get(column, 0) + bad.get(column, 0))
        x = round(LEFT + column * width, 2)
        if share < 1:
            shapes.append(_rect(x, 0, width, height * (1 - share), "bad"))
        if share > 0:
            shapes.append(_rect(x, height * (1 - share), width, height * share, "good"))
    lost = sum(bad.values())
    note = f"{lost} of {lost + sum(good.values())} lost" if lost else f"{sum(good.values())}, none lost"
    return {"label": label, "note": note, "height": height, "shapes": _merged(shapes)}


def _rect(x: float, y: float, width: float, height: float, colour: str, words: str = "") -> Dict[str, Any]:
    shape = {"kind": "rect", "x": x, "y": round(y, 2), "w": round(width, 2), "h": round(height, 2), "class": colour}
    if words:
        shape["title"] = words
    return shape


def _merged(shapes: Sequence[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Neighbouring columns of one height and colour as one rectangle: the page stays small."""
    done: List[Dict[str, Any]] = []
    last: Dict[str, Dict[str, Any]] = {}
    for shape in shapes:
        before = last.get(shape["class"])
        same = before and all(before[key] == shape[key] for key in ("y", "h"))
        if before and same and abs(before["x"] + before["w"] - shape["x"]) < 0.02:
            before["w"] = round(before["w"] + shape["w"], 2)
        else:
            last[shape["class"]] = shape
            done.append(shape)
    return done


def _server_lanes(attempts: Sequence[Attempt], scale: Scale, width: float) -> List[Dict[str, Any]]:
    columns: Dict[str, Dict[int, int]] = {}
    for attempt in attempts:
        if attempt.answered is not None and attempt.server and scale.shows(attempt.answered, attempt.answered):
            column = int((scale(attempt.answered) - LEFT) / width)
            mine = columns.setdefault(attempt.server, {})
            mine[column] = mine.get(column, 0) + 1
    lanes = []
    for server in sorted(columns)[:MOST]:
        shapes = [_rect(round(LEFT + c * width, 2), 0, width, 13, "server") for c in sorted(columns[server])]
        note = str(sum(columns[server].values()))
        lanes.append({"label": _label("answered by", server), "note": note, "height": 13.0, "shapes": _merged(shapes)})
    return _grouped(lanes)


def _label(what: str, name: str) -> str:
    """As much of it as has room; rather the name than what it does, rather its end than its beginning."""
    for text in (f"{what} {name}", name):
        if len(text) <= ROOM:
            return text
    return f"…{name[1 - ROOM :]}"


def _grouped(lanes: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Lanes of one kind stand close together."""
    for lane in lanes[:-1]:
        lane["last"] = False
    return lanes


def _holder_lanes(
    seen: Timeline, report: Mapping[str, Any], name: Names, colours: Mapping[str, str], scale: Scale
) -> List[Dict[str, Any]]:
    lanes = []
    for host in sorted({row["host"] for row in report["holders"] if row["address"] == report["probe"]["address"]}):
        shapes = []
        for row in report["holders"]:
            begin, end = row["begin"] + scale.zero, row["end"] + scale.zero
            mine = row["host"] == host and row["address"] == report["probe"]["address"]
            if mine and scale.shows(begin, end):
                words = f"{row['mac']} from {row['begin']:.3f} s to {row['end']:.3f} s"
                x = scale(begin)
                shapes.append(_rect(x, 0, max(scale(end) - x, 2), 16, colours[host], words))
        for t, mac, address in seen.announcements:
            if address == report["probe"]["address"] and name(mac) == host and scale.shows(t, t):
                shapes.append({"kind": "flag", "x": scale(t), "y": 16, "title": f"announced at {t - scale.zero:.3f} s"})
        lanes.append({"label": _label("address at", host), "height": 16.0, "shapes": shapes})
    return _grouped(lanes)


def _speaker_lanes(seen: Timeline, name: Names, colours: Mapping[str, str], scale: Scale) -> List[Dict[str, Any]]:
    lanes = []
    for speaker in seen.speakers[:MOST]:
        host = name(speaker.source, speaker.mac)
        places: Dict[float, str] = {}
        for t, priority in speaker.adverts:
            if scale.shows(t, t):
                places[round(scale(t) * 2) / 2] = colours[host] if priority else "bad"
        shapes = [_rect(x - 0.75, 0, 1.5, 12, colour) for x, colour in sorted(places.items())]
        label = _label("adverts of", f"{host}, VRID {speaker.vrid}")
        lanes.append({"label": label, "height": 12.0, "shapes": shapes})
    return _grouped(lanes)


def _held_lanes(held: Sequence[Connection], seen: Timeline, scale: Scale) -> List[Dict[str, Any]]:
    """One thin lane a place: its connections one after the other, a line while answers come, a cross at a loss."""
    allowed = 3.5 * float(seen.settings.get("held_interval") or 0.05)
    rows: List[List[Connection]] = []
    for connection in held:
        free = next((row for row in rows if (row[-1].ended or math.inf) <= connection.opened), None)
        if free is None:
            rows.append([connection])
        else:
            free.append(connection)
    lanes = []
    for row in rows[:MOST]:
        shapes = [shape for connection in row for shape in _life(connection, allowed, scale)]
        lanes.append({"label": "", "height": 6.0, "shapes": shapes})
    if lanes:
        lanes[0]["label"] = "held connections"
    return _grouped(lanes)


def _life(connection: Connection, allowed: float, scale: Scale) -> List[Dict[str, Any]]:
    shapes = []
    begin = last = connection.opened
    times = [r.answered for r in connection.requests if r.answered is not None]
    for t in [*times, math.inf]:
        if t - last > allowed:
            if scale.shows(begin, last):
                shapes.append(_rect(scale(begin), 1, max(scale(last) - scale(begin), 1), 4, "good"))
            begin = t
        last = t
    if connection.lost and connection.ended is not None and scale.shows(connection.ended, connection.ended):
        shapes.append({"kind": "cross", "x": scale(connection.ended), "y": 3, "title": connection.why})
    return shapes


def _ticks(scale: Scale) -> List[Dict[str, Any]]:
    """Round numbers of seconds, about ten of them."""
    step = nice((scale.end - scale.begin) / 10)
    first = math.ceil(scale.begin / step)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    rows = []
    for number in range(first, math.floor(scale.end / step) + 1):
        value = number * step
        label = f"{value:.{digits}f}" if number else "0"
        rows.append({"x": scale(value + scale.zero), "label": label})
    return rows


def nice(step: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = float(10 ** math.floor(math.log10(step)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)


def _bands(report: Mapping[str, Any], scale: Scale) -> List[Dict[str, Any]]:
    """The blackout, shaded through all lanes, when it is one."""
    measured = report["measured"]
    if measured["blackout"] <= 5 * report["probe"]["resolution"]:
        return []
    begin, end = measured["blackout_begin"] + scale.zero, measured["blackout_end"] + scale.zero
    if not scale.shows(begin, end):
        return []
    x = scale(begin)
    width = max(round(scale(end) - x, 2), 2)
    label = f"{measured['blackout']:.2f} s" + (" without an answer" if width > 260 else "")
    return [{"x": x, "w": width, "label": label}]


WORDS: Mapping[str, str] = {"fault": "fault", "done": "", "undo": "put back", "undone": ""}


def _flags(seen: Timeline, report: Mapping[str, Any], scale: Scale) -> List[Dict[str, Any]]:
    """Moments as upright lines: the marks, and how long theory allows the blackout to last."""
    rows: List[Tuple[float, str, str]] = []
    for mark in seen.marks:
        words = WORDS.get(mark.label, mark.label)
        if words:
            rows.append((mark.at, words, "moment"))
    bound: Optional[float] = report["theory"]["seconds"]
    if bound:
        rows.append((scale.zero + bound, f"allowed {bound:.2f} s", "bound"))
    rows = [row for row in sorted(rows) if scale.shows(row[0], row[0])]
    placed: List[Dict[str, Any]] = []
    for t, words, colour in rows:
        x = scale(t)
        # Two that stand close together: the later one's words go one line up.
        level = 0
        while any(p["level"] == level and x - p["x"] < 7.5 * len(p["label"]) + 8 for p in placed):
            level += 1
        placed.append({"x": x, "label": words, "class": colour, "level": level, "left": x > WIDTH - 120})
    return placed
