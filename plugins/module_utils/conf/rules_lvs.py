# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""virtual_server and real_server: protocol, forwarding, ports, quorum, schedulers. Checks are in rules_checks.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import effective, model
from .rules_checks import REAL_RULES as CHECK_RULES

if TYPE_CHECKING:
    from .rules import Look

_TCP_CHECKS = (
    model.TcpCheck, model.HttpGet, model.SmtpCheck, model.SimpletcpCheck, model.FtpCheck, model.ImapCheck,
    model.PopCheck, model.LdapCheck, model.NntpCheck, model.SqlCheck,
)  # fmt: skip
_FLAGS = (("sh", "sh_port"), ("sh", "sh_fallback"), ("mh", "mh_port"), ("mh", "mh_fallback"))


def name(server: model.VirtualServer) -> str:
    """A virtual server as it is called in its file."""
    if server.group is not None:
        return f"group {server.group}"
    if server.fwmark is not None:
        return f"fwmark {server.fwmark}"
    return f"{server.address} {server.port or 0}"


def servers_say_what_they_are(look: Look, server: model.VirtualServer) -> None:
    """Protocol, scheduler and forwarding method are written, not guessed."""
    if server.fwmark is None and server.protocol is None and look.lacks(server, "protocol"):
        _protocol(look, server)
    if server.protocol is not None and server.fwmark is not None:
        look.warning("useless-option", "a firewall mark has no protocol: it is ignored", server, "protocol")
    if server.lvs_sched is None and look.lacks(server, "lvs_sched"):
        message = f"virtual_server {name(server)} names no scheduler: wlc is used"
        look.warning("missing-scheduler", message, server, help_text="lvs_sched rr, wrr, lc, wlc, ...", word=0)
    if server.lvs_method is None and _needs_method(server) and look.lacks(server, "lvs_method"):
        message = f"virtual_server {name(server)} names no forwarding method: NAT is used"
        look.warning("missing-method", message, server, help_text="lvs_method NAT, DR or TUN", word=0)


def _needs_method(server: model.VirtualServer) -> bool:
    return not server.real_servers or any(real.lvs_method is None for real in server.real_servers)


def _protocol(look: Look, server: model.VirtualServer) -> None:
    checks = [check for real in server.real_servers for check in real.checks]
    for check in checks:
        if isinstance(check, _TCP_CHECKS):
            message = f"virtual_server {name(server)} names no protocol: keepalived makes it UDP, under {check.keyword}"
            look.error("missing-protocol", message, server, help_text="protocol TCP", word=0)
            return
    message = f"virtual_server {name(server)} names no protocol: keepalived makes it UDP"
    look.warning("missing-protocol", message, server, help_text="protocol TCP, UDP or SCTP", word=0)


def servers_have_servers(look: Look, server: model.VirtualServer) -> None:
    """A virtual server without real servers is removed; the same real server twice is removed once."""
    if not server.real_servers and not _tried_servers(look, server):
        message = f"virtual_server {name(server)} has no real servers: keepalived removes it"
        look.error("no-real-servers", message, server)
    seen: dict[Any, model.RealServer] = {}
    if len({real.address for real in server.real_servers}) == len(server.real_servers):
        return _weighed(look, server)
    for real in server.real_servers:
        identity = (real.address, effective.real_server_port(server, real))
        if identity in seen:
            message = f"real_server {real.address} {real.port or ''}".rstrip() + " is there already"
            help_text = f"line {look.line(seen[identity])}; keepalived removes the second"
            look.warning("duplicate-server", message, real, help_text=help_text)
        seen.setdefault(identity, real)
    return _weighed(look, server)


def _weighed(look: Look, server: model.VirtualServer) -> None:
    if server.real_servers and all(effective.weight(server, real) == 0 for real in server.real_servers):
        look.warning("all-weights-zero", f"no real server of {name(server)} has a weight", server)


def _tried_servers(look: Look, server: model.VirtualServer) -> bool:
    """A real server whose opening line could not be read has its own finding."""
    return not look.lacks(server, "real_servers", filled=False)


def services_are_distinct(look: Look) -> None:
    """The same service twice: keepalived takes the first and is silent."""
    seen: dict[Any, model.VirtualServer] = {}
    for server in look.document.virtual_servers:
        identity = (server.address, server.port or 0, server.fwmark, server.group, server.protocol, server.ip_family)
        if identity in seen:
            message = f"virtual_server {name(server)} is there already"
            help_text = f"line {look.line(seen[identity])}"
            look.warning("duplicate-service", message, server, help_text=help_text)
        seen.setdefault(identity, server)
    members: dict[Any, str] = {}
    for group in look.document.virtual_server_groups:
        if look.empty(group):
            message = f"virtual_server_group {group.name} is empty: keepalived removes it"
            look.error("empty-group", message, group)
        for member in group.members:
            if member in members:
                look.warning("duplicate-service", f"a member is in group {members[member]} too", group)
                break
            members[member] = group.name


