# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a checker block that only lvs-agent has (`@lvs_agent NAME { ... }`) to a check. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model
from ansible_collections.lvs.cluster.plugins.module_utils.conf.pcre2.port import Expression

from .checks.ftp import FtpCheck
from .checks.ldap import LdapCheck
from .checks.mail import ImapCheck, PopCheck
from .checks.mysql import MysqlCheck
from .checks.nntp import NntpCheck
from .checks.pgsql import PgsqlCheck
from .checks.radius import RadiusCheck
from .checks.simpletcp import SimpletcpCheck
from .checks.sip import SipCheck, SipStreamCheck
from .checks.tls.settings import Tls

if TYPE_CHECKING:
    from .checks.endpoint import Endpoint
    from .checks.port import Check

_ESCAPE = re.compile(r"\\(?:([rnt\\])|x([0-9a-fA-F]{2}))")
_MEANT = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


def unescaped(text: str) -> bytes:
    r"""The bytes that a word means: \r, \n, \t, \\ and \xNN; any other backslash stands for itself."""

    def meant(found: re.Match[str]) -> str:
        letter, digits = found.groups()
        return _MEANT[letter] if letter else bytes.fromhex(digits).decode("ascii", "surrogateescape")

    return _ESCAPE.sub(meant, text).encode("utf-8", "surrogateescape")


def own_check(block: model.VirtualServer, declared: model.OwnCheck, end: Endpoint) -> Check:
    """The check of one block, of a real server of this virtual server."""
    if isinstance(declared, model.SipCheck):
        return _sip(block, declared, end)
    return _MAKERS[type(declared)](declared, end)


def _tls(declared: model.TlsCheck) -> Optional[Tls]:
    if not declared.tls:
        return None
    verify = bool(declared.tls_verify)
    expiry = effective.tls_expiry(declared) if verify else 0
    return Tls(declared.tls_name is not None, declared.tls_name, declared.tls_ca, verify=verify, expiry=expiry)


def _sip(block: model.VirtualServer, declared: model.SipCheck, end: Endpoint) -> Check:
    transport = declared.transport or ("TCP" if declared.tls else effective.protocol(block))
    if transport == "TCP":
        return SipStreamCheck(end, declared.login, _tls(declared))
    return SipCheck(end, declared.login)


def _simpletcp(declared: Any, end: Endpoint) -> Check:
    return SimpletcpCheck(end, unescaped(declared.request or ""), Expression(declared.receive or ""), _tls(declared))


def _ftp(declared: Any, end: Endpoint) -> Check:
    login = declared.login or "anonymous"
    return FtpCheck(end, login, declared.passwd or "anonymous@", declared.request, _tls(declared))


def _imap(declared: Any, end: Endpoint) -> Check:
    return ImapCheck(end, declared.login, declared.passwd, _tls(declared))


def _pop(declared: Any, end: Endpoint) -> Check:
    return PopCheck(end, declared.login, declared.passwd, _tls(declared))


def _ldap(declared: Any, end: Endpoint) -> Check:
    words = (declared.request or "", declared.login or "", declared.passwd or "")
    receive = Expression(declared.receive) if declared.receive is not None else None
    return LdapCheck(end, *words, receive, _tls(declared))


def _nntp(declared: Any, end: Endpoint) -> Check:
    return NntpCheck(end, declared.request, _tls(declared))


def _mysql(declared: Any, end: Endpoint) -> Check:
    return MysqlCheck(end, declared.login, declared.passwd or "", declared.database, declared.request)


def _pgsql(declared: Any, end: Endpoint) -> Check:
    return PgsqlCheck(end, declared.login, declared.passwd or "", declared.database, declared.request)


def _radius(declared: Any, end: Endpoint) -> Check:
    return RadiusCheck(end, declared.login or "", declared.passwd or "", declared.secret or "")


_MAKERS: Dict[type, Callable[[Any, Endpoint], Check]] = {
    model.SimpletcpCheck: _simpletcp,
    model.FtpCheck: _ftp,
    model.ImapCheck: _imap,
    model.PopCheck: _pop,
    model.LdapCheck: _ldap,
    model.NntpCheck: _nntp,
    model.MysqlCheck: _mysql,
    model.PgsqlCheck: _pgsql,
    model.RadiusCheck: _radius,
}
