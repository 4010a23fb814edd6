# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""lvs_timeouts: how long the kernel remembers connections, as keepalived sets it at start and at every reload.

What a file does not say is as it was before the first change; all of it is again when the words are gone, and at stop.
"""

from __future__ import annotations

import json
import logging
from dataclasses import astuple
from typing import TYPE_CHECKING, Callable, Optional

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from .ipvs.stats import Timeouts

if TYPE_CHECKING:
    from .ipvs.port import Ipvs

log = logging.getLogger("checker")


class LvsTimeouts:
    """The kernel's timeouts as one document wants them."""

    def __init__(self) -> None:
        self.before: Optional[Timeouts] = None
        """What they were before the first change, by this process or one before it; None while nothing is changed."""
        self.changed: Callable[[], None] = lambda: None
        """Called when `heritage` gives something else."""

    def adopt(self, told: str) -> None:
        """Go on from what `heritage` of a process before this one gave."""
        if told:
            self.before = Timeouts(*json.loads(told))

    def heritage(self) -> str:
        """For a process after this one; '' when there is nothing to put back."""
        return "" if self.before is None else json.dumps(astuple(self.before))

    def look(self, ipvs: Ipvs, document: model.Document) -> int:
        """Bring the kernel's to what should be; 1 when they were not that. Raises OSError."""
        said = effective.global_defs(document).lvs_timeouts
        if said is None:
            return self.restore(ipvs)
        have = ipvs.timeouts()
        if self.before is None:
            self.before = have
            self.changed()
        was = self.before
        return self._set(ipvs, have, Timeouts(said.tcp or was.tcp, said.tcpfin or was.tcp_fin, said.udp or was.udp))

    def restore(self, ipvs: Ipvs) -> int:
        """Put back what they were, if they were changed; 1 when they were something else. Raises OSError."""
        if self.before is None:
            return 0
        made = self._set(ipvs, ipvs.timeouts(), self.before)
        self.before = None
        self.changed()
        return made

    @staticmethod
    def _set(ipvs: Ipvs, have: Timeouts, want: Timeouts) -> int:
        if have == want:
            return 0
        ipvs.set_timeouts(want)
        log.info("timeouts of connections: tcp %d s, tcpfin %d s, udp %d s", want.tcp, want.tcp_fin, want.udp)
        return 1
