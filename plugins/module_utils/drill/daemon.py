# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe as a process of its own: started detached, ended by its limit, a signal, or a full log.

Its log is locked while it lives; the lock, not a process id, says whether it still runs. Whatever
happens to who started it: after `limit` seconds it writes its last record and is gone, and should it
hang, the kernel's alarm ends it GRACE seconds later.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import platform
import signal
import time
from typing import TYPE_CHECKING, Any, Callable, List, Optional

from . import marks, port, records
from .datagrams import Datagrams
from .detach import DetachError, detach
from .held_connections import HeldConnections
from .loop import READ, Loop
from .new_connections import NewConnections
from .wire import Wire

if TYPE_CHECKING:
    from .settings import Settings

GRACE = 5
FLUSH = 0.1
LONGEST_LOG = 512 << 20


class ProbeError(Exception):
    """The probe could not be started or reached; the message says why."""


class Log:
    """Appends whole lines; several processes of one host may write to one file."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._lines: List[str] = []
        self.size = 0

    def __call__(self, kind: str, t: float, **rest: Any) -> None:
        """One record; it is in the file after the next `flush`."""
        self._lines.append(records.line(kind, t, **rest))

    def flush(self) -> None:
        """Write what was gathered."""
        if self._lines:
            data = "".join(self._lines).encode()
            self._lines.clear()
            self.size += os.write(self.fd, data)


def serve(settings: Settings, ready: Callable[[], None]) -> None:
    """Probe until the limit, SIGTERM or SIGINT; `ready` is called once everything is open. Raises OSError."""
    log = Log(settings.log)
    fcntl.flock(log.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    loop = Loop(lambda seconds: log("late", port.now(), by=seconds))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: loop.stop("signal"))
    signal.setitimer(signal.ITIMER_REAL, settings.limit + GRACE)
    try:
        # Little work, but on time; not a real-time class, which could starve the host.
        os.nice(-20)
    except PermissionError:
        pass
    _begin(settings, log)
    jobs: List[Any] = []
    wire: Optional[Wire] = None
    if settings.interface:
        watch = dict.fromkeys((settings.address, *settings.watch))
        wire = Wire(loop, settings.interface, watch, settings.arp_interval, log)
        jobs.append(wire)
    if settings.port:
        jobs.append(NewConnections(loop, settings, log))
    if settings.port and settings.held and settings.protocol == "http":
        jobs.append(HeldConnections(loop, settings, log))
    if settings.udp_port:
        jobs.append(Datagrams(loop, settings, log))
    if settings.mark_port:
        _hear_marks(loop, settings, log)

    def tick(now: float) -> None:
        log.flush()
        if now >= end:
            loop.stop("limit")
        elif log.size > LONGEST_LOG:
            loop.stop("the log is full")

    end = port.now() + settings.limit
    loop.every(port.now() + FLUSH, FLUSH, tick)

    def both(kind: str, **rest: Any) -> None:
        now, wall = port.clocks()
        log(kind, now, w=wall, **rest)

    loop.every(port.now(), 1.0, lambda _now: both("clock"))
    log.flush()
    ready()
    # A collection of garbage in the middle would be lateness of our own making.
    gc.collect()
    gc.freeze()
    try:
        loop.run()
    except Exception as error:
        both("end", why=f"bug: {error!r}", drops=0)
        log.flush()
        raise
    for job in jobs:
        job.close()
    both("end", why=loop.stopped, drops=wire.drops if wire else 0)
    log.flush()


def _begin(settings: Settings, log: Log) -> None:
    now, wall = port.clocks()
    log(
        "start",
        now,
        version=records.VERSION,
        w=wall,
        pid=os.getpid(),
        boot=_boot_id(),
        host=settings.host or platform.node(),
        settings=settings.as_json(),
    )


def _hear_marks(loop: Loop, settings: Settings, log: Log) -> None:
    sock = port.listening(settings.mark_port)

    def heard(_events: int) -> None:
        for _turn in range(16):
            try:
                mark = marks.unpack(sock.recv(1024), settings.mark_token)
            except OSError:
                return
            if mark:
                log("mark", port.now(), label=mark[0], host=mark[1], w=mark[2])

    loop.watch(sock.fileno(), READ, heard)


def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def start(settings: Settings) -> int:
    """Fork the probe off, wait until it is ready; its process id. Raises ProbeError with its words."""

    def work(tell: Callable[[str], None]) -> None:
        try:
            serve(settings, lambda: tell(str(os.getpid())))
        except BlockingIOError as error:
            raise ProbeError("a probe already writes this log") from error

    try:
        return int(detach(work))
    except DetachError as error:
        raise ProbeError(str(error)) from error


def running(path: str) -> bool:
    """True while a probe writes this log."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(fd)


def stop(path: str, limit: float = 10.0) -> bool:
    """End the probe that writes this log; False when none did. Raises ProbeError when it does not end."""
    if not running(path):
        return False
    with open(path, encoding="utf-8") as file:
        pid = int(json.loads(file.readline())["pid"])
    os.kill(pid, signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + limit
        while time.monotonic() < until:
            if not running(path):
                return True
            time.sleep(0.02)
        if number == signal.SIGTERM and running(path):
            os.kill(pid, signal.SIGKILL)
    raise ProbeError(f"process {pid} does not end")


def mark(path: str, label: str, host: str) -> None:
    """Write a mark into the log of a probe on this host; raises ProbeError when none runs."""
    if not running(path):
        raise ProbeError(f"no probe writes {path}")
    log = Log(path)
    now, wall = port.clocks()
    log("mark", now, label=label, host=host, w=wall)
    log.flush()
    os.close(log.fd)


def follow(path: str, seconds: float, dark: float) -> float:
    """Wait `seconds`, less when no new connection was answered for `dark` s (0: never mind).

    Returns how long the last answer was ago, 0.0 when it never got too long. Raises ProbeError when no probe runs.
    """
    until = port.now() + seconds
    answered = port.now()
    rest = b""
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        while port.now() < until:
            if not running(path):
                raise ProbeError(f"no probe writes {path}")
            time.sleep(0.1)
            *lines, rest = (rest + file.read()).split(b"\n")
            for text in lines:
                if text.startswith(b'{"e":"new"'):
                    answered = max(answered, json.loads(text).get("a") or 0.0)
            if dark and port.now() - answered > dark:
                return port.now() - answered
    return 0.0
