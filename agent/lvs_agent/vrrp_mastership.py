# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator asks of the mastership: takeover and standby, each with a time limit, by instance or sync group.

Holds the wishes and their ends, tells the parent of them (a successor of this process goes on with them), and answers
once the switch is done. What a wish does to a virtual router is vrrp/planned.py's.
"""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Sequence, Tuple

from .control import events
from .vrrp import planned
from .vrrp.events import Event, PlannedEnd, PlannedStandBy, PlannedTakeOver
from .vrrp.router import State

if TYPE_CHECKING:
    from .loop import Loop
    from .vrrp_instance import VirtualRouter

log = logging.getLogger("lvs-agent")

LOOK = 0.01
"""Seconds between two looks whether a switch is done."""
EVENTS: Mapping[str, Event] = {"takeover": PlannedTakeOver(), "standby": PlannedStandBy(), "end": PlannedEnd()}
Wishes = Dict[str, Tuple[str, float]]
"""By instance: takeover or standby, and until when on the monotonic clock, which all processes of a host share."""


@dataclass(frozen=True)
class Ports:
    """What this needs of the virtual routers of this host. `groups` are the members of every sync group by its name,
    `members` those of an instance's group, itself at least.
    """

    routers: Mapping[str, VirtualRouter]
    groups: Callable[[], Mapping[str, Tuple[str, ...]]]
    members: Callable[[str], Tuple[str, ...]]
    give: Callable[[str, Event], None]
    tell: Callable[[object], None]


class Mastership:
    """The wishes of one VRRP process."""

    def __init__(self, loop: Loop, ports: Ports) -> None:
        self.loop, self.ports = loop, ports
        self.wishes: Wishes = {}
        self.resumed: Wishes = {}
        """Wishes of a process before this one, for instances that have not begun yet."""

    def begin(self, name: str) -> None:
        """An instance is about to start: a wish that is older than this process counts from its first moment on."""
        kind, until = self.resumed.pop(name, ("", 0.0))
        if kind and until > self.loop.now():
            self.ports.give(name, EVENTS[kind])
            self._wish([name], kind, until)

    def adopt(self) -> None:
        """After a reload: wishes for instances that are no more are void."""
        for name in [name for name in self.wishes if name not in self.ports.routers]:
            del self.wishes[name]
        self._tell()

    def ask(self, number: int, kind: str, names: Sequence[str], seconds: float) -> None:
        """One request; the answer goes to the parent under `number`, when it is known how it went."""
        chosen, unknown = self._chosen(names)
        routers = self.ports.routers
        refused = [f"there is no vrrp_instance or vrrp_sync_group {name}" for name in unknown]
        if not chosen and not refused:
            refused.append("there is no vrrp_instance")
        if kind == "end":
            chosen = [name for name in chosen if name in self.wishes]
        for name in chosen:
            why = planned.refusal(routers[name].router, EVENTS[kind])
            if why:
                refused.append(f"{name}: {why}")
        if refused:
            self._answer(number, {"ok": False, "error": "; ".join(refused)})
            return
        now = self.loop.now()
        for name in self._one_of_each_group(chosen):
            if kind == "end":
                log.info(events.REQUEST_ENDED, name)
            else:
                log.info(events.REQUEST, name, kind, seconds)
            self.ports.give(name, EVENTS[kind])
        if kind == "end":
            self._forget(chosen)
        else:
            self._wish(chosen, kind, now + seconds)
        longest = max((planned.longest_standby(routers[name].router) for name in chosen), default=0.0)
        self._look(number, kind, chosen, now + longest + 1.0, now)

    def status(self) -> Dict[str, Dict[str, Any]]:
        """JSON-able."""
        now = self.loop.now()
        return {
            name: {"asked": kind, "seconds_left": round(until - now, 3)} for name, (kind, until) in self.wishes.items()
        }

    # who is meant

    def _chosen(self, names: Sequence[str]) -> Tuple[List[str], List[str]]:
        """Instances with their whole groups, in the order of the file; names that nothing has."""
        groups, routers = self.ports.groups(), self.ports.routers
        wanted = set(routers) if not names else set()
        unknown = []
        for name in names:
            members = groups.get(name) or (self.ports.members(name) if name in routers else ())
            wanted.update(members)
            if not members:
                unknown.append(name)
        return [name for name in routers if name in wanted], unknown

    def _one_of_each_group(self, names: Sequence[str]) -> List[str]:
        seen: set[str] = set()
        first = []
        for name in names:
            if name not in seen:
                first.append(name)
                seen.update(self.ports.members(name))
        return first

    # wishes

    def _wish(self, names: Sequence[str], kind: str, until: float) -> None:
        for name in names:
            self.wishes[name] = (kind, until)
            self.loop.wake(("wish", name), until, functools.partial(self._over, name))
        self._tell()

    def _over(self, name: str, _now: float) -> None:
        kind, _until = self.wishes.get(name, ("", 0.0))
        if kind and name in self.ports.routers:
            log.info(events.REQUEST_OVER, name, kind)
            self._forget(self.ports.members(name))
            self.ports.give(name, EVENTS["end"])

    def _forget(self, names: Sequence[str]) -> None:
        for name in names:
            self.wishes.pop(name, None)
            self.loop.wake(("wish", name), None, lambda _now: None)
        self._tell()

    def _tell(self) -> None:
        self.ports.tell(("wishes", dict(self.wishes)))

    # how it went

    def _look(self, number: int, kind: str, names: List[str], patience: float, now: float) -> None:
        routers = {name: self.ports.routers[name].router for name in names if name in self.ports.routers}
        moving = any(r.farewells is not None or r.settle_at is not None for r in routers.values())
        if moving and now < patience:
            self.loop.wake(
                ("asked", number), now + LOOK, lambda later: self._look(number, kind, names, patience, later)
            )
            return
        states = {name: router.state.value for name, router in routers.items()}
        failed = [name for name, router in routers.items() if kind != "end" and router.planned is None]
        failed += [name for name, r in routers.items() if kind == "takeover" and r.state is not State.MASTER]
        if not failed:
            self._answer(number, {"ok": True, "instances": states})
            return
        self._forget(failed)
        self._answer(number, {"ok": False, "error": _failed(kind, failed), "instances": states})

    def _answer(self, number: int, answer: Dict[str, Any]) -> None:
        self.ports.tell(("answer", number, answer))


def _failed(kind: str, names: Sequence[str]) -> str:
    said = ", ".join(dict.fromkeys(names))
    if kind == "standby":
        return f"{said}: nobody took over; it stays MASTER here, with its own priority"
    return f"{said}: it did not become MASTER; the log says why"
