# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the kernel as long as the agent runs, whoever is MASTER: interfaces of our own, static addresses,
routes and rules, and settings.

Set at start and again when an interface came or changed, taken away when the file no longer has it and at the end.
An interface of that name which is no macvlan or ipvlan is somebody else's and is left alone.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, Dict, FrozenSet, Mapping, Tuple

from .link import state as link
from .link.port import Batch, Netlink, adjusting, batch
from .link.settings import port as settings

if TYPE_CHECKING:
    from .plan_vrrp import Plan

log = logging.getLogger("lvs-agent")

_OURS = ("macvlan", "ipvlan")
_MARK = "/proc/sys/net/"  # no vrrp_instance has such a name
_PASSES = 2  # the interfaces first, then what is on them


class Standing:
    """`originals` are settings that a predecessor changed; `changed` is called when there are others (`told`), for a
    successor. `hear` gives the links as they are after what was changed.
    """

    def __init__(
        self,
        netlink: Netlink,
        originals: Mapping[str, Tuple[int, int]],
        changed: Callable[[], None],
        hear: Callable[[], link.Links],
    ) -> None:
        self._netlink, self._changed, self._hear = netlink, changed, hear
        self._settings = settings.Settings({path[len(_MARK) :]: each for path, each in originals.items()})
        self._things: Tuple[link.Thing, ...] = ()
        self._wanted: Mapping[str, int] = {}
        self._seen: FrozenSet[Tuple[str, int, bool]] = frozenset()

    def adopt(self, plan: Plan, links: link.Links) -> None:
        """What this plan wants stands, what only the one before wanted is gone."""
        gone = tuple(each for each in self._things if each not in plan.stands)
        self._apply(batch(gone, indexes(links), remove=True), "keeps")
        self._things, self._wanted, self._seen = plan.stands, plan.settings, frozenset()
        self.look(links)

    def look(self, links: link.Links) -> None:
        """Set what an interface that came or changed has lost."""
        for _pass in range(_PASSES):
            seen = frozenset((each.name, each.index, each.up) for each in links.values())
            devices = self._lacking(links) if seen != self._seen else ()
            if devices:
                self._make(devices, links)
            elif seen != self._seen:
                others = [each for each in self._things if not isinstance(each, link.Device)]
                self._apply(batch(others, indexes(links)), "refused")
            else:
                break
            self._seen = seen
            links = self._hear()
        if self._settings.adopt(self._wanted):
            self._changed()

    def lost(self) -> None:
        """Routes or rules were taken away: the next look sets everything again."""
        self._seen = frozenset()

    @property
    def told(self) -> Mapping[str, str]:
        """Settings that were changed, in words for a successor: see settings_of."""
        return {f"{_MARK}{path}": f"{was} {now}" for path, (was, now) in self._settings.originals.items()}

    def _lacking(self, links: link.Links) -> Tuple[link.Device, ...]:
        """Those of our interfaces that can be made and are not there as they have to be."""
        wanted = (each for each in self._things if isinstance(each, link.Device))
        return tuple(
            each
            for each in wanted
            if not link.stands(links, each)
            and link.named(links, each.base) is not None
            and getattr(link.named(links, each.name), "kind", "macvlan") in _OURS
        )

    def _make(self, devices: Tuple[link.Device, ...], links: link.Links) -> None:
        have = indexes(links)
        self._apply(batch([each for each in devices if each.name in have], have, remove=True), "keeps")
        self._apply(batch(devices, have), "refused")
        macvlans = [each for each in devices if each.mac]
        self._apply(adjusting(macvlans), "refused to set up")
        for each in macvlans:
            path = f"ipv6/conf/{each.name}/accept_ra"
            if settings.read(path):
                settings.write(path, 0)  # no default router is learnt on it

    def _apply(self, wanted: Batch, what: str) -> None:
        for failure in self._netlink.apply(wanted):
            log.error("the kernel %s %s", what, failure)

    def release(self, links: link.Links) -> None:
        """All of it, back."""
        self._apply(batch(self._things, indexes(links), remove=True), "keeps")
        self._settings.adopt({})
        self._things, self._wanted = (), {}


def indexes(links: link.Links) -> Mapping[str, int]:
    """Interface indexes by name."""
    return {interface.name: interface.index for interface in links.values()}


def settings_of(told: Mapping[str, str]) -> Mapping[str, Tuple[int, int]]:
    """The settings among what a predecessor told of itself; the keys are as it told them, the paths are below _MARK."""
    found: Dict[str, Tuple[int, int]] = {}
    for path, words in told.items():
        if path.startswith(_MARK):
            was, _space, now = words.partition(" ")
            found[path] = (int(was), int(now))
    return found


def restore(told: Mapping[str, str]) -> None:
    """Put back the settings that somebody who is gone had changed."""
    settings.Settings({path[len(_MARK) :]: each for path, each in settings_of(told).items()}).adopt({})
