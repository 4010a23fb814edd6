# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what ``save.write`` or ``ipvsadm -S -n`` wrote, and the lines that people write for ``ipvsadm -R``.

Only -A and -a lines, short or long options; addresses and ports are numbers. Empty lines and lines that begin with #
are passed over. What cannot be read is told with its line and its column.
"""

from __future__ import annotations

import re
import shlex
from ipaddress import IPv4Address, ip_address
from socket import AF_INET, AF_INET6, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP

from lvs_agent.ipvs.save import FLAG_BITS, OTHER_FLAGS, SCHEDULER_FLAGS, TUNNEL_FLAGS
from lvs_agent.ipvs.table import F_ONEPACKET, Destination, Entry, Forward, Service, ServiceKey, Table, Tunnel

LONG = {
    "--add-service": "-A",
    "--add-server": "-a",
    "--tcp-service": "-t",
    "--udp-service": "-u",
    "--fwmark-service": "-f",
    "--ipv6": "-6",
    "--scheduler": "-s",
    "--persistent": "-p",
    "--netmask": "-M",
    "--ops": "-o",
    "--sched-flags": "-b",
    "--real-server": "-r",
    "--gatewaying": "-g",
    "--masquerading": "-m",
    "--ipip": "-i",
    "--weight": "-w",
    "--u-threshold": "-x",
    "--l-threshold": "-y",
}
SERVICE_PROTOCOLS = {"-t": IPPROTO_TCP, "-u": IPPROTO_UDP, "--sctp-service": IPPROTO_SCTP}
FORWARDS = {"-g": Forward.DR, "-m": Forward.MASQ, "-i": Forward.TUN}
WITH_VALUE = {"-t", "-u", "--sctp-service", "-f", "-s", "-M", "--pe", "-b", "-r", "-w", "-x", "-y"} | {
    "--tun-type",
    "--tun-port",
}
SWITCHES = {"-A", "-a", "-6", "-o", "-g", "-m", "-i", *TUNNEL_FLAGS.values()}
DEFAULT_SCHEDULER = "wlc"
DEFAULT_PERSISTENCE = 360  # seconds, of -p without a value


NAME = 15  # bytes that the kernel has for the name of a scheduler or of a persistence engine


class SaveError(ValueError):
    """A line that cannot be read: ``line`` and ``column`` count from 1, ``message`` is what is wrong there."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.line, self.column, self.message = line, column, message


