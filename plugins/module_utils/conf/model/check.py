# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: TC001 - key() declares a keyword and returns a dataclass field; annotations are for readers

"""The checkers of a real server. Each is one frozen dataclass whose `keyword` is its name in the file."""

from __future__ import annotations

from typing import ClassVar, Optional

from ..blocks import Blocks
from ..expressions import ExpressionWord
from ..fields import Declared, declared, key
from ..kinds import Address, Choice, Flag, HexBytes, Int, Numbers, OnOff, Seconds, StatusCodes, Word, Words
from ..lines import ScriptLine, UserLine, WeightLine
from ..values import Script, TrackWeight, UserGroup

_U32 = 0xFFFFFFFF
_U31 = 0x7FFFFFFF


@declared
class Check(Declared):
    """What every scheduled checker has. Absent values are those of the real server, then of the virtual server."""

    keyword: ClassVar[str] = ""
    agent: ClassVar[bool] = False  # whether it is lvs-agent's own, unknown to keepalived

    retry: Optional[int] = key(Int(0, _U32), "failures that are tried again before the server is down", default=1)
    delay_before_retry: Optional[float] = key(Seconds(0), "seconds before a failed check is tried again")
    warmup: Optional[float] = key(Seconds(0), "random delay of the first check, at most (default: delay_loop)")
    delay_loop: Optional[float] = key(Seconds(0.000001), "seconds between checks")
    alpha: Optional[bool] = key(OnOff(), "down until the first check succeeds")
    log_all_failures: Optional[bool] = key(OnOff(), "log every failure")


@declared
class ConnectOptions(Declared):
    """Where and how a network check connects."""

    connect_ip: Optional[str] = key(Address(), "address to check (default: the real server's)")
    connect_port: Optional[int] = key(Int(1, 65535), "port to check (default: the real server's)")
    bindto: Optional[str] = key(Address(), "source address")
    bind_port: Optional[int] = key(Int(1, 65535), "source port")
    bind_if: Optional[str] = key(Word(15), "outgoing interface")
    connect_timeout: Optional[float] = key(Seconds(0.000001, 4294), "seconds until a connection counts as failed")
    fwmark: Optional[int] = key(Int(0, _U32), "firewall mark of the packets")
    data_path: Optional[bool] = key(
        Flag(), "connect to the virtual server's address, by the way its packets take to this server", agent=True
    )


@declared
class NetworkCheck(Check, ConnectOptions):
    """What every checker that connects somewhere has."""


@declared
class TcpCheck(NetworkCheck):
    """TCP_CHECK { ... }: a connection is accepted."""

    keyword: ClassVar[str] = "TCP_CHECK"


@declared
class PingCheck(NetworkCheck):
    """PING_CHECK { ... }: an ICMP echo is answered."""

    keyword: ClassVar[str] = "PING_CHECK"


@declared
class UdpCheck(NetworkCheck):
    """UDP_CHECK { ... }: no ICMP error comes back, or a reply does."""

    keyword: ClassVar[str] = "UDP_CHECK"

    payload: Optional[str] = key(HexBytes(), "bytes to send, hexadecimal digits")
    require_reply: Optional[str] = key(
        HexBytes(bare=True, wild=True), "a reply must come; its first bytes in hexadecimal, x stands for any digit"
    )
    min_reply_length: Optional[int] = key(Int(0, 65535), "least length of the reply", default=0)
    max_reply_length: Optional[int] = key(Int(0, 65535), "greatest length of the reply", default=255)


@declared
class DnsCheck(NetworkCheck):
    """DNS_CHECK { ... }: a query is answered without error and with an answer."""

    keyword: ClassVar[str] = "DNS_CHECK"

    type: Optional[str] = key(
        Choice(("A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"), fold=True),
        "record type",
        default="SOA",
    )
    name: Optional[str] = key(Word(), "name to ask for", default=".")


@declared
class SmtpHost(NetworkCheck):
    """host { ... } in SMTP_CHECK: one more place to check."""


@declared
class SmtpCheck(NetworkCheck):
    """SMTP_CHECK { ... }: a mail server greets and takes HELO."""

    keyword: ClassVar[str] = "SMTP_CHECK"

    helo_name: Optional[str] = key(Word(), "name given in HELO", default="smtpchecker.keepalived.org")
    hosts: tuple[SmtpHost, ...] = key(Blocks(SmtpHost), "places to check", word="host", many=True)


