# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's processes: a parent and its children. The only file that knows every room.

The parent reads and validates the file, forks the children, starts them again when they die, hands a reload on,
answers the control socket, and speaks with the service manager. It holds no address and no table: when it is
killed, its children see their channel close and leave gracefully.
Signals, as keepalived's: HUP reload, TERM and INT stop, USR1 writes the status, USR2 the counters.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Set

from . import __version__, parent_status
from .child import Child, rename
from .control import events, files, metrics, requests, succession, systemd, unix
from .control.exposition import Listener
from .control.relay import Relay
from .control.wishes import Keeper
from .loop import Loop

if TYPE_CHECKING:
    from .parent_options import Options, Rooms
    from .reading import Config

log = logging.getLogger("lvs-agent")

STOP_PATIENCE = 10.0
"""Seconds a child may take to stop before it is killed."""
BECOME = -1
"""What `run` returns when the caller is to run the agent's program anew in this process."""
STATUS_PATIENCE = 3.0
"""Seconds the parent waits for a child's part of the status."""


class Parent:
    """The parent process. `run` returns the exit status."""

    def __init__(self, options: Options, config: Config, reread: Callable[[], Config], rooms: Rooms) -> None:
        """`reread` reads the file again."""
        self.options, self.config, self._reread, self._rooms = options, config, reread, rooms
        self.loop = Loop()
        self.children = {name: Child(self, name, body) for name, body in rooms.bodies.items()}
        self.server: Optional[unix.Server] = None
        self.relay = Relay()
        self.exposition = Listener(self.loop, self._expose)
        self.wishes = Keeper(os.path.join(os.path.dirname(options.socket_path), "mastership.json"))
        self.stopping = False
        self.loaded_at = time.time()
        self.reloads = {"accepted": 0, "refused": 0}
        self.last_refusal: List[str] = []
        self._pending: Dict[int, _Pending] = {}
        self._next_id = 0
        self._neighbours: Dict[str, int] = {}
        """BFD sessions that are known, 1 or 0, whoever has them."""
        self._heritage = succession.path_of(options.socket_path)
        self._orphans: Dict[str, succession.Orphan] = {}
        """Children of a parent before this one that serve on until ours begin."""
        self._left: Dict[str, str] = {}
        """What its checker told last of itself, dead or alive: the services and settings that it answered for."""
        self._becoming = False

    # -- life ------------------------------------------------------------------

    def run(self) -> int:
        """Serve until told to stop."""
        rename("lvs-agent")
        self._watch_signals()
        files.write_pid(self.options.pid_file, os.getpid())
        try:
            self.server = unix.Server(self.loop, self.options.socket_path, self.answer)
        except OSError as error:
            log.error(
                "no control socket at %s (%s): status and reload by socket are off", error.filename, error.strerror
            )
        self._orphans = succession.read(self._heritage, self.config.sha256)
        self._left = succession.told("checker", self._heritage)
        gc.freeze()  # what is loaded now is shared with the children; do not copy its pages for the sake of counting
        self._apply_roles()
        gc.enable()
        for name, orphan in self._orphans.items():
            log.info("the %s process %d of the agent before this one has nothing to do in this file", name, orphan.pid)
            succession.end(orphan, keep=False)
        self._orphans = {}
        period = systemd.watchdog_period()
        if period is not None:
            self._watchdog(period)
        self.loop.run()
        if self._becoming:
            return BECOME
        if self.server is not None:
            self.server.close(unlink=True)
        for path in (self._heritage, self.options.pid_file, *self.options.child_pid_files.values()):
            files.remove(path)
        log.info("stopped")
        return 0

    def _wanted(self, name: str) -> bool:
        document = self.config.document
        if name == "vrrp":
            return self.options.vrrp and bool(document.vrrp_instances)
        if name == "segment":
            return self._rooms.segment(document)
        if name == "bfd":
            return self._rooms.bfd(document, self.options)
        return self.options.checkers and bool(document.virtual_servers)

    def _apply_roles(self) -> None:
        """Start the children that the file gives work, stop those it gives none, reload the rest."""
        self.exposition.adopt(self._rooms.metrics(self.config.document))
        if self.server is not None:
            self.server.admit(self._rooms.socket_group(self.config.document))
        for child in self.children.values():
            wanted = self._wanted(child.name)
            if wanted and not child.wanted:
                child.start()
            elif wanted and child.channel is not None:
                child.reload(self.config.document)
            elif not wanted and child.wanted:
                child.stop()
        self.child_ready()

    def child_ready(self) -> None:
        """Tell the service manager once everything that is wanted serves."""
        if self.stopping or not all(c.ready for c in self.children.values() if c.wanted):
            return
        names = ", ".join(c.name for c in self.children.values() if c.wanted) or "nothing to run in this file"
        systemd.notify("READY=1", f"STATUS=serving: {names}")

    def prepare(self, name: str) -> None:
        """Load what a child needs and its successors share."""
        self._rooms.prepare(name)

    def first_words(self, name: str) -> List[object]:
        """What a child has to know before it begins."""
        if name == "checker":
            states = [("vrrp", self.children["vrrp"].states)] if "vrrp" in self.children else []
            return [("journal", self.options.journal), *states, ("neighbours", self._neighbours)]
        return [("wishes", self.wishes.wishes)] if self.wishes.wishes and name == "vrrp" else []

    def tell_states(self, name: str) -> None:
        """The checker follows the VRRP states: its sync daemons do."""
        checker = self.children.get("checker")
        if name == "vrrp" and checker is not None and checker.channel is not None:
            checker.channel.send(("vrrp", self.children["vrrp"].states))

    def tell_neighbours(self, states: Dict[str, int]) -> None:
        """The checker follows BFD sessions."""
        self._neighbours = states
        checker = self.children.get("checker")
        if checker is not None and checker.channel is not None:
            checker.channel.send(("neighbours", states))

    def _watchdog(self, period: float) -> None:
        """Feed the service manager's watchdog only while every child's loop turns."""

        def due(now: float) -> None:
            channels = [c.channel for c in self.children.values() if c.channel is not None and c.ready]
            if all(channel.alive for channel in channels):
                systemd.notify("WATCHDOG=1")
            else:
                late = [c.name for c in self.children.values() if c.channel is not None and not c.channel.alive]
                log.error("no sign of life from: %s", ", ".join(late))
            for channel in channels:
                channel.alive = False
                channel.send(("ping",))
            self.loop.wake("watchdog", now + period, due)

        for child in self.children.values():
            if child.channel is not None:
                child.channel.alive = True
        due(self.loop.now())

    def bequeath(self) -> None:
        """Keep who serves now for a parent after this one."""
        children = {
            c.name: succession.Orphan(c.pid, succession.born(c.pid), c.states) for c in self.children.values() if c.pid
        }
        try:
            succession.write(self._heritage, self.config.sha256, children)
        except OSError as error:
            log.warning("cannot write %s: %s; a restart will not be without a gap", self._heritage, error.strerror)

    def inherit(self, name: str) -> Dict[str, str]:
        """End the orphan of that name, if there is one; the states to go on from."""
        orphan = self._orphans.pop(name, None)
        if orphan is None:
            return self._left if name == "checker" else {}
        log.info("the %s process %d of the agent before this one is succeeded", name, orphan.pid)
        succession.end(orphan, keep=name != "vrrp" or bool(orphan.states))
        return dict(orphan.states)

    def leave_in_child(self) -> None:
        """In a fresh child: close all that belongs to the parent."""
        if self.server is not None:
            self.server.close(unlink=False)
        self.exposition.abandon()
        for child in self.children.values():
            if child.channel is not None:
                child.channel.abandon()
        self.loop.close()

    def sweep(self, name: str) -> None:
        """A VRRP child that keeps dying holds nothing while it is away: its addresses go."""
        if name == "vrrp":
            child = self.children[name]
            self._rooms.sweep((child.served, self.config.document), child.states)
            child.states = {}

    # -- signals ---------------------------------------------------------------

    def _watch_signals(self) -> None:
        self.loop.on_signal(signal.SIGCHLD, self._reap)
        self.loop.on_signal(signal.SIGTERM, self.stop)
        self.loop.on_signal(signal.SIGINT, self.stop)
        self.loop.on_signal(signal.SIGHUP, self._hup)
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            self.loop.on_signal(
                number, lambda: self.status(lambda answer: files.dump(self.options.status_file, json.loads(answer)))
            )
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def _hup(self) -> None:
        if not self.stopping:
            self.reload()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                pid = 0
            if pid == 0:
                break
            for child in self.children.values():
                if child.pid == pid:
                    child.died(status)
        if self.stopping and not any(child.pid for child in self.children.values()):
            self.loop.stop()

    def stop(self) -> None:
        """Stop gracefully; children that hang are killed after STOP_PATIENCE."""
        if self.stopping:
            return
        self.stopping = True
        systemd.notify("STOPPING=1")
        for child in self.children.values():
            child.stop(keep=child.name in self.options.keep)
        self.loop.wake("patience", self.loop.now() + STOP_PATIENCE, lambda _now: self._kill())
        self._reap()

    def _kill(self) -> None:
        for child in self.children.values():
            if child.pid:
                log.error("%s child does not stop: killed", child.name)
                os.kill(child.pid, signal.SIGKILL)

    # -- reload ----------------------------------------------------------------

    def reload(self) -> List[str]:
        """Read the file again. A file with errors changes nothing; the findings (rendered) are returned."""
        systemd.notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        config = self._reread()
        if config.errors:
            self.reloads["refused"] += 1
            self.last_refusal = config.rendered
            log.error(events.REFUSED, self.options.file)
            for line in config.rendered:
                log.error("%s", line)
        else:
            for line in config.rendered:
                log.warning("%s", line)
            self.reloads["accepted"] += 1
            self.last_refusal, self.loaded_at = [], time.time()
            self.config = config
            self._apply_roles()
            log.info(events.RELOADED, self.options.file)
        self.child_ready()
        return list(config.rendered)

    def restart(self, answer: unix.Answer) -> None:
        """Become the program that lies on disk now: the children serve on until it has children of its own. The file
        is read first: one with errors changes nothing.
        """
        refused = self.reloads["refused"]
        findings = self.reload()
        ok = self.reloads["refused"] == refused
        answer({"ok": ok, "findings": findings})
        if ok and not self.stopping:
            log.info("restarting")
            self._becoming = True
            self.loop.stop()

    # -- control socket --------------------------------------------------------

    def answer(self, request: Dict[str, Any], answer: unix.Answer) -> None:
        """One request of the control socket."""
        command = request["command"]
        if command == "status":
            self.status(lambda status: answer(f'{{"ok":true,"status":{status}}}'))
        elif command == "reload":
            refused = self.reloads["refused"]
            findings = self.reload()
            answer({"ok": self.reloads["refused"] == refused, "findings": findings})
        elif command == "restart":
            self.restart(answer)
        elif command == "places":
            answer({"ok": True, "places": self._rooms.places(self.config.document)})
        elif command == "ping":
            answer({"ok": True, "version": __version__, "pid": os.getpid()})
        elif command in requests.CHILDREN:
            self._hand_on(command, request, answer)
        else:
            known = ", ".join(sorted(["ping", "places", "reload", "restart", "status", *requests.CHILDREN]))
            answer({"ok": False, "error": f"no command {command!r}; there are: {known}"})

    def _hand_on(self, command: str, request: Dict[str, Any], answer: unix.Answer) -> None:
        """A request that a child answers."""
        name, read = requests.CHILDREN[command]
        try:
            kind, words = read(request)
        except ValueError as error:
            answer({"ok": False, "error": str(error)})
            return
        child = self.children.get(name)
        self.relay.ask(name, child.channel if child is not None else None, kind, words, answer)

    def _expose(self, take: Callable[[str], None]) -> None:
        self.status(lambda status: take(metrics.render(json.loads(status))))

    def status(self, done: Callable[[str], None]) -> None:
        """Ask every child for its part, give the whole as JSON; a child that does not answer in time is said to be
        silent.
        """
        self._next_id += 1
        asked = {c.name for c in self.children.values() if c.channel is not None and c.wanted}
        pending = _Pending(parent_status.report(self), {}, asked, done)
        self._pending[self._next_id] = pending
        for name in asked:
            channel = self.children[name].channel
            if channel is not None:
                channel.send(("status", self._next_id))
        number = self._next_id
        self.loop.wake(("status", number), self.loop.now() + STATUS_PATIENCE, lambda _now: self._finish(number))
        if not asked:
            self._finish(number)

    def collect(self, number: int, name: str, part: Any) -> None:
        """One child's answer."""
        pending = self._pending.get(number)
        if pending is None:
            return
        pending.parts[name] = part
        pending.missing.discard(name)
        if not pending.missing:
            self._finish(number)

    def lost(self, name: str) -> None:
        """A child died: nobody waits for its answers."""
        self.relay.lost(name)
        for number, pending in list(self._pending.items()):
            if name in pending.missing:
                self.collect(number, name, None)

    def _finish(self, number: int) -> None:
        pending = self._pending.pop(number, None)
        self.loop.wake(("status", number), None, lambda _now: None)
        if pending is not None:
            for name in pending.missing:
                pending.parts[name] = None
                pending.status["processes"].setdefault(name, {"pid": None, "deaths": 0})["silent"] = True
            pending.done(parent_status.joined(pending.status, pending.parts))


@dataclass
class _Pending:
    """A status that waits for its children."""

    status: Dict[str, Any]
    parts: Dict[str, Any]
    missing: Set[str]
    done: Callable[[str], None]
