# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told when a server or a quorum changed: scripts and pipes, in keepalived's words and order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective

from .notify.fifo import Fifo
from .notify.scripts import Job
from .pool import roster

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

    from .plan_checks import Service

SCRIPT_LIMIT = 300.0
"""Seconds a notify or quorum script may run."""


@dataclass(frozen=True)
class _Told:
    """One pipe: its path, whose it is, and the command that reads it."""

    path: str
    user: Optional[str]
    group: Optional[str]
    reader: Optional[Job]


class Notices:
    """`start` has a script run; it returns at once."""

    def __init__(self, start: Callable[[Job], None]) -> None:
        self._start = start
        self._secure = False
        self._script_user: Optional[model.UserGroup] = None
        self._pipes: Dict[_Told, Fifo] = {}

    def adopt(self, document: model.Document, script_user: Optional[model.UserGroup]) -> None:
        """Use the pipes and the script user of this document; a pipe that did not change stays open."""
        glob = effective.global_defs(document)
        self._secure, self._script_user = bool(glob.enable_script_security), script_user
        # The pipe of all events is read once: by the VRRP process's reader where there is one.
        common = None if document.vrrp_instances else glob.notify_fifo_script
        pairs = ((glob.notify_fifo, common), (glob.lvs_notify_fifo, glob.lvs_notify_fifo_script))
        wanted = [
            _Told(fifo.path, fifo.user, fifo.group, self._job(script, (fifo.path,), keep=True) if script else None)
            for fifo, script in pairs
            if fifo is not None
        ]
        for told in [told for told in self._pipes if told not in wanted]:
            self._pipes.pop(told).close()
        for told in wanted:
            if told not in self._pipes:
                self._pipes[told] = Fifo(told.path, told.user, told.group)
                self._read(told)

    def revived(self) -> None:
        """The helper that ran the pipes' readers is another one: start them again."""
        for told in self._pipes:
            self._read(told)

    def tell(self, service: Service, effect: roster.Effect) -> None:
        """One thing that happened: first the script, then the pipes."""
        script = script_of(service, effect)
        if script is not None:
            self._start(self._job(script, ()))
        line = line_of(service, effect)
        if line is not None:
            for pipe in self._pipes.values():
                pipe.write(line)

    def close(self) -> None:
        """Nothing more will be told."""
        for pipe in self._pipes.values():
            pipe.close()
        self._pipes.clear()

    def status(self) -> List[Dict[str, object]]:
        """Ready for JSON."""
        return [{"path": pipe.path, "dropped": pipe.dropped} for pipe in self._pipes.values()]

    def _read(self, told: _Told) -> None:
        if told.reader is not None:
            self._start(told.reader)

    def _job(self, script: model.Script, words: Tuple[str, ...], *, keep: bool = False) -> Job:
        user, group = script.user, script.group
        if user is None and self._script_user is not None:
            user, group = self._script_user.user, self._script_user.group
        limit = 0.0 if keep else SCRIPT_LIMIT
        return Job((*script.argv, *words), user, group, limit, secure=self._secure, keep=keep)


def script_of(service: Service, effect: roster.Effect) -> Optional[model.Script]:
    """The script that wants to know of an effect."""
    if isinstance(effect, (roster.ServerUp, roster.ServerDown)):
        block = service.real_servers.get(str(effect.server))
        if block is None:
            return None
        return block.notify_up if isinstance(effect, roster.ServerUp) else block.notify_down
    if isinstance(effect, roster.QuorumUp):
        return service.block.quorum_up
    if isinstance(effect, roster.QuorumDown):
        return service.block.quorum_down
    return None


def line_of(service: Service, effect: roster.Effect) -> Optional[str]:
    """What the pipes get: RS for a server, VS for a quorum."""
    if isinstance(effect, (roster.ServerUp, roster.ServerDown)):
        return f"RS {effect.server} {service.name} {'UP' if isinstance(effect, roster.ServerUp) else 'DOWN'}"
    if isinstance(effect, (roster.QuorumUp, roster.QuorumDown)):
        return f"VS {service.name} {'UP' if isinstance(effect, roster.QuorumUp) else 'DOWN'}"
    return None
