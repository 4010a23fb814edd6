# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the checks of a configuration can fail: each runs against made-up servers with a fault, on loopback.

A check is proven once, however many servers it is written under, and each url of an HTTP check by itself. Addresses,
ports, sources and marks are left out, limits are shortened; content is judged without TLS where the fault is in it. A
script runs in a network of its own in which nothing answers. What stays green at a fault would not see it.
"""

from __future__ import annotations

import enum
import os
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective

from . import plan_checks
from .checker_notices import default_user
from .checks.bfd import BfdCheck
from .checks.dns import DnsCheck
from .checks.endpoint import Endpoint
from .checks.http import HttpCheck
from .checks.misc import MiscCheck
from .checks.ping import PingCheck
from .checks.port import TASKS, Runner
from .checks.scheduler import Schedule
from .checks.simpletcp import SimpletcpCheck
from .checks.stream.port import StreamTask
from .checks.stub.port import HERE, Stubs
from .checks.tcp import TcpCheck
from .checks.track_file import FileCheck
from .checks.udp import UdpCheck
from .loop import Loop
from .notify.security import insecure

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

    from .checks.outcome import Outcome
    from .checks.port import Check

LIMIT = 0.4
"""Seconds that a made-up server is waited for; a server that drips is given up after 13 of them."""

SCRIPT_LIMIT = 10.0
"""Seconds that a script may take, where its own limit is longer."""

_STREAM, _DATAGRAM = 1, 2
_ONCE = Schedule(delay_loop=3600.0, warmup=0.0, retry=0)
_JUNK = b"599 lvs-agent proves its checks: nothing of this is right\r\n"
_PAGE = b"HTTP/1.0 200 OK\r\nContent-Length: 29\r\n\r\nlvs-agent proves its checks.\r\n"
_REFUSED = 5


class Fault(enum.Enum):
    """What is wrong with a made-up server; the value is how it is called."""

    CLOSED = "closed port"
    WRONG = "wrong answer"
    PAGE = "wrong page"
    SILENT = "no answer"
    SLOW = "dripping answer"


@dataclass
class Proof:
    """One check. servers: where it is written; seen: by fault whether it stayed green, and its words; open: why it
    could not be proven, '' when it was.
    """

    check: Check
    servers: List[Tuple[str, str]] = field(default_factory=list)
    seen: Dict[Fault, Tuple[bool, str]] = field(default_factory=dict)
    open: str = ""

    @property
    def green(self) -> List[Fault]:
        """The faults that it does not see."""
        return [fault for fault, (ok, _text) in self.seen.items() if ok]


def prove(document: model.Document) -> List[Proof]:
    """Every check of a document, in the order of the file, run against every fault that it can meet.

    A script runs only where the daemon would run it as root; nobody else can be given a network of their own.
    """
    proofs = list(_subjects(document))
    secure = bool(effective.global_defs(document).enable_script_security)
    loop = Loop()
    stubs = Stubs(loop)
    waiting = 0

    def told(key: Any, _before: object, _after: object, outcome: Outcome) -> None:
        nonlocal waiting
        proof, fault = key
        if fault not in proofs[proof].seen:
            proofs[proof].seen[fault] = (outcome.ok, outcome.text)
            waiting -= 1
            if not waiting:
                loop.stop()

    runner = Runner(loop, told, lambda: 0.0)
    wanted = {}
    for number, proof in enumerate(proofs):
        proof.open = _why_not(proof.check, secure)
        for fault in () if proof.open else faults(proof.check):
            wanted[number, fault] = (_ONCE, _bent(proof.check, fault, stubs))
    waiting = len(wanted)
    if wanted:
        runner.load(wanted, lambda _key: None)
        loop.run()
    runner.stop()
    stubs.close()
    loop.close()
    for proof in proofs:
        proof.seen = {fault: proof.seen[fault] for fault in Fault if fault in proof.seen}
    return proofs


def faults(check: Check) -> Iterator[Fault]:
    """The faults that a check can meet."""
    yield Fault.CLOSED
    if isinstance(check, MiscCheck):
        return
    yield Fault.WRONG
    if isinstance(check, HttpCheck):
        yield Fault.PAGE
    yield Fault.SILENT
    if _kind(check) == _STREAM:
        yield Fault.SLOW


def _kind(check: Check) -> int:
    return _STREAM if issubclass(TASKS[type(check)], StreamTask) else _DATAGRAM


def _subjects(document: model.Document) -> Iterator[Proof]:
    found: Dict[Check, Proof] = {}
    for key in plan_checks.plan(document, default_user(document)).checks:
        for check in _apart(key.check):
            proof = found.setdefault(_placeless(check), Proof(check))
            if (key.server, key.service) not in proof.servers:
                proof.servers.append((key.server, key.service))
    yield from found.values()


def _apart(check: Check) -> Iterator[Check]:
    """The urls of an HTTP check one by one."""
    if isinstance(check, HttpCheck):
        for url in check.urls:
            yield replace(check, urls=(url,))
    else:
        yield check


def _placeless(check: Check) -> Check:
    """A check without where it connects to."""
    return check if isinstance(check, (MiscCheck, FileCheck, BfdCheck)) else _placed(check, Endpoint(HERE, 0))


def _placed(check: Any, end: Endpoint) -> Check:
    moved: Check = replace(check, endpoint=end)
    return moved


def _why_not(check: Check, secure: bool) -> str:
    if isinstance(check, PingCheck):
        return "the kernel answers pings to loopback: stop a server's network instead"
    if isinstance(check, FileCheck):
        return "it follows the number in a file"
    if isinstance(check, BfdCheck):
        return "it follows a BFD session: end the one on the other side"
    return _why_not_run(check, secure) if isinstance(check, MiscCheck) else ""


def _why_not_run(check: MiscCheck, secure: bool) -> str:
    if check.user not in (None, "root", "0"):
        return f"the script runs as {check.user}, who cannot be given a network of its own"
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "a script is proven in a network of its own, which takes root and unshare"
    path = check.argv[0]
    if path.startswith("/") and not os.path.exists(path):
        return "there is no such script: the agent leaves the check out"
    reason = insecure(path) if secure else None
    return f"the agent does not run it as root: {reason}" if reason else ""


def _bent(check: Check, fault: Fault, stubs: Stubs) -> Check:
    """The check, turned to a server with this fault."""
    if isinstance(check, MiscCheck):
        return replace(check, argv=("unshare", "--net", "--", *check.argv), timeout=min(check.timeout, SCRIPT_LIMIT))
    kind = _kind(check)
    if fault is Fault.CLOSED:
        port = stubs.closed(kind)
    elif fault is Fault.SILENT:
        port = stubs.silent(kind)
    elif fault is Fault.SLOW:
        port = stubs.dripping(LIMIT / 2)
    elif fault is Fault.PAGE:
        port = stubs.wrong(kind, lambda data: _PAGE if data else b"")
    elif isinstance(check, DnsCheck):
        port = stubs.wrong(kind, _refused)
    else:
        port = stubs.wrong(kind, lambda _data: _JUNK)
    bent = _placed(check, Endpoint(HERE, port, LIMIT))
    return replace(bent, tls=None) if fault is Fault.PAGE and isinstance(bent, HttpCheck) else bent


def _refused(query: bytes) -> bytes:
    """A DNS server's REFUSED."""
    return query[:2] + bytes([0x80 | query[2], 0x80 | _REFUSED]) + query[4:]


