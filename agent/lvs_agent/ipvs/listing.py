# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table for people and programs: the text that ``ipvsadm -L -n`` and its variants print, and dictionaries for JSON.

Every printer takes values and gives lines without line ends, in ipvsadm's order and columns.
"""

from __future__ import annotations

from dataclasses import asdict
from socket import AF_INET6, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP
from typing import TYPE_CHECKING, Any, Callable

from lvs_agent.ipvs import save
from lvs_agent.ipvs.stats import STATE_MASTER, Counters, Daemon, DestinationStats, Info, ServiceStats, Timeouts
from lvs_agent.ipvs.table import F_ONEPACKET, Forward, ServiceKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lvs_agent.ipvs.connections import Connection

PROTOCOLS = {IPPROTO_TCP: "TCP", IPPROTO_UDP: "UDP", IPPROTO_SCTP: "SCTP"}
FORWARDS = {
    Forward.MASQ: "Masq",
    Forward.LOCALNODE: "Local",
    Forward.TUN: "Tunnel",
    Forward.DR: "Route",
    Forward.BYPASS: "Bypass",
}
_STATS_TITLE = ("Conns", "InPkts", "OutPkts", "InBytes", "OutBytes")
_RATES_TITLE = ("CPS", "InPPS", "OutPPS", "InBPS", "OutBPS")


def service_name(key: ServiceKey) -> str:
    """``TCP  192.0.2.1:80``, ``SCTP 192.0.2.3:5060``, ``FWM  5``, ``FWM  6 IPv6``."""
    if key.fwmark:
        return f"FWM  {key.fwmark} IPv6" if key.family == AF_INET6 else f"FWM  {key.fwmark}"
    return f"{PROTOCOLS.get(key.protocol, str(key.protocol)):<4} {save.endpoint(key.address, key.port)}"


def heading(info: Info) -> str:
    """``IP Virtual Server version 1.2.1 (size=4096)``."""
    return f"IP Virtual Server version {'.'.join(map(str, info.version))} (size={info.conn_tab_size})"


def table(services: Iterable[ServiceStats]) -> Iterator[str]:
    """``ipvsadm -Ln`` below its first line."""
    yield "Prot LocalAddress:Port Scheduler Flags"
    yield "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn"
    yield from _rows(
        services,
        _service,
        lambda row: (
            f"{FORWARDS[row.destination.forward]:<7} {row.destination.weight:<6} {row.active:<10} {row.inactive:<10}"
        ),
    )


def thresholds(services: Iterable[ServiceStats]) -> Iterator[str]:
    """``ipvsadm -Ln --thresholds`` below its first line."""
    yield f"{'Prot LocalAddress:Port':<33} Uthreshold Lthreshold ActiveConn InActConn "
    yield "  -> RemoteAddress:Port"
    yield from _rows(
        services,
        _service,
        lambda row: f"{row.destination.upper:<10} {row.destination.lower:<10} {row.active:<10} {row.inactive:<10}",
    )


def persistent(services: Iterable[ServiceStats]) -> Iterator[str]:
    """``ipvsadm -Ln --persistent-conn`` below its first line."""
    yield f"{'Prot LocalAddress:Port':<33} Weight    PersistConn ActiveConn InActConn "
    yield "  -> RemoteAddress:Port"
    yield from _rows(
        services,
        _service,
        lambda row: f"{row.destination.weight:<9} {row.persistent:<11} {row.active:<10} {row.inactive:<10}",
    )


def stats(services: Iterable[ServiceStats], *, exact: bool = False) -> Iterator[str]:
    """``ipvsadm -Ln --stats`` (``--exact``) below its first line: totals since the last zero."""
    return _counted(services, _STATS_TITLE, lambda counters: counters[:5], exact=exact)


def rate(services: Iterable[ServiceStats], *, exact: bool = False) -> Iterator[str]:
    """``ipvsadm -Ln --rate`` below its first line: per second."""
    return _counted(services, _RATES_TITLE, lambda counters: counters[5:], exact=exact)


def _counted(
    services: Iterable[ServiceStats], title: Sequence[str], which: Callable[[Counters], Sequence[int]], *, exact: bool
) -> Iterator[str]:
    yield f"{'Prot LocalAddress:Port':<33}" + "".join(f" {word:>8}" for word in title)
    yield "  -> RemoteAddress:Port"
    for entry in _sorted(services):
        yield f"{service_name(entry.service.key):<33}" + _numbers(which(entry.counters), exact=exact)
        for row in _sorted_rows(entry):
            yield f"  -> {_remote(row):<28}" + _numbers(which(row.counters), exact=exact)


def _numbers(values: Iterable[int], *, exact: bool) -> str:
    return "".join(f" {value:>8}" if exact else large(value) for value in values)


def large(value: int) -> str:
    """A counter in nine columns: in thousands (K) from 10^8, millions from 10^9, then G and T, cut off, not rounded."""
    if value < 10**8:
        return f"{value:>9}"
    for limit, unit, letter in ((10**9, 10**3, "K"), (10**11, 10**6, "M"), (10**14, 10**9, "G")):
        if value < limit:
            return f"{value // unit:>8}{letter}"
    return f"{value // 10**12:>8}T"


def _sorted(services: Iterable[ServiceStats]) -> list[ServiceStats]:
    return sorted(services, key=lambda entry: save.service_order(entry.service.key))


def _sorted_rows(entry: ServiceStats) -> list[DestinationStats]:
    return sorted(entry.destinations, key=lambda row: save.destination_order(row.destination))


def _remote(row: DestinationStats) -> str:
    return save.endpoint(row.destination.address, row.destination.port)


def _rows(
    services: Iterable[ServiceStats], head: Callable[[ServiceStats], str], tail: Callable[[DestinationStats], str]
) -> Iterator[str]:
    for entry in _sorted(services):
        yield head(entry)
        for row in _sorted_rows(entry):
            yield f"  -> {_remote(row):<28} {tail(row)}"


def _service(entry: ServiceStats) -> str:
    service = entry.service
    words = [service_name(service.key), service.scheduler]
    names = save.flag_names(service)
    words += [f"({names})"] if names else []
    if service.timeout:
        mask = save.netmask_text(service)
        words += ["persistent", str(service.timeout), *(["mask", mask] if mask else [])]
    words += ["pe", service.pe_name] if service.pe_name else []
    words += ["ops"] if service.flags & F_ONEPACKET else []
    return " ".join(words)


def connections(entries: Iterable[Connection]) -> Iterator[str]:
    """``ipvsadm -Lnc``."""
    yield "IPVS connection entries"
    yield f"pro expire {'state':<11} {'source':<18} {'virtual':<18} destination"
    for entry in entries:
        minutes, seconds = divmod(entry.expires, 60)
        source = save.endpoint(entry.client, entry.client_port)
        virtual = save.endpoint(entry.virtual, entry.virtual_port)
        destination = save.endpoint(entry.destination, entry.destination_port)
        expire = f"{minutes:02}:{seconds:02}"
        yield f"{entry.protocol:<3} {expire:<6} {entry.state:<11} {source:<18} {virtual:<18} {destination}"


def timeouts(values: Timeouts) -> str:
    """``ipvsadm -L --timeout``."""
    return f"Timeout (tcp tcpfin udp): {values.tcp} {values.tcp_fin} {values.udp}"


def daemon(value: Daemon) -> str:
    """A line of ``ipvsadm -L --daemon``."""
    role = "master" if value.state == STATE_MASTER else "backup"
    return (
        f"{role} sync daemon (mcast={value.interface}, syncid={value.syncid}, maxlen={value.maxlen}, "
        f"group={value.group}, port={value.port}, ttl={value.ttl})"
    )


def daemon_as_json(value: Daemon) -> dict[str, Any]:
    """A sync daemon for ``--json``."""
    return {**asdict(value), "state": "master" if value.state == STATE_MASTER else "backup"}


def as_json(services: Iterable[ServiceStats]) -> list[dict[str, Any]]:
    """The table with everything that is counted, for ``--json``: numbers as numbers, nothing shortened."""
    return [
        {
            **key_as_json(entry.service.key),
            "scheduler": entry.service.scheduler,
            "scheduler_flags": [name for name in save.flag_names(entry.service).split(",") if name],
            "one_packet": bool(entry.service.flags & F_ONEPACKET),
            "persistence_timeout": entry.service.timeout,
            "persistence_netmask": save.netmask_text(entry.service),
            "persistence_engine": entry.service.pe_name,
            "stats": _counters(entry.counters),
            "destinations": [_row_as_json(row) for row in _sorted_rows(entry)],
        }
        for entry in _sorted(services)
    ]


def key_as_json(key: ServiceKey) -> dict[str, Any]:
    """What names a service: ``protocol``, ``address`` and ``port``, or ``fwmark`` and ``family``."""
    if key.fwmark:
        return {"fwmark": key.fwmark, "family": "inet6" if key.family == AF_INET6 else "inet"}
    return {"protocol": PROTOCOLS.get(key.protocol, str(key.protocol)), "address": key.address, "port": key.port}


def _row_as_json(row: DestinationStats) -> dict[str, Any]:
    destination = row.destination
    shown: dict[str, Any] = {
        "address": destination.address,
        "port": destination.port,
        "forward": FORWARDS[destination.forward],
        "weight": destination.weight,
        "upper_threshold": destination.upper,
        "lower_threshold": destination.lower,
        "active_connections": row.active,
        "inactive_connections": row.inactive,
        "persistent_connections": row.persistent,
        "stats": _counters(row.counters),
    }
    if destination.forward is Forward.TUN:
        shown["tunnel_type"] = destination.tunnel_type.name.lower()
        shown["tunnel_port"] = destination.tunnel_port
        shown["tunnel_flags"] = save.TUNNEL_FLAGS.get(destination.tunnel_flags, "--tun-csum")[len("--tun-") :]
    return shown


def _counters(counters: Counters) -> dict[str, int]:
    return counters._asdict()


def connection_as_json(entry: Connection) -> dict[str, Any]:
    """One connection for ``--json``."""
    return entry._asdict()