def ports_can_be_reached(look: Look, server: model.VirtualServer, real: model.RealServer) -> None:
    """DR and TUN pass packets on as they are: the port is that of the virtual server."""
    # a service without any port has a finding of its own
    if not real.port or real.port == server.port or (server.fwmark is None and not server.port):
        return
    method = effective.forwarding(server, real).method
    if method == "NAT":
        return
    if server.fwmark is not None:
        message = f"{method} of a firewall mark changes no port: {real.port} is ignored"
        look.warning("port-ignored", message, real, word=2)
    else:
        message = f"{method} cannot change the port: {server.port or 0} is used, not {real.port}"
        help_text = "the real server must listen on the port of the virtual server; NAT can change it"
        look.warning("port-mismatch", message, real, help_text=help_text, word=2)


def families_of_servers_match(look: Look, server: model.VirtualServer, real: model.RealServer) -> None:
    """A real server is of the service's family; only TUN may mix."""
    version6 = _is_ipv6(server)
    if version6 is None or (":" in real.address) == version6:
        return
    if effective.forwarding(server, real).method != "TUN":
        message = f"{real.address} is of another family than its virtual server: keepalived skips it"
        look.error("family-mismatch", message, real, help_text="only TUN may mix IPv4 and IPv6")


def families_match(look: Look, server: model.VirtualServer) -> None:
    """Sorry server and granularity are of the service's family; only TUN may mix."""
    version6 = _is_ipv6(server)
    if version6 is None:
        return
    sorry = server.sorry_server
    if sorry and (":" in sorry.address) != version6 and effective.sorry_forwarding(server).method != "TUN":
        message = f"{sorry.address} is of another family than its virtual server: keepalived skips it"
        look.error("family-mismatch", message, server, "sorry_server")
    granularity = server.persistence_granularity
    if granularity is not None and ("." in granularity) == version6:
        wanted = "a prefix length" if version6 else "a netmask"
        message = f"{granularity} is not {wanted}"
        look.error("family-mismatch", message, server, "persistence_granularity", help_text=f"write {wanted}")
    if server.address is not None and server.ip_family == ("inet" if version6 else "inet6"):
        message = f"ip_family {server.ip_family} contradicts the address"
        look.error("family-mismatch", message, server, "ip_family")


def _is_ipv6(server: model.VirtualServer) -> Any:
    if server.address is not None:
        return ":" in server.address
    return None if server.ip_family is None else server.ip_family == "inet6"


def quorum_can_be_reached(look: Look, server: model.VirtualServer) -> None:
    """The quorum is at most the sum of the weights, the hysteresis below the quorum."""
    quorum = server.quorum or 1
    total = 0
    if server.quorum is not None:
        total = sum(effective.weight(server, real) for real in server.real_servers)
    if server.quorum is not None and server.real_servers and quorum > total:
        message = f"all weights together are {total}: a quorum of {quorum} is never reached"
        look.warning("quorum-out-of-reach", message, server, "quorum", help_text=f"at most {total}")
    elif server.hysteresis is not None and server.hysteresis >= quorum:
        message = f"hysteresis {server.hysteresis} is not below the quorum of {quorum}"
        look.warning("hysteresis-range", message, server, "hysteresis", help_text=f"at most {quorum - 1}")
    _sorry(look, server)


def _sorry(look: Look, server: model.VirtualServer) -> None:
    sorry = server.sorry_server
    if sorry is None:
        return
    method = effective.sorry_forwarding(server).method
    if method != "NAT" and sorry.port and server.address is not None and sorry.port != (server.port or 0):
        message = f"{method} cannot change the port: {server.port or 0} is used, not {sorry.port}"
        look.warning("port-mismatch", message, server, "sorry_server", word=2)


def sorry_words_need_a_sorry_server(look: Look, server: model.VirtualServer) -> None:
    """sorry_server_inhibit and sorry_server_lvs_method stand after a sorry_server."""
    for word in ("sorry_server_inhibit", "sorry_server_lvs_method"):
        if getattr(server, word) is None:
            continue
        if server.sorry_server is None:
            look.warning("no-sorry-server", f"{word} without sorry_server is ignored", server, word, word=0)
        elif look.line(server, word) < look.line(server, "sorry_server"):
            message = f"{word} stands before sorry_server: keepalived ignores it"
            look.warning("wrong-order", message, server, word, help_text="move it behind sorry_server", word=0)


