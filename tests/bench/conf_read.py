# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and checking a large file: our language beside `keepalived -t`, in turns, in one run.

    python tests/bench/conf_read.py [--rounds 7] [--servers 10000]

Two shapes: so many real servers with TCP_CHECK in a tenth as many services, and all in one service. Ours is a cold
process each time (start of Python, imports, reading, all rules); beside it the time of reading alone, of a reload in
which one real server changed, and of half the file, which shows how it grows. keepalived runs in a network namespace
of its own. Medians; the machine is shared: read the ratios.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".ansible" / "collections"
COLD = """
import sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read
with open(sys.argv[2]) as opened:
    reading = read(opened.read(), sys.argv[2])
sys.exit(len(reading.errors))
"""


def text(servers: int, services: int) -> str:
    """A file with so many real servers, shared out over so many services."""
    made = ["global_defs {\n    router_id bench\n}\n"]
    number = 0
    for service in range(services):
        head = f"virtual_server 10.{service // 250}.{service % 250}.1 80 {{"
        made.append(f"{head}\n    delay_loop 6\n    lvs_sched wrr\n    lvs_method NAT\n    protocol TCP\n")
        for _turn in range(servers // services):
            where = f"172.{16 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
            check = "        TCP_CHECK {\n            connect_timeout 3\n            retry 2\n        }\n"
            made.append(f"    real_server {where} 80 {{\n        weight {number % 9 + 1}\n{check}    }}\n")
            number += 1
        made.append("}\n")
    return "".join(made)


def timed(command: list[str]) -> float:
    """Seconds of wall time of a command that must not fail."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}")
    return time.perf_counter() - start


def inside(content: str) -> tuple[float, float]:
    """(reading, reading again with one changed server) in seconds, in this process."""
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import read
    from ansible_collections.lvs.cluster.plugins.module_utils.conf.cache import Cache

    start = time.perf_counter()
    read(content, "bench.conf")
    plain = time.perf_counter() - start
    cache = Cache()
    read(content, "bench.conf", cache=cache)
    half = len(content) // 2
    changed = content[:half] + content[half:].replace("weight 3", "weight 4", 1)
    start = time.perf_counter()
    read(changed, "bench.conf", cache=cache)
    return plain, time.perf_counter() - start


def main() -> None:
    """Both shapes, in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--servers", type=int, default=10_000)
    options = parser.parse_args()
    sys.path.insert(0, str(COLLECTIONS))
    with tempfile.TemporaryDirectory() as folder:
        for title, services in (("in a tenth as many services", options.servers // 10), ("in one service", 1)):
            content = text(options.servers, services)
            path, small = Path(folder) / "whole.conf", Path(folder) / "half.conf"
            path.write_text(content)
            small.write_text(text(options.servers // 2, max(1, services // 2)))
            taken: dict[str, list[float]] = {"keepalived": [], "ours": [], "half": [], "read": [], "reload": []}
            for _round in range(options.rounds):
                taken["keepalived"].append(timed(["unshare", "-n", "keepalived", "-t", "-f", str(path)]))
                taken["ours"].append(timed([sys.executable, "-c", COLD, str(COLLECTIONS), str(path)]))
                taken["half"].append(timed([sys.executable, "-c", COLD, str(COLLECTIONS), str(small)]))
                plain, again = inside(content)
                taken["read"].append(plain)
                taken["reload"].append(again)
            middle = {name: statistics.median(times) for name, times in taken.items()}
            shown = ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in middle.items())
            print(f"{options.servers} real servers {title}: {shown}")
            print(
                f"  ours / keepalived {middle['ours'] / middle['keepalived']:.2f}, whole / half"
                f" {middle['ours'] / middle['half']:.2f}, reload / cold process {middle['reload'] / middle['ours']:.3f}"
            )


if __name__ == "__main__":
    main()
