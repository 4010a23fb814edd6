# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the VRRP benchmarks share: namespaces of their own, directors of either engine, and a witness on the segment.

The witness is a process at real-time priority with a packet socket: adverts, announcements and echo replies with the
kernel's time stamps, so that its own lateness is in no figure.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "agent"), str(ROOT / ".ansible" / "collections"), str(ROOT / "tests" / "lab")]

from netns import Host, bridge, plug  # noqa: E402

PRIVATE = """set -e; mount -t tmpfs -o mode=755 tmpfs /run; mkdir -p /run/netns /run/lock
mount -t sysfs sys /sys; ip link set lo up; "$@" || exit $? """
ENGINES = ("lvs-agent", "keepalived")
VRID = 51
VIP = "10.9.100.1"
_IGNORE_OUTGOING, _TIMESTAMPNS, _RCVBUFFORCE = 23, 35, 33


def inside() -> None:
    """Run this program again in namespaces of its own, unless it is there already."""
    if "LAB" in os.environ:
        return
    os.environ["LAB"] = "netns"
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"]
    os.execvp(
        command[0],
        [*command, "--propagation", "private", "sh", "-c", PRIVATE, "sh", sys.executable, *sys.argv],
    )


def machine() -> str:
    """One line about where a figure comes from."""
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    load = os.getloadavg()
    cores = os.cpu_count()
    release = os.uname().release
    keepalived = subprocess.run(["keepalived", "-v"], capture_output=True, text=True, check=False).stderr
    words = keepalived.split()[:2]
    return (
        f"{cores} cores {model.partition(':')[2].strip()}, Linux {release}, Python {sys.version.split()[0]}, "
        f"{' '.join(words)}, load average {load[0]:.1f} at the start"
    )


def address(number: int) -> str:
    """The virtual address with this number, from 0 on."""
    return str(IPv4Address(VIP) + number)


@dataclass(frozen=True)
class Timing:
    """One row of timers: VRRP version and advert_int."""

    version: int
    advert_int: float

    def skew(self, priority: int) -> float:
        """RFC 9568 6.1, RFC 3768 6.1."""
        return (256 - priority) / 256 * (self.advert_int if self.version == 3 else 1.0)

    def down(self, priority: int) -> float:
        """The longest silence of a master that its backup bears."""
        return 3 * self.advert_int + self.skew(priority)

    def __str__(self) -> str:
        return f"v{self.version}, {self.advert_int:g} s"


def configuration(timing: Timing, priority: int, vips: int = 1, *, instances: int = 1, extra: str = "") -> str:
    """The same file for both engines: instances with `vips` addresses each."""
    text = f"global_defs {{\n router_id bench\n vrrp_startup_delay 0.1\n {extra}\n}}\n"
    for number in range(instances):
        lines = "\n  ".join(f"{address(number * vips + each)}/32" for each in range(vips))
        text += (
            f"vrrp_instance VI_{number} {{\n version {timing.version}\n state BACKUP\n interface eth0\n"
            f" virtual_router_id {VRID + number if instances == 1 else number + 1}\n priority {priority}\n"
            f" advert_int {timing.advert_int:g}\n virtual_ipaddress {{\n  {lines}\n }}\n}}\n"
        )
    return text


class Director:
    """A namespace with one engine in it."""

    def __init__(self, name: str, last: int, switch: str) -> None:
        self.host = Host(name)
        plug(self.host, "eth0", switch, f"10.9.0.{last}/16")
        self.source = f"10.9.0.{last}"
        self.folder = Path("/run") / name
        self.folder.mkdir()
        self.program: Optional[subprocess.Popen[bytes]] = None

    def start(self, engine: str, text: str) -> None:
        """Run an engine with this file."""
        conf = self.folder / "keepalived.conf"
        conf.write_text(text)
        if engine == "lvs-agent":
            path = f"PYTHONPATH={ROOT / 'agent'}:{ROOT / '.ansible' / 'collections'}"
            command = ["env", path, sys.executable, "-m", "lvs_agent", "run", "-n", "-l", "-P", "-f", str(conf)]
            command += ["--socket", str(self.folder / "control.sock")]
        else:
            pids = ["-p", str(self.folder / "pid"), "-r", str(self.folder / "vrrp.pid")]
            command = ["keepalived", "-n", "-l", "-P", "-f", str(conf), *pids]
        (self.folder / "log").write_text("")
        self.program = self.host.start(*command, log=str(self.folder / "log"))

    def stop(self, signum: int = signal.SIGTERM) -> None:
        """End it: gracefully, or everything of it at once; what it may have left is taken away by `clean`."""
        if self.program is not None and self.program.poll() is None:
            if signum == signal.SIGKILL:
                os.killpg(self.program.pid, signum)
            else:
                self.program.send_signal(signum)

    def ended(self) -> None:
        """Wait for its end."""
        if self.program is not None:
            self.program.wait(10)
            self.host.programs.remove(self.program)
            self.program = None

    def clean(self) -> None:
        """Take virtual addresses away that a killed engine left."""
        with self.host:
            found = subprocess.run(
                ["ip", "-o", "-4", "addr", "show", "dev", "eth0"], check=False, capture_output=True, text=True
            )
        left = [line.split()[3] for line in found.stdout.splitlines() if "/32" in line]
        if left:
            self.host.batch(*(f"addr del {each} dev eth0" for each in left))

    def cpu(self) -> float:
        """Seconds of processor that everything of its session has used."""
        if self.program is None:
            return 0.0
        total = 0
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.program.pid:
                    total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def log(self) -> str:
        """The end of what it said."""
        return (self.folder / "log").read_text(errors="replace")[-3000:]


