# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page in a real browser without a network: no complaint, and the picture as it should be, by its pixels."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from ansible_collections.lvs.cluster.plugins.module_utils.drill import picture
from ansible_collections.lvs.cluster.plugins.plugin_utils.drill_page import page
from test_drill_page import NAMES, drawn

BROWSER = (
    "chromium",
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--enable-logging=stderr",
)
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND"
DARK = "--blink-settings=preferredColorScheme=0"


def browse(html: Path, *words: str) -> subprocess.CompletedProcess:
    command = [*BROWSER, OFFLINE, f"--user-data-dir={html.parent}/profile", *words, html.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


def pixels(path: Path) -> list:
    """Rows of (red, green, blue), from a PNG of 8 bits without interlacing (RFC 2083)."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    packed, place, width, colour = b"", 8, 0, 0
    while place < len(data):
        length, kind = struct.unpack_from("!I4s", data, place)
        if kind == b"IHDR":
            width, _height, _depth, colour = struct.unpack_from("!IIBB", data, place + 8)
        elif kind == b"IDAT":
            packed += data[place + 8 : place + 8 + length]
        place += length + 12
    step = {2: 3, 6: 4}[colour]
    raw, before, rows = zlib.decompress(packed), bytearray(width * step), []
    for start in range(0, len(raw), width * step + 1):
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + width * step])
        unfilter(kind, line, before, step)
        rows.append([tuple(line[n : n + 3]) for n in range(0, len(line), step)])
        before = line
    return rows


def unfilter(kind: int, line: bytearray, before: bytearray, step: int) -> None:
    """RFC 2083, section 6."""
    for n in range(len(line)):
        left = line[n - step] if n >= step else 0
        up, corner = before[n], before[n - step] if n >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        elif kind == 4:
            whole = left + up - corner
            guess = min((left, up, corner), key=lambda value: abs(whole - value))
        else:
            return
        line[n] = (line[n] + guess) & 255


def rgb(text: str) -> tuple:
    return tuple(bytes.fromhex(text.lstrip("#")[:6]))


@pytest.fixture
def report(tmp_path):
    seen, found = drawn()
    path = tmp_path / "report.html"
    path.write_text(page(seen, found, NAMES))
    return path, picture.pictures(seen, found, NAMES)


def test_nothing_is_complained_of_and_nothing_is_fetched(report) -> None:
    done = browse(report[0], "--dump-dom")
    assert "</html>" in done.stdout
    said = [line for line in done.stderr.splitlines() if re.search("CONSOLE|ERR_|net_error|Refused", line)]
    assert said == []


@pytest.mark.parametrize(
    ("words", "paper", "good", "bad", "holders"),
    [
        ([], "#ffffff", "#2f9e77", "#d43a2f", ["#2f6fd0", "#e08a1e"]),
        ([DARK], "#12171d", "#3fbf92", "#ff6a5c", ["#6aa3ff", "#ffb04d"]),
    ],
)
def test_the_picture_at_a_glance(report, words, paper, good, bad, holders) -> None:
    html, pictures = report
    shot = html.with_suffix(".png")
    browse(html, "--window-size=1384,1400", f"--screenshot={shot}", *words)
    rows = pixels(shot)
    seen = Counter(each for row in rows for each in row)
    assert seen.most_common(1)[0][0] == rgb(paper)
    # 3.5 of 10 s without an answer: that share of the plot is red, the rest green; a holder each before and after it
    width = pictures[-1]["right"] - pictures[-1]["left"]
    band = [row for row in rows if row.count(rgb(good)) > 0.5 * width and row.count(rgb(bad)) > 0.2 * width]
    assert len(band) > 30
    share = Counter(band[len(band) // 2])
    lost = share[rgb(bad)] / (share[rgb(bad)] + share[rgb(good)])
    assert lost == pytest.approx(0.35, abs=0.06)
    for colour in holders:
        assert seen[rgb(colour)] > 2000
    old, new = ([row.index(rgb(each)) for row in rows if rgb(each) in row] for each in holders)
    assert min(old) < min(new)


def test_a_narrow_window_scrolls_the_picture_alone(report) -> None:
    html, _pictures = report
    shot = html.with_suffix(".png")
    browse(html, "--window-size=500,1600", f"--screenshot={shot}")
    rows = pixels(shot)
    assert {len(row) for row in rows} == {500}
    # a margin of paper at the right of every line: nothing stands out of the page
    assert all(pixel == rgb("#ffffff") for row in rows for pixel in row[-10:])
