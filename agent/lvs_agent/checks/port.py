# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs checks on the loop: which there are, what they share, what they tell. Each attempt is a task's."""

from __future__ import annotations

import errno
import logging
from typing import TYPE_CHECKING, Callable, Dict, Iterator, Mapping, Optional, Tuple, Type, Union, get_args

from .bfd import BfdCheck, BfdTask
from .datagram.port import DatagramTask
from .dns import DnsCheck
from .file.port import FileTask
from .ftp import FtpCheck
from .http import HttpCheck
from .ldap import LdapCheck
from .mail import ImapCheck, PopCheck
from .misc import MiscCheck
from .mysql import MysqlCheck
from .nntp import NntpCheck
from .outcome import Conversation, Outcome
from .path.port import Paths
from .pgsql import PgsqlCheck
from .ping import PingCheck
from .radius import RadiusCheck
from .scheduler import Schedule, State, begin, carry_over
from .script.port import ScriptTask
from .simpletcp import SimpletcpCheck
from .sip import SipCheck, SipStreamCheck
from .smtp import SmtpCheck
from .stream.port import StreamTask
from .task import Key, Last, Task
from .tcp import ACCEPTED, TcpCheck
from .tls.port import TlsConversation, context
from .track_file import FileCheck
from .udp import UdpCheck

if TYPE_CHECKING:
    import ssl

    from ..loop import Loop
    from .tls.settings import Tls

SecuredCheck = Union[HttpCheck, SimpletcpCheck, FtpCheck, ImapCheck, PopCheck, LdapCheck, NntpCheck, SipStreamCheck]
StreamCheck = Union[SecuredCheck, TcpCheck, SmtpCheck, MysqlCheck, PgsqlCheck]
DatagramCheck = Union[DnsCheck, UdpCheck, PingCheck, RadiusCheck, SipCheck]
Check = Union[StreamCheck, DatagramCheck, MiscCheck, FileCheck, BfdCheck]
TASKS: Dict[type, Type[Task]] = {
    **dict.fromkeys(get_args(StreamCheck), StreamTask),
    **dict.fromkeys(get_args(DatagramCheck), DatagramTask),
    MiscCheck: ScriptTask,
    FileCheck: FileTask,
    BfdCheck: BfdTask,
}
_DAY = 86400.0

Told = Callable[[Key, State, State, Outcome], None]
"""(key, state before, state after, outcome): called when the verdict changed, first stands, or names a weight."""

_LOG = logging.getLogger("checks")


class Runner:
    """All checks of one process."""

    def __init__(self, loop: Loop, told: Told, share: Callable[[], float]) -> None:
        """share: a number from 0 to 1 for each new check, its place in the warmup."""
        self.loop = loop
        self.told = told
        self.runs = 0
        self.not_made: Dict[str, int] = {}
        """Attempts that could not be made, by errno name: nobody was judged by them."""
        self.forbidden: Optional[Callable[[str], Optional[str]]] = None
        """Why root must not run a script, None for one it may; unset: root runs all (enable_script_security)."""
        self.neighbours: Mapping[str, int] = {}
        """BFD sessions that are known, 1 or 0."""
        self.suspended: Callable[[Key], bool] = lambda _key: False
        """Which checks are not made for now (ha_suspend); their verdicts stand."""
        self._share = share
        self._tasks: Dict[Key, Task] = {}
        self._contexts: Dict[Tls, ssl.SSLContext] = {}
        self._warned: Dict[Key, float] = {}
        self.paths = Paths()

    def load(self, wanted: Mapping[Key, Tuple[Schedule, Check]], known: Callable[[Key], Optional[bool]]) -> None:
        """Run exactly these checks. One that stays keeps its verdict; known(key) says what is known of a new one."""
        now = self.loop.now()
        for key in [key for key in self._tasks if key not in wanted]:
            self._tasks.pop(key).retire()
            self._warned.pop(key, None)
        self._contexts.clear()
        for key, (schedule, check) in wanted.items():
            task = self._tasks.get(key)
            if task is None:
                state = begin(schedule, now, self._share(), up=known(key))
                self._tasks[key] = TASKS[type(check)](self, key, schedule, check, state)
            elif task.schedule is not schedule and task.schedule != schedule:
                task.state = carry_over(schedule, task.state, now)
                task.schedule = schedule
                if task.started is None:
                    task.wait()

    def stop(self) -> None:
        """End every check and what it has in flight."""
        self.load({}, lambda _key: None)
        self.paths.restore()

    def resume(self, which: Callable[[Key], bool]) -> None:
        """These checks are made again, from now on."""
        for key, task in self._tasks.items():
            if which(key):
                task.resume()

    def hear(self, neighbours: Mapping[str, int]) -> None:
        """What is known of BFD sessions has changed."""
        self.neighbours = neighbours
        for task in self._tasks.values():
            if task.check.__class__ is BfdCheck:
                task.start(self.loop.now())

    def state(self, key: Key) -> Optional[State]:
        """The state of one check."""
        task = self._tasks.get(key)
        return task.state if task is not None else None

    def results(self) -> Iterator[Tuple[Key, State, Optional[Last]]]:
        """Every check with its state and its last attempt."""
        for key, task in self._tasks.items():
            yield key, task.state, task.last

    def converse(self, check: StreamCheck, step: int) -> Conversation:
        """A new conversation of this check, inside TLS where it asks for it; beyond its last step it only connects."""
        if step >= check.steps:
            return ACCEPTED
        talk = check.converse(step)
        tls = getattr(check, "tls", None)
        if tls is None:
            return talk
        secured: SecuredCheck = check  # type: ignore[assignment]
        made = self._contexts.get(tls)
        if made is None:
            made = self._contexts[tls] = context(tls)
        name = secured.server_name(step)
        return TlsConversation(made, name or (check.endpoint.address if tls.verify else None), talk, tls)

    def warn(self, key: Key, name: str, text: str) -> None:
        """Log what somebody should see to, once a day for each check."""
        now = self.loop.now()
        if now - self._warned.get(key, -_DAY) >= _DAY:
            self._warned[key] = now
            _LOG.warning("%s of %s for %s: %s", name, getattr(key, "server", "?"), getattr(key, "service", "?"), text)

    def complain(self, what: str, error: OSError) -> None:
        """Count an attempt that could not be made, and say so the first time and then every thousandth."""
        name = errno.errorcode.get(error.errno or 0, "?")
        count = self.not_made[name] = self.not_made.get(name, 0) + 1
        if count % 1000 == 1:
            _LOG.error("%s could not be tried (%s): %s; such attempts so far: %d", what, name, error, count)
