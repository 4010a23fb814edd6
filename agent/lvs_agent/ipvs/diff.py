# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the table that is to the table that should be, as changes in the order in which they are safe.

No service is ever empty half-way: what takes traffic is made before what took it is taken away. What is the same in
both tables is not touched, so its connections and counters stay.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional

from lvs_agent.ipvs import save
from lvs_agent.ipvs.table import Destination, Entry, Service, Table


class Verb(enum.Enum):
    """What a change does, in the order in which a diff does it."""

    NEW_SERVICE = "NEW_SERVICE"
    NEW_DEST = "NEW_DEST"
    SET_SERVICE = "SET_SERVICE"
    SET_DEST = "SET_DEST"
    DEL_DEST = "DEL_DEST"
    DEL_SERVICE = "DEL_SERVICE"


_SIGNS = {
    Verb.NEW_SERVICE: "+",
    Verb.NEW_DEST: "+",
    Verb.SET_SERVICE: "~",
    Verb.SET_DEST: "~",
    Verb.DEL_DEST: "-",
    Verb.DEL_SERVICE: "-",
}


@dataclass(frozen=True)
class Change:
    """One change of the kernel's table, one netlink message.

    ``service`` is the one concerned, as it should be (DEL_*: as it is). ``destination`` likewise for the *_DEST verbs.
    ``before`` is what a SET_* replaces.
    """

    verb: Verb
    service: Service
    destination: Optional[Destination] = None
    before: Service | Destination | None = None

    def describe(self) -> str:
        """One line in ipvsadm's words: ``+ -a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1``, ``~`` changed, ``-`` removed.

        A changed line ends with the words that it had before and has no more: ``(was -w 3)``.
        """
        line = self._line()
        if self.before is None:
            return f"{_SIGNS[self.verb]} {line}"
        return f"{_SIGNS[self.verb]} {line} (was {_was(self._before_line(), line)})"

    def _line(self) -> str:
        if self.destination is not None:
            return save.destination_line(self.service.key, self.destination)
        return save.service_line(self.service)

    def _before_line(self) -> str:
        if isinstance(self.before, Destination):
            return save.destination_line(self.service.key, self.before)
        return save.service_line(self.before) if self.before else ""


def _was(before: str, after: str) -> str:
    """The options (with their values) of ``before`` that ``after`` has not, or what ``after`` has more."""
    old, new = save.options(before), save.options(after)
    gone = [option for option in old if option not in new]
    return " ".join(gone) or "without " + " ".join(option for option in new if option not in old)


def diff(have: Table, want: Table) -> tuple[Change, ...]:
    """The changes that turn ``have`` into ``want``, in the order of Verb; () when they are the same.

    The order of services and of destinations in a table is no difference. Linear in the size of both.
    """
    changes: dict[Verb, list[Change]] = {verb: [] for verb in Verb}
    for key, entry in want.items():
        known = have.get(key)
        if known is None:
            changes[Verb.NEW_SERVICE].append(Change(Verb.NEW_SERVICE, entry.service))
            changes[Verb.NEW_DEST] += [Change(Verb.NEW_DEST, entry.service, new) for new in entry.destinations]
        elif known != entry:
            _entry(known, entry, changes)
    for key, entry in have.items():
        if key not in want:
            # The kernel unlinks a service's destinations with it.
            changes[Verb.DEL_SERVICE].append(Change(Verb.DEL_SERVICE, entry.service))
    return tuple(change for verb in Verb for change in changes[verb])


def _entry(have: Entry, want: Entry, changes: dict[Verb, list[Change]]) -> None:
    """The changes within one service that both tables have."""
    service = want.service
    if have.service != service:
        changes[Verb.SET_SERVICE].append(Change(Verb.SET_SERVICE, service, before=have.service))
    known = {destination.key: destination for destination in have.destinations}
    for destination in want.destinations:
        old = known.pop(destination.key, None)
        if old is None:
            changes[Verb.NEW_DEST].append(Change(Verb.NEW_DEST, service, destination))
        elif old != destination:
            changes[Verb.SET_DEST].append(Change(Verb.SET_DEST, service, destination, old))
    changes[Verb.DEL_DEST] += [Change(Verb.DEL_DEST, service, gone) for gone in known.values()]
