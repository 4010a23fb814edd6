# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs checks on the loop: sockets, scripts, time limits. What outcomes mean is scheduler.py's, what bytes mean the
check's own.

One task a check, made once; an attempt in flight is a field of it. A task has one deadline on the loop: the next run
while it waits, the time limit while it runs. Due times are brought to a grid so that a turn of the loop serves many.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import select
import signal
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING, Any, Callable, Dict, Hashable, Iterator, Mapping, NamedTuple, Optional, Tuple, Union

from .http import HttpCheck, Tls
from .misc import TERM_PATIENCE, MiscCheck
from .outcome import Conversation, Outcome
from .scheduler import Schedule, State, begin, carry_over, judge, put_off
from .tcp import TcpCheck
from .tls.port import TlsConversation, context

if TYPE_CHECKING:
    from ..loop import Loop
    from .endpoint import Endpoint

Check = Union[TcpCheck, HttpCheck, MiscCheck]
Told = Callable[[Hashable, State, State, Outcome], None]
"""(key, state before, state after, outcome): called when the verdict changed, first stands, or names a weight."""

GRID = 1 / 64
"""Seconds; due times are rounded up to it, so that one wait of the loop serves all checks of a step."""

MOST_TIMEOUTS = 12
"""Each silence may last connect_timeout, as in keepalived; but so many of them are the end of an attempt."""

_LOG = logging.getLogger("checks")
_CHUNK = 16384
_BROKEN = select.EPOLLERR | select.EPOLLHUP
_UNREACHED = {
    errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.EHOSTDOWN, errno.ENETDOWN, errno.ECONNRESET,
    errno.ECONNABORTED, errno.ETIMEDOUT,
}  # fmt: skip
"""Errors of connect that judge the server. Others are ours (no port, no such source address): nothing is judged."""


class Last(NamedTuple):
    """The last attempt of a check, for status. at: monotonic seconds when it ended; took: seconds."""

    outcome: Outcome
    at: float
    took: float


class _Task:
    """One check: its schedule and state. Subclasses make the attempts: `start`, `late` and `abandon`."""

    __slots__ = ("check", "key", "last", "loop", "runner", "schedule", "started", "state")

    def __init__(self, runner: Runner, key: Hashable, schedule: Schedule, check: Any, state: State) -> None:
        self.runner = runner
        self.loop = runner.loop
        self.key = key
        self.schedule = schedule
        self.check = check
        self.state = state
        self.last: Optional[Last] = None
        self.started: Optional[float] = None
        self.wait()

    def start(self, now: float) -> None:
        raise NotImplementedError

    def late(self, now: float) -> None:
        raise NotImplementedError

    def abandon(self) -> None:
        raise NotImplementedError

    def wait(self) -> None:
        self.started = None
        self.loop.wake(self, math.ceil(self.state.due / GRID) * GRID, self.start)

    def end(self, outcome: Outcome) -> None:
        now = self.loop.now()
        before, started = self.state, self.started if self.started is not None else now
        after = self.state = judge(self.schedule, before, outcome.ok, started, now)
        self.last = Last(outcome, now, now - started)
        self.runner.runs += 1
        self.wait()
        if after.up is not before.up or not before.has_run or outcome.weight is not None:
            self.runner.told(self.key, before, after, outcome)

    def put_off(self, error: OSError) -> None:
        """The attempt could not be made for a reason of ours."""
        self.runner.complain(self.check.name, error)
        self.state = put_off(self.schedule, self.state, self.loop.now())
        self.wait()

    def retire(self) -> None:
        self.abandon()
        self.loop.wake(self, None, self.start)


