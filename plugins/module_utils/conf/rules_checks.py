# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The checkers of real servers: times, addresses, what they expect."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

from . import effective, model
from .pcre2.port import OPTIONS, Expression, Missing

if TYPE_CHECKING:
    from .rules import Look

BAD_REGEX = "bad-regex"
INSTALL = "install libpcre2-8 (Debian: libpcre2-8-0, EL: pcre2); a running lvs-agent needs a restart then"
_DIGEST = re.compile(r"[0-9a-fA-F]{32}\Z")


def timeouts_fit(look: Look, server: model.VirtualServer, real: model.RealServer) -> None:
    """A check that may take longer than the time to the next one."""
    for check in real.checks:
        if isinstance(check, model.ConnectOptions) and isinstance(check, model.Check):
            timing = effective.timing(server, real, check)
            if check.connect_timeout is not None and timing.connect_timeout > timing.delay_loop:
                message = (
                    f"connect_timeout {timing.connect_timeout:g} s is above the delay_loop of {timing.delay_loop:g} s"
                )
                look.warning("timeout-above-interval", message, check, "connect_timeout")
        elif isinstance(check, model.MiscCheck) and check.misc_timeout is not None:
            loop = effective.timing(server, real, check).delay_loop
            if check.misc_timeout > loop:
                message = f"misc_timeout {check.misc_timeout:g} s is above the delay_loop of {loop:g} s"
                look.warning("timeout-above-interval", message, check, "misc_timeout")


def data_paths_lead_somewhere(look: Look, server: model.VirtualServer, real: model.RealServer) -> None:
    """A check by the way of the data needs an address of the service, and a server that has it too (DR, TUN)."""
    for check in real.checks:
        for one in (check, *getattr(check, "hosts", ())):
            if isinstance(one, model.ConnectOptions) and one.data_path:
                message = _no_data_path(server, real, one)
                if message:
                    look.error("no-data-path", message, one, "data_path", word=0)


def _no_data_path(server: model.VirtualServer, real: model.RealServer, check: model.ConnectOptions) -> str:
    target, port = effective.check_target(server, real, check)
    if effective.forwarding(server, real).method == "NAT":
        return "a server of NAT has not the virtual server's address: data_path is for DR and TUN"
    if isinstance(check, model.PingCheck):
        return "a ping is not forwarded: data_path is for services"
    if not target or not port:
        lacking = "connect_port" if target else "connect_ip"
        return f"this virtual server has no one address and port to connect to: data_path needs {lacking}"
    if (":" in target) != (":" in real.address) and check.bindto is None:
        return f"the way to {target} is through {real.address}: data_path needs bindto, an address of ours"
    return ""


def sources_fit(look: Look, server: model.VirtualServer, real: model.RealServer) -> None:
    """The source address of a check is of the family it connects to."""
    for check in real.checks:
        for one in (check, *getattr(check, "hosts", ())):
            if isinstance(one, model.ConnectOptions) and one.bindto is not None:
                target = effective.check_target(server, real, one)[0]
                if (":" in target) != (":" in one.bindto):
                    message = f"{one.bindto} cannot be the source of a connection to {target}"
                    look.error("family-mismatch", message, one, "bindto")


def expressions_are_some(look: Look, _server: model.VirtualServer, real: model.RealServer) -> None:
    """What bodies and answers have to match is an expression of PCRE2, where that can be asked."""
    for check in real.checks:
        for block in (check, *getattr(check, "urls", ())):
            for word in ("receive", "regex"):
                pattern = getattr(block, word, None)
                if pattern is not None:
                    _expression(look, Expression(pattern, getattr(block, "regex_options", None) or ()), block, word)


def _expression(look: Look, expression: Expression, block: object, word: str) -> None:
    try:
        expression.check()
    except Missing as missing:
        message = f"nobody knows whether this is a regular expression: {missing}"
        look.warning(BAD_REGEX, message, block, word, help_text=INSTALL)
    except ValueError as wrong:
        unknown = set(expression.options) - set(OPTIONS)
        look.error(BAD_REGEX, f"no regular expression: {wrong}", block, "regex_options" if unknown else word)


def own_words_have_a_use(look: Look, _server: model.VirtualServer, real: model.RealServer) -> None:
    """Words of the agent's own checks that mean nothing without another one."""
    for check in real.checks:
        if isinstance(check, model.TlsCheck) and not check.tls:
            _useless(look, check, ("tls_name", "tls_verify", "tls_ca", "tls_expiry"), "tls")
        if isinstance(check, (model.TlsCheck, model.SslGet)) and not check.tls_verify:
            _useless(look, check, ("tls_ca", "tls_expiry"), "tls_verify")
        if isinstance(check, model.SqlCheck) and check.login is None:
            _useless(look, check, ("passwd", "database", "request"), "login")


def _useless(look: Look, check: object, words: tuple[str, ...], without: str) -> None:
    for word in words:
        if getattr(check, word, None) is not None:
            look.warning("useless-option", f"{word} is not used without {without}", check, word, word=0)
            return


