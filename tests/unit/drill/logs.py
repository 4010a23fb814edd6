# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs as a probe would have written them, with every time chosen: what the analysis must find is known before."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.drill import records

VIP = "192.0.2.80"
OLD, NEW = "02:00:00:00:00:01", "02:00:00:00:00:02"
SETTINGS = {"address": VIP, "port": 80, "protocol": "http", "interval": 0.01, "timeout": 1.0, "arp_interval": 0.1}


def log(
    begin: float = 1000.0,
    fault: Optional[float] = 1003.0,
    dark: Tuple[float, float] = (1003.0, 1006.5),
    undo: Optional[float] = None,
    end: float = 1010.0,
    extra: Tuple[str, ...] = (),
    held: str = "lost",
) -> List[Dict[str, Any]]:
    """A director dies at `fault`; nobody answers within `dark`; the other one has the address from dark[1] - 5 ms on.

    New connections are answered after 2 ms, adverts come every second, questions every 0.1 s.
    """
    lines = [
        records.line("start", begin, version=1, w=1700000000.0, pid=1, boot="b", host="client", settings=SETTINGS),
        records.line("end", end, w=1700000000.0 + end - begin, why="signal", drops=0),
        *extra,
    ]
    for n in range(round((end - begin) / 0.01)):
        t = begin + n * 0.01
        if dark[0] <= t < dark[1]:
            lines.append(records.line("new", t, n=n, p=n + 1024, c=None, a=None, x="timeout"))
        else:
            lines.append(records.line("new", t, n=n, p=n + 1024, c=t + 0.001, a=t + 0.002, by=("rs1", "rs2")[n % 2]))
    moved = dark[1] - 0.005
    for n in range(round((end - begin) * 10)):
        t = begin + n * 0.1
        if not dark[0] <= t < moved:
            lines.append(records.line("arp", t, mac=OLD if t < dark[0] else NEW, ip=VIP, how="reply"))
    lines.append(records.line("arp", moved, mac=NEW, ip=VIP, how="announce"))
    advert = {"v": 2, "vrid": 51, "int": 1.0, "ips": [VIP]}
    for n in range(int(end - begin)):
        t = begin + n + 0.5
        if t < dark[0]:
            lines.append(records.line("adv", t, mac=OLD, src="192.0.2.1", prio=150, **advert))
        if moved - 0.001 + n < end:
            lines.append(records.line("adv", moved - 0.001 + n, mac=NEW, src="192.0.2.2", prio=100, **advert))
    if fault is not None:
        lines.append(records.line("mark", fault, w=1700000003.0, label="fault", host="dir1"))
    if undo is not None:
        lines.append(records.line("mark", undo, w=1700000008.0, label="undo", host="dir1"))
    lines += _held(begin, end, dark, held)
    parsed, broken = records.parse(lines)
    assert not broken
    return parsed


def _held(begin: float, end: float, dark: Tuple[float, float], fate: str) -> List[str]:
    lines = [records.line("open", begin + 0.01, k=1)]
    t = begin + 0.05
    number = 0
    while t < end:
        number += 1
        if not dark[0] <= t < dark[1]:
            lines.append(records.line("held", t, k=1, n=number, a=t + 0.002, by="rs1"))
        elif fate == "lost":
            return [*lines, records.line("gone", dark[1] + 0.2, k=1, x="reset", lost=True)]
        elif fate == "silent":
            return [*lines, records.line("held", t, k=1, n=number, a=None)]
        t += 0.05
    return lines
