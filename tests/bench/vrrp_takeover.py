# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a takeover takes: ours, Debian's keepalived, and a C program that only sends bytes built before.

    python tests/bench/vrrp_takeover.py [--rounds 5] [--vips 1,20,200]

The bench plays the master with adverts of priority 200 and falls silent. From the moment the backup's timer is due
(last advert, plus the down interval) to its advert, to the first announcement, until every address was announced once,
and to the last announcement of the first burst (garp_master_repeat 5).
"""

from __future__ import annotations

import argparse
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Dict, List, Tuple

import stage
from stage import VRID, Director, Timing, Witness

TIMING = Timing(3, 0.1)
PRIORITY, REPEAT = 100, 5
FLOOR = "C, the floor"
ENGINES = ("lvs-agent", "keepalived", FLOOR)
MEASURES = ("advert", "first announcement", "all announced", "burst over")
RULER = "10.9.0.251"


class Ruler(threading.Thread):
    """The bench as master: one advert every interval until stopped."""

    def __init__(self, wire: socket.socket, vips: int) -> None:
        super().__init__(daemon=True)
        self.wire, self.frame = wire, advert(RULER, 200, vips)
        self.stopping = threading.Event()
        self.start()

    def run(self) -> None:
        due = time.monotonic()
        while not self.stopping.is_set():
            self.wire.sendto(self.frame, ("224.0.0.18", 0))
            due += TIMING.advert_int
            self.stopping.wait(max(0.0, due - time.monotonic()))

    def stop(self) -> None:
        self.stopping.set()
        self.join()


def advert(source: str, priority: int, vips: int) -> bytes:
    from lvs_agent.vrrp import packet

    group, own = socket.inet_aton("224.0.0.18"), socket.inet_aton(source)
    advertised = tuple(socket.inet_aton(stage.address(each)) for each in range(vips))
    said = packet.Advert(3, VRID, priority, round(TIMING.advert_int * 100), advertised, 0)
    return packet.ip4(packet.encode(said, own, group, b""), own, group, 255)


def raw(host: stage.Host) -> socket.socket:
    with host:
        wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
        index = socket.if_nametoindex("eth0")
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", bytes(4), bytes(4), index))
    return wire


class Floor:
    """The C program, built and fed."""

    def __init__(self, director: Director, folder: Path) -> None:
        self.director, self.folder = director, folder
        self.program = str(folder / "floor")
        source = str(Path(__file__).with_name("takeover_floor.c"))
        subprocess.run(["cc", "-O2", "-Wall", "-o", self.program, source], check=True)

    def load(self, vips: int) -> None:
        from lvs_agent.link.port import batch
        from lvs_agent.link.state import Address
        from lvs_agent.vrrp import announce

        packed = [socket.inet_aton(stage.address(each)) for each in range(vips)]
        with self.director.host:
            index = socket.if_nametoindex("eth0")
            words = subprocess.run(
                ["ip", "-o", "link", "show", "eth0"], capture_output=True, check=True, text=True
            ).stdout.split()
        mac = bytes.fromhex(words[words.index("link/ether") + 1].replace(":", ""))
        things = [Address(each, 32, "eth0") for each in packed]
        messages = batch(things, {"eth0": index}).messages
        frames = [announce.frame(mac, each) for each in packed] * REPEAT
        with (self.folder / "bytes").open("wb") as file:
            for pieces in ([advert(self.director.source, PRIORITY, vips)], messages, frames):
                file.write(struct.pack("=I", len(pieces)))
                for each in pieces:
                    file.write(struct.pack("=I", len(each)) + each)

    def arm(self) -> subprocess.Popen[str]:
        with self.director.host:
            command = [self.program, str(self.folder / "bytes"), "eth0"]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process


class Bench:
    """One director, the witness, and the ruler's namespace."""

    def __init__(self, folder: Path) -> None:
        self.witness = Witness(stage.segment())
        ruler = stage.Host("ruler")
        stage.plug(ruler, "eth0", "br0", f"{RULER}/16")
        self.wire = raw(ruler)
        self.director = Director("director", 1, "br0")
        self.floor = Floor(self.director, folder)

    def measure(self, engine: str, vips: int, times: int) -> List[Tuple[float, ...]]:
        """Seconds for each of MEASURES, `times` takeovers in a row of one start."""
        if engine == FLOOR:
            self.floor.load(vips)
            return [self.floored(vips) for _time in range(times)]
        ruler = Ruler(self.wire, vips)
        self.director.start(engine, stage.configuration(TIMING, PRIORITY, vips))
        if not stage.until(lambda: "VI_0" in self.director.log(), 15):
            raise RuntimeError(f"{engine} does not start: {self.director.log()}")
        time.sleep(1.0)
        found = []
        for _time in range(times):
            time.sleep(0.1 * (time.time() * 7919 % 1))
            ruler.stop()
            time.sleep(0.02)
            due = self.due()
            time.sleep(max(0.0, due - time.time()) + 0.4)
            found.append(self.read(engine, due, vips))
            ruler = Ruler(self.wire, vips)
            time.sleep(1.0)
        ruler.stop()
        self.director.stop()
        self.director.ended()
        self.director.clean()
        return found

    def floored(self, vips: int) -> Tuple[float, ...]:
        process = self.floor.arm()
        self.wire.sendto(advert(RULER, 200, vips), ("224.0.0.18", 0))
        time.sleep(0.02)
        due = self.due()
        process.communicate(f"{due:.9f}\n", timeout=5)
        found = self.read(FLOOR, due, vips)
        self.director.clean()
        return found

    def due(self) -> float:
        """When the backup's timer ends: the ruler has fallen silent."""
        return [each.at for each in self.witness.take() if each.who == RULER][-1] + TIMING.down(PRIORITY)

    def read(self, engine: str, due: float, vips: int) -> Tuple[float, ...]:
        seen = self.witness.take()
        adverts = [each.at for each in seen if each.kind == "advert" and each.who == self.director.source]
        announced = [each for each in seen if each.kind == "announce"]
        first: Dict[str, float] = {}
        for each in announced:
            first.setdefault(each.who, each.at)
        if not adverts or len(first) != vips or len(announced) != vips * REPEAT:
            said = "" if engine == FLOOR else self.director.log()
            text = f"{engine}: {len(adverts)} adverts, {len(first)} of {vips} addresses, {len(announced)} announcements"
            raise RuntimeError(f"{text}\n{said}")
        moments = (adverts[0], announced[0].at, max(first.values()), announced[-1].at)
        return tuple(moment - due for moment in moments)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=4, help="takeovers a round")
    parser.add_argument("--vips", default="1,20,200")
    options = parser.parse_args()
    stage.inside()
    print(stage.machine(), flush=True)
    stage.real_time(15)  # the ruler's adverts must not be late
    sizes = [int(each) for each in options.vips.split(",")]
    figures: Dict[Tuple[int, str], List[Tuple[float, ...]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for number in range(options.rounds):
            for vips in sizes:
                for engine in ENGINES if number % 2 else ENGINES[::-1]:
                    figures.setdefault((vips, engine), []).extend(bench.measure(engine, vips, options.times))
            print(f"round {number + 1} of {options.rounds} done", flush=True)
    lines = []
    for vips in sizes:
        for column, measure in enumerate(MEASURES):
            cells = []
            for engine in ENGINES:
                values = [each[column] * 1000 for each in figures[vips, engine]]
                cells.append(f"{statistics.median(values):.2f} / {max(values):.2f}")
            ours, theirs = (statistics.median(each[column] for each in figures[vips, e]) for e in ENGINES[:2])
            lines.append((str(vips), measure, *cells, f"{ours / theirs:.2f}", str(len(figures[vips, ENGINES[0]]))))
    print("ms after the timer is due, median / maximum")
    print(stage.table(("addresses", "until", *ENGINES, "ours / keepalived", "takeovers"), lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
