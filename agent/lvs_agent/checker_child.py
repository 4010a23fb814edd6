# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker process: runs the checks, works their verdicts into the pools, and keeps the kernel's table as the
pools want it.

It never remembers what the kernel has: every change is the difference between a fresh dump and what is wanted, and a
look every RECONCILE seconds repairs what somebody else changed. Services that no virtual_server names are not touched.

Long because checks, pools, table and sync daemons meet here and nowhere else.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import random
import resource
import select
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, Union

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from . import checker_status, missing, plan_checks, plan_mail
from .checker_drains import Back, Drains
from .checker_notices import Changed, Notices, default_user
from .checks.file.port import read
from .checks.path.port import Paths
from .checks.port import Runner
from .checks.track_file import FileCheck
from .control import events
from .control.succession import ORPHAN
from .ipvs.diff import Verb, diff
from .ipvs.port import Ipvs, load_module
from .ipvs.table import ServiceKey
from .loop import Loop
from .lvs_timeouts import LvsTimeouts
from .notify.scripts import Scripts
from .notify.security import insecure
from .pool import roster
from .sync_daemons import SyncDaemons

if TYPE_CHECKING:
    from .channel import Channel
    from .checks import scheduler
    from .checks.outcome import Outcome
    from .ipvs.diff import Change
    from .ipvs.table import Entry, Table
    from .presence import Presence

log = logging.getLogger("checker")

ACCEPT_LOCAL = "accept_local"
"""Under which word a successor finds what accept_local was, JSON by interface."""

TIMEOUTS = "timeouts"
"""Under which word a successor finds what the kernel's timeouts were."""

RECONCILE = 10.0
"""Seconds between two looks at the kernel's table when nothing happens."""

BREATH = 4.0
"""Looks at the table take at most one part in 1 + this of the time: under a storm of verdicts they are gathered."""


def release(told: Mapping[str, str]) -> None:
    """Put back the settings of a checker that is gone, by what it told last of itself."""
    paths = Paths()
    paths.opened.update(json.loads(told.get(ACCEPT_LOCAL, "{}")))
    paths.restore()
    timeouts = LvsTimeouts()
    timeouts.adopt(told.get(TIMEOUTS, ""))
    if timeouts.before is not None:
        with contextlib.suppress(OSError), Ipvs() as ipvs:
            timeouts.restore(ipvs)


