#!/usr/bin/env python3
# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""10,000 servers beside Debian's keepalived, in turns, in one guest with real ip_vs.

    tests/bench/ipvs_scale.py [RUNS [SERVERS]]

Ten servers to a virtual server, each with a TCP_CHECK that answers. Per engine and run, in a namespace of its own:
start to full table, one changed weight by HUP to the kernel, a server dying to its removal, resident memory.
For the agent also what load, dump, status and reload cost at a tenth of the servers, so that a quadratic step shows.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "agent"), str(ROOT / "tests" / "lab"), str(ROOT / ".ansible" / "collections")]
DEATHS = 6
AGENT = ("env", f"PYTHONPATH={ROOT / 'agent'}:{ROOT / '.ansible' / 'collections'}", sys.executable, "-m", "lvs_agent")


def place(number: int) -> str:
    return f"127.{1 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


def configuration(servers: int, weight: int = 1, delay: int = 60) -> str:
    """The last virtual server is checked every second: one of its servers dies. weight: of the first server."""
    text = "global_defs {\n script_user root\n}\n"
    for start in range(0, servers, 10):
        each = 1 if start + 10 >= servers else delay
        text += (
            f"virtual_server 10.{start // 2500}.{start // 10 % 250}.1 80 {{\n delay_loop {each}\n retry 1\n warmup 0\n"
        )
        text += " delay_before_retry 1\n protocol TCP\n lvs_sched wrr\n lvs_method NAT\n"
        for number in range(start, start + 10):
            port = 81 if number == servers - 1 else 80
            text += f" real_server {place(number)} {port} {{\n  weight {weight if number == 0 else 1}\n"
            text += "  TCP_CHECK {\n   connect_timeout 3\n  }\n }\n"
        text += "}\n"
    return text


def listen(host, port: int) -> socket.socket:
    """A server on every loopback address that accepts and closes."""
    with host:
        listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(1024)

    def serve() -> None:
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    return listener


def memory(pid: int) -> float:
    """The largest resident set of a process and its children, MB."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            status = (entry / "status").read_text()
        except OSError:
            continue
        if int(entry.name) == pid or f"PPid:\t{pid}\n" in status:
            found += [int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")]
    return max(found)


def until(condition, limit: float = 120.0, every: float = 0.01) -> float:
    start = time.monotonic()
    while time.monotonic() - start < limit:
        if condition():
            return (time.monotonic() - start) * 1000
        time.sleep(every)
    raise RuntimeError("never happened")


def command(engine: str, folder: Path) -> Tuple[str, ...]:
    """How an engine is started on the file in its folder."""
    conf = str(folder / "keepalived.conf")
    if engine == "keepalived":
        return ("keepalived", "-C", "-n", "-f", conf, "-p", f"{folder}/1", "-c", f"{folder}/2")
    return (*AGENT, "run", "-C", "-n", "-f", conf, "--socket", f"{folder}/control.sock")


def one(engine: str, servers: int, times: Dict[str, List[float]], run: int) -> None:
    from netns import Host

    from lvs_agent.ipvs.port import Ipvs
    from lvs_agent.ipvs.table import ServiceKey

    host = Host(f"{engine[:4]}{servers}x{run}")
    folder = Path("/run") / host.name
    folder.mkdir()
    conf = folder / "keepalived.conf"
    conf.write_text(configuration(servers))
    listen(host, 80)
    dying = listen(host, 81)
    with host:
        ipvs = Ipvs()
    first = ServiceKey(2, 6, "10.0.0.1", 80)
    last = (servers - 10) // 10
    final = ServiceKey(2, 6, f"10.{last // 250}.{last % 250}.1", 80)

    def note(what: str, value: float) -> None:
        times.setdefault(f"{servers:>6} {what:<44} {engine}", []).append(value)

    def weights(key: ServiceKey) -> Dict[str, int]:
        return {d.address: d.weight for entry in ipvs.dump([key]).values() for d in entry.destinations}

    begun = time.monotonic()
    program = host.start(*command(engine, folder), log=f"{folder}/log")
    until(lambda: weights(first))
    filling = time.monotonic()
    until(lambda: len(weights(final)) == 10)
    full = time.monotonic()
    note("start to full table, ms", (full - begun) * 1000)
    note("of it programming, ms", (full - filling) * 1000)
    time.sleep(4)
    note("memory of the largest process, MB", memory(program.pid))
    for weight in (5, 6, 7):
        conf.write_text(configuration(servers, weight))
        program.send_signal(signal.SIGHUP)
        note("one weight by HUP to the kernel, ms", until(lambda weight=weight: weights(first)[place(0)] == weight))
        time.sleep(2)
    for _death in range(DEATHS):
        dying.shutdown(socket.SHUT_RDWR)
        dying.close()
        note("a server's death to its removal, ms", until(lambda: len(weights(final)) == 9, 30))
        dying = listen(host, 81)
        until(lambda: len(weights(final)) == 10, 30)
    if engine == "agent":
        asked = ("status", "--json", "--socket", f"{folder}/control.sock"), ("dump", str(conf))
        for what, *more in asked:
            start = time.monotonic()
            host.run(*AGENT, what, *more)
            note(f"{what}, ms", (time.monotonic() - start) * 1000)
    start = time.monotonic()
    host.stop(program, limit=60)
    note("stop, ms", (time.monotonic() - start) * 1000)
    ipvs.close()
    host.close()


def measure(runs: int, servers: int) -> None:
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_wrr"], check=True)
    Path("/proc/sys/net/core/somaxconn").write_text("4096")
    times: Dict[str, List[float]] = {}
    for run in range(runs):
        for size in (servers // 10, servers):
            for engine in ("agent", "keepalived"):
                one(engine, size, times, run)
                print(f"run {run + 1}: {engine} with {size} servers done", flush=True)
    print(f"medians of {runs} runs (p99 is the largest of {DEATHS * runs} deaths)")
    for what in sorted(times):
        values = times[what]
        print(f"  {what:<64} {statistics.median(values):9.1f}  ({min(values):.1f} to {max(values):.1f})")


def main() -> int:
    """On the machine start a guest, in the guest measure."""
    runs, servers = (*sys.argv[1:], *("1", "10000")[len(sys.argv) - 1 :])[:2]
    if "LAB" in os.environ:
        measure(int(runs), int(servers))
        return 0
    runner = ROOT / "tests" / "lab" / "uml" / "uml-run"
    limit = str(60 + 240 * int(runs))
    words = ["-t", limit, "-m", "1G", "-C", str(ROOT), "--", sys.executable, __file__, runs, servers]
    return subprocess.call([str(runner), *words])


if __name__ == "__main__":
    sys.exit(main())
