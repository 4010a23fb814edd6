# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planned switch beside keepalived's graceful stop, in one guest and one run, under 200 new connections a second.

mastership.py [CYCLES]: each cycle is four planned switches between two agents (takeover, its end, standby, its end) and
one graceful stop of keepalived as master; the longest time between two answers around the switch (and over the whole
of some 3 s, with what the guest's one processor does besides), what failed. 5 cycles: 20 switches.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAB = ROOT / "tests" / "lab"
sys.path[:0] = [str(ROOT / "agent"), str(ROOT / ".ansible" / "collections"), str(LAB)]


def outside(cycles: str) -> None:
    """Run this program in a guest."""
    command = [str(LAB / "uml" / "uml-run"), "-t", "460", "-m", "512M", "--", sys.executable, __file__, cycles]
    os.execv(command[0], command)


def said(what: str, figures: dict) -> None:
    """One line a switch."""
    print(
        f"{what:<28} pause {figures['switch'] * 1000:6.1f} ms (all the time {figures['pause'] * 1000:6.1f})  asked {figures['asked']:4}"
        f"  failed {figures['failed'] or 0}"
        f"  longest request {figures['longest'] * 1000:6.1f} ms  answer after {figures['took'] * 1000:.0f} ms",
        flush=True,
    )


def summary(what: str, every: list) -> None:
    """All of one kind."""
    pauses = sorted(1000 * each["switch"] for each in every)
    failed = sum(sum(each["failed"].values()) for each in every)
    asked = sum(each["asked"] for each in every)
    print(
        f"== {what}: {len(every)} switches, pause median {statistics.median(pauses):.1f} ms, longest {pauses[-1]:.1f} ms,"
        f" {sum(pause < 20 for pause in pauses)} of {len(pauses)} under 20 ms; {failed} of {asked} requests failed,"
        f" the longest took {1000 * max(each['longest'] for each in every):.1f} ms"
    )


def main(cycles: int) -> None:
    """Interleaved: each engine's turn in each cycle would restart both; so ours first, keepalived's after, in one run."""
    from switching import SWITCHES, Pair

    pair, ours, theirs, idle = Pair(), [], [], []
    idle.append(pair.moved("d1", "d1", command="ping"))
    said("no switch", idle[0])
    for _cycle in range(cycles):
        for to, name, request in SWITCHES:
            ours.append(pair.moved(to, name, **request))
            said(f"{request['command']} asked of {name}", ours[-1])
    pair.run("keepalived", "keepalived")
    for _cycle in range(cycles):
        theirs.append(pair.moved("d2", "d1"))
        said("keepalived: graceful stop", theirs[-1])
        pair.keepalived("d1")
        pair.wait_settled()
    summary("lvs-agent, planned", ours)
    summary("keepalived, graceful stop", theirs)
    pair.cluster.close()


if __name__ == "__main__":
    words = sys.argv[1:] or ["5"]
    if os.environ.get("LAB") == "uml":
        main(int(words[0]))
    else:
        outside(words[0])
