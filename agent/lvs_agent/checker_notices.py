# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told when a check, a server or a quorum changed: scripts, pipes and mails, in keepalived's words and order."""

from __future__ import annotations

import pwd
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from . import plan_mail
from .notify.fifo import Fifo
from .notify.scripts import DEFAULT_USER, Job
from .pool import roster

if TYPE_CHECKING:
    from .notify.mail import Mail
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


class Changed(NamedTuple):
    """A check came up or went down: of which server, its name and what it saw."""

    server: str
    check: str
    text: str
    up: bool


class Notices:
    """`start` has a script run; it returns at once."""

    def __init__(self, start: Callable[[Job], None]) -> None:
        self._start = start
        self._secure = False
        self._script_user: Optional[model.UserGroup] = None
        self._document: Optional[model.Document] = None
        self._office: Optional[plan_mail.Office] = None
        self._pipes: Dict[_Told, Fifo] = {}

    def adopt(self, document: model.Document, script_user: Optional[model.UserGroup]) -> None:
        """Use the pipes and the script user of this document; a pipe that did not change stays open."""
        glob = effective.global_defs(document)
        self._secure, self._script_user = bool(glob.enable_script_security), script_user
        self._document, self._office = document, plan_mail.office(document)
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
        """One thing that happened: first the script, then the pipes, then the mail."""
        script = script_of(service, effect)
        if script is not None:
            self._start(self._job(script, ()))
        line = line_of(service, effect)
        if line is not None:
            for pipe in self._pipes.values():
                pipe.write(line)
        document, office = self._document, self._office
        if document and office and effective.virtual_server_smtp_alert(document, service.block):
            self._mail(plan_mail.quorum(office, service, effect))

    def checked(
        self, service: Service, changes: Iterable[Changed], state: roster.State, effects: Tuple[roster.Effect, ...]
    ) -> None:
        """Mail what checks changed; `state` and `effects`: what became of it."""
        moved = {each.server for each in effects if isinstance(each, (roster.ServerUp, roster.ServerDown))}
        for server, check, text, up in changes:
            if self._office is None or not self._mails(service, server):
                continue
            if self._office.checks or server in moved:
                alive = state.standings[server].up
                self._mail(plan_mail.check(self._office, service.name, server, check, text, up=up, alive=alive))

    def removed(self, service: Service, effects: Tuple[roster.Effect, ...], *, stopping: bool) -> None:
        """Mail that servers went down because they are not in the configuration any more, or the daemon ends."""
        for server in [str(each.server) for each in effects if isinstance(each, roster.ServerDown)]:
            if self._office is not None and self._mails(service, server):
                self._mail(plan_mail.removed(self._office, service.name, server, stopping=stopping))

    def _mails(self, service: Service, server: str) -> bool:
        block = service.real_servers.get(server)
        document = self._document
        return block is not None and document is not None and effective.real_server_smtp_alert(document, block)

    def _mail(self, mail: Optional[Mail]) -> None:
        if mail is not None:
            self._start(Job((), mail=mail))

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


def default_user(document: model.Document) -> Optional[model.UserGroup]:
    """Who runs scripts that name nobody; None for the daemon's own user."""
    named = effective.global_defs(document).script_user
    if named is not None:
        return named
    try:
        pwd.getpwnam(DEFAULT_USER)
    except KeyError:
        return None
    return model.UserGroup(DEFAULT_USER)