class _StreamTask(_Task):
    """TCP_CHECK, HTTP_GET, SSL_GET: connect, converse, close."""

    __slots__ = ("outbox", "sock", "talk")

    def __init__(self, runner: Runner, key: Hashable, schedule: Schedule, check: Any, state: State) -> None:
        self.sock: Optional[socket.socket] = None
        self.talk: Optional[Conversation] = None
        self.outbox = b""
        super().__init__(runner, key, schedule, check, state)

    def start(self, now: float) -> None:
        end = self.check.endpoint
        try:
            sock = socket.socket(end.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        except OSError as error:
            self.put_off(error)
            return
        try:
            bind(sock, end)
            failed = sock.connect_ex((end.address, end.port))
        except OSError as error:
            sock.close()
            self.put_off(error)
            return
        if failed and failed != errno.EINPROGRESS:
            sock.close()
            self.started = now
            if failed in _UNREACHED:
                self.end(Outcome(False, os.strerror(failed)))
            else:
                self.put_off(OSError(failed, os.strerror(failed)))
            return
        self.started = now
        self.sock = sock
        self.loop.watch(sock.fileno(), select.EPOLLOUT, self.connected)
        self.loop.wake(self, now + end.timeout, self.late)

    def connected(self, bits: int) -> None:
        sock = self.sock
        if sock is None:
            return
        if bits & _BROKEN:
            failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                self.close(Outcome(False, os.strerror(failed)))
                return
        try:
            self.talk = self.runner.converse(self.check, self.state.step)
        except (OSError, ssl.SSLError) as error:
            self.close(Outcome(False, f"TLS: {error}"))
            return
        data, outcome = self.talk.opened()
        if outcome is not None:
            self.close(outcome)
        else:
            self.send(data)

    def send(self, data: bytes) -> None:
        """Write what the peer takes; the rest waits for EPOLLOUT."""
        sock = self.sock
        if sock is None:
            return
        self.outbox += data
        try:
            if self.outbox:
                self.outbox = self.outbox[sock.send(self.outbox) :]
        except BlockingIOError:
            pass
        except OSError as error:
            self.close(Outcome(False, f"sending: {error.strerror}"))
            return
        self.loop.watch(sock.fileno(), select.EPOLLIN | (select.EPOLLOUT if self.outbox else 0), self.readable)
        self.patience()

    def readable(self, bits: int) -> None:
        sock, talk = self.sock, self.talk
        if sock is None or talk is None:
            return
        if bits & select.EPOLLOUT:
            self.send(b"")
        if not bits & (select.EPOLLIN | _BROKEN) or self.sock is None:
            return
        try:
            data = sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self.close(Outcome(False, f"reading: {error.strerror}"))
            return
        if not data:
            self.close(talk.ended())
            return
        answer, outcome = talk.received(data)
        if outcome is not None:
            self.close(outcome)
        elif answer:
            self.send(answer)
        else:
            self.patience()

    def patience(self) -> None:
        """Wait one more timeout for the peer, but not for ever on one that drips."""
        now, timeout = self.loop.now(), self.check.endpoint.timeout
        self.loop.wake(self, min(now, (self.started or now) + MOST_TIMEOUTS * timeout) + timeout, self.late)

    def late(self, _now: float) -> None:
        what = "no connection" if self.talk is None else "silence"
        self.close(Outcome(False, f"{what} within {self.check.endpoint.timeout:g} s"))

    def close(self, outcome: Outcome) -> None:
        self.abandon()
        self.end(outcome)

    def abandon(self) -> None:
        sock = self.sock
        if sock is not None:
            self.loop.forget(sock.fileno())
            sock.close()
            self.sock = self.talk = None
            self.outbox = b""


class _ScriptTask(_Task):
    """MISC_CHECK: a script in its own session, watched by a pidfd, ended at its time limit."""

    __slots__ = ("ending", "pidfd", "process")

    def __init__(self, runner: Runner, key: Hashable, schedule: Schedule, check: Any, state: State) -> None:
        self.process: Optional[subprocess.Popen[bytes]] = None
        self.pidfd = -1
        self.ending = False
        super().__init__(runner, key, schedule, check, state)

    def start(self, now: float) -> None:
        self.started = now
        check = self.check
        owner: Dict[str, Any] = {"user": check.user, "group": check.group, "extra_groups": []} if check.user else {}
        try:
            self.process = subprocess.Popen(
                check.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True, cwd="/", env={"PATH": os.defpath}, **owner,
            )  # fmt: skip
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            # A script that cannot run is a failed check, never a silent pass.
            self.end(Outcome(False, f"{check.argv[0]}: {error}"))
            return
        self.pidfd = os.pidfd_open(self.process.pid)
        self.ending = False
        self.loop.watch(self.pidfd, select.EPOLLIN, self.ended)
        self.loop.wake(self, now + check.timeout, self.late)

    def ended(self, _bits: int) -> None:
        process, ending = self.process, self.ending
        if process is None:
            return
        status = process.wait()
        if ending:
            _signal_group(process.pid, signal.SIGKILL)
        self._let_go()
        self.end(self.check.timed_out() if ending and status < 0 else self.check.judge(status))

    def late(self, now: float) -> None:
        if self.process is None:
            return
        _signal_group(self.process.pid, signal.SIGKILL if self.ending else signal.SIGTERM)
        self.ending = True
        self.loop.wake(self, now + TERM_PATIENCE, self.late)

    def abandon(self) -> None:
        if self.process is not None:
            _signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self._let_go()

    def _let_go(self) -> None:
        self.loop.forget(self.pidfd)
        os.close(self.pidfd)
        self.process, self.pidfd = None, -1


class Runner:
    """All checks of one process."""

    def __init__(self, loop: Loop, told: Told, share: Callable[[], float]) -> None:
        """share: a number from 0 to 1 for each new check, its place in the warmup."""
        self.loop = loop
        self.told = told
        self.runs = 0
        self.not_made: Dict[str, int] = {}
        """Attempts that could not be made, by errno name: nobody was judged by them."""
        self._share = share
        self._tasks: Dict[Hashable, _Task] = {}
        self._contexts: Dict[Tls, ssl.SSLContext] = {}

    def load(
        self, wanted: Mapping[Hashable, Tuple[Schedule, Check]], known: Callable[[Hashable], Optional[bool]]
    ) -> None:
        """Run exactly these checks. One that stays keeps its verdict; known(key) says what is known of a new one."""
        now = self.loop.now()
        for key in [key for key in self._tasks if key not in wanted]:
            self._tasks.pop(key).retire()
        self._contexts.clear()
        for key, (schedule, check) in wanted.items():
            task = self._tasks.get(key)
            if task is None:
                state = begin(schedule, now, self._share(), up=known(key))
                kind = _ScriptTask if isinstance(check, MiscCheck) else _StreamTask
                self._tasks[key] = kind(self, key, schedule, check, state)
            elif task.schedule != schedule:
                task.state = carry_over(schedule, task.state, now)
                task.schedule = schedule
                if task.started is None:
                    task.wait()

    def stop(self) -> None:
        """End every check and what it has in flight."""
        self.load({}, lambda _key: None)

    def state(self, key: Hashable) -> Optional[State]:
        """The state of one check."""
        task = self._tasks.get(key)
        return task.state if task is not None else None

    def results(self) -> Iterator[Tuple[Hashable, State, Optional[Last]]]:
        """Every check with its state and its last attempt."""
        for key, task in self._tasks.items():
            yield key, task.state, task.last

    def converse(self, check: Union[TcpCheck, HttpCheck], step: int) -> Conversation:
        """A new conversation of this check, inside TLS where it asks for it."""
        talk = check.converse(step)
        if not isinstance(check, HttpCheck) or check.tls is None:
            return talk
        tls = check.tls
        made = self._contexts.get(tls)
        if made is None:
            made = self._contexts[tls] = context(tls.ca, tls.certificate, tls.key, tls.password)
        return TlsConversation(made, check.server_name(step), talk)

    def complain(self, what: str, error: OSError) -> None:
        """Count an attempt that could not be made, and say so the first time and then every thousandth."""
        name = errno.errorcode.get(error.errno or 0, "?")
        count = self.not_made[name] = self.not_made.get(name, 0) + 1
        if count % 1000 == 1:
            _LOG.error("%s could not be tried (%s): %s; such attempts so far: %d", what, name, error, count)


def bind(sock: socket.socket, end: Endpoint) -> None:
    """Source address and port, interface and mark, where the endpoint names them. Raises OSError."""
    if end.fwmark:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, end.fwmark)
    if end.bind_if:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, end.bind_if.encode())
    if end.bindto or end.bind_port:
        sock.bind((end.bindto or ("::" if ":" in end.address else "0.0.0.0"), end.bind_port))


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        # The script and all it started are gone.
        return


def once(end: Endpoint, talk: Conversation) -> Outcome:
    """One attempt by itself, waiting for it: what genhash does. Raises OSError when there is no connection."""
    with socket.socket(end.family, socket.SOCK_STREAM) as sock:
        sock.settimeout(end.timeout)
        bind(sock, end)
        sock.connect((end.address, end.port))
        data, outcome = talk.opened()
        while outcome is None:
            if data:
                sock.sendall(data)
            part = sock.recv(_CHUNK)
            if not part:
                return talk.ended()
            data, outcome = talk.received(part)
        return outcome
