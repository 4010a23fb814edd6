# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of one drill: what was measured, what theory allows, whether the limits held. Pure.

`report` gives the JSON document; FIELDS of its `measured` part are explained in MEANINGS, which the
page and the role's documentation show. All times in it are seconds, relative to the fault.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from . import frames
from .timeline import Attempt, Span, Timeline, gaps, longest

if TYPE_CHECKING:
    from .bounds import Bound

FORMAT = "lvs.cluster drill report"
VERSION = 1

MEANINGS: Mapping[str, str] = {
    "blackout": "longest time between two answers on new connections, from the fault until it was put back",
    "return_blackout": "the same from the putting back until the end",
    "detection": "from the fault until the first advert of another director",
    "vip_move": "from the fault until another MAC address answered for, or announced, the virtual address",
    "first_answer": "from the fault until the first answer after the blackout, when there was one",
    "requests": "new connections opened",
    "lost": "new connections without a good answer in time",
    "held": "connections held open when the fault came",
    "kept": "those of them that were answered again after the blackout, or closed in order",
    "broken": "those of them that were lost",
    "silent": "those of them that were still waiting for an answer when the observation ended",
    "held_pause": "longest time without an answer on a held connection that was kept",
    "datagrams": "numbered datagrams sent",
    "datagrams_lost": "datagrams without an echo",
}


@dataclass(frozen=True)
class Scenario:
    """What was done: `kind` is one of bounds.KINDS, `target` the host, `engine` agent or keepalived."""

    name: str
    title: str
    kind: str
    target: str = ""
    engine: str = ""


@dataclass(frozen=True)
class Limits:
    """Above these the drill has failed; None for no limit. `max_blackout` in seconds, `max_lost` in new connections."""

    max_blackout: Optional[float] = None
    max_lost: Optional[int] = None


def report(
    seen: Timeline, scenario: Scenario, limit: Bound, limits: Limits, names: Optional[Mapping[str, str]] = None
) -> Dict[str, Any]:
    """The report as a JSON-able document. `names` are the hosts of MAC and IP addresses."""
    fault, undo = moments(seen)
    zero = fault if fault is not None else seen.begin
    name = Names(names or {})
    measured = _measured(seen, zero, undo)
    interval = float(seen.settings.get("interval") or 0.01)
    probe = {
        "host": seen.host,
        "address": seen.settings.get("address"),
        "port": seen.settings.get("port"),
        "protocol": seen.settings.get("protocol"),
        "resolution": round(interval, 6),
        "stall": round(stall(seen), 6),
        "skipped": len(seen.skipped),
        "drops": seen.drops,
        "ended": seen.why,
    }
    theory = {"kind": scenario.kind, "seconds": _round(limit.seconds), "formula": limit.formula}
    document: Dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "scenario": dict(vars(scenario)),
        "started": _iso(seen.wall),
        "duration": round(seen.end - seen.begin, 3),
        "probe": probe,
        "measured": measured,
        "theory": theory,
        "limits": dict(vars(limits)),
        "moments": _moments(seen, zero, measured),
        "holders": [
            dict(_span(span, zero, name(span.name)), address=address, mac=span.name)
            for address, held in seen.holders.items()
            for span in held
        ],
        "speakers": [
            {
                "host": name(speaker.source, speaker.mac),
                "source": speaker.source,
                "mac": speaker.mac,
                "vrid": speaker.vrid,
                "version": speaker.version,
                "interval": speaker.interval,
                "adverts": len(speaker.adverts),
                "first": round(speaker.adverts[0][0] - zero, 6),
                "last": round(speaker.adverts[-1][0] - zero, 6),
            }
            for speaker in seen.speakers
        ],
        "servers": _servers(seen.new),
        "errors": _errors(seen.new),
        "both_held": [
            {"begin": round(begin - zero, 6), "end": round(end - zero, 6), "hosts": sorted(map(name, macs))}
            for begin, end, macs in both_held(seen)
        ],
    }
    document["verdict"], document["reasons"] = verdict(document, fault is not None, _baseline(seen, zero))
    return document


