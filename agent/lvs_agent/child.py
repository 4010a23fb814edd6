# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One child process of the agent: forked, watched through its channel, started again when it dies.

What is loaded before the fork is shared, so a successor serves within milliseconds.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional

from .channel import Channel, pair
from .control import events, files
from .respawn import Respawn, after_death

if TYPE_CHECKING:
    from .daemon import Parent

log = logging.getLogger("lvs-agent")

Body = Callable[[Channel, Any, Mapping[str, str]], int]
"""A child's program: its end of the channel, the document, what it takes over; gives the exit status."""


class Child:
    """One child process: started by fork, watched through its channel, started again when it dies."""

    def __init__(self, parent: Parent, name: str, body: Body) -> None:
        self.parent, self.name, self.body = parent, name, body
        self.record = Respawn()
        self.pid = 0
        self.channel: Optional[Channel] = None
        self.ready = False
        self.wanted = False
        self.leaving = False
        """Told to stop, and not gone yet: two of a kind would undo each other's work."""
        self.started = 0.0
        self.states: Dict[str, str] = {}
        """What it told last of itself (vrrp: states and settings, checker: services): what a successor goes on from."""
        self.served: Any = None
        """The document that it is known to run."""
        self._told: List[Any] = []

    def start(self, *, resume: bool = False) -> None:
        """Fork. The child never returns from here. While the one before is still leaving, `died` does it."""
        if self.leaving:
            self.wanted = True
            return
        self.wanted, self.ready, self.started = True, False, self.parent.loop.now()
        carried = dict(self.states) if resume else self.parent.inherit(self.name)
        wanted = self.parent.config.document
        # of what a reload was about to take away nobody else knows: begin with what the dead one ran
        document = self.served if resume and self.served is not None else wanted
        ours, theirs = pair(document)
        ours.alive = True  # a child that was never asked has not failed to answer
        for message in self.parent.first_words(self.name):
            ours.send(message)
        self.parent.prepare(self.name)
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            self.parent.leave_in_child()
            _become(self.name)
            os._exit(_live(self.name, self.body, theirs, document, carried))
        theirs.close()
        self.channel = ours
        ours.attach(self.parent.loop, self._message, self._gone)
        self.states = carried
        self.served, self._told = document, []
        if document is not wanted:
            self.reload(wanted)
        files.write_pid(self.parent.options.child_pid_files.get(self.name), self.pid)
        self.parent.bequeath()
        log.info(events.CHILD_STARTED, self.name, self.pid)

    def reload(self, document: Any) -> None:
        """Hand it another document."""
        if self.channel is not None:
            self._told.append(document)
            self.channel.reload(document)

    def _message(self, message: object) -> None:
        kind, *rest = message if isinstance(message, tuple) else (None,)
        if kind == "ready":
            self.ready = True
            self.parent.child_ready()
        elif kind == "states":
            self.states = dict(rest[0])
            self.parent.bequeath()
            self.parent.tell_states(self.name)
        elif kind == "reloaded":
            self.served = self._told.pop(0)
        elif kind == "status":
            self.parent.collect(rest[0], self.name, rest[1])
        elif kind == "wishes":
            self.parent.wishes.keep(rest[0])
        elif kind == "neighbours":
            self.parent.tell_neighbours(rest[0])
        elif kind == "answer":
            self.parent.relay.answered(*rest)

    def _gone(self) -> None:
        """The channel closed: the process is dying or dead; SIGCHLD tells when."""

    def died(self, status: int) -> None:
        """Reaped. Start a successor unless this end was wanted."""
        if self.channel is not None:
            self.channel.close()
        self.channel, self.pid, self.ready = None, 0, False
        self.parent.lost(self.name)
        left, self.leaving = self.leaving, False
        if not self.wanted:
            return
        if left:
            self.start()
            return
        if not self.parent.options.respawn:
            log.error("%s child died (%s); stopping, as -R asks", self.name, _how(status))
            self.wanted = False
            self.parent.stop()
            return
        self.record, verdict = after_death(self.record, self.parent.loop.now())
        log.error(
            events.CHILD_DIED,
            self.name,
            _how(status),
            "at once" if verdict.delay == 0 else f"in {verdict.delay:g} s, from nothing",
        )
        if verdict.delay == 0:
            self.start(resume=verdict.resume)
        else:
            self.parent.sweep(self.name)
            key = ("respawn", self.name)
            self.parent.loop.wake(key, self.parent.loop.now() + verdict.delay, lambda _now: self.start())

    def stop(self, *, keep: bool = False) -> None:
        """Ask it to stop gracefully; `keep` ends it on the spot, so that what it set in the kernel stays."""
        self.wanted, self.leaving = False, bool(self.pid)
        self.parent.loop.wake(("respawn", self.name), None, lambda _now: None)
        if keep and self.pid:
            os.kill(self.pid, signal.SIGKILL)
        elif self.channel is not None:
            self.channel.send(("stop",))


def _live(name: str, body: Body, channel: Channel, document: Any, carried: Mapping[str, str]) -> int:
    """A child's whole life. A bug ends it loudly with one line; the parent starts a successor."""
    try:
        return body(channel, document, carried)
    except BaseException as error:  # the last line of defence: say it and die
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where is not None else "?"
        log.critical(events.BUG, name, type(error).__name__, error, place)
        log.debug("details", exc_info=error)
        return 70


def rename(name: str) -> None:
    """Be seen under an own name in ps, top and pgrep (at most 15 characters, the kernel's limit)."""
    ctypes.CDLL(None, use_errno=True).prctl(15, name.encode(), 0, 0, 0)  # PR_SET_NAME


def _become(name: str) -> None:
    """Leave to the parent what is sent to the whole group: HUP, ^C, the requests for a status.

    Handlers that do nothing, not SIG_IGN: that would outlive exec in every script and keep it from being ended.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, _left_to_the_parent)
    rename(f"lvs-{name}")


def _left_to_the_parent(_number: int, _frame: object) -> None:
    """A signal to the group."""


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit status {os.WEXITSTATUS(status)}"
