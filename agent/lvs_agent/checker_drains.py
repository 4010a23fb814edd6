# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drains in the checker process: what is asked, kept in the journal, and made of the wanted table.

The journal is written before the kernel is told; whatever dies then, the next process goes on with it.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, Iterable, Iterator, List, Mapping, Optional, Tuple

from .control import events, journal
from .pool import drain, roster

if TYPE_CHECKING:
    from .ipvs.connections import Connection
    from .ipvs.table import Destination, Entry
    from .loop import Loop
    from .plan_checks import Service

log = logging.getLogger("checker")

LOOK = 1.0
"""Seconds between two looks at the maintenance directory."""
MOST = 200_000
"""Connections looked through when somebody asks who is left."""


Back = Callable[[str, int], bool]
"""Whether the server with this address and port was out, and is not any more."""


class Drains:
    """`clock` gives seconds of the epoch; `changed` is called when the table may have to be another one."""

    def __init__(self, loop: Loop, clock: Callable[[], float], changed: Callable[[Back], None]) -> None:
        self.loop, self.clock, self._changed = loop, clock, changed
        self.path = ""
        self.drains: Tuple[drain.Drain, ...] = ()
        self.folder: Optional[str] = None
        self.files: FrozenSet[str] = frozenset()
        self._hosts: Mapping[str, Any] = {}
        self._trouble = ""

    # life

    def open(self, path: str) -> None:
        """Go on with what the journal says. One that cannot be read is said and replaced by the next drain."""
        self.path = path
        try:
            self.drains = drain.load(journal.read(path))
        except (OSError, ValueError) as error:
            log.error("the journal of drains %s is not used: %s", path, error)
        for each in self.drains:
            log.info("%s is drained, as the journal says", each.text)
        self._arm()

    def watch(self, folder: Optional[str]) -> None:
        """The maintenance directory of the file, if it has one."""
        self.folder = folder
        self.files = self._files()
        self.loop.wake("maintenance", self.loop.now() + LOOK if folder else None, self._look)

    def _look(self, now: float) -> None:
        self.loop.wake("maintenance", now + LOOK, self._look)
        files = self._files()
        if files != self.files:
            for name in sorted(files ^ self.files):
                log.info("maintenance: %s %s", name, "is there" if name in files else "is gone")
            self._become(self.drains, files)

    def _files(self) -> FrozenSet[str]:
        if self.folder is None:
            return frozenset()
        try:
            files, self._trouble = journal.files(self.folder), ""
        except OSError as error:
            if str(error) != self._trouble:
                log.error("the maintenance directory cannot be read: %s", error)
            self._trouble = str(error)
            return self.files  # what is out stays out
        if files != self.files:
            self._hosts = journal.hosts()
        return files

    def _arm(self) -> None:
        """The next deadline, on the loop's clock."""
        now = self.clock()
        due = [each.deadline - now for each in self.drains if each.deadline is not None and each.deadline > now]
        self.loop.wake("deadline", self.loop.now() + min(due) if due else None, self._deadline)

    def _deadline(self, _now: float) -> None:
        self._become(self.drains, self.files)

    def _become(self, drains: Tuple[drain.Drain, ...], files: FrozenSet[str]) -> None:
        """From now on these are out."""
        before = (self.drains, self.files)
        self.drains, self.files = drains, files
        self._arm()

        def back(address: str, port: int) -> bool:
            return self._named(*before, address, port) and not self._named(drains, files, address, port)

        self._changed(back)

    def _named(self, drains: Tuple[drain.Drain, ...], files: FrozenSet[str], address: str, port: int) -> bool:
        asked = any(each.names(address, port) for each in drains)
        return asked or drain.maintained(files, self._hosts, address, port)

    # the table

    def apply(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """What is wanted of the kernel, with the drains in it."""
        if not self.drains and not self.files:
            return iter(entries)
        now = self.clock()
        return (
            entry._replace(destinations=tuple(d for each in entry.destinations for d in self._weighed(each, now)))
            for entry in entries
        )

    def _weighed(self, destination: Destination, now: float) -> Iterator[Destination]:
        out = self.out(destination.address, destination.port, now)
        if out is None:
            yield destination
        elif not out:
            yield replace(destination, weight=0)

    def out(self, address: str, port: int, now: float) -> Optional[bool]:
        """None: it serves. False: it takes nothing new. True: its deadline is over, and it is cut off."""
        out = drain.out(self.drains, address, port, now)
        if out is None and drain.maintained(self.files, self._hosts, address, port):
            return False
        return out

    # requests

    def ask(
        self, words: Tuple[Any, ...], services: Mapping[str, Service], states: Mapping[str, roster.State]
    ) -> Dict[str, Any]:
        """Drain or undrain; the answer."""
        kind, address, port, seconds, floor = words
        now = self.clock()
        asked = drain.Drain(address, port, now, None if seconds is None else now + seconds)
        if kind == "drains":
            return {"ok": True}
        if kind == "drain":
            why = drain.refusal(list(self._seats(services, states, now)), asked, floor)
            if why:
                return {"ok": False, "error": why}
            wanted = drain.with_one(self.drains, asked)
        else:
            wanted = tuple(each for each in self.drains if (each.address, each.port) != (address, port))
            if wanted == self.drains:
                return {"ok": True, "changed": False}
        try:
            journal.write(self.path, drain.dump(wanted))
        except OSError as error:
            return {"ok": False, "error": f"the journal {self.path} cannot be written: {error.strerror}"}
        log.info(events.DRAIN, asked.text, "drained" if kind == "drain" else "serves again")
        self._become(wanted, self.files)
        return {"ok": True, "changed": True}

    def _seats(
        self, services: Mapping[str, Service], states: Mapping[str, roster.State], now: float
    ) -> Iterator[drain.Seat]:
        for name, service in services.items():
            seated = {
                seat.server for seat in roster.roster(service.pool, states[name]) if seat.weight and not seat.sorry
            }
            for key in service.real_servers:
                place = service.destinations[key]
                takes = key in seated and self.out(place.address, place.port, now) is None
                yield drain.Seat(name, place.address, place.port, takes)

    def status(self, connections: Iterable[Connection] = ()) -> List[Dict[str, Any]]:
        """Every drain; with the kernel's connections also how many are left, and of how many clients."""
        now = self.clock()
        left: Dict[drain.Drain, List[str]] = {each: [] for each in self.drains}
        counted = False
        for one in itertools.islice(connections, MOST):
            counted = True
            for each in self.drains:
                if one.client_port and each.names(one.destination, one.destination_port):
                    left[each].append(one.client)
        return [
            {
                "server": each.text,
                "since": each.since,
                "deadline": each.deadline,
                "seconds_left": None if each.deadline is None else round(max(0.0, each.deadline - now), 3),
                "connections": len(left[each]) if counted else None,
                "clients": len(set(left[each])) if counted else None,
            }
            for each in self.drains
        ] + [{"server": name, "maintenance": self.folder} for name in sorted(self.files)]
