# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told when a virtual router or a sync group changed: scripts, pipes, mails, in keepalived's words and order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

from .notify.fifo import Fifo
from .notify.scripts import Job
from .vrrp.events import Notice

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

    from .notify.mail import Mail
    from .plan_process import Process, ToldPipe
    from .plan_vrrp import Group, Instance, Scripts


class Notices:
    """`start` has a script run; it returns at once."""

    def __init__(self, start: Callable[[Job], None]) -> None:
        self._start = start
        self._process: Optional[Process] = None
        self._pipes: Dict[ToldPipe, Fifo] = {}

    def adopt(self, process: Process) -> None:
        """Use the pipes and the script user of this configuration; a pipe that did not change stays open."""
        self._process = process
        for told in [told for told in self._pipes if told not in process.pipes]:
            self._pipes.pop(told).close()
        for told in process.pipes:
            if told not in self._pipes:
                self._pipes[told] = Fifo(told.path, told.user, told.group)
                self._read(told)

    def revived(self) -> None:
        """The helper that ran the pipes' readers is another one: start them again."""
        for told in self._pipes:
            self._read(told)

    def close(self) -> None:
        """Nothing more will be told."""
        for pipe in self._pipes.values():
            pipe.close()
        self._pipes.clear()

    def instance(self, plan: Instance, notice: Notice, state: str, priority: int) -> None:
        """Of one virtual router; `state` is its present one."""
        if notice is Notice.PRIORITY:
            if plan.tell_priority:
                self._write(f'INSTANCE "{plan.name}" {state}_PRIORITY {priority}')
            return
        self._write(f'INSTANCE "{plan.name}" {notice.value} {priority}')
        words = ("INSTANCE", plan.name, notice.value, str(priority))
        self._run(plan.scripts, notice, () if notice is Notice.MASTER_RX_LOWER_PRI else words)
        if self._process is not None and self._process.mailing is not None:
            self._mail(self._process.mailing.instance(plan.name, notice))

    def group(self, each: Group, notice: Notice) -> None:
        """Of one sync group; its priority is always 0."""
        self._write(f'GROUP "{each.name}" {notice.value} 0')
        self._run(each.scripts, notice, ("GROUP", each.name, notice.value, "0"))
        if self._process is not None and self._process.mailing is not None:
            self._mail(self._process.mailing.group(each.name, notice))

    def state(self, name: str, state: str, priority: int) -> None:
        """What a virtual router is, to the pipes alone."""
        self._write(f'INSTANCE "{name}" {state} {priority}')

    def status(self) -> List[Dict[str, object]]:
        """JSON-able."""
        return [{"path": pipe.path, "dropped": pipe.dropped} for pipe in self._pipes.values()]

    def _write(self, line: str) -> None:
        for pipe in self._pipes.values():
            pipe.write(line)

    def _run(self, scripts: Scripts, notice: Notice, words: Tuple[str, ...]) -> None:
        """The specific script first, then `notify` with what happened as arguments."""
        own = scripts.by_notice.get(notice)
        if own is not None:
            self._start(self._job(own, ()))
        if scripts.always is not None and words:
            self._start(self._job(scripts.always, words))

    def _mail(self, mail: Optional[Mail]) -> None:
        if mail is not None:
            self._start(Job((), mail=mail))

    def _read(self, told: ToldPipe) -> None:
        if told.reader is not None:
            self._start(replace(self._job(told.reader, (told.path,)), keep=True))

    def _job(self, script: model.Script, words: Tuple[str, ...]) -> Job:
        user, owners_group = script.user, script.group
        if self._process is not None and user is None and self._process.script_user is not None:
            user, owners_group = self._process.script_user.user, self._process.script_user.group
        return Job((*script.argv, *words), user, owners_group)
