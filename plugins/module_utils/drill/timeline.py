# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log's records as one picture in time: attempts, spans, moments. Pure.

Times are seconds on the probe's CLOCK_MONOTONIC, as in the log; the report makes them relative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from .records import Record


@dataclass(frozen=True)
class Attempt:
    """One request: on a new connection, on a held one, or a datagram. `answered` is None when no answer came."""

    began: float
    answered: Optional[float]
    error: str = ""
    server: str = ""

    @property
    def open(self) -> bool:
        """True when the probe ended before the answer or the time limit came."""
        return self.error == "open"


@dataclass(frozen=True)
class Span:
    """From the first to the last time that something was seen, without a pause longer than was allowed."""

    name: str
    begin: float
    end: float
    count: int


@dataclass(frozen=True)
class Mark:
    """Something done to the cluster; `wall` is the clock of the host that did it."""

    at: float
    label: str
    host: str
    wall: float


@dataclass(frozen=True)
class Connection:
    """One held connection. `ended` is None for one still there at the end; `lost` when nobody closed it in order."""

    key: int
    opened: float
    ended: Optional[float]
    lost: bool
    why: str
    requests: Tuple[Attempt, ...]

    @property
    def last_answer(self) -> float:
        """When the last answer came; the opening, when none did."""
        return max((r.answered for r in self.requests if r.answered is not None), default=self.opened)

    @property
    def longest_pause(self) -> float:
        """The longest time between two answers, or from the last one to the connection's end; seconds."""
        times = [self.opened, *(r.answered for r in self.requests if r.answered is not None)]
        if self.ended is not None:
            times.append(self.ended)
        return max((later - earlier for earlier, later in zip(times, times[1:])), default=0.0)


@dataclass(frozen=True)
class Timeline:
    """All that one probe saw. `holders` are spans of MAC addresses, by watched address; `speakers` of adverts."""

    begin: float
    end: float
    wall: float
    settings: Mapping[str, Any]
    host: str
    new: Tuple[Attempt, ...]
    skipped: Tuple[float, ...]
    datagrams: Tuple[Attempt, ...]
    held: Tuple[Connection, ...]
    holders: Mapping[str, Tuple[Span, ...]]
    announcements: Tuple[Tuple[float, str, str], ...]
    speakers: Tuple[Speaker, ...]
    marks: Tuple[Mark, ...]
    lateness: float
    drops: int
    why: str


@dataclass(frozen=True)
class Speaker:
    """One source of adverts for one virtual router; `adverts` are (time, priority)."""

    vrid: int
    version: int
    source: str
    mac: str
    interval: float
    adverts: Tuple[Tuple[float, int], ...]


def timeline(records: Sequence[Record]) -> Timeline:
    """Read a whole log; raises ValueError when it has no start."""
    by_kind: Dict[str, List[Record]] = {}
    for record in records:
        by_kind.setdefault(record["e"], []).append(record)
    if "start" not in by_kind:
        raise ValueError("the log has no start record: not a log of a probe, or an empty one")
    first, last = by_kind["start"][0], by_kind.get("end", [{}])[-1]
    settings = first.get("settings", {})
    sightings = by_kind.get("arp", ())
    tolerance = 3.5 * float(settings.get("arp_interval") or 0.1)
    return Timeline(
        begin=first["t"],
        end=last.get("t", max(_latest(record) for record in records)),
        wall=first.get("w", 0.0),
        settings=settings,
        host=first.get("host", ""),
        new=tuple(sorted((_attempt(record) for record in by_kind.get("new", ())), key=lambda a: a.began)),
        skipped=tuple(record["t"] for record in by_kind.get("skip", ())),
        datagrams=tuple(_attempt(record) for record in by_kind.get("udp", ())),
        held=tuple(_connections(records)),
        holders={
            address: spans(((r["t"], r["mac"]) for r in sightings if r["ip"] == address), tolerance)
            for address in dict.fromkeys(r["ip"] for r in sightings)
        },
        announcements=tuple((r["t"], r["mac"], r["ip"]) for r in sightings if r["how"] == "announce"),
        speakers=tuple(_speakers(by_kind.get("adv", ()))),
        marks=tuple(_marks(by_kind.get("mark", ()))),
        lateness=max((record["by"] for record in by_kind.get("late", ())), default=0.0),
        drops=last.get("drops", 0),
        why=last.get("why", "no end record: the probe was killed, or still runs"),
    )


