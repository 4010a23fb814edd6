# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's log: one JSON object a line, written by the probe and read by the report. No files, no clock.

Every record has `e` (its kind) and `t` (seconds, CLOCK_MONOTONIC of the probe's host). The kinds:

    start   w, boot, host, settings     w is the wall clock: seconds since 1970
    clock   w                           once a second: both clocks, so that a step of the wall clock shows
    new     n, p, c, a, x, by           a new connection: number, source port; times of the handshake and of the
                                        answer (null: never), what went wrong, the server that answered
    skip    n                           a new connection not opened, because too many were in flight
    held    k, n, a, by                 a request on held connection k; a is the time of the answer
    open    k                           held connection k is established
    gone    k, x, lost                  it has ended; lost is false when the server closed it in order
    udp     n, a, x                     a numbered datagram and the time of its echo
    arp     mac, ip, how                an owner of a watched address showed itself (frames.Sighting)
    adv     mac, src, v, vrid, prio, int, ips, out    a VRRP advert (frames.Advert); out: sent by this host
    mark    w, label, host              something was done at this moment; host and w are those who did it
    late    by                          the probe itself was late by so many seconds
    end     w, why, drops               drops: frames the kernel could not hand over
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, List, Tuple

VERSION = 1
Record = Dict[str, Any]


def line(kind: str, t: float, **rest: Any) -> str:
    """One record as a line of text, times to the microsecond."""
    record: Record = {"e": kind, "t": round(t, 6)}
    for name, value in rest.items():
        record[name] = round(value, 6) if isinstance(value, float) else value
    return json.dumps(record, separators=(",", ":")) + "\n"


def parse(lines: Iterable[str]) -> Tuple[List[Record], int]:
    """The records in the order of their times, and the number of lines that could not be read.

    A probe that was killed leaves a last line half-written: it is counted, not fatal.
    """
    records: List[Record] = []
    broken = 0
    for text in lines:
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except ValueError:
            broken += 1
            continue
        if isinstance(record, dict) and isinstance(record.get("e"), str) and isinstance(record.get("t"), (int, float)):
            records.append(record)
        else:
            broken += 1
    records.sort(key=lambda record: float(record["t"]))
    return records, broken
