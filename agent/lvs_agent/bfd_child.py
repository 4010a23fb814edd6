# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The BFD child process: sessions that no virtual router tracks, for the checker's BFD_CHECKs."""

from __future__ import annotations

import gc
import os
import signal
from typing import TYPE_CHECKING, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective

from . import plan_bfd, plan_process
from .control.succession import ORPHAN
from .loop import Loop
from .manners import real_time
from .neighbours import Neighbours

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

    from .channel import Channel


def run(channel: Channel, document: model.Document, resume: Mapping[str, str]) -> int:
    """The child's body: until ("stop",), SIGTERM or the parent's end; the neighbours hear that it is no failure."""
    loop = Loop()
    manners = real_time(plan_process.plan_bfd(effective.global_defs(document)))

    def settled(states: Mapping[str, int]) -> None:
        channel.send(("states", {name: str(up) for name, up in states.items()}))  # for a successor
        channel.send(("neighbours", dict(states)))

    sessions = Neighbours(loop, lambda _name, _up: None, settled)

    def adopt(wanted: model.Document, *, presumed: bool) -> None:
        sessions.adopt(plan_bfd.neighbours(wanted, plan_bfd.checked(wanted)), presumed=presumed)

    def told(message: object) -> None:
        kind, *rest = message if isinstance(message, tuple) else (None,)
        if kind == "reload":
            adopt(rest[0], presumed=False)
            channel.send(("reloaded",))
        elif kind == "status":
            process = {"pid": os.getpid(), **manners}
            channel.send(("status", rest[0], {"sessions": sessions.status(), "process": process}))
        elif kind == "stop":
            loop.stop()

    channel.attach(loop, told, lambda: loop.wake("orphaned", loop.now() + ORPHAN, lambda _now: loop.stop()))
    loop.on_signal(signal.SIGTERM, loop.stop)
    adopt(document, presumed=bool(resume))
    channel.send(("ready",))
    gc.collect()
    gc.freeze()
    loop.run()
    sessions.close()
    return 0