def persistence_makes_sense(look: Look, server: model.VirtualServer) -> None:
    """No port means every port, and that only persistently."""
    if server.address is not None and not server.port and server.persistence_timeout is None:
        message = f"virtual_server {server.address} has no port: it takes all, with a persistence of 360 s"
        look.warning("any-port", message, server, help_text="write a port, or persistence_timeout")
    if server.persistence_engine is not None and server.protocol in ("TCP", "SCTP"):
        message = f"the persistence engine {server.persistence_engine} is for UDP"
        look.warning("useless-option", message, server, "persistence_engine")
    granularity = server.persistence_granularity
    if granularity and "." in granularity:
        bits = "".join(f"{int(part):08b}" for part in granularity.split("."))
        if "01" in bits:
            message = f"{granularity} is no netmask: ones follow zeros"
            look.warning("odd-netmask", message, server, "persistence_granularity")


def scheduler_words_fit(look: Look, server: model.VirtualServer) -> None:
    """Flags of one scheduler under another, and one packet scheduling of what has connections."""
    sched = server.lvs_sched or "wlc"
    for owner, word in _FLAGS:
        if not getattr(server, word):
            continue
        shown = word.replace("_", "-")
        if sched != owner:
            look.warning("useless-option", f"{shown} is for scheduler {owner}, not {sched}", server, word, word=0)
        elif look.line(server, word) < look.line(server, "lvs_sched"):
            message = f"{shown} stands before lvs_sched: keepalived ignores it"
            look.warning("wrong-order", message, server, word, help_text="move it behind lvs_sched", word=0)
    if server.ops and server.fwmark is None and server.protocol in ("TCP", "SCTP"):
        look.warning("useless-option", "one packet scheduling is for UDP: it is ignored", server, "ops", word=0)
    if server.hashed:
        look.warning("useless-option", "hashed means nothing any more", server, "hashed", word=0)
    if server.ha_suspend and server.fwmark is not None:
        message = "ha_suspend needs an address: it is ignored for a firewall mark"
        look.warning("useless-option", message, server, "ha_suspend", word=0)


def thresholds_fit(look: Look, _server: model.VirtualServer, real: model.RealServer) -> None:
    """The kernel refuses a lower threshold above the upper one."""
    upper, lower = real.uthreshold or 0, real.lthreshold or 0
    if upper and lower > upper:
        message = f"lthreshold {lower} is above uthreshold {upper}: the kernel refuses it"
        look.error("threshold-range", message, real, "lthreshold")


def servers_are_not_the_service(look: Look, server: model.VirtualServer, real: model.RealServer) -> None:
    """A real server that is the virtual address itself."""
    if real.address == server.address:
        message = f"{real.address} is the virtual server itself: packets would go round"
        look.warning("server-is-service", message, real)


REAL_RULES = (
    ports_can_be_reached,
    families_of_servers_match,
    thresholds_fit,
    servers_are_not_the_service,
    *CHECK_RULES,
)


# rules of one virtual server: what they say depends on nothing outside it
SERVER_RULES = (
    servers_say_what_they_are,
    servers_have_servers,
    families_match,
    quorum_can_be_reached,
    sorry_words_need_a_sorry_server,
    persistence_makes_sense,
    scheduler_words_fit,
)


def servers_are_sound(look: Look) -> None:
    """All rules of single virtual servers and of their real servers."""
    for server in look.document.virtual_servers:
        if look.is_seen(server):
            continue
        for rule in SERVER_RULES:
            rule(look, server)
        for real in server.real_servers:
            for real_rule in REAL_RULES:
                real_rule(look, server, real)


def addresses_are_no_sources(look: Look) -> None:
    """RFC 6724: an IPv6 address that is not deprecated may be the director's source toward servers that have it too."""
    on_servers = {
        server.address
        for server in look.document.virtual_servers
        for real in server.real_servers
        if server.address is not None and ":" in server.address and effective.forwarding(server, real).method != "NAT"
    }
    for instance in look.document.vrrp_instances if on_servers else ():
        for attribute in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
            for position, item in enumerate(getattr(instance, attribute)):
                if item.address in on_servers and item.prefixlen not in (None, 128) and item.preferred_lft != 0:
                    message = f"the director may be {item.address} to its real servers, which have that address too"
                    help_text = "write it with /128, or preferred_lft 0: checks fail where it is the source"
                    look.warning("address-is-source", message, instance, attribute, help_text=help_text, item=position)


RULES = (services_are_distinct, servers_are_sound, addresses_are_no_sources)
