# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)


"""The checkers that lvs-agent has and keepalived has not: `@lvs_agent NAME { ... }`, ldirectord's services."""

from __future__ import annotations

from typing import ClassVar, Optional

from ..fields import declared, key
from ..kinds import Choice, Flag, Int, OnOff, Word
from .check import NetworkCheck

_LONGEST = 253


@declared
class OwnCheck(NetworkCheck):
    """What every checker of the agent's own has."""

    agent: ClassVar[bool] = True


@declared
class StreamCheck(OwnCheck):
    """What those over TCP have."""

    connects: Optional[int] = key(Int(0, 1000), "checks that only connect, between two whole ones", default=0)


@declared
class TlsCheck(StreamCheck):
    """What those have that may be inside TLS."""

    tls: Optional[bool] = key(Flag(), "TLS from the first byte")
    tls_name: Optional[str] = key(Word(_LONGEST), "server name to send, and to be found in the certificate")
    tls_verify: Optional[bool] = key(OnOff(), "the certificate is trusted, and for tls_name or else the address")
    tls_ca: Optional[str] = key(Word(), "file of the certificates that are trusted (default: the system's)")
    tls_expiry: Optional[int] = key(
        Int(0, 3650), "days before a certificate's end that a warning is logged", default=14
    )


@declared
class SimpletcpCheck(TlsCheck):
    """SIMPLETCP_CHECK { ... }: what the server says, when it was sent a line, matches."""

    keyword: ClassVar[str] = "SIMPLETCP_CHECK"

    request: Optional[str] = key(Word(), "sent when the connection stands; \\r, \\n and \\xNN are understood")
    receive: Optional[str] = key(Word(), "regular expression that the answer matches", required=True)


@declared
class FtpCheck(TlsCheck):
    """FTP_CHECK { ... }: a login is taken, and a file is there."""

    keyword: ClassVar[str] = "FTP_CHECK"

    login: Optional[str] = key(Word(_LONGEST), "user", default="anonymous")
    passwd: Optional[str] = key(Word(_LONGEST), "password", secret=True)
    request: Optional[str] = key(Word(), "file that must be there")


@declared
class ImapCheck(TlsCheck):
    """IMAP_CHECK { ... }: the server greets, and takes a login."""

    keyword: ClassVar[str] = "IMAP_CHECK"

    login: Optional[str] = key(Word(_LONGEST), "user (default: nobody logs in)")
    passwd: Optional[str] = key(Word(_LONGEST), "password", secret=True)


@declared
class PopCheck(TlsCheck):
    """POP_CHECK { ... }: the server greets, and takes a login."""

    keyword: ClassVar[str] = "POP_CHECK"

    login: Optional[str] = key(Word(_LONGEST), "user (default: nobody logs in)")
    passwd: Optional[str] = key(Word(_LONGEST), "password", secret=True)


@declared
class LdapCheck(TlsCheck):
    """LDAP_CHECK { ... }: a bind is taken, and an object is found."""

    keyword: ClassVar[str] = "LDAP_CHECK"

    login: Optional[str] = key(Word(), "name to bind as (default: anonymous)")
    passwd: Optional[str] = key(Word(), "password", secret=True)
    request: Optional[str] = key(Word(), "object to find (default: the root DSE)")
    receive: Optional[str] = key(Word(), "regular expression that the entry matches")


@declared
class NntpCheck(TlsCheck):
    """NNTP_CHECK { ... }: the server greets, and has a group."""

    keyword: ClassVar[str] = "NNTP_CHECK"

    request: Optional[str] = key(Word(_LONGEST), "newsgroup that must be there")


@declared
class SqlCheck(StreamCheck):
    """What the checkers of databases have."""

    login: Optional[str] = key(Word(_LONGEST), "user (default: nobody logs in)")
    passwd: Optional[str] = key(Word(_LONGEST), "password", secret=True)
    database: Optional[str] = key(Word(_LONGEST), "database to use")
    request: Optional[str] = key(Word(), "query that gives at least one row")


@declared
class MysqlCheck(SqlCheck):
    """MYSQL_CHECK { ... }: MySQL or MariaDB greets, takes a login, and answers a query."""

    keyword: ClassVar[str] = "MYSQL_CHECK"


@declared
class PgsqlCheck(SqlCheck):
    """PGSQL_CHECK { ... }: PostgreSQL answers, takes a login, and answers a query."""

    keyword: ClassVar[str] = "PGSQL_CHECK"


@declared
class RadiusCheck(OwnCheck):
    """RADIUS_CHECK { ... }: a user and a password are accepted, by somebody who knows the secret."""

    keyword: ClassVar[str] = "RADIUS_CHECK"

    login: Optional[str] = key(Word(_LONGEST), "user", required=True)
    passwd: Optional[str] = key(Word(128), "password", required=True, secret=True)
    secret: Optional[str] = key(Word(_LONGEST), "secret shared with the server", required=True, secret=True)


@declared
class SipCheck(TlsCheck):
    """SIP_CHECK { ... }: OPTIONS is answered with 200."""

    keyword: ClassVar[str] = "SIP_CHECK"

    transport: Optional[str] = key(
        Choice(("UDP", "TCP"), fold=True), "what it goes over (default: the virtual server's; TCP with tls)"
    )
    login: Optional[str] = key(Word(_LONGEST), "user that is asked for (default: the server itself)")


OWN_CHECKS = (
    SimpletcpCheck,
    FtpCheck,
    ImapCheck,
    PopCheck,
    LdapCheck,
    NntpCheck,
    MysqlCheck,
    PgsqlCheck,
    RadiusCheck,
    SipCheck,
)
