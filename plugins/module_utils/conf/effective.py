# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The values in force: what a file means after keepalived's defaults and inheritance.

Pure functions of the model. global_defs gives the instances their defaults; a check takes what it lacks from its real
server, that from the virtual server. Nothing here reports mistakes (conf/rules_*.py do): out-of-range combinations
come out as keepalived would run them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Optional, TypeVar, Union

from . import model

_T = TypeVar("_T")
_NO_GLOBALS = model.GlobalDefs()
_CHECK_RETRY = {"DNS_CHECK": 3, "MISC_CHECK": 0}
_CHECK_DELAY_BEFORE_RETRY: dict[str, Optional[float]] = {"HTTP_GET": 3.0, "SSL_GET": 3.0, "DNS_CHECK": None}


@dataclass(frozen=True)
class Garp:
    """Gratuitous ARPs and neighbour advertisements of one instance. Seconds and counts; refresh 0: none."""

    master_delay: int
    master_repeat: int
    master_refresh: int
    master_refresh_repeat: int
    lower_prio_delay: int
    lower_prio_repeat: int


@dataclass(frozen=True)
class Timing:
    """When a check runs and when it counts. Seconds; retry: failures that are tried again before the server is down."""

    delay_loop: float
    warmup: float
    retry: int
    delay_before_retry: float
    connect_timeout: float
    alpha: bool


def global_defs(document: model.Document) -> model.GlobalDefs:
    """The global_defs of a file, empty when it has none."""
    return document.global_defs or _NO_GLOBALS


def family(instance: model.VrrpInstance) -> int:
    """4 or 6: the family of the first address found (IPv4 for an instance without any)."""
    addresses = [item.address for item in instance.virtual_ipaddress or instance.virtual_ipaddress_excluded]
    addresses += [item.address for item in instance.unicast_peer]
    addresses += [item for item in (instance.unicast_src_ip, instance.mcast_src_ip) if item]
    if addresses:
        return 6 if ":" in addresses[0] else 4
    return 6 if instance.native_ipv6 else 4


def strict(document: model.Document, instance: model.VrrpInstance) -> bool:
    """Strict mode: the instance's, else the global one."""
    return _first(instance.strict_mode, global_defs(document).vrrp_strict, otherwise=False)


def version(document: model.Document, instance: model.VrrpInstance) -> int:
    """VRRP version 2 or 3: IPv6 is 3 unless it says 2 and is not strict; IPv4 takes vrrp_version, 2 by default."""
    if family(instance) == 6:
        return 3 if instance.version is None or strict(document, instance) else instance.version
    return instance.version or global_defs(document).vrrp_version or 2


def priority(instance: model.VrrpInstance) -> int:
    """The configured priority; without one, 255 for `state MASTER` and 100 for all others, as keepalived has it."""
    if instance.priority is not None:
        return instance.priority
    return 255 if instance.state == "MASTER" else 100


def state(instance: model.VrrpInstance) -> str:
    """MASTER or BACKUP: the state wanted at start; without one, MASTER for an address owner."""
    return instance.state or ("MASTER" if priority(instance) == 255 else "BACKUP")


def advert_int(document: model.Document, instance: model.VrrpInstance) -> float:
    """Seconds between adverts: whole seconds in version 2, hundredths up to 40.95 in version 3 (RFC 9568, 5.2.7)."""
    seconds = 1.0 if instance.advert_int is None else instance.advert_int
    if version(document, instance) == 2:
        return float(max(1, int(seconds + 0.5)))
    return min(40.95, max(0.01, int(seconds * 100 + 0.5) / 100))


def nopreempt(instance: model.VrrpInstance) -> bool:
    """True when a lower-priority master is left alone; never for an owner or for `state MASTER`."""
    return bool(instance.nopreempt) and priority(instance) != 255 and state(instance) != "MASTER"


def preempt_delay(document: model.Document, instance: model.VrrpInstance) -> float:
    """Seconds to wait before taking over; 0 with nopreempt, `state MASTER` or strict mode."""
    if state(instance) == "MASTER" or instance.nopreempt or strict(document, instance):
        return 0.0
    return instance.preempt_delay or 0.0