class Names:
    """Hosts by MAC or IP address; a virtual router's MAC address is called so."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {key.lower(): value for key, value in names.items()}

    def __call__(self, *keys: str) -> str:
        """The name of the first key that has one, else the first key."""
        for key in keys:
            if key.lower() in self._names:
                return self._names[key.lower()]
        for key in keys:
            if key.lower()[:14] in frames.VIRTUAL_MAC:
                return f"virtual router {int(key[15:], 16)}"
        return keys[0]


def moments(seen: Timeline) -> Tuple[Optional[float], Optional[float]]:
    """When the fault came and when it was put back, by the marks."""
    fault = next((mark.at for mark in seen.marks if mark.label == "fault"), None)
    undo = next((mark.at for mark in seen.marks if mark.label == "undo" and (fault is None or mark.at > fault)), None)
    return fault, undo


def stall(seen: Timeline) -> float:
    """The longest time in which the probe itself began nothing, seconds: it sees no better than that."""
    begun = sorted([*(a.began for a in seen.new), *seen.skipped])
    return max((later - earlier for earlier, later in zip(begun, begun[1:])), default=0.0)


def both_held(seen: Timeline) -> List[Tuple[float, float, Tuple[str, str]]]:
    """When two MAC addresses answered for the virtual address at once, for longer than a handing over takes."""
    found = []
    tolerance = 2.5 * float(seen.settings.get("arp_interval") or 0.1)
    held = seen.holders.get(str(seen.settings.get("address")), ())
    for index, one in enumerate(held):
        for other in held[index + 1 :]:
            begin, end = max(one.begin, other.begin), min(one.end, other.end)
            if one.name != other.name and end - begin > tolerance:
                found.append((begin, end, (one.name, other.name)))
    return found


def _measured(seen: Timeline, zero: float, undo: Optional[float]) -> Dict[str, Any]:
    end = seen.end if undo is None else undo
    interval = float(seen.settings.get("interval") or 0.01)
    tail = float(seen.settings.get("timeout") or 1.0)
    first, last = longest(gaps(seen.new, zero, end)) if seen.new else (zero, zero)
    back = longest(gaps(seen.new, undo, seen.end)) if seen.new and undo is not None else (0.0, 0.0)
    counted = [a for a in seen.new if not a.open]
    held = [c for c in seen.held if c.opened <= zero and (c.ended is None or c.ended > zero)]
    kept = [c for c in held if not c.lost and (c.ended is not None or c.last_answer >= last)]
    lost = [c for c in held if c.lost]
    return {
        "blackout": round(last - first, 6),
        "blackout_begin": round(first - zero, 6),
        "blackout_end": round(last - zero, 6),
        "blackout_open": bool(seen.new) and last >= seen.end - 1e-9 and last - first > tail,
        "return_blackout": round(back[1] - back[0], 6),
        "detection": _detection(seen, zero),
        "vip_move": _vip_move(seen, zero),
        "first_answer": round(last - zero, 6) if last - first > 5 * interval else None,
        "requests": len(counted),
        "lost": sum(1 for a in counted if a.answered is None),
        "held": len(held),
        "kept": len(kept),
        "broken": len(lost),
        "silent": len(held) - len(kept) - len(lost),
        "held_pause": _round(max((c.longest_pause for c in kept), default=None)),
        "datagrams": len(seen.datagrams),
        "datagrams_lost": sum(1 for d in seen.datagrams if d.answered is None and not d.open),
    }


def _detection(seen: Timeline, zero: float) -> Optional[float]:
    """Seconds until another source than the last one before the fault sent an advert that is not a goodbye."""
    found: List[float] = []
    for vrid in {speaker.vrid for speaker in seen.speakers}:
        heard = sorted((t, s.source, p) for s in seen.speakers if s.vrid == vrid for t, p in s.adverts)
        before = [source for t, source, _p in heard if t <= zero]
        # RFC 9568, 5.2.4: priority 0 is a goodbye.
        after = [t for t, source, p in heard if t > zero and before and source != before[-1] and p]
        found += after[:1]
    return _round(min(found) - zero) if found else None


def _vip_move(seen: Timeline, zero: float) -> Optional[float]:
    held = seen.holders.get(str(seen.settings.get("address")), ())
    before = [span for span in held if span.begin <= zero]
    if not before:
        return None
    holder = max(before, key=lambda span: span.end).name
    after = [span.begin for span in held if span.begin > zero and span.name != holder]
    return _round(min(after) - zero) if after else None


def _baseline(seen: Timeline, zero: float) -> Tuple[int, int]:
    """New connections well before the fault, and how many of them were not answered."""
    quiet = [a for a in seen.new if a.began < zero - float(seen.settings.get("timeout") or 1.0)]
    return len(quiet), sum(1 for a in quiet if a.answered is None and not a.open)


def verdict(document: Mapping[str, Any], has_fault: bool, baseline: Tuple[int, int]) -> Tuple[str, List[str]]:
    """passed, failed or unmeasured, with the reasons."""
    measured, limits, probe = document["measured"], document["limits"], document["probe"]
    unsure = []
    if not has_fault:
        unsure.append("no mark of the fault in the probe's log: the times are relative to the log's begin")
    if not measured["requests"]:
        unsure.append("no new connections were observed")
    elif has_fault and not baseline[0]:
        unsure.append("the probe had not been at work long enough before the fault")
    if baseline[1]:
        unsure.append(f"{baseline[1]} of {baseline[0]} new connections failed before the fault: not a healthy start")
    if probe["stall"] > max(5 * probe["resolution"], measured["blackout"] / 2):
        unsure.append(f"the probe itself stood still for {probe['stall']:.3f} s: it sees no better than that")
    broken = []
    worst = max(measured["blackout"], measured["return_blackout"])
    if limits["max_blackout"] is not None and worst > limits["max_blackout"]:
        broken.append(f"blackout {worst:.3f} s is above max_blackout {limits['max_blackout']:g} s")
    if limits["max_lost"] is not None and measured["lost"] > limits["max_lost"]:
        broken.append(f"{measured['lost']} requests lost are above max_lost {limits['max_lost']}")
    if measured["blackout_open"]:
        broken.append("the service did not come back before the end of the observation")
    if broken:
        return "failed", [*broken, *unsure]
    return ("unmeasured" if unsure else "passed"), unsure


def _moments(seen: Timeline, zero: float, measured: Mapping[str, Any]) -> List[Dict[str, Any]]:
    listed = [{"at": round(m.at - zero, 6), "label": m.label, "host": m.host} for m in seen.marks]
    own = ("detection", "vip_move", "first_answer")
    listed += [{"at": measured[label], "label": label, "host": ""} for label in own if measured[label] is not None]
    return sorted(listed, key=lambda row: float(str(row["at"])))


def _span(span: Span, zero: float, host: str) -> Dict[str, Any]:
    return {"host": host, "begin": round(span.begin - zero, 6), "end": round(span.end - zero, 6), "count": span.count}


def _servers(attempts: Sequence[Attempt]) -> Dict[str, int]:
    counts: Dict[str, int] = {}
    for attempt in attempts:
        if attempt.answered is not None and attempt.server:
            counts[attempt.server] = counts.get(attempt.server, 0) + 1
    return dict(sorted(counts.items()))


def _errors(attempts: Sequence[Attempt]) -> Dict[str, int]:
    counts: Dict[str, int] = {}
    for attempt in attempts:
        if attempt.error and not attempt.open:
            counts[attempt.error] = counts.get(attempt.error, 0) + 1
    return dict(sorted(counts.items()))


def _round(value: Optional[float]) -> Optional[float]:
    return None if value is None else round(value, 6)


def _iso(wall: float) -> str:
    moment = dt.datetime.fromtimestamp(wall, dt.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