def run(channel: Channel, document: model.Document, resume: Mapping[str, str]) -> int:
    """The body of the checker child: until ("stop",), SIGTERM, or the parent is gone. Gives the exit status."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.disable()
    loop = Loop()
    scripts = Scripts(late=True)
    checker = Checker(loop, document, scripts)

    def message(told: object) -> None:
        kind, *rest = told if isinstance(told, tuple) else (None,)
        if kind == "reload":
            gc.disable()
            checker.reload(rest[0])
            _settle()
            channel.send(("states", checker.heritage()))
            channel.send(("reloaded",))
        elif kind == "status":
            channel.send(("status", rest[0], checker.status()))
        elif kind == "journal":
            checker.drains.open(rest[0])
        elif kind == "drain":
            channel.send(("answer", rest[0], checker.drain(tuple(rest[1:]))))
        elif kind == "vrrp":
            checker.hear(rest[0])
        elif kind == "neighbours":
            checker.runner.hear(rest[0])
        elif kind == "stop":
            loop.stop()

    def orphaned() -> None:
        loop.wake("orphaned", loop.now() + ORPHAN, lambda _now: loop.stop())

    checker.runner.paths.changed = checker.timeouts.changed = lambda: channel.send(("states", checker.heritage()))
    channel.before({"journal", "vrrp"}, message)
    channel.attach(loop, message, orphaned)
    loop.on_signal(signal.SIGTERM, loop.stop)
    checker.start(resume)
    channel.send(("states", checker.heritage()))
    _settle()
    channel.send(("ready",))
    loop.run()
    checker.stop()
    scripts.close()
    return 0


def _settle() -> None:
    """Plan, tasks and pools live until the next reload: looking for garbage in them meanwhile is in vain."""
    gc.collect()
    gc.freeze()
    gc.enable()


class Checker:
    """Checks, pools and the kernel's table of one document."""

    def __init__(self, loop: Loop, document: model.Document, scripts: Scripts) -> None:
        self.loop = loop
        self.scripts = scripts
        self.document = document = missing.without(document, os.path.exists)
        self.plan = plan_checks.plan(document, default_user(document))
        self.states: Dict[str, roster.State] = {}
        self.runner = Runner(loop, self._told, random.random)
        self.notices = Notices(scripts.start)
        self.drains = Drains(loop, time.time, self._drained)
        self.counters = {"changes": 0, "refused": 0, "reconciles": 0, "repaired": 0}
        self.refused: Tuple[str, ...] = ()
        """What the kernel refused at the last look, a line each."""
        self._ipvs: Optional[Ipvs] = None
        self.away = ""
        """Why the kernel's table is out of reach; '' when it is not."""
        self._verdicts: Dict[str, List[roster.Verdict]] = {}
        self._changes: Dict[str, List[Changed]] = {}
        self._leaving: Set[ServiceKey] = set()
        """Services of a configuration that is no more: removed at the next look."""
        self._next_look = 0.0
        self._rising: Set[str] = set()
        """Virtual servers with a slow start under way."""
        self.moment = 0.0
        """The moment that the weights of slow starts are those of."""
        self.sync = SyncDaemons()
        self.timeouts = LvsTimeouts()
        self.presence: Optional[Presence] = None

    # -- life ------------------------------------------------------------------

    def start(self, resume: Mapping[str, str]) -> None:
        """Adopt what the kernel has, put what is wanted beside it, begin to check. What a checker before this one
        answered for, and the document does not name, goes.
        """
        self.loop.watch(self.scripts.fileno(), select.EPOLLIN, self._on_scripts)
        self._set_manners()
        self.runner.paths.opened.update(json.loads(resume.get(ACCEPT_LOCAL, "{}")))
        self.sync.asked = bool(resume.get("sync"))
        self.timeouts.adopt(resume.get(TIMEOUTS, ""))
        load_module()
        have = self._dump()
        if effective.global_defs(self.document).lvs_flush and have is not None:
            self._leaving |= set(have)
        told = {ServiceKey(*key) for key in json.loads(resume.get("services", "[]"))}
        self._leaving |= told & set(have or ()) - self._ours()
        known: Dict[Tuple[str, str], bool] = {}
        down = self._down_by_files()
        told_of = []
        out = partial(self.drains.out, now=self.drains.clock())
        for name, service in self.plan.services.items():
            adopted = plan_checks.known_up(service, have, out) if have is not None else None
            failed = roster.alpha_failed(service.pool.servers, down)
            if adopted is not None:
                failed = plan_checks.failed_checks(service, adopted)
                known.update({(name, server): up for server, up in adopted.items()})
            kept = adopted is not None and not plan_checks.sorry_stands(service, have or {})
            self.states[name], effects = roster.begin(service.pool, failed, kept=kept)
            told_of.append((service, effects))
        self._look(have)
        for service, effects in told_of:  # the table first: a thousand lines of log can wait
            self._tell(service, effects)
        self._look_for_addresses()
        self.scripts.launch()  # a fork that the table need not wait for
        self.runner.load(
            self.plan.checks, lambda key: known.get((key.service, key.server), False if key in down else None)
        )
        self._look_beside(self.sync, self.timeouts)
        self.loop.wake("reconcile", self.loop.now() + RECONCILE, self._reconcile)
        log.info("%d virtual servers, %d checks", len(self.plan.services), len(self.plan.checks))

    def reload(self, document: model.Document) -> None:
        """Run another document: what stays keeps its verdicts, its schedule, and its place in the table."""
        self._work()
        self._climb()  # what has risen by the configuration of until now has risen
        before, old = self.plan, self.states
        self.document = document = missing.without(document, os.path.exists)
        self._set_manners()
        self.plan = plan_checks.plan(document, default_user(document), before)
        self._look_for_addresses()
        down = self._down_by_files()
        self.runner.load(
            self.plan.checks, lambda key: False if key in down else _still_up(old.get(key.service), key.server)
        )
        self.states = {}
        for name, service in self.plan.services.items():
            known = old.get(name)
            if known is not None and service is before.services[name]:  # nothing changed, and all verdicts are in
                self.states[name] = known
                continue
            failed = self._failed(service)
            if known is None:
                self.states[name], effects = roster.begin(service.pool, failed)
            else:
                self.states[name], effects = roster.reload(known, service.pool, failed)
                servers = {*service.real_servers, ""}
                self._part(before.services[name], tuple(e for e in effects if getattr(e, "server", "") not in servers))
                effects = tuple(e for e in effects if getattr(e, "server", "") in servers)
            self._tell(service, effects)
        for name in [name for name in old if name not in self.states]:
            self._part(before.services[name], roster.leave(before.services[name].pool, old[name]))
        gone = {key for service in before.services.values() for key in service.keys}
        self._leaving |= gone - self._ours()
        self._look()
        self._rising = {name for name, state in self.states.items() if state.rising}
        self._climb()
        self._look_beside(self.sync, self.timeouts)

    def _look_for_addresses(self) -> None:
        found = ((name, service.awaits) for name, service in self.plan.services.items())
        awaits = {name: addresses for name, addresses in found if addresses}
        if awaits and self.presence is None:
            from .presence import Presence  # noqa: PLC0415 - what it brings along takes 0.2 s, and is seldom wanted

            made = Presence(self.loop, lambda names: self.runner.resume(lambda key: key.service in names))
            self.runner.suspended = lambda key: key.service in made.resting
            self.presence = made
        if self.presence is not None:
            self.presence.adopt(awaits)

    def _part(self, service: plan_checks.Service, effects: Tuple[roster.Effect, ...]) -> None:
        """Tell of servers, or of a whole service, that a reload took away: as its last configuration had it told."""
        self._tell(service, effects)
        self.notices.removed(service, effects, stopping=False)

    def hear(self, states: Mapping[str, str]) -> None:
        """The states of the VRRP instances, told by the parent."""
        self.sync.states = dict(states)
        self._look_beside(self.sync)

    def _look_beside(self, *settings: Union[SyncDaemons, LvsTimeouts]) -> int:
        """Bring the kernel's settings beside the table to what should be; how many were not that."""
        try:
            return sum(each.look(self._ipvs, self.document) for each in settings) if self._ipvs is not None else 0
        except OSError as error:
            self._lose(error)
            return 0

    def heritage(self) -> Dict[str, str]:
        """What a checker after this one goes on from: its services, the settings that it changed."""
        services = [tuple(vars(key).values()) for key in (*self._ours(), *self._leaving)]
        return {
            "services": json.dumps(services),
            ACCEPT_LOCAL: json.dumps(self.runner.paths.opened),
            TIMEOUTS: self.timeouts.heritage(),
            "sync": "asked" if self.sync.asked else "",
        }

    def _ours(self) -> Set[ServiceKey]:
        return {key for service in self.plan.services.values() for key in service.keys}

    def stop(self) -> None:
        """End all checks and take our services out of the kernel, as keepalived does."""
        self.runner.stop()
        if self.presence is not None:
            self.presence.close()
        for name, service in self.plan.services.items():
            effects = roster.stop(service.pool, self.states[name])
            self._tell(service, effects)
            self.notices.removed(service, effects, stopping=True)
        have = self._dump()
        if have is not None and self._ipvs is not None:
            everything = effective.global_defs(self.document).lvs_flush_on_stop == "ALL"
            ours = self._ours() | self._leaving
            mine = have if everything else {key: entry for key, entry in have.items() if key in ours}
            self._apply(diff(mine, {}))
            try:
                self.sync.stop(self._ipvs)
                self.timeouts.restore(self._ipvs)
            except OSError as error:
                log.error("sync daemons and timeouts: %s", error)
            self._ipvs.close()
        self.notices.close()

    def _set_manners(self) -> None:
        """Who runs scripts, who is told, and which scripts root runs."""
        self.notices.adopt(self.document, default_user(self.document))
        self.drains.watch(effective.global_defs(self.document).maintenance_dir)
        secure = effective.global_defs(self.document).enable_script_security
        self.runner.forbidden = insecure if secure else None

    def drain(self, words: Tuple[Any, ...]) -> Dict[str, Any]:
        """A request to drain or undrain; the answer says who is left."""
        answer = self.drains.ask(words, self.plan.services, self.states)
        reach = self._ipvs is not None and not self.away
        left = self._ipvs.connections() if reach and self._ipvs is not None else ()
        return {**answer, "drains": self.drains.status(left)}

    def _drained(self, back: Back) -> None:
        """Others are out than before: the table, and the slow start of those that are back."""
        self._work()
        now = self.loop.now()
        for name, service in self.plan.services.items():
            if service.pool.slow_start:
                keys = [key for key in service.real_servers if back(*service.destinations[key].key)]
                self.states[name] = roster.rise(self.states[name], keys, now)
                if self.states[name].rising:
                    self._rising.add(name)
        self._climb()
        self._look()

    def _on_scripts(self, _bits: int) -> None:
        """Nobody waits for a status here, so what is readable is the helper's end: it gets a successor."""
        try:
            self.scripts.results()
        except EOFError:
            self.loop.forget(self.scripts.fileno())
            self.scripts.revive()
            log.error("the helper that runs scripts died and is replaced")
            self.loop.watch(self.scripts.fileno(), select.EPOLLIN, self._on_scripts)
            self.notices.revived()
            self.scripts.flush()

    def status(self) -> str:
        """What runs and what came of it, as JSON."""
        return checker_status.report(self)

    # -- verdicts --------------------------------------------------------------

    def _told(self, key: Any, before: scheduler.State, after: scheduler.State, outcome: Outcome) -> None:
        """The runner has news. All news of one turn of the loop are worked in together."""
        if after.up is not before.up or not before.has_run:
            word = "succeeded" if after.up else "failed"
            log.info(events.CHECK, key.check.name, key.server, key.service, word, outcome.text)
        elif not outcome.ok:
            log.info(events.CHECK_FAILED_ONCE, key.check.name, key.server, key.service, outcome.text)
        if after.up is not before.up or (not before.has_run and key.check.name in plan_mail.TOLD_AT_FIRST):
            change = Changed(key.server, key.check.name, outcome.text, after.up)
            self._changes.setdefault(key.service, []).append(change)
        verdict = roster.Verdict(key.server, key, after.up, not before.has_run, outcome.weight, outcome.delta)
        self._verdicts.setdefault(key.service, []).append(verdict)
        self.loop.wake("verdicts", max(self.loop.now(), self._next_look), self._due)

    def _due(self, _now: float) -> None:
        self._work()

    def _work(self) -> None:
        """Work the verdicts into the pools and, where a roster may differ, look at the table."""
        news, self._verdicts = self._verdicts, {}
        changes, self._changes = self._changes, {}
        changed = []
        for name, verdicts in news.items():
            service, before = self.plan.services[name], self.states[name]
            self.states[name], effects = roster.step(service.pool, before, verdicts, self.loop.now())
            if self.states[name].rising:
                self._rising.add(name)
            self._tell(service, effects)
            self.notices.checked(service, changes.get(name, ()), self.states[name], effects)
            if effects:
                changed.append(name)
        if changed:
            self._climb(changed)

    def _climb(self, changed: Sequence[str] = ()) -> None:
        """Look at what changed, and at weights that a slow start moves; wake up for the next move."""
        now = self.moment = self.loop.now()
        names = [name for name in self._rising if name in self.states and name not in changed]
        self._look_at([*changed, *names])
        for name in names:
            self.states[name] = roster.risen(self.plan.services[name].pool, self.states[name], now)
        moments = {
            name: roster.climbs(self.plan.services[name].pool, self.states[name], now)
            for name in self._rising & set(self.states)
        }
        self._rising = {name for name, moment in moments.items() if moment is not None}
        due = min((moment for moment in moments.values() if moment is not None), default=None)
        self.loop.wake("climb", due, lambda _now: self._climb())

    def _down_by_files(self) -> FrozenSet[Any]:
        """Checks of files that are down by what stands there now: such a server does not begin as one that is up."""
        if not self.document.track_files:
            return frozenset()
        files = [(key, check) for key, (_schedule, check) in self.plan.checks.items() if isinstance(check, FileCheck)]
        return frozenset(key for key, check in files if not check.judge(read(check.path)).ok)

    def _failed(self, service: plan_checks.Service) -> Dict[Any, Any]:
        """By server, its checks that are down now."""
        return {
            server.key: frozenset(key for key in server.checks if not self._is_up(key))
            for server in service.pool.servers
        }

    def _is_up(self, key: Any) -> bool:
        state = self.runner.state(key)
        return state is None or state.up

    def _tell(self, service: plan_checks.Service, effects: Tuple[roster.Effect, ...]) -> None:
        """Log what happened to a pool and start the scripts that want to know."""
        for effect in effects:
            log.info(*checker_status.describe(service, effect))
            self.notices.tell(service, effect)

    # -- the kernel's table ------------------------------------------------------

    def _reconcile(self, now: float) -> None:
        self.counters["reconciles"] += 1
        if self.scripts.pending:
            self.scripts.flush()
        self._work()
        made = self._look() + self._look_beside(self.sync, self.timeouts)
        if made:
            self.counters["repaired"] += made
            log.warning(events.TABLE_REPAIRED, made)
        self.loop.wake("reconcile", now + RECONCILE, self._reconcile)

    def _look_at(self, names: List[str]) -> None:
        """As _look, for these virtual servers only."""
        started = self.loop.now()
        services = [self.plan.services[name] for name in names]
        have = self._dump([key for service in services for key in service.keys])
        if have is not None:
            entries = [entry for service in services for entry in self._entries(service)]
            self._apply(diff(have, {entry.service.key: entry for entry in entries}))
        now = self.loop.now()
        self._next_look = now + BREATH * (now - started)

    def _entries(self, service: plan_checks.Service) -> Iterator[Entry]:
        return self.drains.apply(plan_checks.entries_of(service, self.states[service.name], self.moment))

    def _look(self, have: Optional[Table] = None) -> int:
        """Bring the kernel's table to what the pools want; gives the number of changes."""
        started = self.loop.now()
        have = self._dump() if have is None else have
        made = 0
        if have is not None:
            want = {e.service.key: e for name in self.states for e in self._entries(self.plan.services[name])}
            ours = {key: entry for key, entry in have.items() if key in want or key in self._leaving}
            made = self._apply(diff(ours, want))
        now = self.loop.now()
        self._next_look = now + BREATH * (now - started)
        return made

    def _apply(self, changes: Tuple[Change, ...]) -> int:
        if self._ipvs is None or not changes:
            self.refused = ()
            return 0
        try:
            failures = self._ipvs.apply(changes)
        except OSError as error:
            self._lose(error)
            return 0
        texts = tuple(failure.text for failure in failures)
        for text in texts:
            if text not in self.refused:
                log.error(events.TABLE_REFUSED, text)
        self.refused = texts
        self._leaving -= {change.service.key for change in changes if change.verb is Verb.DEL_SERVICE} - {
            failure.change.service.key for failure in failures
        }
        self.counters["changes"] += len(changes) - len(failures)
        self.counters["refused"] += len(failures)
        return len(changes) - len(failures)

    def _dump(self, keys: Optional[List[ServiceKey]] = None) -> Optional[Table]:
        """The kernel's table, or these services of it; None when it is out of reach, which is said once."""
        try:
            if self._ipvs is None:
                self._ipvs = Ipvs()
            table = self._ipvs.dump(keys)
        except OSError as error:
            self._lose(error)
            return None
        if self.away:
            log.info("the kernel's table is back in reach")
            self.away = ""
        return table

    def _lose(self, error: OSError) -> None:
        if self._ipvs is not None:
            self._ipvs.close()
            self._ipvs = None
        text = str(error)
        if text != self.away:
            log.error("no table in the kernel: %s; checks go on, tried again every %g s", text, RECONCILE)
            self.away = text


def _still_up(state: Optional[roster.State], server: str) -> Optional[bool]:
    """What is known of a new check of a server that was there before a reload: alpha does not take the server down."""
    standing = state.standings.get(server) if state is not None else None
    return True if standing is not None and standing.up else None
