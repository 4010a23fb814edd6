# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host's view for some seconds: who answers for addresses, whose adverts it sends and hears, its own settings.

What it means is judged elsewhere (watch.py), from the views of several hosts.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Sequence, Tuple

from . import port
from .loop import READ, Loop
from .wire import Wire

Runner = Callable[[List[str]], Tuple[int, str, str]]
"""Runs a program: exit status, output, error output (AnsibleModule.run_command)."""
SYSCTLS = ("arp_ignore", "arp_announce", "rp_filter")


class ObserveError(Exception):
    """The host cannot be observed; the message says why."""


def observe(
    run: Runner, interface: str, addresses: Sequence[str], seconds: float, ask: float, route_to: str = ""
) -> Dict[str, Any]:
    """Listen on `interface` for `seconds`, ask for each address every `ask` s (0: never).

    Returns a JSON-able view: `mac`, `addresses` (this host's all the time, as [address, interface]), `sightings`
    (`span`: seconds from the first to the last) and `adverts` on the wire with counts, `heard` (adverts that got
    through this host's firewall), `sysctl` by name, `route` to `route_to` (None when nothing was to be asked).
    Raises ObserveError.
    """
    sightings: Dict[Tuple[str, str, str], List[float]] = {}  # when
    adverts: Dict[Tuple[int, int, str, bool], Dict[str, Any]] = {}

    def log(kind: str, t: float, **seen: Any) -> None:
        if kind == "arp":
            sightings.setdefault((seen["ip"], seen["mac"], seen["how"]), []).append(t)
        elif kind == "adv":
            row = adverts.setdefault((seen["vrid"], seen["v"], seen["src"], seen.get("out", False)), {"count": 0})
            row.update(seen, count=row["count"] + 1)

    loop = Loop(lambda _late: None)
    try:
        wire = Wire(loop, interface, addresses, ask, log)
        stack = port.Stack(interface)
    except OSError as error:
        raise ObserveError(f"{interface}: {error.strerror}") from error
    heard = _listen(loop, stack)
    before = own_addresses(run)
    loop.at(port.now() + seconds, lambda _now: loop.stop("done"))
    loop.run()
    mac = wire.segment.mac
    wire.close()
    stack.close()
    return {
        "interface": interface,
        "mac": mac,
        "seconds": seconds,
        "asked": wire.asked,
        # An address that came or went meanwhile is being handed over: that is no fault.
        "addresses": [row for row in own_addresses(run) if row in before],
        "sightings": [
            {"address": ip, "mac": seen_mac, "how": how, "count": len(times), "span": round(times[-1] - times[0], 3)}
            for (ip, seen_mac, how), times in sorted(sightings.items())
        ],
        "adverts": [_advert(row) for _key, row in sorted(adverts.items())],
        "heard": [{"vrid": vrid, "source": source, "count": count} for (vrid, source), count in sorted(heard.items())],
        "sysctl": sysctls(interface),
        "route": route(run, route_to) if route_to else None,
    }


def _listen(loop: Loop, stack: port.Stack) -> Dict[Tuple[int, str], int]:
    """Count adverts by VRID and source as they come through."""
    heard: Dict[Tuple[int, str], int] = {}

    def ready(sock: Any) -> None:
        for _turn in range(64):
            try:
                advert = stack.receive(sock)
            except OSError:
                return
            if advert:
                key = (advert.vrid, advert.source)
                heard[key] = heard.get(key, 0) + 1

    for sock in stack.sockets:
        loop.watch(sock.fileno(), READ, lambda _events, sock=sock: ready(sock))  # type: ignore[misc]
    return heard


def _advert(row: Dict[str, Any]) -> Dict[str, Any]:
    return {
        "vrid": row["vrid"],
        "version": row["v"],
        "source": row["src"],
        "mac": row["mac"],
        "priority": row["prio"],
        "interval": row["int"],
        "addresses": row["ips"],
        "sent": row.get("out", False),
        "count": row["count"],
    }


def own_addresses(run: Runner) -> List[List[str]]:
    """All addresses of this host as [address, interface]."""
    rows = _ip(run, "address", "show")
    return [[entry["local"], row["ifname"]] for row in rows for entry in row.get("addr_info", ()) if "local" in entry]


def sysctls(interface: str) -> Dict[str, int]:
    """The values in force for the interface: the kernel takes the larger of `all` and its own."""
    values = {}
    for name in SYSCTLS:
        found = []
        for place in ("all", interface):
            try:
                with open(f"/proc/sys/net/ipv4/conf/{place}/{name}", encoding="ascii") as file:
                    found.append(int(file.read()))
            except (OSError, ValueError):
                pass
        if found:
            values[name] = max(found)
    return values


def route(run: Runner, address: str) -> Dict[str, str]:
    """Where packets to `address` go: {"via": gateway or "", "dev": interface}; empty when nowhere."""
    rows = _ip(run, "route", "get", address)
    return {"via": rows[0].get("gateway", ""), "dev": rows[0].get("dev", "")} if rows else {}


def _ip(run: Runner, *words: str) -> List[Dict[str, Any]]:
    status, output, _error = run(["ip", "-json", *words])
    try:
        rows = json.loads(output or "[]") if status == 0 else []
    except ValueError as error:
        raise ObserveError(f"ip -json {' '.join(words)}: {error}") from error
    return [row for row in rows if isinstance(row, dict) and row]
