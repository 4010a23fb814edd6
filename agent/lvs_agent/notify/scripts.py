# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts started, and mails sent, by a helper process, so that a process with deadlines never forks.

The owner sends a `Job` (a few microseconds); the helper starts it with keepalived's manners: own session, output to
/dev/null, root's environment reduced to PATH, run as the given user. With an `ident` the exit status comes back,
and a job that outlives its `timeout` is ended, first with SIGTERM. The helper is an ordinary process: no real-time
priority, no locked memory. It ends when its owner is gone, after what was asked for has been started.
"""

from __future__ import annotations

import contextlib
import grp
import logging
import os
import pickle
import pwd
import select
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from .mail import Mail, Outbox
from .security import insecure

log = logging.getLogger("lvs-agent")

DEFAULT_USER = "keepalived_script"
"""Whom keepalived runs scripts as when there is such a user and nothing else is said; else root."""
TERM_PATIENCE = 2.0
TIMED_OUT = -1000
NOT_STARTED = -1001
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST = 200_000  # bytes of one message


@dataclass(frozen=True)
class Job:
    """One run of one script. `timeout` in seconds (0: none). `ident` empty: nobody wants to know how it ended.

    `secure`: refuse to run as root what others than root could have changed. `keep`: it runs as long as its owner and
    is ended with it. `mail`: no script, this is sent.
    """

    argv: Tuple[str, ...]
    user: Optional[str] = None
    group: Optional[str] = None
    timeout: float = 0.0
    ident: str = ""
    secure: bool = False
    keep: bool = False
    mail: Optional[Mail] = None


class Scripts:
    """The owner's end. Create it before taking a real-time priority: the helper is a fork of this process."""

    def __init__(self, *, late: bool = False) -> None:
        """late: there is no helper before `launch`; what is started before waits for it."""
        self._waiting: List[bytes] = []
        self.pid = 0
        self._pair()
        if not late:
            self.launch()

    def _pair(self) -> None:
        self._socket, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)

    def launch(self) -> None:
        """Fork the helper."""
        theirs = self._theirs
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _close_all_but(theirs.fileno())
                _Helper(theirs).live()
            except Exception:
                log.exception("the helper that runs scripts broke")
                os._exit(1)
            finally:  # whatever happened, the owner's code must not run on in its fork
                os._exit(0)
        theirs.close()

    def revive(self) -> None:
        """Another helper in place of one that is gone; what it was running is not known any more."""
        self._socket.close()
        with contextlib.suppress(OSError):
            os.waitpid(self.pid, os.WNOHANG)
        self._pair()
        self.launch()

    def fileno(self) -> int:
        """For the loop: readable when a status came back, writable matters while `pending`."""
        return self._socket.fileno()

    @property
    def pending(self) -> bool:
        """Jobs wait because the helper is behind."""
        return bool(self._waiting)

    def start(self, job: Job) -> None:
        """Have it run. Returns at once, always."""
        self._waiting.append(pickle.dumps(job))
        self.flush()

    def flush(self) -> None:
        """Hand over what waits, as much as the helper takes now."""
        while self._waiting:
            try:
                self._socket.send(self._waiting[0])
            except BlockingIOError:
                return
            except OSError as error:
                log.error("the helper that runs scripts is gone (%s)", error.strerror)
                return  # they wait for its successor
            del self._waiting[0]

    def results(self) -> List[Tuple[str, int]]:
        """(ident, status) of jobs that ended: as subprocess gives it, or TIMED_OUT, NOT_STARTED.

        Raises EOFError when the helper is gone: `revive` it.
        """
        found: List[Tuple[str, int]] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    data = self._socket.recv(_MOST)
                except ConnectionError:
                    data = b""
                if not data:
                    raise EOFError
                found.append(pickle.loads(data))  # noqa: S301 - from our own fork
        return found

    def close(self) -> None:
        """No more jobs; the helper starts what it has and ends."""
        self._socket.setblocking(True)
        self._socket.settimeout(1.0)
        with contextlib.suppress(OSError):
            for data in self._waiting:
                self._socket.send(data)
        self._socket.close()