def down_timer_adverts(document: model.Document, instance: model.VrrpInstance) -> int:
    """How many adverts may be missed (the 3 of master_down_interval, RFC 9568 section 6.1)."""
    if strict(document, instance):
        return 3
    return instance.down_timer_adverts or global_defs(document).vrrp_down_timer_adverts or 3


def garp(document: model.Document, instance: model.VrrpInstance) -> Garp:
    """Pace of the gratuitous ARPs of an instance: its own words, then vrrp_garp_*, then 5 now and 5 after 5 s."""
    glob = global_defs(document)
    least = bool(glob.vrrp_min_garp)
    delay = _first(instance.garp_master_delay, glob.vrrp_garp_master_delay, otherwise=0 if least else 5)
    repeat = _first(instance.garp_master_repeat, glob.vrrp_garp_master_repeat, otherwise=1 if least else 5)
    refresh = _first(instance.garp_master_refresh, glob.vrrp_garp_master_refresh, otherwise=0)
    refresh_repeat = _first(instance.garp_master_refresh_repeat, glob.vrrp_garp_master_refresh_repeat, otherwise=1)
    global_delay = _first(glob.vrrp_garp_master_delay, otherwise=0 if least else 5)
    global_repeat = _first(glob.vrrp_garp_master_repeat, otherwise=1 if least else 5)
    lower_delay = _first(instance.garp_lower_prio_delay, glob.vrrp_garp_lower_prio_delay, otherwise=global_delay)
    lower_repeat = _first(instance.garp_lower_prio_repeat, glob.vrrp_garp_lower_prio_repeat, otherwise=global_repeat)
    if strict(document, instance):
        lower_delay = lower_repeat = 0
    return Garp(delay, max(1, repeat), refresh, max(1, refresh_repeat), lower_delay, lower_repeat)


def garp_pauses(document: model.Document, interface: str) -> tuple[float, float]:
    """Seconds between gratuitous ARPs, and neighbour advertisements, on an interface: its garp_group's, or global."""
    glob = global_defs(document)
    for group in document.garp_groups:
        if interface == group.interface or interface in (group.interfaces or ()):
            return group.garp_interval or 0.0, group.gna_interval or 0.0
    return glob.vrrp_garp_interval or 0.0, glob.vrrp_gna_interval or 0.0


def lower_prio_no_advert(document: model.Document, instance: model.VrrpInstance) -> bool:
    """True when a master does not answer an advert of lower priority."""
    if strict(document, instance):
        return True
    return _first(instance.lower_prio_no_advert, global_defs(document).vrrp_lower_prio_no_advert, otherwise=False)


def higher_prio_send_advert(document: model.Document, instance: model.VrrpInstance) -> bool:
    """True when a master sends one more advert before it gives way."""
    if strict(document, instance):
        return False
    return _first(instance.higher_prio_send_advert, global_defs(document).vrrp_higher_prio_send_advert, otherwise=False)


def owner_ignore_adverts(document: model.Document, instance: model.VrrpInstance) -> bool:
    """True when an address owner ignores the adverts of others."""
    if priority(instance) != 255:
        return False
    return _first(
        instance.owner_ignore_adverts,
        strict(document, instance) or None,
        global_defs(document).vrrp_owner_ignore_adverts,
        otherwise=False,
    )


def accept(document: model.Document, instance: model.VrrpInstance) -> bool:
    """Whether packets to the virtual addresses are accepted although their owner is another (Accept_Mode)."""
    if instance.no_accept:
        return False
    if instance.accept:
        return True
    return priority(instance) == 255 or not strict(document, instance)


def check_unicast_src(document: model.Document, instance: model.VrrpInstance) -> bool:
    """Whether unicast adverts must come from a configured peer."""
    return bool(instance.check_unicast_src or global_defs(document).vrrp_check_unicast_src)


def v3_checksum_as_v2(document: model.Document, instance: model.VrrpInstance) -> bool:
    """Whether IPv4 VRRPv3 checksums leave out the pseudo header."""
    return _first(instance.v3_checksum_as_v2, global_defs(document).v3_checksum_as_v2, otherwise=False)


def skip_check_adv_addr(document: model.Document, instance: model.VrrpInstance) -> bool:
    """Whether the addresses of an advert are compared once per master only."""
    return _first(instance.skip_check_adv_addr, global_defs(document).vrrp_skip_check_adv_addr, otherwise=False)