class _WrongError(ValueError):
    """What is wrong with an option of a line; with the line as a whole where it is ''."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


def read(text: str) -> Table:
    """The table that the text describes; SaveError for the first line that cannot be read."""
    services: dict[ServiceKey, Service] = {}
    destinations: dict[ServiceKey, dict[tuple[str, int], Destination]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        columns = {"": len(line) - len(line.lstrip()) + 1}
        try:
            _take(_given(line, columns), services, destinations)
        except _WrongError as error:
            raise SaveError(number, columns.get(error.option, columns[""]), str(error)) from None
    return {key: Entry(service, tuple(destinations[key].values())) for key, service in services.items()}


def _take(
    given: dict[str, str],
    services: dict[ServiceKey, Service],
    destinations: dict[ServiceKey, dict[tuple[str, int], Destination]],
) -> None:
    """Add what one line says."""
    key = service_key(given)
    if "-A" in given:
        if key in services:
            raise _WrongError("-A", "this service is there already")
        services[key] = _service(key, given)
        destinations[key] = {}
    elif key not in services:
        raise _WrongError("-a", "its service has no -A line above")
    else:
        destination = _destination(given)
        if destination.key in destinations[key]:
            raise _WrongError("-r", "this destination is there already")
        destinations[key][destination.key] = destination


def _given(line: str, columns: dict[str, int]) -> dict[str, str]:
    """{short option: value or ''} of one line; where each stands (the value, if it has one) goes into `columns`."""
    given: dict[str, str] = {}
    words: list[str] = []
    places: list[int] = []
    for found in re.finditer(r"\S+", line):
        places.append(found.start() + 1)
        try:
            words.append("".join(shlex.split(found.group())))
        except ValueError:
            columns["?"] = places[-1]
            raise _WrongError("?", f"{found.group()}: a quotation without an end") from None
    rest = iter(range(len(words)))
    for position in rest:
        option = LONG.get(words[position], words[position])
        columns[option] = places[position]
        following = words[position + 1] if position + 1 < len(words) else ""
        takes = option in WITH_VALUE or (option == "-p" and following.isdigit())
        if option not in SWITCHES and option not in WITH_VALUE and option != "-p":
            raise _WrongError(option, f"unknown option {words[position]!r}")
        if takes:
            if not following:
                raise _WrongError(option, f"{words[position]} needs a value")
            columns[option] = places[next(rest)]
        given[option] = following if takes else ""
    if ("-A" in given) == ("-a" in given):
        raise _WrongError("", "one service (-A) or one destination (-a) is wanted")
    return given


def _number(given: dict[str, str], option: str, default: int, most: int) -> int:
    value = given.get(option)
    if value is None:
        return default
    if not re.fullmatch(r"\d{1,10}", value) or int(value) > most:
        raise _WrongError(option, f"{option} {value}: a number up to {most} is wanted")
    return int(value)


def _name(given: dict[str, str], option: str, default: str) -> str:
    value = given.get(option, default)
    if not value.isascii() or len(value) > NAME:
        raise _WrongError(option, f"{option} {value}: the kernel has {NAME} bytes for it")
    return value


def _endpoint(given: dict[str, str], option: str) -> tuple[str, int]:
    """Address and port; without a port it is 0."""
    value = given[option]
    match = re.fullmatch(
        r"\[(?P<six>[0-9A-Fa-f:.]+)\](?::(?P<port6>\d+))?|(?P<four>[0-9.]+)(?::(?P<port4>\d+))?", value
    )
    if match is None:
        raise _WrongError(option, f"{value!r} is no numeric address:port")
    port = int((match["port6"] or match["port4"] or "0")[:6])
    if port > 65535:
        raise _WrongError(option, f"port {port} is above 65535")
    try:
        return str(ip_address(match["six"] or match["four"])), port
    except ValueError as error:
        raise _WrongError(option, str(error)) from None


def service_key(given: dict[str, str]) -> ServiceKey:
    """The service that ipvsadm's options {"-t": "192.0.2.1:80"} name; ValueError says what is wrong with them."""
    names = [option for option in (*SERVICE_PROTOCOLS, "-f") if option in given]
    if len(names) != 1:
        raise _WrongError("", "exactly one of -t, -u, --sctp-service and -f is wanted")
    if names == ["-f"]:
        mark = _number(given, "-f", 0, 0xFFFFFFFF)
        if not mark:
            raise _WrongError("-f", "-f 0: a firewall mark is above 0")
        return ServiceKey(AF_INET6 if "-6" in given else AF_INET, fwmark=mark)
    address, port = _endpoint(given, names[0])
    return ServiceKey(AF_INET6 if ":" in address else AF_INET, SERVICE_PROTOCOLS[names[0]], address, port)


def _service(key: ServiceKey, given: dict[str, str]) -> Service:
    scheduler = _name(given, "-s", DEFAULT_SCHEDULER)
    flags = F_ONEPACKET if "-o" in given else 0
    named = SCHEDULER_FLAGS.get(scheduler, OTHER_FLAGS)
    for name in given.get("-b", "").split(",") if given.get("-b") else []:
        if name in named:
            flags |= FLAG_BITS[named.index(name)]
        elif name in OTHER_FLAGS:
            flags |= FLAG_BITS[OTHER_FLAGS.index(name)]
        else:
            raise _WrongError("-b", f"-b {name}: scheduler {scheduler} has {', '.join(named)}")
    timeout = (_number(given, "-p", 0, 86400 * 31) if given["-p"] else DEFAULT_PERSISTENCE) if "-p" in given else 0
    return Service(key, scheduler, flags, timeout, _netmask(key, given), _name(given, "--pe", ""))


def _netmask(key: ServiceKey, given: dict[str, str]) -> int:
    if "-M" not in given:
        return 128
    if key.family == AF_INET6:
        return _number(given, "-M", 128, 128)
    try:
        mask = int(IPv4Address(given["-M"]))
    except ValueError as error:
        raise _WrongError("-M", str(error)) from None
    prefix = bin(mask).count("1")
    return prefix if mask == 0xFFFFFFFF << (32 - prefix) & 0xFFFFFFFF else -mask


def _destination(given: dict[str, str]) -> Destination:
    if "-r" not in given:
        raise _WrongError("", "a destination needs -r address:port")
    address, port = _endpoint(given, "-r")
    forward = next((FORWARDS[option] for option in FORWARDS if option in given), Forward.DR)
    kind = given.get("--tun-type", "ipip")
    if kind.upper() not in Tunnel.__members__:
        raise _WrongError("--tun-type", f"--tun-type {kind}: ipip, gue or gre is wanted")
    return Destination(
        address,
        port,
        forward,
        _number(given, "-w", 1, 0x7FFFFFFF),
        _number(given, "-x", 0, 0x7FFFFFFF),
        _number(given, "-y", 0, 0x7FFFFFFF),
        Tunnel[kind.upper()],
        _number(given, "--tun-port", 0, 65535),
        next((flag for flag, option in TUNNEL_FLAGS.items() if option in given), 0),
    )