def _close_all_but(kept: int) -> None:
    """In the fork: nothing of the owner's sockets may outlive the owner here."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


@dataclass
class _Running:
    job: Job
    process: subprocess.Popen[bytes]
    deadline: float
    told_to_end: bool = False


class _Helper:
    """The helper's whole life."""

    def __init__(self, owner: socket.socket) -> None:
        self._owner = owner
        self._running: Dict[int, _Running] = {}
        self._outbox = Outbox()
        self._open = True
        signal.set_wakeup_fd(-1)
        self._wake, wakeup = socket.socketpair()
        self._wake.setblocking(False)
        wakeup.setblocking(False)
        self._wakeup = wakeup
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD):
            # it ends with its owner; not SIG_IGN, which its scripts would keep through their exec
            signal.signal(number, lambda _number, _frame: None)
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)

    def live(self) -> None:
        poll = select.poll()
        poll.register(self._owner, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while self._open or any(running.job.ident for running in self._running.values()):
            for descriptor, _bits in poll.poll(self._patience()):
                if descriptor == self._wake.fileno():
                    with contextlib.suppress(BlockingIOError):
                        self._wake.recv(4096)
                elif not self._receive():
                    self._end_kept_ones()
                    self._outbox.close()
                    return
            self._reap()
            self._outbox.look()
            self._end_late_ones()

    def _receive(self) -> bool:
        try:
            data = self._owner.recv(_MOST)
        except ConnectionError:  # it left a result unread; being told so ends that, and its last jobs are still there
            data = self._owner.recv(_MOST)
        if data:
            self._start(pickle.loads(data))  # noqa: S301 - from our own parent
        return bool(data)

    def _start(self, job: Job) -> None:
        if job.mail is not None:
            self._outbox.put(job.mail)
            return
        try:
            identity = _identity(job.user, job.group)
            reason = insecure(job.argv[0]) if job.secure and os.geteuid() == 0 and not identity else None
            if reason is not None:
                raise PermissionError(f"enable_script_security: {reason}")
            process = subprocess.Popen(
                job.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": _PATH},
                start_new_session=True,
                **identity,  # type: ignore[call-overload]
            )
        except (OSError, KeyError, subprocess.SubprocessError) as error:
            log.error("script %s was not started: %s", job.argv[0], error)
            self._tell(job, NOT_STARTED)
            return
        deadline = time.monotonic() + job.timeout if job.timeout else float("inf")
        self._running[process.pid] = _Running(job, process, deadline)

    def _reap(self) -> None:
        for pid, running in list(self._running.items()):
            status = running.process.poll()
            if status is not None:
                del self._running[pid]
                self._tell(running.job, TIMED_OUT if running.told_to_end else status)

    def _end_late_ones(self) -> None:
        now = time.monotonic()
        for running in self._running.values():
            if now >= running.deadline:
                number = signal.SIGKILL if running.told_to_end else signal.SIGTERM
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(running.process.pid, number)
                running.told_to_end, running.deadline = True, now + TERM_PATIENCE

    def _end_kept_ones(self) -> None:
        for running in self._running.values():
            if running.job.keep:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(running.process.pid, signal.SIGTERM)

    def _patience(self) -> Optional[float]:
        """Milliseconds until the next time limit, None without one."""
        nearest = min((running.deadline for running in self._running.values()), default=float("inf"))
        return None if nearest == float("inf") else max(0.0, (nearest - time.monotonic()) * 1000 + 1)

    def _tell(self, job: Job, status: int) -> None:
        if job.ident:
            with contextlib.suppress(OSError):
                self._owner.send(pickle.dumps((job.ident, status)))


def _identity(user: Optional[str], group: Optional[str]) -> Dict[str, object]:
    """Popen's words for running as somebody. Raises KeyError for nobody we know; no user: the default one."""
    if os.geteuid() != 0:
        return {}
    if user is None:
        try:
            entry = pwd.getpwnam(DEFAULT_USER)
        except KeyError:
            return {}
    else:
        entry = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
    gid = entry.pw_gid
    if group is not None:
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    return {"user": entry.pw_uid, "group": gid, "extra_groups": []} if (entry.pw_uid, gid) != (0, 0) else {}