def http_expects_something_possible(look: Look, _server: model.VirtualServer, real: model.RealServer) -> None:
    """Digests that no page has, regular expression words without one, names that TLS alone sends."""
    for check in real.checks:
        if not isinstance(check, model.HttpGet):
            continue
        if check.keyword == "HTTP_GET":
            for word in ("enable_sni", "sni_name"):
                if getattr(check, word) is not None:
                    look.warning("useless-option", f"{word} is for SSL_GET", check, word, word=0)
        for url in check.urls:
            _url(look, url)


def _url(look: Look, url: model.HttpUrl) -> None:
    if url.digest is not None and not _DIGEST.match(url.digest):
        message = f"'{url.digest}' is no MD5 digest: the page would never match"
        look.error("bad-digest", message, url, "digest", help_text="32 hexadecimal digits, as genhash prints them")
    if url.path is not None and not url.path.startswith("/") and "://" not in url.path:
        look.warning("relative-path", f"'{url.path}' does not start with /", url, "path", help_text=f"/{url.path}")
    if url.regex is None:
        for word in ("regex_no_match", "regex_options", "regex_min_offset", "regex_max_offset", "regex_stack"):
            if getattr(url, word) is not None:
                look.warning("useless-option", f"{word} without regex is ignored", url, word, word=0)
    low, high = url.regex_min_offset, url.regex_max_offset
    if low is not None and high is not None and low > high:
        message = f"regex_max_offset {high} is below regex_min_offset {low}: nothing matches (keepalived ignores both)"
        look.warning("offset-range", message, url, "regex_max_offset")


def udp_replies_are_possible(look: Look, _server: model.VirtualServer, real: model.RealServer) -> None:
    """Lengths of a reply that is not asked for, or that cannot be."""
    for check in real.checks:
        if not isinstance(check, model.UdpCheck):
            continue
        low, high = check.min_reply_length, check.max_reply_length
        if low is not None and low > (255 if high is None else high):
            message = f"min_reply_length {low} is above max_reply_length {255 if high is None else high}"
            look.error("length-range", message, check, "min_reply_length")
        if check.require_reply is None:
            for word in ("min_reply_length", "max_reply_length"):
                if getattr(check, word) is not None:
                    look.warning("useless-option", f"{word} without require_reply is ignored", check, word, word=0)
                    break


def alpha_has_a_check(look: Look, server: model.VirtualServer, real: model.RealServer) -> None:
    """alpha keeps a server down until a check succeeds: without checks that is for ever."""
    if not real.checks and (real.alpha or (real.alpha is None and server.alpha)):
        message = f"alpha keeps {real.address} down until a check succeeds, and it has none"
        look.warning("alpha-without-check", message, real)


def dynamic_weights_are_single(look: Look, _server: model.VirtualServer, real: model.RealServer) -> None:
    """Two scripts that both set the weight of a server."""
    if len(real.checks) > 1:
        scripts = [check for check in real.checks if isinstance(check, model.MiscCheck) and check.misc_dynamic]
        if len(scripts) > 1:
            message = "a second script sets the weight of this server"
            look.warning("two-dynamic-checks", message, scripts[1], "misc_dynamic", word=0)


def host_times_are_the_checks(look: Look, _server: model.VirtualServer, real: model.RealServer) -> None:
    """Times in the host blocks of an SMTP_CHECK are those of all of it: two that differ are one too many."""
    for check in real.checks:
        if not isinstance(check, model.SmtpCheck):
            continue
        said: dict[str, object] = {}
        for block in (check, *check.hosts):
            for item in fields(model.Check):
                value = getattr(block, item.name)
                if value is not None and said.setdefault(item.name, value) != value:
                    message = f"{item.name} is of the whole SMTP_CHECK, in a host too, and is said twice"
                    look.warning("contradiction", message, block, item.name)


_MYSQL_PORT = 3306


def handshakes_have_an_end(look: Look, server: model.VirtualServer, real: model.RealServer) -> None:
    """MySQL and MariaDB turn a host away after a hundred handshakes that it left, unless a login is between them."""
    if any(isinstance(check, model.MysqlCheck) and check.login is not None for check in real.checks):
        return
    for check in real.checks:
        if isinstance(check, (model.TcpCheck, model.SimpletcpCheck)):
            if effective.check_target(server, real, check)[1] == _MYSQL_PORT:
                _interrupts(look, "a check that hangs up on a database", check)
        elif isinstance(check, model.MysqlCheck) and check.connects:
            _interrupts(look, "connects without a login between them", check, "connects")


def _interrupts(look: Look, what: str, check: model.Check, word: str = "") -> None:
    message = f"{what}: max_connect_errors of them, and MySQL or MariaDB turns this director away"
    look.warning("interrupted-handshake", message, check, word, help_text="@lvs_agent MYSQL_CHECK, with a login")


# rules of one real server: what they say depends on its own words and on those of its virtual server, nothing else
REAL_RULES = (
    timeouts_fit,
    sources_fit,
    data_paths_lead_somewhere,
    expressions_are_some,
    own_words_have_a_use,
    http_expects_something_possible,
    udp_replies_are_possible,
    alpha_has_a_check,
    dynamic_weights_are_single,
    handshakes_have_an_end,
    host_times_are_the_checks,
)