def described(check: Check) -> str:
    """A check in few words, without its place."""
    if isinstance(check, HttpCheck):
        url = check.urls[0]
        looked = [name for name, at in (("digest", url.digest), ("regex", url.match)) if at is not None]
        return f"{check.name} {url.path}" + (f" ({', '.join(looked)})" if looked else "")
    if isinstance(check, SimpletcpCheck):
        return f"{check.name} {check.receive.pattern!r}"
    if isinstance(check, DnsCheck):
        return f"{check.name} {check.type} {check.qname}"
    if isinstance(check, MiscCheck):
        return f"{check.name} {' '.join(check.argv)}"
    if isinstance(check, FileCheck):
        return f"{check.name} {check.path}"
    if isinstance(check, BfdCheck):
        return f"{check.name} {check.instance}"
    login = getattr(check, "login", None) or getattr(check, "user", None)
    return f"{check.name} as {login}" if login else check.name


def mended(proof: Proof) -> str:
    """How a check would see what it does not see."""
    check = proof.check
    if isinstance(check, TcpCheck):
        return "it sees only that connections are taken: a check that talks sees more"
    if isinstance(check, HttpCheck):
        return "it looks at the status alone: digest or regex looks at the page"
    if isinstance(check, UdpCheck):
        return "silence is good for it: require_reply, with the bytes of a good answer, sees more"
    if isinstance(check, SimpletcpCheck):
        return "receive matches anything: make it the beginning of a good answer"
    if isinstance(check, MiscCheck):
        return "the script ends with 0 where no server can be reached: it asks none"
    return "it takes anything for an answer"
