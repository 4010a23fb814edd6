#!/usr/bin/env python3
# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What load, dump, reload and status cost with 100, 1,000 and 10,000 real servers, and what adverts feel of it.

    python tests/bench/agent_growth.py [--sizes 100,1000,10000] [--rounds 5] [--seconds 20]

In namespaces of this machine, without ip_vs: the agent says so once and does everything else. The file also has a
vrrp_instance at 0.1 s, whose adverts a witness at real-time priority counts while nothing is asked and while the status
is asked for without a pause. Medians; the factor is that of the step to ten times as many servers.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import ipvs_scale
import stage
from stage import Director, Timing, Witness

TIMING = Timing(3, 0.1)
LOAD = """import gc, sys, time
from lvs_agent import plan_checks, reading
gc.disable()
begun = time.perf_counter()
plan_checks.plan(reading.load(sys.argv[1]).document)
print(time.perf_counter() - begun)"""


def text(servers: int, weight: int = 1) -> str:
    """ipvs_scale's file with a virtual router in it."""
    vrrp = stage.configuration(TIMING, 200).partition("}\n")[2]
    return ipvs_scale.configuration(servers, weight) + vrrp


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def asked(path: str) -> bytes:
    """The status as it comes over the socket, not looked into."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall(b'{"command":"status"}\n')
        answer = bytearray()
        while not answer.endswith(b"\n"):
            answer += sock.recv(1 << 20)
        return bytes(answer)


def processes(pid: int) -> Dict[str, float]:
    """Resident and proportional memory of an agent's processes, MB: the largest, and the sum of all shares."""
    sizes, shares = [], []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) != pid:
                continue
            rollup = (entry / "smaps_rollup").read_text()
        except (OSError, ValueError, IndexError):
            continue
        words = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in rollup.splitlines()[1:]}
        sizes.append(words["Rss"])
        shares.append(words["Pss"])
    return {
        "memory of the largest process, MB": max(sizes),
        "memory of all of them, shared parts once, MB": sum(shares),
    }


def gaps(witness: Witness, source: str) -> List[float]:
    """Milliseconds between adverts since the last time."""
    times = [seen.at for seen in witness.take() if seen.kind == "advert" and seen.who == source]
    return [(after - before) * 1000 for before, after in zip(times, times[1:])]


def start(director: Director, content: str) -> float:
    """Start the agent with VRRP and checks; milliseconds until every part of it serves."""
    conf, path = director.folder / "keepalived.conf", str(director.folder / "control.sock")
    conf.write_text(content)
    words = [*ipvs_scale.AGENT, "run", "-n", "-l", "-f", str(conf), "--socket", path]
    begun = time.perf_counter()
    director.program = director.host.start(*words, log=str(director.folder / "log"))

    def ready() -> bool:
        try:
            told = json.loads(asked(path))["status"]
        except (OSError, ValueError):
            return False
        return all(each["ready"] for each in told["processes"].values()) and "checker" in told

    if not stage.until(ready, 60, 0.05):
        raise RuntimeError(director.log())
    return (time.perf_counter() - begun) * 1000


def size(servers: int, rounds: int, seconds: float, director: Director, witness: Witness) -> Dict[str, float]:
    """All figures of one size."""
    conf, path = director.folder / "keepalived.conf", str(director.folder / "control.sock")
    environment = dict(os.environ, PYTHONPATH=f"{stage.ROOT / 'agent'}:{stage.ROOT / '.ansible' / 'collections'}")
    agent = [sys.executable, "-m", "lvs_agent"]

    def run(*words: str) -> str:
        return subprocess.run(
            words, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ).stdout

    def reload(weight: int) -> None:
        conf.write_text(text(servers, weight))
        run(*agent, "reload", "--socket", path)
        wanted = f'"configured_weight":{weight},'.encode()
        while wanted not in asked(path)[:4000]:
            time.sleep(0.01)

    figures = {"start until all serve, ms": start(director, text(servers))}
    figures["load and plan, ms"] = 1000 * statistics.median(
        float(run(sys.executable, "-c", LOAD, str(conf))) for _ in range(rounds)
    )
    stage.until(lambda: b'"has_run":false' not in asked(path), 90, 1.0)
    witness.take()
    time.sleep(seconds)
    quiet = gaps(witness, director.source)
    works: Tuple[Tuple[str, Callable[[int], object]], ...] = (
        ("status by the socket, ms", lambda _n: asked(path)),
        ("lvs-agent status --json, ms", lambda _n: run(*agent, "status", "--json", "--socket", path)),
        ("lvs-agent status, ms", lambda _n: run(*agent, "status", "--socket", path)),
        ("lvs-agent dump, ms", lambda _n: run(*agent, "dump", str(conf))),
        ("reload with one changed weight, ms", lambda n: reload(n + 2)),
    )
    for what, work in works:
        figures[what] = statistics.median(timed(lambda work=work, n=n: work(n)) for n in range(rounds))
    figures.update(processes(director.program.pid))
    witness.take()
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        asked(path)
        count += 1
    busy = gaps(witness, director.source)
    figures["statuses a second, asked without a pause"] = count / seconds
    for when, found in (("nothing asked", quiet), ("under statuses", busy)):
        figures[f"advert interval, {when}, median ms"] = statistics.median(found)
        figures[f"advert interval, {when}, longest ms"] = max(found)
    director.stop()
    director.ended()
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100,1000,10000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    stage.inside()
    print(stage.machine(), flush=True)
    Path("/proc/sys/net/core/somaxconn").write_text("4096")
    witness = Witness(stage.segment())
    director = Director("dir1", 11, "br0")
    ipvs_scale.listen(director.host, 80)
    ipvs_scale.listen(director.host, 81)
    sizes = [int(each) for each in options.sizes.split(",")]
    columns = [size(each, options.rounds, options.seconds, director, witness) for each in sizes]
    rows = []
    for what in columns[0]:
        values = [column[what] for column in columns]
        factors = [f"{after / before:.1f}" if before else "" for before, after in zip(values, values[1:])]
        rows.append((what, *(f"{value:.1f}" for value in values), *factors))
    head = ("", *(f"{each:,} servers" for each in sizes), *(f"factor to {each:,}" for each in sizes[1:]))
    print(stage.table(head, rows))
    witness.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
