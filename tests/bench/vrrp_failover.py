# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blackout that a client sees when the master fails: a pair of ours beside a pair of Debian's keepalived.

    python tests/bench/vrrp_failover.py [--rounds 5] [--only v3-0.1]

Two directors with the same file, a client that pings the virtual address every half millisecond. The engines take
turns in every round. `after the timer` is what an engine adds to the protocol: from the moment when the backup's
timer is due (last advert on the wire, plus the down interval or, after a farewell, the skew) to the first reply; for
kill -9, where the dead director's kernel goes on answering, to the first announcement.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import subprocess
import sys
import time
from typing import Dict, List, Tuple

import stage
from stage import ENGINES, VIP, Director, Seen, Timing, Witness

ROWS = {"v2-1": Timing(2, 1.0), "v3-0.1": Timing(3, 0.1), "v3-0.01": Timing(3, 0.01)}
EVENTS = ("link down", "graceful stop", "kill -9")
STRONG, WEAK = 200, 100
PING = 0.0005
Key = Tuple[str, str, str]


class Pair:
    """Two directors of one engine with one row's file, and the client."""

    def __init__(self, witness: Witness, strong: Director, weak: Director) -> None:
        self.witness, self.strong, self.weak = witness, strong, weak
        self.stuck = 0

    def up(self, engine: str, timing: Timing) -> None:
        """Both run, the stronger is master."""
        self.engine, self.timing = engine, timing
        self.start(self.strong, STRONG)
        self.start(self.weak, WEAK)
        self.settle()

    def start(self, director: Director, priority: int) -> None:
        director.clean()
        director.start(self.engine, stage.configuration(self.timing, priority))

    def down(self) -> None:
        """Neither runs."""
        for each in (self.weak, self.strong):
            each.stop()
            each.ended()
            each.clean()

    def settle(self) -> None:
        """Until the stronger alone has advertised for a while; one that does not come back is started again."""
        quiet = 3 * self.timing.advert_int + 0.3
        self.witness.take()
        for _attempt in range(3):
            for _turn in range(int(12 / quiet)):
                time.sleep(quiet)
                speakers = {each.who for each in self.witness.take() if each.kind == "advert"}
                if speakers == {self.strong.source}:
                    return
            self.stuck += 1
            self.strong.stop()
            self.strong.ended()
            self.start(self.strong, STRONG)
        raise RuntimeError(f"no stable master: {self.strong.log()}\n{self.weak.log()}")

    def fail(self, event: str) -> Tuple[float, float]:
        """(blackout, of it after the timer), seconds. The stronger director is master again afterwards."""
        time.sleep(self.timing.advert_int * (time.time() * 7919 % 1))  # any phase of the advertisement timer
        self.witness.take()
        self.witness.ping(VIP, PING)
        time.sleep(max(0.2, 2 * self.timing.advert_int))
        cable = self.strong.host.cables[0]
        at = time.time()
        if event == "link down":
            subprocess.run(["ip", "link", "set", cable, "down"], check=True)
        else:
            self.strong.stop(signal.SIGKILL if event == "kill -9" else signal.SIGTERM)
        time.sleep(self.timing.down(WEAK) + 0.4)
        self.witness.ping("", 0.0)
        seen = self.witness.take()
        if event == "link down":
            subprocess.run(["ip", "link", "set", cable, "up"], check=True)
        else:
            self.strong.ended()
            self.start(self.strong, STRONG)
        self.settle()
        return self._measured(event, seen, at)

    def _measured(self, event: str, seen: List[Seen], at: float) -> Tuple[float, float]:
        replies = [each.at for each in seen if each.kind == "reply"]
        gaps = [(later - earlier, later) for earlier, later in zip(replies, replies[1:]) if later > at]
        if not gaps:
            raise RuntimeError(f"no reply came back: {self.weak.log()}")
        blackout, back = max(gaps)
        takeover = next(
            each.at for each in seen if each.kind == "advert" and each.who == self.weak.source and each.at > at
        )
        announced = next(each.at for each in seen if each.kind == "announce" and each.at >= takeover)
        last = [
            each for each in seen if each.kind == "advert" and each.who == self.strong.source and each.at < takeover
        ]
        due = last[-1].at + (self.timing.down(WEAK) if last[-1].priority else self.timing.skew(WEAK))
        # a killed director's kernel keeps answering: then the announcement is what can be late
        return blackout, (announced if event == "kill -9" else back) - due


def theory(event: str, timing: Timing) -> str:
    """What the protocol's timers alone make of it."""
    if event == "graceful stop":
        return f"{timing.skew(WEAK) * 1000:.1f}"
    if event == "kill -9":
        return "0"
    return f"{(timing.down(WEAK) - timing.advert_int) * 1000:.1f} to {timing.down(WEAK) * 1000:.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=list(ROWS), help="one row of timers")
    options = parser.parse_args()
    stage.inside()
    print(stage.machine(), flush=True)
    client = stage.segment()
    pair = Pair(Witness(client), Director("strong", 1, "br0"), Director("weak", 2, "br0"))
    figures: Dict[Key, List[Tuple[float, float]]] = {}
    stuck = dict.fromkeys(ENGINES, 0)
    rows = {options.only: ROWS[options.only]} if options.only else ROWS
    for number in range(options.rounds):
        for row, timing in rows.items():
            for engine in ENGINES if number % 2 else ENGINES[::-1]:
                pair.stuck = 0
                pair.up(engine, timing)
                for event in EVENTS * (1 if timing.advert_int >= 1 else 3):
                    figures.setdefault((row, event, engine), []).append(pair.fail(event))
                pair.down()
                stuck[engine] += pair.stuck
        print(f"round {number + 1} of {options.rounds} done", flush=True)
    lines = []
    for row, timing in rows.items():
        for event in EVENTS:
            cells = [str(timing), event, theory(event, timing)]
            for column in (0, 1):
                for engine in ENGINES:
                    values = [each[column] * 1000 for each in figures[row, event, engine]]
                    cells.append(f"{statistics.median(values):.2f} / {max(values):.2f}")
            lines.append((*cells, str(len(figures[row, event, ENGINES[0]]))))
    head = ("timers", "event", "theory, ms", "blackout lvs-agent", "blackout keepalived")
    print("median / maximum, ms")
    print(stage.table((*head, "after the timer lvs-agent", "after the timer keepalived", "runs"), lines))
    print(f"had to be started again because the master did not come back: {stuck}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