def _marks(records: Iterable[Record]) -> Iterable[Mark]:
    """Each once, when it was first heard: hosts say it again in case it was lost."""
    known = set()
    for record in records:
        key = (record["label"], record.get("host", ""), record.get("w", 0.0))
        if key not in known:
            known.add(key)
            yield Mark(record["t"], *key)


def _latest(record: Record) -> float:
    return max(float(record["t"]), float(record.get("a") or 0.0))


def _attempt(record: Record) -> Attempt:
    return Attempt(record["t"], record.get("a"), record.get("x", ""), record.get("by", ""))


def spans(seen: Iterable[Tuple[float, str]], tolerance: float) -> Tuple[Span, ...]:
    """Runs of sightings of one name with no pause longer than `tolerance` s, in the order of their beginnings."""
    done: List[Span] = []
    live: Dict[str, Span] = {}
    for t, name in sorted(seen):
        span = live.get(name)
        if span is None or t - span.end > tolerance:
            if span is not None:
                done.append(span)
            live[name] = Span(name, t, t, 1)
        else:
            live[name] = Span(name, span.begin, t, span.count + 1)
    return tuple(sorted([*done, *live.values()], key=lambda span: (span.begin, span.name)))


def _connections(records: Sequence[Record]) -> Iterable[Connection]:
    requests: Dict[int, List[Attempt]] = {}
    opened: Dict[int, float] = {}
    gone: Dict[int, Record] = {}
    for record in records:
        kind = record["e"]
        if kind == "open":
            opened[record["k"]] = record["t"]
        elif kind == "held":
            requests.setdefault(record["k"], []).append(_attempt(record))
        elif kind == "gone":
            gone[record["k"]] = record
    for key in sorted(opened):
        end = gone.get(key)
        yield Connection(
            key,
            opened[key],
            end["t"] if end else None,
            bool(end and end["lost"]),
            end["x"] if end else "",
            tuple(requests.get(key, ())),
        )


def _speakers(adverts: Iterable[Record]) -> Iterable[Speaker]:
    groups: Dict[Tuple[int, int, str], List[Record]] = {}
    for record in adverts:
        groups.setdefault((record["vrid"], record["v"], record["src"]), []).append(record)
    for (vrid, version, source), rows in sorted(groups.items()):
        times = tuple((row["t"], row["prio"]) for row in rows)
        yield Speaker(vrid, version, source, rows[-1]["mac"], rows[-1]["int"], times)


def gaps(attempts: Sequence[Attempt], begin: float, end: float) -> List[Tuple[float, float]]:
    """The times without an answer between `begin` and `end`: from each answer to the next, and to the end.

    The first gap starts at the last answer before `begin`, when there is one: an interruption that
    began there had been going on since then for all that can be known.
    """
    times = sorted(a.answered for a in attempts if a.answered is not None)
    before = [t for t in times if t <= begin]
    inside = [t for t in times if begin < t < end]
    after = [t for t in times if t >= end]
    # An answer just after the end closes the last gap where it really closed.
    edges = [before[-1] if before else begin, *inside, after[0] if after else end]
    return list(zip(edges, edges[1:]))


def longest(pairs: Sequence[Tuple[float, float]]) -> Tuple[float, float]:
    """The longest of the gaps, (0, 0) of none."""
    return max(pairs, key=lambda pair: pair[1] - pair[0], default=(0.0, 0.0))
