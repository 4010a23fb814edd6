# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault on this host and its putting back, each a process of its own; and the lock that keeps drills apart.

The putting back is armed first: a process that sleeps `hold` seconds and then undoes, whatever became
of the controller, the connection to it, or the process that does the fault. Both tell the probes what
they do when (marks.py). State is in FOLDER, which a reboot empties.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from . import marks
from .detach import detach

FOLDER = "/run/lvs-drill"
COMMAND_LIMIT = 60.0
LOCK = "lock"


class FaultError(Exception):
    """The fault cannot be done or undone; the message says why."""


@dataclass(frozen=True)
class Fault:
    """`do` and `undo` are shell commands in order. `delay`: seconds until the fault; `hold`: from it to its end.

    `probes` are (address, port) that marks go to, with `token`.
    """

    name: str
    do: Tuple[str, ...]
    undo: Tuple[str, ...]
    delay: float
    hold: float
    probes: Tuple[Tuple[str, int], ...]
    token: str
    host: str

    def mark(self, label: str, wall: float) -> None:
        """Tell every probe, as far as the network lets it through; one that is told twice knows it by `wall`."""
        data = marks.pack(self.token, label, self.host, wall)
        for address, port in self.probes:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                with socket.socket(family, socket.SOCK_DGRAM) as sock:
                    sock.setblocking(False)
                    sock.sendto(data, (address, port))
            except OSError:
                pass


def _path(name: str) -> str:
    return os.path.join(FOLDER, name)


def arm(fault: Fault) -> None:
    """Have the putting back wait, then have the fault done. Raises FaultError."""
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    if state(fault.name).get("armed"):
        raise FaultError(f"{fault.name} is armed already")
    if fault.undo:
        detach(lambda tell: _put_back(fault, tell))
    detach(lambda tell: _do(fault, tell))


def _put_back(fault: Fault, tell: Any) -> None:
    # The lock says that this process lives; it is taken before anybody is told that it does.
    fd = os.open(_path(fault.name + ".armed"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.ftruncate(fd, 0)
    os.write(fd, str(os.getpid()).encode())
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    # Asked to do it now: blocked, so that asking before the wait is not lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    tell("armed")
    signal.sigtimedwait({signal.SIGUSR1}, fault.delay + fault.hold)
    began = time.time()
    fault.mark("undo", began)
    results = _run(fault.undo)
    ended = time.time()
    # The fault may have been of the very way that marks take.
    for _turn in range(3):
        fault.mark("undo", began)
        fault.mark("undone", ended)
        time.sleep(0.3)
    _write(fault.name + ".undone", {"results": results, "at": time.time()})
    os.unlink(_path(fault.name + ".armed"))


def _do(fault: Fault, tell: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    tell("waiting")
    time.sleep(fault.delay)
    fault.mark("fault", time.time())
    results = _run(fault.do)
    fault.mark("done", time.time())
    _write(fault.name + ".done", {"results": results, "at": time.time()})


def _run(commands: Tuple[str, ...]) -> List[Dict[str, Any]]:
    """Run them in order, also when one fails; each is ended after COMMAND_LIMIT seconds."""
    results: List[Dict[str, Any]] = []
    environment = dict(os.environ, PATH="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin", LC_ALL="C")
    for command in commands:
        try:
            # run_command has no time limit, and the module is gone by now.
            done = subprocess.run(  # pylint: disable=ansible-bad-function
                ["/bin/sh", "-c", command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=COMMAND_LIMIT,
                check=False,
            )
            results.append({"command": command, "rc": done.returncode, "output": done.stdout.decode(errors="replace")})
        except (OSError, subprocess.TimeoutExpired) as error:
            results.append({"command": command, "rc": -1, "output": str(error)})
    return results


def _write(name: str, value: Dict[str, Any]) -> None:
    temporary = _path(f".{name}.{os.getpid()}")
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(temporary, _path(name))


def _read(name: str) -> Optional[Dict[str, Any]]:
    try:
        with open(_path(name), encoding="utf-8") as file:
            value = json.load(file)
    except (FileNotFoundError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def state(name: str) -> Dict[str, Any]:
    """`armed`: the process id of the putting back that waits, or 0; `done` and `undone`: what came out, or None."""
    armed = 0
    try:
        fd = os.open(_path(name + ".armed"), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        pass
    else:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            armed = int(os.read(fd, 20) or b"0")
        finally:
            os.close(fd)
    return {"armed": armed, "done": _read(name + ".done"), "undone": _read(name + ".undone")}


def restore(name: str, limit: float) -> Dict[str, Any]:
    """Put back now what is armed and wait for it, at most `limit` s; the state then. Raises FaultError."""
    armed = state(name)["armed"]
    if armed:
        os.kill(armed, signal.SIGUSR1)
    until = time.monotonic() + limit
    while state(name)["armed"]:
        if time.monotonic() > until:
            raise FaultError(f"{name}: the putting back (process {armed}) did not end within {limit:g} s")
        time.sleep(0.05)
    return state(name)


def lock(owner: str, seconds: float) -> bool:
    """Take the host for one drill, for so long at most; False when `owner` had it. Raises FaultError for another's."""
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    fd = os.open(_path(LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        held = _read(LOCK) or {}
        left = float(held.get("until", 0.0)) - _uptime()
        if left > 0 and held.get("owner") != owner:
            raise FaultError(f"{held.get('owner')} drills here, for {left:.0f} s more at most")
        with os.fdopen(os.dup(fd), "r+", encoding="utf-8") as file:
            file.truncate(0)
            json.dump({"owner": owner, "until": _uptime() + seconds}, file)
        return left <= 0
    finally:
        os.close(fd)


def unlock(owner: str) -> bool:
    """Give the host free; False when `owner` did not have it."""
    if (_read(LOCK) or {}).get("owner") != owner:
        return False
    os.unlink(_path(LOCK))
    return True


def _uptime() -> float:
    # Not the wall clock: a drill may step it.
    return time.clock_gettime(time.CLOCK_BOOTTIME)
