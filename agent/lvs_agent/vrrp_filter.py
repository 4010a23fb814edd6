# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the packet filter has the rules that no_accept and strict mode ask for.

nft runs in the helper of notify.scripts, so that no advert waits for it. Before it said yes, and when it says no, the
instances that do not accept are at fault: a protection that is not there is not passed over.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, List, Optional, Tuple

from .link.filter import port
from .link.guard import Guard
from .notify.scripts import NOT_STARTED, Job

if TYPE_CHECKING:
    from .vrrp_watching import Tell

log = logging.getLogger("lvs-agent")

_KIND, _NAME = "packet filter", "no_accept"
_MARK = "\0filter\0"
_PATIENCE = 10.0


class Filter:
    """`start` runs a job; `tell` gets the verdict."""

    def __init__(self, start: Callable[[Job], None], tell: Tell) -> None:
        self._start, self._tell = start, tell
        self._guard = Guard()
        self._number = 0
        self._up: Optional[int] = None

    def adopt(self, guard: Guard, *, presumed: bool) -> None:
        """Have these rules; `presumed` there while others already rely on us."""
        if guard == self._guard and (self._number or not guard.addresses):
            return
        before, self._guard = self._guard, guard
        if guard.addresses:
            self._publish(1 if presumed else self._up)
        if guard.addresses or before.addresses:
            stale = f"{before.removal()}; " if before.table != guard.table else ""
            self._run(stale + guard.commands())

    def revived(self) -> None:
        """The helper that ran nft is another one."""
        if self._guard.addresses:
            self._run(self._guard.commands())

    def ended(self, results: List[Tuple[str, int]]) -> List[Tuple[str, int]]:
        """Take our own results, leave the others."""
        for ident, status in results:
            if ident == f"{_MARK}{self._number}" and self._guard.addresses:
                if status:
                    what = "there is no nft program (package nftables)" if status == NOT_STARTED else "nft refused"
                    log.error("no_accept: %s, instances that do not accept stay in FAULT", what)
                self._publish(int(status == 0))
        return [each for each in results if not each[0].startswith(_MARK)]

    def close(self) -> None:
        """Take the rules away."""
        if self._guard.addresses:
            port.run(self._guard.removal())

    def _run(self, commands: str) -> None:
        self._number += 1
        self._start(Job((port.PROGRAM, commands), "root", None, _PATIENCE, ident=f"{_MARK}{self._number}"))

    def _publish(self, up: Optional[int]) -> None:
        self._up = up
        self._tell(_KIND, _NAME, up)
