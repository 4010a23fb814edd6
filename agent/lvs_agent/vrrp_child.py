# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VRRP child process: its life.

Whatever ends it but SIGKILL (a stop, SIGTERM, the parent gone and no other come) is graceful: priority 0, addresses
gone.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import time
from typing import TYPE_CHECKING, Mapping, Optional, Sequence

from . import missing, plan_vrrp
from .child import rename
from .control.succession import ORPHAN
from .link import state as link
from .link.filter import port as packet_filter
from .link.port import Monitor, Netlink, batch
from .loop import Loop
from .manners import real_time
from .notify.scripts import Scripts
from .vrrp_routers import Routers
from .vrrp_standing import indexes, restore

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

    from .channel import Channel

log = logging.getLogger("lvs-agent")


def run(channel: Channel, document: model.Document, resume: Mapping[str, str]) -> int:
    """The child's body: serve until ("stop",), SIGTERM or the parent's end; 0 when all was given back."""
    gc.disable()  # what is made until it serves stays
    plan = plan_vrrp.plan(missing.without(document, os.path.exists))
    loop = Loop()
    scripts = Scripts()
    manners = real_time(plan.process)
    if plan.process.name:
        rename(plan.process.name)
    routers = Routers(loop, channel.send, scripts, time.time)

    def told(message: object) -> None:
        kind, *rest = message if isinstance(message, tuple) else (None,)
        if kind == "reload":
            routers.reload(plan_vrrp.plan(missing.without(rest[0], os.path.exists)))
            channel.send(("reloaded",))
        elif kind == "status":
            channel.send(("status", rest[0], {**routers.status(), "process": {"pid": os.getpid(), **manners}}))
        elif kind == "mastership":
            routers.mastership.ask(*rest)
        elif kind == "wishes":
            routers.mastership.resumed = dict(rest[0])
        elif kind == "stop":
            loop.stop()

    def orphaned() -> None:
        loop.wake("orphaned", loop.now() + ORPHAN, lambda _now: loop.stop())

    channel.before({"wishes"}, told)
    channel.attach(loop, told, orphaned)
    loop.on_signal(signal.SIGTERM, loop.stop)
    routers.start(plan, resume, plan.process.after_boot - time.clock_gettime(time.CLOCK_BOOTTIME))
    channel.send(("ready",))
    gc.collect()
    gc.freeze()
    gc.enable()
    try:
        loop.run()
    finally:  # a bug ends the process, and leaves nothing behind either
        routers.stop()
    return 0


def release(documents: Sequence[Optional[model.Document]], told: Mapping[str, str]) -> None:
    """Take all that documents bring off this host: nobody advertises it here now. `told` is what a child told last."""
    monitor, netlink = Monitor(), Netlink()
    with contextlib.closing(monitor), contextlib.closing(netlink):
        links: link.Links = {}
        for news in monitor.everything():
            links = link.apply(links, news)
        for plan in [plan_vrrp.plan(document) for document in documents if document is not None]:
            brought = [thing for instance in plan.instances.values() for thing in instance.brings]
            for failure in netlink.apply(batch([*plan.stands, *brought], indexes(links), remove=True)):
                log.error("the kernel kept %s", failure)
            if plan.guard.addresses:
                packet_filter.run(plan.guard.removal())
    restore(told)
