# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MISC_CHECK: a script in its own session, watched by a pidfd, ended at its time limit."""

from __future__ import annotations

import grp
import os
import pwd
import select
import signal
import subprocess
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from ..misc import TERM_PATIENCE
from ..outcome import Outcome
from ..task import Key, Task

if TYPE_CHECKING:
    from ...loop import Loop
    from ..port import Runner
    from ..scheduler import Schedule, State

REAP_EVERY = 1.0
"""Seconds between looks at a killed script that is not dead yet."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ScriptTask(Task):
    """One MISC_CHECK."""

    __slots__ = ("ending", "pidfd", "process")

    def __init__(self, runner: Runner, key: Key, schedule: Schedule, check: Any, state: State) -> None:
        self.process: Optional[subprocess.Popen[bytes]] = None
        self.pidfd = -1
        self.ending = False
        super().__init__(runner, key, schedule, check, state)

    def start(self, now: float) -> None:
        """Start the script."""
        self.started = now
        check = self.check
        try:
            identity = _identity(check.user, check.group)
            reason = self._forbidden(identity)
            if reason is not None:
                self.end(Outcome(False, f"{check.argv[0]} is not run as root: {reason}"))
                return
            self.process = subprocess.Popen(
                check.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True, cwd="/", env={"PATH": _PATH}, **identity,
            )  # fmt: skip
            self.pidfd = os.pidfd_open(self.process.pid)
        except (OSError, KeyError, ValueError, subprocess.SubprocessError) as error:
            # A script that cannot run, or not be watched, is a failed check, never a silent pass.
            self.abandon()
            self.end(Outcome(False, f"{check.argv[0]}: {error}"))
            return
        self.ending = False
        self.loop.watch(self.pidfd, select.EPOLLIN, self.ended)
        self.loop.wake(self, now + check.timeout, self.late)

    def _forbidden(self, identity: Mapping[str, Any]) -> Optional[str]:
        """Why this script must not run as root; None where it may or somebody else runs it."""
        forbidden = self.runner.forbidden
        if forbidden is None or os.geteuid() != 0 or identity.get("user", 0) != 0:
            return None
        return forbidden(self.check.argv[0])

    def ended(self, _bits: int) -> None:
        """The script ended."""
        process, ending = self.process, self.ending
        if process is None:
            return
        status = process.wait()
        if ending:
            _signal_group(process.pid, signal.SIGKILL)
        self._let_go()
        self.end(self.check.timed_out() if ending and status < 0 else self.check.judge(status))

    def late(self, now: float) -> None:
        """SIGTERM at the time limit, then SIGKILL."""
        if self.process is None:
            return
        _signal_group(self.process.pid, signal.SIGKILL if self.ending else signal.SIGTERM)
        self.ending = True
        self.loop.wake(self, now + TERM_PATIENCE, self.late)

    def abandon(self) -> None:
        """End the script; its status does not matter."""
        process = self.process
        if process is not None:
            _signal_group(process.pid, signal.SIGKILL)
            self._let_go()
            _reap(self.loop, process)

    def _let_go(self) -> None:
        if self.pidfd >= 0:
            self.loop.forget(self.pidfd)
            os.close(self.pidfd)
        self.process, self.pidfd = None, -1


def _identity(user: Optional[str], group: Optional[str]) -> Dict[str, Any]:
    """Popen's words for running as somebody else. Raises KeyError for nobody we know."""
    if user is None or os.geteuid() != 0:
        return {}
    entry = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
    gid = entry.pw_gid
    if group is not None:
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    return {"user": entry.pw_uid, "group": gid, "extra_groups": []} if (entry.pw_uid, gid) != (0, 0) else {}


def _reap(loop: Loop, process: subprocess.Popen[bytes]) -> None:
    """Take the status of a killed script once it is there: one that hangs in the kernel (state D) dies late."""
    if process.poll() is None:
        loop.wake(process, loop.now() + REAP_EVERY, lambda _now: _reap(loop, process))


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        # The script and all it started are gone.
        return
