#!/usr/bin/env python3
# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check storm: every server fails at once, scripts hang, the disk of the log is full. `make storm`.

    python tests/bench/check_storm.py [--servers 10000] [--hanging 200]

In namespaces of this machine, without ip_vs. The file also has a vrrp_instance at 0.1 s, whose adverts a witness at
real-time priority counts. Every tenth server also has a notify_down that hangs; so many others are checked by a script
that hangs, until its time limit. Exit status 1 when a verdict is lost; what adverts felt is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict

import agent_growth
import ipvs_scale
import stage
from stage import Director, Timing, Witness

TIMING = Timing(3, 0.1)
LIMIT = 120.0
"""Seconds in which every verdict has to be there."""


def text(servers: int, hanging: int) -> str:
    """ipvs_scale's servers, checked every other second, a tenth of them with a notify_down that hangs; and as many
    virtual servers as scripts hang.
    """
    vrrp = stage.configuration(TIMING, 200)
    checked = ipvs_scale.configuration(servers, delay=2).partition("}\n")[2].replace(" 81 {", " 80 {")
    lines = checked.replace("{\n  weight 1\n", '{\n  weight 1\n  notify_down "/bin/sleep 100"\n').split("\n")
    seen, kept = 0, []
    for line in lines:
        if "notify_down" in line:
            seen += 1
            if seen % 10:
                continue
        kept.append(line)
    scripts = "".join(
        f"virtual_server 10.250.{number // 250}.{number % 250 + 1} 80 {{\n delay_loop 2\n retry 1\n warmup 0\n"
        " delay_before_retry 1\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n real_server 127.9.0.1 80 {\n"
        '  MISC_CHECK {\n   misc_path "/bin/sleep 100"\n   misc_timeout 3\n  }\n }\n}\n'
        for number in range(hanging)
    )
    return vrrp.replace("}\n", " script_user root\n}\n", 1) + "\n".join(kept) + scripts


def counted(path: str) -> Dict[str, int]:
    """How many servers are alive and dead by the status."""
    status = json.loads(agent_growth.asked(path))["status"]["checker"]
    alive = [server["alive"] for service in status["services"] for server in service["servers"]]
    return {"alive": sum(alive), "dead": len(alive) - sum(alive), "checks": status["counters"]["checks"]}


def waited(path: str, what: str, wanted: int) -> float:
    """Seconds until so many servers are what is wanted; LIMIT when they never are."""
    begun = time.monotonic()
    while time.monotonic() - begun < LIMIT and counted(path)[what] != wanted:
        time.sleep(0.5)
    return time.monotonic() - begun


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=10000)
    parser.add_argument("--hanging", type=int, default=200)
    options = parser.parse_args()
    stage.inside()
    print(stage.machine(), flush=True)
    Path("/proc/sys/net/core/somaxconn").write_text("8192")
    witness = Witness(stage.segment())
    director = Director("dir1", 11, "br0")
    disk = director.folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    (director.folder / "log").symlink_to(disk / "log")
    path, rows = str(director.folder / "control.sock"), []

    def row(what: str, seconds: float, wanted: int) -> bool:
        found, gaps = counted(path), agent_growth.gaps(witness, director.source)
        rows.append((what, f"{seconds:.1f}", str(found["alive"]), str(found["dead"]), f"{max(gaps):.1f}"))
        return found["alive"] == wanted

    listener = ipvs_scale.listen(director.host, 80)
    agent_growth.start(director, text(options.servers, options.hanging))
    good = []
    witness.take()
    taken = waited(path, "dead", options.hanging)
    good.append(row("started, scripts hang", taken, options.servers))
    with (disk / "fill").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            print(f"the disk of the log: {error.strerror}, {os.statvfs(disk).f_bavail} blocks left")
    listener.shutdown(2)
    listener.close()
    taken = waited(path, "alive", 0)
    good.append(row("all servers dead", taken, 0))
    time.sleep(10)
    good.append(row("ten seconds more", 10.0, 0))
    ipvs_scale.listen(director.host, 80)
    taken = waited(path, "alive", options.servers)
    good.append(row("all back", taken, options.servers))
    print(stage.table(("", "after s", "alive", "dead", "longest advert interval, ms of 100"), rows))
    director.stop()
    director.ended()
    witness.close()
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
