# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU seconds per 10,000 TCP and HTTP checks: our checker beside Debian's keepalived, in turns, in one run.

    python tests/bench/checks_tcp.py [--servers 1000] [--seconds 10] [--rounds 2]

Runs itself in a private network namespace. Each server is a loopback address, one small server answers for all of
them and counts; delay_loop is 1 s, HTTP_GET compares an MD5 digest. CPU is user + system of the checking process
alone. The machine is shared and noisy: read the ratio of one run, not its times.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parents[2]
BODY = b"x" * 1000
TICKS = os.sysconf("SC_CLK_TCK")
WARM = 3.0  # seconds before the measurement: start, warmup, keepalived's second of grace

TCP = "TCP_CHECK {\n connect_timeout 3\n }"
HTTP = f"HTTP_GET {{\n url {{\n path /\n digest {hashlib.md5(BODY).hexdigest()}\n }}\n connect_timeout 3\n }}"


def serve(port: int, count: multiprocessing.sharedctypes.Synchronized[int]) -> None:
    """Accept, answer a request if one comes, close; count connections."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(4096)
    answer = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
    while True:
        connection, _peer = listener.accept()
        count.value += 1
        if port == 81:
            connection.recv(4096)
            connection.sendall(answer)
        connection.close()


def configuration(kind: str, servers: int) -> str:
    """Ten real servers to a virtual server."""
    port, check = (80, TCP) if kind == "TCP" else (81, HTTP)
    text = "global_defs {\n script_user root\n}\n"
    for start in range(0, servers, 10):
        text += f"virtual_server 192.0.2.{start // 10 % 250 + 1} {1000 + start // 2500} {{\n delay_loop 1\n warmup 1\n"
        text += " protocol TCP\n lb_algo rr\n lb_kind NAT\n"
        for number in range(start, min(start + 10, servers)):
            text += f" real_server 127.1.{number // 250}.{number % 250 + 1} {port} {{\n {check}\n }}\n"
        text += "}\n"
    return text


def ours(file: str) -> None:
    """The checker child's body, without a parent and without ip_vs: it says so once and checks on."""
    import logging

    sys.path[:0] = [str(ROOT / "agent"), str(ROOT / ".ansible" / "collections")]
    from ansible_collections.lvs.cluster.plugins.module_utils import conf

    from lvs_agent import channel, checker_child

    logging.basicConfig(level=logging.ERROR)
    _parent, child = channel.pair()
    checker_child.run(child, conf.read(Path(file).read_text(), file).document, {})


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def child_of(pid: int) -> int:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"PPid:\t{pid}\n" in (entry / "status").read_text():
                return int(entry.name)
        except OSError:
            continue
    raise RuntimeError(f"{pid} has no child")


def measure(engine: str, kind: str, options: argparse.Namespace, shim: str, count) -> Tuple[float, float]:
    """(CPU seconds per 10,000 checks, checks a second) of one engine."""
    with tempfile.TemporaryDirectory() as home:
        file = f"{home}/keepalived.conf"
        Path(file).write_text(configuration(kind, options.servers))
        if engine == "lvs-agent":
            command, environment = [sys.executable, __file__, "--ours", file], dict(os.environ)
        else:
            command = ["keepalived", "-C", "-n", "-f", file, "-p", f"{home}/1", "-c", f"{home}/2"]
            environment = dict(os.environ, LD_PRELOAD=shim)
        with open(f"{home}/log", "wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
            try:
                time.sleep(WARM)
                pid = process.pid if engine == "lvs-agent" else child_of(process.pid)
                before, made, start = cpu(pid), count.value, time.monotonic()
                time.sleep(options.seconds)
                used, checks, took = cpu(pid) - before, count.value - made, time.monotonic() - start
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if not checks:
            raise RuntimeError(Path(f"{home}/log").read_text()[-2000:])
    return used / checks * 10_000, checks / took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ours", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        ours(options.ours)
        return 0
    if "BENCH_INSIDE" not in os.environ:
        os.environ["BENCH_INSIDE"] = "1"
        os.execvp(
            "unshare",
            ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv],
        )
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    counts = {}
    for port in (80, 81):
        counts[port] = multiprocessing.Value("L", 0, lock=False)
        multiprocessing.Process(target=serve, args=(port, counts[port]), daemon=True).start()
    figures: Dict[Tuple[str, str], List[Tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as home:
        shim = f"{home}/no_ipvs.so"
        source = str(Path(__file__).with_name("no_ipvs.c"))
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", shim, source, "-ldl"], check=True)
        for number in range(options.rounds):
            for kind, port in (("TCP", 80), ("HTTP", 81)):
                for engine in ("lvs-agent", "keepalived"):
                    figure = measure(engine, kind, options, shim, counts[port])
                    figures.setdefault((kind, engine), []).append(figure)
                    print(
                        f"round {number + 1} {kind:4} {engine:10} {figure[0]:.3f} s per 10,000, {figure[1]:.0f} checks/s",
                        flush=True,
                    )
    for kind in ("TCP", "HTTP"):
        mine, other = (statistics.median(f[0] for f in figures[kind, engine]) for engine in ("lvs-agent", "keepalived"))
        print(f"{kind:4} lvs-agent {mine:.3f} s, keepalived {other:.3f} s per 10,000 checks: ratio {mine / other:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
