# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a checker block of a real_server to a check and its schedule. Pure."""

from __future__ import annotations

import functools
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Dict, Iterator, NamedTuple, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model
from ansible_collections.lvs.cluster.plugins.module_utils.conf.pcre2.port import Expression

from .checks import track_file
from .checks.bfd import BfdCheck
from .checks.dns import DnsCheck, question
from .checks.endpoint import Endpoint
from .checks.http import HttpCheck, Url
from .checks.match import Match
from .checks.misc import MiscCheck
from .checks.ping import PingCheck
from .checks.scheduler import Schedule
from .checks.smtp import SmtpCheck
from .checks.tcp import TcpCheck
from .checks.tls.settings import Tls
from .checks.track_file import FileCheck
from .checks.udp import PAYLOAD, UdpCheck
from .plan_own_checks import own_check

if TYPE_CHECKING:
    from .checks.port import Check

RUN = (
    model.TcpCheck,
    model.HttpGet,
    model.MiscCheck,
    model.SmtpCheck,
    model.DnsCheck,
    model.UdpCheck,
    model.PingCheck,
    model.FileCheck,
    model.BfdCheck,
    model.OwnCheck,
)
_FILE_SCHEDULE = Schedule(track_file.EVERY, track_file.EVERY, 0, 0.0)


class CheckKey(NamedTuple):
    """Which check: of which virtual server, which real server, what it does, and which of several equal ones."""

    service: str
    server: str
    check: Check
    copy: int = 0

    def __hash__(self) -> int:
        """Without the fields of the check, which would be hashed anew each time: the few of a server may collide."""
        return hash((self.service, self.server, self.copy))


class Real(NamedTuple):
    """One real_server and what stands around it. mark: that of the packets of its checks by the way of the data."""

    document: model.Document
    block: model.VirtualServer
    server: model.RealServer
    script_user: Optional[model.UserGroup]
    mark: int = 0


def checks_of(real: Real, service: str, server: str) -> Iterator[Tuple[CheckKey, Tuple[Schedule, Check]]]:
    """The checks of one real_server with their schedules; service and server are the names they are told by."""
    copies: Dict[Check, int] = {}
    for declared in real.server.checks:
        if not isinstance(declared, RUN):
            continue
        if isinstance(declared, model.FileCheck):
            tracked = _file(real.document, declared)
            if tracked is not None:
                yield CheckKey(service, server, tracked), (_FILE_SCHEDULE, tracked)
            continue
        if isinstance(declared, model.BfdCheck):
            followed = BfdCheck(declared.name or "")
            yield CheckKey(service, server, followed), (_told(real, declared), followed)
            continue
        schedule = _schedule(real, declared)
        for part in _parts(declared):
            made = _check(real, declared, part)
            copy = copies.get(made, 0)
            copies[made] = copy + 1
            yield CheckKey(service, server, made, copy), (schedule, made)


@functools.lru_cache(maxsize=1024)
def _shared(*words: Any) -> Schedule:
    """Thousands of checks have a handful of schedules."""
    return Schedule(*words)


def _schedule(real: Real, declared: model.Check) -> Schedule:
    timing = effective.timing(real.block, real.server, declared)
    http = declared if isinstance(declared, model.HttpGet) else None
    return _shared(
        timing.delay_loop,
        timing.delay_before_retry,
        timing.retry,
        timing.warmup,
        timing.alpha,
        len(http.urls) if http else 0,
        bool(http and http.fast_recovery),
        isinstance(declared, model.MiscCheck),
        bool(
            effective.timed(declared).log_all_failures or effective.global_defs(real.document).checker_log_all_failures
        ),
        declared.connects or 0 if isinstance(declared, model.StreamCheck) else 0,
    )


def _told(real: Real, declared: model.BfdCheck) -> Schedule:
    """Of a check that is told: the first word counts."""
    given = (each.alpha for each in (declared, real.server, real.block))
    alpha = next((each for each in given if each is not None), False)
    return _shared(0.0, 0.0, 0, 0.0, alpha)


def _file(document: model.Document, declared: model.FileCheck) -> Optional[FileCheck]:
    """The check of a track_file; None for one that no block declares, which is an error found elsewhere."""
    for block in document.track_files:
        if block.name == declared.track_file and block.file:
            factor = declared.weight or block.weight or model.TrackWeight(1)
            return FileCheck(block.file, factor.weight, factor.reverse)
    return None