def multicast_group(document: model.Document, instance: model.VrrpInstance) -> str:
    """The address multicast adverts go to."""
    glob = global_defs(document)
    if instance.mcast_dst_ip:
        return instance.mcast_dst_ip
    return (glob.vrrp_mcast_group6 or "ff02::12") if family(instance) == 6 else (glob.vrrp_mcast_group4 or "224.0.0.18")


def vrrp_smtp_alert(document: model.Document, block: Union[model.VrrpInstance, model.VrrpSyncGroup]) -> bool:
    """Whether changes of an instance or sync group are mailed."""
    glob = global_defs(document)
    return _first(block.smtp_alert, glob.smtp_alert_vrrp, glob.smtp_alert, otherwise=False)


def script_timeout(script: model.VrrpScript) -> float:
    """Seconds a vrrp_script may run: its timeout, else its interval."""
    interval = 1.0 if script.interval is None else script.interval
    return interval if script.timeout is None else script.timeout


def protocol(virtual_server: model.VirtualServer) -> Optional[str]:
    """TCP, UDP or SCTP (UDP when none is written, as in keepalived); None for a firewall mark."""
    if virtual_server.fwmark is not None:
        return None
    return virtual_server.protocol or "UDP"


def persistence_timeout(virtual_server: model.VirtualServer) -> int:
    """Seconds a client stays on its server, 0 for not at all; port 0 and a granularity turn it on (360 s)."""
    if virtual_server.persistence_timeout is not None:
        return virtual_server.persistence_timeout
    any_port = virtual_server.address is not None and not virtual_server.port
    return 360 if any_port or virtual_server.persistence_granularity else 0


def forwarding(virtual_server: model.VirtualServer, real_server: Optional[model.RealServer] = None) -> model.Forwarding:
    """NAT, DR or TUN of a real server: its own, the virtual server's, NAT."""
    own = real_server.lvs_method if real_server else None
    return own or virtual_server.lvs_method or model.Forwarding("NAT")


def sorry_forwarding(virtual_server: model.VirtualServer) -> model.Forwarding:
    """NAT, DR or TUN of the sorry server."""
    return virtual_server.sorry_server_lvs_method or forwarding(virtual_server)


def real_server_port(virtual_server: model.VirtualServer, real_server: model.RealServer) -> int:
    """The port in the IPVS table: DR and TUN cannot change it, a firewall mark has none, 0 is the virtual server's."""
    return _port(virtual_server, real_server.port, forwarding(virtual_server, real_server))


def sorry_server_port(virtual_server: model.VirtualServer) -> int:
    """The port of the sorry server in the IPVS table."""
    sorry = virtual_server.sorry_server
    return _port(virtual_server, sorry.port if sorry else None, sorry_forwarding(virtual_server))


def weight(virtual_server: model.VirtualServer, real_server: model.RealServer) -> int:
    """The weight of a real server that is up."""
    return _first(real_server.weight, virtual_server.weight, otherwise=1)


def inhibit_on_failure(virtual_server: model.VirtualServer, real_server: model.RealServer) -> bool:
    """Weight 0 instead of removal for a real server that is down."""
    return _first(real_server.inhibit_on_failure, virtual_server.inhibit_on_failure, otherwise=False)


def real_server_smtp_alert(document: model.Document, real_server: model.RealServer) -> bool:
    """Whether changes of a real server are mailed (true when nothing is said, unlike the other smtp_alerts)."""
    glob = global_defs(document)
    return _first(real_server.smtp_alert, glob.smtp_alert_checker, glob.smtp_alert, otherwise=True)


def virtual_server_smtp_alert(document: model.Document, virtual_server: model.VirtualServer) -> bool:
    """Whether changes of a virtual server's quorum are mailed."""
    glob = global_defs(document)
    return _first(virtual_server.smtp_alert, glob.smtp_alert_checker, glob.smtp_alert, otherwise=False)


def quorum(virtual_server: model.VirtualServer) -> tuple[int, int]:
    """(quorum, hysteresis): never above the sum of the weights, hysteresis below the quorum."""
    total = sum(weight(virtual_server, item) for item in virtual_server.real_servers)
    least = min(virtual_server.quorum or 1, total)
    return least, max(0, min(virtual_server.hysteresis or 0, least - 1))


