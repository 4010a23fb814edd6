# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hundred virtual routers at 0.1 s while both cores are loaded: takeovers that nothing called for.

    python tests/bench/vrrp_steady.py [--minutes 1] [--turns 1] [--instances 200] [--load 1]

Engines take turns of `minutes` each (ten turns of one minute are the ten minutes asked of each; the default is one
turn). Nothing fails: every advert of the backup is a false failover, counted once an episode. `--load` busy
processes a core run beside. `keepalived rt` is keepalived with vrrp_rt_priority 10 in its file, the priority that
lvs-agent takes by itself, and with vrrp_rlimit_rttime 5000000: with its own default it is killed while it starts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Dict, List

import stage
from stage import Director, Seen, Timing, Witness

TIMING = Timing(3, 0.1)
STRONG, WEAK = 101, 100
ENGINES = ("lvs-agent", "keepalived", "keepalived rt")
EPISODE = 3.0  # adverts of one backup closer together than this belong to one takeover


@dataclass
class Sum:
    """What came of one engine, over all its turns."""

    seconds: float = 0.0
    episodes: int = 0
    adverts: int = 0
    longest: float = 0.0
    cpu: Dict[str, float] = field(default_factory=lambda: {"master": 0.0, "backup": 0.0})


def busy() -> None:
    while True:
        pass


def add(total: Sum, seen: List[Seen], strong: str, weak: str, last: Dict[int, float], spoke: Dict[int, float]) -> None:
    """Count one batch of adverts; `last` and `spoke` remember the routers' last adverts of either director."""
    for each in seen:
        if each.kind != "advert":
            continue
        if each.who == weak:
            if each.at - spoke.get(each.vrid, 0.0) > EPISODE:
                total.episodes += 1
            spoke[each.vrid] = each.at
        elif each.who == strong:
            total.adverts += 1
            total.longest = max(total.longest, each.at - last.get(each.vrid, each.at))
            last[each.vrid] = each.at


def turn(engine: str, seconds: float, instances: int, witness: Witness, pair: List[Director], total: Sum) -> None:
    """One turn of one engine."""
    strong, weak = pair
    extra = "vrrp_rt_priority 10\n vrrp_rlimit_rttime 5000000" if engine.endswith("rt") else ""
    for director, priority in ((strong, STRONG), (weak, WEAK)):
        text = stage.configuration(TIMING, priority, instances=instances, extra=extra)
        director.start(engine.partition(" ")[0], text)
    wanted = {(strong.source, number + 1) for number in range(instances)}
    witness.take()
    for second in range(60):
        time.sleep(1.0)
        if {(each.who, each.vrid) for each in witness.take() if each.kind == "advert"} == wanted and second >= 8:
            break
    else:  # under load an engine may go on electing; what follows counts it
        print(f"{engine}: not every virtual router had its one master after 60 s", flush=True)
    before = {"master": strong.cpu(), "backup": weak.cpu()}
    begin, last, spoke = time.monotonic(), {}, {}
    while time.monotonic() - begin < seconds:
        time.sleep(0.5)
        add(total, witness.take(), strong.source, weak.source, last, spoke)
    total.seconds += time.monotonic() - begin
    for name, director in (("master", strong), ("backup", weak)):
        total.cpu[name] += director.cpu() - before[name]
        director.stop()
        director.ended()
        director.clean()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="of one turn")
    parser.add_argument("--turns", type=int, default=1, help="of each engine")
    parser.add_argument("--instances", type=int, default=200)
    parser.add_argument("--load", type=int, default=1, help="busy processes a core")
    parser.add_argument("--engines", default=",".join(ENGINES))
    options = parser.parse_args()
    engines = options.engines.split(",")
    stage.inside()
    print(stage.machine(), flush=True)
    witness = Witness(stage.segment())
    pair = [Director("strong", 1, "br0"), Director("weak", 2, "br0")]
    for _process in range(options.load * (os.cpu_count() or 1)):
        multiprocessing.Process(target=busy, daemon=True).start()
    totals = {engine: Sum() for engine in engines}
    for number in range(options.turns):
        for engine in engines if number % 2 else engines[::-1]:
            turn(engine, options.minutes * 60, options.instances, witness, pair, totals[engine])
            print(f"turn {number + 1} {engine}: {totals[engine]}", flush=True)
    rows = []
    for engine, total in totals.items():
        share = [f"{100 * each / total.seconds:.0f} %" for each in total.cpu.values()]
        pace = total.adverts / total.seconds / options.instances * TIMING.advert_int
        row = (engine, f"{total.seconds / 60:.1f}", str(total.episodes), f"{total.longest * 1000:.0f}", f"{pace:.3f}")
        rows.append((*row, *share))
    print(f"{options.instances} virtual routers, {TIMING}, {options.load} busy processes a core")
    head = ("engine", "minutes", "false failovers", "longest silence, ms", "adverts per interval")
    print(stage.table((*head, "CPU of the master", "CPU of the backup"), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
