# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two reports side by side: what got longer, what got shorter, what is not comparable. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

SECONDS = ("blackout", "return_blackout", "detection", "vip_move", "first_answer", "held_pause")
COUNTS = ("requests", "lost", "held", "kept", "broken", "silent", "datagrams", "datagrams_lost")
GOOD_WHEN_MORE = ("requests", "held", "kept", "datagrams")


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Dict[str, Any]:
    """The comparison as a JSON-able document.

    A difference in seconds counts only above the coarser probe's resolution: below it is "same".
    """
    resolution = max(old["probe"]["resolution"], new["probe"]["resolution"])
    rows = []
    for name in (*SECONDS, *COUNTS):
        was, now = old["measured"][name], new["measured"][name]
        row: Dict[str, Any] = {"name": name, "old": was, "new": now, "difference": None, "judgement": "unknown"}
        if was is not None and now is not None:
            difference = now - was
            row["difference"] = round(difference, 6)
            row["judgement"] = _judge(name, difference, resolution)
        elif was is None and now is None:
            row["judgement"] = "same"
        rows.append(row)
    return {
        "format": "lvs.cluster drill comparison",
        "version": 1,
        "comparable": not _differences(old, new),
        "why_not": _differences(old, new),
        "resolution": resolution,
        "verdicts": [old["verdict"], new["verdict"]],
        "started": [old["started"], new["started"]],
        "rows": rows,
    }


def _judge(name: str, difference: float, resolution: float) -> str:
    if abs(difference) <= (resolution if name in SECONDS else 0):
        return "same"
    if name in ("requests", "datagrams", "held"):
        return "more" if difference > 0 else "fewer"
    better = difference > 0 if name in GOOD_WHEN_MORE else difference < 0
    return "better" if better else "worse"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> List[str]:
    """Why the two should not be compared: they measured different things."""
    found = []
    for part, key in (
        ("scenario", "name"),
        ("scenario", "engine"),
        ("probe", "address"),
        ("probe", "port"),
        ("theory", "seconds"),
    ):
        if old[part][key] != new[part][key]:
            found.append(f"{part} {key}: {old[part][key]} and {new[part][key]}")
    return found


def text(comparison: Mapping[str, Any]) -> str:
    """The comparison as a table for a terminal."""
    rows = [("", comparison["started"][0], comparison["started"][1], "difference", "")]
    rows.append(("verdict", *comparison["verdicts"], "", ""))
    for row in comparison["rows"]:
        unit = " s" if row["name"] in SECONDS else ""
        rows.append(
            (
                row["name"],
                _show(row["old"], unit),
                _show(row["new"], unit),
                _show(row["difference"], unit, sign=True),
                row["judgement"],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines += [f"not comparable: {reason}" for reason in comparison["why_not"]]
    return "\n".join(lines) + "\n"


def _show(value: Any, unit: str, sign: bool = False) -> str:
    if value is None:
        return "-"
    if unit:
        return f"{value:+.3f}{unit}" if sign else f"{value:.3f}{unit}"
    return f"{value:+d}" if sign else str(value)