def delay_loop(virtual_server: model.VirtualServer, real_server: model.RealServer, check: model.Check) -> float:
    """Seconds between two checks."""
    return _first(check.delay_loop, real_server.delay_loop, virtual_server.delay_loop, otherwise=60.0)


def connect_timeout(virtual_server: model.VirtualServer, real_server: model.RealServer, check: model.Check) -> float:
    """Seconds for connecting and for each silence afterwards."""
    own = check.connect_timeout if isinstance(check, model.ConnectOptions) else None
    return _first(own, real_server.connect_timeout, virtual_server.connect_timeout, otherwise=5.0)


def timed(check: model.Check) -> model.Check:
    """The check with the times that its host blocks say: those are not the host's but of the whole SMTP_CHECK.

    In keepalived the last line that says one counts; here the last host that does, as `write` puts hosts last.
    """
    words = {
        item.name: value
        for host in getattr(check, "hosts", ())
        for item in fields(model.Check)
        if (value := getattr(host, item.name)) is not None
    }
    return replace(check, **words) if words else check


def timing(virtual_server: model.VirtualServer, real_server: model.RealServer, check: model.Check) -> Timing:
    """When a check runs: its own words, the real server's, the virtual server's, the default of its kind."""
    check = timed(check)
    loop = delay_loop(virtual_server, real_server, check)
    before_retry = _CHECK_DELAY_BEFORE_RETRY.get(check.keyword, 1.0)
    return Timing(
        delay_loop=loop,
        warmup=_first(check.warmup, real_server.warmup, virtual_server.warmup, otherwise=loop),
        retry=_first(
            check.retry,
            real_server.retry,
            virtual_server.retry,
            otherwise=_CHECK_RETRY.get(check.keyword, 1),
        ),
        delay_before_retry=_first(
            check.delay_before_retry,
            real_server.delay_before_retry,
            virtual_server.delay_before_retry,
            otherwise=loop if before_retry is None else before_retry,
        ),
        connect_timeout=connect_timeout(virtual_server, real_server, check),
        alpha=_first(check.alpha, real_server.alpha, virtual_server.alpha, otherwise=False),
    )


def check_target(
    virtual_server: model.VirtualServer, real_server: model.RealServer, check: model.ConnectOptions
) -> tuple[str, int]:
    """Address and port a check connects to: its own, else the real server's, whose port may be the virtual server's.

    With data_path: its own, else the virtual server's (a group and a firewall mark have none: "" and 0).
    """
    if check.data_path:
        return check.connect_ip or virtual_server.address or "", check.connect_port or virtual_server.port or 0
    port = check.connect_port or real_server.port or virtual_server.port or 0
    return check.connect_ip or real_server.address, port


def tls_expiry(check: object) -> int:
    """Days before the end of a verified certificate that a warning is logged."""
    given: Optional[int] = getattr(check, "tls_expiry", None)
    return 14 if given is None else given


def misc_timeout(virtual_server: model.VirtualServer, check: model.MiscCheck) -> float:
    """Seconds a MISC_CHECK script may run: misc_timeout, else the virtual server's delay_loop."""
    return check.misc_timeout or _first(virtual_server.delay_loop, otherwise=60.0)


def status_codes(url: model.HttpUrl) -> tuple[tuple[int, int], ...]:
    """The ranges of status codes that are good: any success unless the url names some."""
    return url.status_code or ((200, 299),)


def virtualhost(
    virtual_server: model.VirtualServer, real_server: model.RealServer, check: model.HttpGet, url: model.HttpUrl
) -> Optional[str]:
    """The Host header of one url: its own, the check's, the real server's, the virtual server's."""
    return url.virtualhost or check.virtualhost or real_server.virtualhost or virtual_server.virtualhost


def _port(virtual_server: model.VirtualServer, port: Optional[int], method: model.Forwarding) -> int:
    if virtual_server.fwmark is not None:
        return (port or 0) if method.method == "NAT" else 0
    if virtual_server.group is not None:
        return port or 0
    return port if method.method == "NAT" and port else virtual_server.port or 0


def _first(*values: Optional[_T], otherwise: _T) -> _T:
    """The first value that is not None."""
    for value in values:
        if value is not None:
            return value
    return otherwise
