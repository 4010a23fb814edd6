# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All virtual routers of this host on one loop: sockets and the kernel's news become events, effects are done.

Begins, reloads and ends them; keeps sync groups together; tells the parent every state. Decides nothing that the
machine decides.
"""

from __future__ import annotations

import functools
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Set, Tuple

from . import plan_vrrp, vrrp_status
from .control import events
from .link import debounce
from .link import state as link
from .link.port import Monitor, Netlink
from .vrrp import group, track
from .vrrp.events import (
    AdvertReceived,
    ConfigChanged,
    Event,
    FaultCleared,
    FaultRaised,
    Notice,
    Notify,
    PriorityChanged,
    Resume,
    Shutdown,
    Startup,
    TimerExpired,
)
from .vrrp.port import Announcer
from .vrrp.router import State, wake_at
from .vrrp_filter import Filter
from .vrrp_instance import VirtualRouter
from .vrrp_mastership import Mastership, Ports
from .vrrp_notices import Notices
from .vrrp_pacing import Pacer
from .vrrp_standing import Standing, settings_of
from .vrrp_tracking import Tracking
from .vrrp_wires import Wires

if TYPE_CHECKING:
    from .loop import Loop
    from .notify.scripts import Job, Scripts
    from .vrrp import packet

log = logging.getLogger("lvs-agent")

RESTORE, RESTORE_AGAIN = 0.5, 1.0
"""Seconds until addresses that a master lost are set again, and between two such repairs."""
_GROUP_NOTICES = {State.MASTER: Notice.MASTER, State.BACKUP: Notice.BACKUP, State.FAULT: Notice.FAULT}
_READ, _WRITE = 0x001, 0x004  # EPOLLIN, EPOLLOUT
Tell = Callable[[object], None]


class Routers:
    """All virtual routers of this host. `tell` sends to the parent, `clock` gives seconds of the epoch."""

    def __init__(self, loop: Loop, tell: Tell, scripts: Scripts, clock: Callable[[], float]) -> None:
        self.loop, self.tell, self.scripts, self.clock = loop, tell, scripts, clock
        self.netlink, self.monitor = Netlink(), Monitor()
        self.pacer = Pacer(loop, Announcer())
        self.steadies: debounce.Steadies = {}
        self.heard: link.Links = {}  # as the kernel says
        self.links: link.Links = {}  # as they count
        self.plan = plan_vrrp.Plan()
        self.notices = Notices(self._run)
        self.tracking = Tracking(loop, self._run, self._tracked, lambda states: tell(("neighbours", dict(states))))
        self.filter = Filter(self._start_job, self.tracking.told)
        self.routers: Dict[str, VirtualRouter] = {}
        self.wires = Wires(loop, self._heard)
        self.members: Dict[str, Tuple[str, ...]] = {}
        self.mastership = Mastership(
            loop, Ports(self.routers, self._groups, lambda name: self.members.get(name, (name,)), self._give, tell)
        )
        self.restoring: Set[str] = set()
        self.unsure: Set[str] = set()  # whether all their routes and rules are there
        self.gone = False  # while an instance ends that a reload took away
        self.reloads = 0

    # life

    def start(self, plan: plan_vrrp.Plan, resume: Mapping[str, str], wait: float = 0.0) -> None:
        """Begin with what the kernel says about links, then every virtual router; none is MASTER for `wait` seconds."""
        self.wait = wait
        originals = settings_of(resume)
        states = {name: state for name, state in resume.items() if name not in originals}
        self.standing = Standing(self.netlink, originals, self._report, self._hear_all)
        self.loop.watch(self.monitor.fileno(), _READ, lambda _events: self._on_news())
        self.loop.watch(self.scripts.fileno(), _READ, lambda _events: self._on_scripts())
        self._dump()
        self.plan = plan
        self._count(self.loop.now())
        self.notices.adopt(plan.process)
        self._adopt(plan, tuple(plan.instances), states, presumed=bool(states))
        self.wait = 0.0

    def stop(self) -> None:
        """Graceful: every master says farewell and gives its addresses back."""
        for name in list(self.routers):
            self._give(name, Shutdown())
        self.standing.release(self._hear_all())
        self.filter.close()
        self.tracking.close()
        for each in self.plan.groups:
            self.notices.group(each, Notice.STOP)
        self.notices.close()
        self.scripts.close()

    def reload(self, plan: plan_vrrp.Plan) -> None:
        """Unchanged instances see nothing, changed ones a ConfigChanged, others end or begin."""
        self.reloads += 1
        gone = [
            name
            for name, router in self.routers.items()
            if name not in plan.instances or plan.instances[name].identity != router.plan.identity
        ]
        for name in gone:
            self.gone = name not in plan.instances
            self._give(name, Shutdown())
            self.gone = False
            del self.routers[name]
        self.plan = plan
        self.notices.adopt(plan.process)
        new = tuple(name for name in plan.instances if name not in self.routers)
        for name, router in self.routers.items():
            wanted = plan.instances[name]
            if wanted == router.plan:
                continue
            before, router.plan = router.plan, wanted
            router.place = router.look(self.links)
            router.prepare(self.links)
            if wanted.settings != before.settings:
                priority, _faults = self._effective(router)
                self._give(name, ConfigChanged(router.settings(), priority))
            self._settle(router)
        self._adopt(plan, new, {}, presumed=True)
        self.mastership.adopt()
        if plan.process.tell_states_on_reload:
            self._tell_states()

    def _adopt(self, plan: plan_vrrp.Plan, new: Tuple[str, ...], resume: Mapping[str, str], *, presumed: bool) -> None:
        """Make the new ones, wire everything, start the new ones: as MASTER again where that may be resumed."""
        self.standing.adopt(plan, self.heard)
        self._count(self.loop.now())
        self.pacer.adopt(plan.paces)
        self.monitor.routes(wanted=plan.has_routes)
        for name in new:
            self.routers[name] = VirtualRouter(plan.instances[name], self.netlink, self.pacer, self.clock)
        self.members = {name: (name,) for name in self.routers}
        for each in plan.groups:
            self.members.update({name: tuple(n for n in each.members if n in self.routers) for name in each.members})
        self.wires.tell_unknown = plan.process.tell_unknown
        self.tracking.adopt(plan.tracking, presumed=presumed)
        self.filter.adopt(plan.guard, presumed=presumed)
        self._look()
        for name in new:
            self._settle(self.routers[name])
        self.wires.arrange(self.routers.values(), self.links)
        for name in new:
            router = self.routers[name]
            resumable = all(
                resume.get(member) == State.MASTER.value and not self.routers[member].missing(self.links)
                for member in self.members[name]
            )
            log.info("(%s) %s on %s", name, "resumes" if resumable else "starts", router.plan.interface)
            self.mastership.begin(name)
            self._give(name, Resume() if resumable else Startup(self.wait))
        self._report()

    # interfaces

    def _dump(self) -> None:
        links: link.Links = {}
        for news in self.monitor.everything():
            links = link.apply(links, news)
        self.heard = links

    def _hear(self) -> bool:
        """Take a bounded part of the kernel's news; False when there is none."""
        try:
            news = self.monitor.news()
        except OverflowError:
            log.warning("the kernel dropped news about interfaces; asking for everything")
            self._dump()
            return True
        gone = False
        for each in news:
            gone = gone or link.lacks_routes(self.heard, each)
            self.heard = link.apply(self.heard, each)
        if gone:
            self._routes_gone()
        return bool(news)

    def _routes_gone(self) -> None:
        """Routes or rules are gone; ours are set again a moment later, for they may be among them."""
        self.standing.lost()
        for name, router in self.routers.items():
            if router.router.state is State.MASTER and router.plan.routes:
                self.unsure.add(name)
                self._restore_in(name, RESTORE)

    def _hear_all(self) -> link.Links:
        while self._hear():
            pass
        self._count(self.loop.now())
        return self.heard

    def _count(self, now: float) -> None:
        """Let the interfaces count as the delays of the file have it."""
        self.steadies = debounce.steadied(self.steadies, self.heard, self.plan.delays, now)
        self.links = debounce.view(self.heard, self.steadies)
        due = debounce.wake_at(self.steadies, self.plan.delays)
        self.loop.wake("debounce", due, lambda _now: self._on_news())

    def _on_news(self) -> None:
        self._hear()
        self.standing.look(self.heard)
        self._count(self.loop.now())
        self._look()
        for router in self.routers.values():
            router.listen(self.links)
        changed = [router for router in self.routers.values() if router.look(self.links) != router.place]
        for router in changed:
            self._settle(router)
        if changed:
            self.wires.arrange(self.routers.values(), self.links)
        self._tracked()
        for name, router in self.routers.items():
            if router.router.state is State.MASTER and router.missing(self.links):
                self._restore_in(name, RESTORE)

    def _restore_in(self, name: str, seconds: float) -> None:
        if name not in self.restoring:
            self.restoring.add(name)
            self.loop.wake(("restore", name), self.loop.now() + seconds, functools.partial(self._restore, name))

    def _restore(self, name: str, _now: float) -> None:
        """What is still missing after a moment was taken by somebody, and is not merely on its way to us as news."""
        self.restoring.discard(name)
        router = self.routers.get(name)
        if router is None or router.router.state is not State.MASTER:
            return
        missing = router.missing(self.links)
        if name in self.unsure:
            self.unsure.discard(name)
            router.restore_routes()
        if missing:
            log.warning(events.VRRP_TAKEN, name, len(missing))
            router.restore(missing)
            self._restore_in(name, RESTORE_AGAIN)  # the kernel may have refused, and says nothing when it would not

    def _settle(self, router: VirtualRouter) -> None:
        """Let a router know where it is now: bytes first, then faults."""
        router.place = router.look(self.links)
        router.listen(self.links)
        if router.router.settings.source != router.place.source and router.place.source:
            self._give(router.plan.name, ConfigChanged(router.settings(), router.router.own))
        router.prepare(self.links)
        self._trackings(router)

    def _trackings(self, router: VirtualRouter) -> None:
        """Tell the machine what tracking and the interface make of it: priority, then faults."""
        name = router.plan.name
        priority, faults = self._effective(router)
        if priority != router.router.own:
            log.info(events.VRRP_PRIORITY, name, router.router.own, priority)
            self._give(name, PriorityChanged(priority))
        before, router.causes = router.causes, (*router.place.faults, *faults)
        for cause in router.causes:
            if cause not in before:
                self._give(name, FaultRaised(cause))
        for cause in before:
            if cause not in router.causes:
                self._give(name, FaultCleared(cause))

    def _effective(self, router: VirtualRouter) -> Tuple[int, Tuple[str, ...]]:
        return track.effective(router.plan.settings.priority, router.plan.tracked, self.tracking.verdicts)

    def _look(self) -> None:
        """Let the tracking know how the tracked interfaces are."""
        tracked = (each for router in self.routers.values() for each in router.plan.tracked)
        self.tracking.look(self.links, {each.name for each in tracked if each.kind == "interface"})

    def _tracked(self) -> None:
        """A verdict may have changed: tell whoever tracks it."""
        for router in list(self.routers.values()):
            if router.plan.tracked:
                self._trackings(router)

    # events

    def _heard(self, router: VirtualRouter, heard: packet.Heard, now: float) -> None:
        advert = heard.advert
        self._give(router.plan.name, AdvertReceived(advert.priority, advert.interval / 100, heard.source), now)

    def _due(self, name: str) -> None:
        router = self.routers.get(name)
        if router is None:
            return
        router.late(self.loop.now())
        if router.router.state is State.BACKUP:
            # after a stall the master's adverts wait in the socket; hear them before believing that it is gone
            self.wires.read(router)
            group.rehearse({each: self.routers[each].router for each in self.members[name]}, name, self.loop.now())
        self._give(name, TimerExpired())

    def _give(self, name: str, event: Event, now: Optional[float] = None) -> None:
        """One event to one router, with all that follows from it for its group."""
        names = [each for each in self.members.get(name, (name,)) if each in self.routers]
        before = {each: self.routers[each].router for each in names}
        after, done = group.step(before, name, event, self.loop.now() if now is None else now)
        for each in names:
            self.routers[each].router = after[each]
        for each, effect in done:
            self.routers[each].execute(effect, functools.partial(self._notify, each))
        moved = [each for each in names if before[each].state is not after[each].state]
        for each in names:
            self._wake(each)
        for each in moved:
            self.routers[each].moved(before[each].state)
        if moved:
            self._report()
            self._group_moved(name, group.state(before), group.state(after))

    def _groups(self) -> Dict[str, Tuple[str, ...]]:
        return {each.name: each.members for each in self.plan.groups}

    def _wake(self, name: str) -> None:
        self.loop.wake(("vrrp", name), wake_at(self.routers[name].router, self.loop.now()), lambda _: self._due(name))

    def _report(self) -> None:
        states = {name: router.router.state.value for name, router in self.routers.items()}
        self.tell(("states", {**states, **self.standing.told}))

    # telling others

    def _group_moved(self, name: str, before: State, after: State) -> None:
        notice = _GROUP_NOTICES.get(after)
        if before is after or notice is None:
            return
        for each in self.plan.groups:
            if name in each.members:
                log.info(events.VRRP_GROUP, each.name, before.value, after.value)
                self.notices.group(each, notice)

    def _tell_states(self) -> None:
        """What keepalived's fifo_write_vrrp_states_on_reload asks for: the pipes only."""
        for router in self.routers.values():
            self.notices.state(router.plan.name, router.router.state.value, router.router.priority)

    def _notify(self, name: str, notify: Notify) -> None:
        router = self.routers[name]
        causes = router.causes
        if notify.notice is Notice.FAULT and causes and all(cause.endswith(track.UNKNOWN) for cause in causes):
            return
        notice = notify.notice
        if self.gone and notice is Notice.STOP:  # as keepalived
            notice = Notice.DELETED if router.plan.tell_deleted else Notice.FAULT
        self.notices.instance(router.plan, notice, router.router.state.value, notify.priority)

    def _run(self, job: Job) -> None:
        self._start_job(replace(job, secure=self.plan.process.script_security))

    def _start_job(self, job: Job) -> None:
        self.scripts.start(job)
        self._watch_scripts()

    def _watch_scripts(self) -> None:
        events = _READ | (_WRITE if self.scripts.pending else 0)
        self.loop.watch(self.scripts.fileno(), events, lambda _events: self._on_scripts())

    def _on_scripts(self) -> None:
        if self.scripts.pending:
            self.scripts.flush()
            self._watch_scripts()
        try:
            self.tracking.ended(self.filter.ended(self.scripts.results()))
        except EOFError:
            log.error("the helper that runs scripts died; starting another")
            self.loop.forget(self.scripts.fileno())
            self.scripts.revive()
            self.tracking.forget_running()
            self.notices.revived()
            self.filter.revived()
            self.scripts.flush()
            self._watch_scripts()

    def status(self) -> Dict[str, Any]:
        """JSON-able; seconds and counts."""
        return vrrp_status.report(self)