@declared
class MiscCheck(Check):
    """MISC_CHECK { ... }: a script exits with 0."""

    keyword: ClassVar[str] = "MISC_CHECK"

    misc_path: Optional[Script] = key(ScriptLine(owner=False), "the script with its arguments", required=True)
    misc_timeout: Optional[float] = key(Seconds(0), "seconds until the script is stopped (default: delay_loop)")
    misc_dynamic: Optional[bool] = key(Flag(), "exit status 2 to 255 sets the weight to itself less 2")
    user: Optional[UserGroup] = key(UserLine(), "user and group that the script runs as")


@declared
class HttpUrl(Declared):
    """url { ... } in HTTP_GET."""

    path: Optional[str] = key(Word(), "path to ask for, with its query", default="/", required=True)
    digest: Optional[str] = key(Word(), "MD5 of the body in hexadecimal, as genhash gives it")
    status_code: Optional[tuple[tuple[int, int], ...]] = key(
        StatusCodes(), "codes or ranges that are good (default: 200-299)"
    )
    virtualhost: Optional[str] = key(Word(), "Host header")
    regex: Optional[str] = key(ExpressionWord(), "the body must match, an expression of PCRE2")
    regex_no_match: Optional[bool] = key(Flag(), "the body must not match")
    regex_options: Optional[tuple[str, ...]] = key(Words(1, 32), "options of PCRE2")
    regex_min_offset: Optional[int] = key(Int(0, _U31), "first byte a match may start at")
    regex_max_offset: Optional[int] = key(Int(0, _U31), "last byte a match may start at")
    regex_stack: Optional[tuple[int, ...]] = key(Numbers(1, _U32, 2, 2), "start and greatest size of the match stack")


@declared
class SslUrl(HttpUrl):
    """url { ... } in SSL_GET."""

    tls_compliant: Optional[bool] = key(OnOff(), "the server closes TLS as the RFC says", since="2.2.8")


@declared
class HttpGet(NetworkCheck):
    """HTTP_GET { ... }: every url is answered with the right status, digest or text."""

    keyword: ClassVar[str] = "HTTP_GET"

    retry: Optional[int] = key(
        Int(0, _U32), "failures that are tried again before the server is down", default=1, legacy=("nb_get_retry",)
    )
    virtualhost: Optional[str] = key(Word(), "Host header of urls without one")
    http_protocol: Optional[str] = key(
        Choice(("1.0", "1.0C", "1.1", "1.0K", "1.1K", "1.0c", "1.0k", "1.1k")), "HTTP version", default="1.0"
    )
    enable_sni: Optional[bool] = key(Flag(), "send the host name in TLS")
    sni_name: Optional[str] = key(Word(), "name to send in TLS (default: virtualhost)", since="2.4.4")
    fast_recovery: Optional[bool] = key(Flag(), "one good url after a failure is enough")
    urls: tuple[HttpUrl, ...] = key(Blocks(HttpUrl), "pages to ask for", word="url", many=True, required=True)


@declared
class SslGet(HttpGet):
    """SSL_GET { ... }: HTTP_GET over TLS."""

    keyword: ClassVar[str] = "SSL_GET"

    urls: tuple[SslUrl, ...] = key(Blocks(SslUrl), "pages to ask for", word="url", many=True, required=True)
    tls_compliant: Optional[bool] = key(OnOff(), "the server closes TLS as the RFC says", since="2.2.8")
    tls_verify: Optional[bool] = key(
        OnOff(),
        "the certificate is trusted (SSL ca, or the system's), and for the name sent or the address",
        agent=True,
    )
    tls_expiry: Optional[int] = key(
        Int(0, 3650), "days before a verified certificate's end that a warning is logged", default=14, agent=True
    )


@declared
class FileCheck(Declared):
    """FILE_CHECK { ... }: a track_file's number is the weight."""

    keyword: ClassVar[str] = "FILE_CHECK"
    agent: ClassVar[bool] = False

    track_file: Optional[str] = key(Word(), "name of the track_file", required=True)
    weight: Optional[TrackWeight] = key(WeightLine(_U31), "factor of the number in the file", default=1)


@declared
class BfdCheck(Declared):
    """BFD_CHECK { ... }: a BFD session is up."""

    keyword: ClassVar[str] = "BFD_CHECK"
    agent: ClassVar[bool] = False

    name: Optional[str] = key(Word(), "name of the bfd_instance", required=True)
    alpha: Optional[bool] = key(OnOff(), "down until the session is up")


KEEPALIVED_CHECKS = (
    MiscCheck,
    SmtpCheck,
    TcpCheck,
    PingCheck,
    UdpCheck,
    HttpGet,
    SslGet,
    DnsCheck,
    FileCheck,
    BfdCheck,
)
