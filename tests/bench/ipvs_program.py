#!/usr/bin/env python3
# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programming and reading a big IPVS table: this agent beside ipvsadm, interleaved in one run, in one guest.

    tests/bench/ipvs_program.py [RUNS]

Started on the machine it starts itself in a User Mode Linux guest; there it takes a fresh network namespace for each
measurement, fills 1,000 services with 10,000 destinations by either program, reads them by either, and prints medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "agent"), str(ROOT / "tests" / "lab")]

SERVICES, DESTINATIONS = 1000, 10  # of each service


def text() -> str:
    """The table as ipvsadm -R reads it."""
    lines = []
    for n in range(SERVICES):
        name = f"-t 10.{100 + n // 250}.{n % 250}.1:80"
        lines.append(f"-A {name} -s wrr -p 50")
        lines += [f"-a {name} -r 10.{m}.{n // 250}.{n % 250 + 1}:80 -g -w {m + 1}" for m in range(DESTINATIONS)]
    return "".join(line + "\n" for line in lines)


def measure(runs: int) -> None:
    """In the guest: interleave, time, compare, print."""
    from netns import Host

    from lvs_agent.ipvs import save
    from lvs_agent.ipvs.diff import diff
    from lvs_agent.ipvs.port import Ipvs
    from lvs_agent.ipvs.restore import read

    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_wrr"], check=True)
    saved = text()
    want = read(saved)
    other = read(saved.replace("10.9.3.249:80 -g -w 10", "10.9.3.249:80 -g -w 11"))
    times: Dict[str, List[float]] = {}

    def clock(what: str, work: Callable[[], object]) -> object:
        start = time.perf_counter()
        result = work()
        times.setdefault(what, []).append((time.perf_counter() - start) * 1000)
        return result

    def fill_by_ipvsadm() -> None:
        subprocess.run(["ipvsadm", "-R"], input=saved, text=True, check=True)

    def list_by_ipvsadm() -> str:
        command = ["ipvsadm", "-Ln", "--stats"]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    for run in range(runs):
        ours, theirs = Host(f"ours{run}"), Host(f"theirs{run}")
        with ours, Ipvs() as ipvs:
            failures = clock(
                "fill: this agent, from values (dump, diff, apply)", lambda: ipvs.apply(diff(ipvs.dump(), want))
            )
            assert failures == ()
        with theirs:
            clock("fill: ipvsadm -R", fill_by_ipvsadm)
        with ours, Ipvs() as ipvs:
            assert clock("read: this agent, the table", ipvs.dump) == want
            assert len(clock("read: this agent, with counters", ipvs.stats)) == SERVICES
        with theirs:
            clock("read: ipvsadm -Ln --stats", list_by_ipvsadm)
            with Ipvs() as ipvs:
                assert ipvs.dump() == want
        with ours, Ipvs() as ipvs:
            changes = diff(want, other)
            assert len(changes) == 1
            clock("one weight: dump, diff, apply", lambda: ipvs.apply(diff(ipvs.dump(), other)))
            clock("one weight: diff and apply, table known", lambda: ipvs.apply(diff(other, want)))
            clock("text: write as ipvsadm -Sn", lambda: save.write(want))
            clock("clear: this agent", lambda: ipvs.apply(diff(want, {})))
            assert ipvs.dump() == {}
        for host in (ours, theirs):
            host.close()
        print(f"run {run + 1} of {runs} done", flush=True)
    print(f"{SERVICES} services, {SERVICES * DESTINATIONS} destinations, median of {runs} runs, ms:")
    for what, values in times.items():
        spread = f"({min(values):.0f} to {max(values):.0f})"
        print(f"  {what:<52} {statistics.median(values):8.0f}  {spread}")
    ratio = statistics.median(times["fill: ipvsadm -R"]) / statistics.median(next(iter(times.values())))
    print(f"  ipvsadm -R takes {ratio:.0f} times as long to fill")


def main() -> int:
    """On the machine start a guest, in the guest measure."""
    runs = sys.argv[1] if len(sys.argv) > 1 else "3"
    if "LAB" in os.environ:
        measure(int(runs))
        return 0
    runner = ROOT / "tests" / "lab" / "uml" / "uml-run"
    return subprocess.call([str(runner), "-t", "400", "-C", str(ROOT), "--", sys.executable, __file__, runs])


if __name__ == "__main__":
    sys.exit(main())