@dataclass(frozen=True)
class Seen:
    """One frame: when (seconds of the epoch, the kernel's stamp), what (advert, announce, reply), who or which, and an
    advert's virtual router and priority.
    """

    at: float
    kind: str
    who: str
    vrid: int = 0
    priority: int = 0


class Witness:
    """Sees everything on the segment; pings an address every `every` seconds while told to."""

    def __init__(self, host: Host, device: str = "eth0") -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_witness, args=(theirs, host, device), daemon=True)
        self._process.start()

    def ping(self, target: str, every: float) -> None:
        """From now on; 0 stops it."""
        self._pipe.send(("ping", target, every))

    def take(self) -> List[Seen]:
        """What was seen since the last time."""
        self._pipe.send(("take",))
        found = self._pipe.recv()
        if isinstance(found, Exception):
            raise found
        return [Seen(*each) for each in found]

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.join()


def _witness(pipe: multiprocessing.connection.Connection, host: Host, device: str) -> None:
    real_time(20)
    with host:
        link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(3))
        echo = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP)
    link.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, 64 << 20)
    link.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
    link.setsockopt(263, _IGNORE_OUTGOING, 1)  # SOL_PACKET
    link.bind((device, 0))
    echo.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the packet socket sees the replies
    seen: List[Tuple[float, str, str, int, int]] = []
    target, every, due, sequence = "", 0.0, 0.0, 0
    poll = select.poll()
    poll.register(link, select.POLLIN)
    poll.register(pipe, select.POLLIN)
    while True:
        patience = max(0.0, due - time.monotonic()) * 1000 if every else None
        for descriptor, _bits in poll.poll(patience):
            if descriptor == link.fileno():
                _read(link, seen)
                continue
            kind, *words = pipe.recv()
            if kind == "take":
                _read(link, seen)
                pipe.send(seen)
                seen = []
            else:
                target, every = words
                due = time.monotonic()
        if every and time.monotonic() >= due:
            sequence = (sequence + 1) & 0xFFFF
            with suppress(OSError):
                echo.sendto(_echo(sequence), (target, 0))
            due += every
            if due < time.monotonic():  # late: no burst
                due = time.monotonic() + every


def _read(link: socket.socket, seen: List[Tuple[float, str, str, int, int]]) -> None:
    with suppress(BlockingIOError):
        while True:
            frame, ancillary, _flags, _from = link.recvmsg(256, 64)
            seconds, nanoseconds = struct.unpack("=qq", ancillary[0][2])
            found = _meaning(frame)
            if found is not None:
                seen.append((seconds + nanoseconds / 1e9, *found))


def _meaning(frame: bytes) -> Optional[Tuple[str, str, int, int]]:
    kind = frame[12:14]
    if kind == b"\x08\x06":  # gratuitous ARP: asks for the sender's own address
        same = frame[28:32] == frame[38:42]
        return ("announce", socket.inet_ntoa(frame[28:32]), 0, 0) if same else None
    if kind != b"\x08\x00":
        return None
    payload = 14 + (frame[14] & 15) * 4
    if frame[23] == 112:
        return "advert", socket.inet_ntoa(frame[26:30]), frame[payload + 1], frame[payload + 2]
    if frame[23] == 1 and frame[payload] == 0:
        return "reply", socket.inet_ntoa(frame[26:30]), 0, 0
    return None


def _echo(sequence: int) -> bytes:
    total = 0x0800 + 0x1234 + sequence
    total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!BBHHH", 8, 0, ~total & 0xFFFF, 0x1234, sequence)


def real_time(priority: int) -> None:
    """For measuring programs: not to be part of what is measured. The memory is locked too."""
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    ctypes.CDLL(None).mlockall(3)


def segment(name: str = "br0") -> Host:
    """A switch that floods multicast, and the client's namespace on it."""
    bridge(name)
    subprocess.run(["ip", "link", "set", name, "type", "bridge", "mcast_snooping", "0"], check=True)
    client = Host("client")
    plug(client, "eth0", name, "10.9.0.250/16")
    return client


def until(condition: Callable[[], bool], limit: float, every: float = 0.02) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every)
    return False


def table(head: Tuple[str, ...], rows: List[Tuple[str, ...]]) -> str:
    """Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


Figures = Dict[Tuple[str, ...], List[float]]