def _parts(declared: model.Check) -> Iterator[model.Check]:
    """The places a check connects to: itself, or the host blocks of an SMTP_CHECK that says no place of its own.

    As keepalived since 2.1.4: a host takes nothing from the SMTP_CHECK around it, what it lacks is the real server's.
    """
    if isinstance(declared, model.SmtpCheck) and declared.hosts:
        own = [getattr(declared, item.name) for item in fields(model.ConnectOptions)]
        if any(value is not None for value in own):
            yield declared
        yield from declared.hosts
    else:
        yield declared


def _check(real: Real, declared: model.Check, part: Any) -> Check:
    """One check; part: where it connects to."""
    if isinstance(declared, model.MiscCheck):
        owner = declared.user or real.script_user
        return MiscCheck(
            declared.misc_path.argv if declared.misc_path else (),
            effective.misc_timeout(real.block, declared),
            bool(declared.misc_dynamic),
            owner.user if owner else None,
            owner.group if owner else None,
        )
    if isinstance(declared, model.HttpGet):
        return _http(real, declared)
    end = _endpoint(real, part)
    if isinstance(declared, model.TcpCheck):
        return TcpCheck(end)
    if isinstance(declared, model.SmtpCheck):
        return SmtpCheck(end, declared.helo_name) if declared.helo_name else SmtpCheck(end)
    if isinstance(declared, model.DnsCheck):
        return DnsCheck(end, declared.type or "SOA", declared.name or ".")
    if isinstance(declared, model.PingCheck):
        return PingCheck(end)
    if isinstance(declared, model.UdpCheck):
        return _udp(end, declared)
    if isinstance(declared, model.OwnCheck):
        return own_check(real.block, declared, end)
    raise AssertionError(declared)


def _http(real: Real, declared: model.HttpGet) -> HttpCheck:
    urls = tuple(
        Url(url.path or "/", url.digest, effective.status_codes(url), url.virtualhost, _match(url))
        for url in declared.urls
    )
    host = declared.virtualhost or real.server.virtualhost or real.block.virtualhost
    tls = None
    if isinstance(declared, model.SslGet):
        files = real.document.ssl
        tls = Tls(
            bool(declared.enable_sni),
            declared.sni_name,
            files.ca if files else None,
            files.certificate if files else None,
            files.key if files else None,
            files.password if files else None,
            bool(declared.tls_verify),
            effective.tls_expiry(declared) if declared.tls_verify else 0,
            bool(declared.tls_compliant or any(getattr(url, "tls_compliant", None) for url in declared.urls)),
        )
    protocol = (declared.http_protocol or "1.0").upper()
    return HttpCheck(_endpoint(real, declared), urls, host, protocol, tls)


def _match(url: model.HttpUrl) -> Optional[Match]:
    if url.regex is None:
        return None
    expression = Expression(url.regex, url.regex_options or ())
    return Match(expression, bool(url.regex_no_match), url.regex_min_offset or 0, url.regex_max_offset)


def _udp(end: Endpoint, declared: model.UdpCheck) -> UdpCheck:
    payload = bytes.fromhex(declared.payload) if declared.payload else PAYLOAD
    longest = 255 if declared.max_reply_length is None else declared.max_reply_length
    return UdpCheck(end, payload, declared.require_reply, declared.min_reply_length or 0, longest)


def _endpoint(real: Real, declared: Any) -> Endpoint:
    address, port = effective.check_target(real.block, real.server, declared)
    timeout = effective.connect_timeout(real.block, real.server, declared)
    bindto = declared.bindto
    end = Endpoint(address, port, timeout, bindto, declared.bind_port or 0, declared.bind_if, declared.fwmark or 0)
    return replace(end, fwmark=real.mark, toward=real.server.address) if declared.data_path else end


def undone(real: Real, declared: object) -> Iterator[str]:
    """What of a checker block this agent cannot do, a reason each."""
    if not isinstance(declared, RUN):
        yield f"{getattr(declared, 'keyword', type(declared).__name__)} is not run by this version"
    if isinstance(declared, model.FileCheck) and _file(real.document, declared) is None:
        yield f"FILE_CHECK: there is no track_file {declared.track_file} with a file"
    if isinstance(declared, model.DnsCheck):
        try:
            question(0, "A", declared.name or ".")
        except (UnicodeError, ValueError):
            yield f"{declared.name} is not a name of the DNS"
    if not isinstance(declared, model.HttpGet):
        return
    if (declared.http_protocol or "").upper().endswith("K"):
        yield f"http_protocol {declared.http_protocol} is not done by this version"
    made = _http(real, declared)
    for name in {made.server_name(step): None for step in range(made.steps)}:
        try:
            (name or "").encode("idna")
        except ValueError as error:
            yield f"{name!a} cannot be sent as a TLS server name: {error}"
