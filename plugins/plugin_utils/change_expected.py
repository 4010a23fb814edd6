# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director's new configuration is to bring, how long that takes to see, and what it changes; pure."""

from __future__ import annotations

import socket
import typing as t

from ansible_collections.lvs.cluster.plugins.module_utils import conf
from ansible_collections.lvs.cluster.plugins.module_utils.change.judge import Expected
from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, mapping
from ansible_collections.lvs.cluster.plugins.plugin_utils.agent_check import agent

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

SHORTEST = 4.0
"""Seconds that a change is watched at least."""


def document(text: str, file: str, config_id: str) -> model.Document | None:
    """The document of the file that is on the director; None when it has errors or there is none."""
    reading = conf.read(text, file, config_id=config_id)
    return None if reading.errors or not text else reading.document


def expected(wanted: model.Document, engine: str) -> Expected:
    """What the director answers for when `engine` runs `wanted`."""
    addresses: dict[str, None] = {}
    routers: dict[str, None] = {}
    interfaces: dict[str, None] = {}
    slowest = 0.0
    for instance in wanted.vrrp_instances:
        own = [*instance.virtual_ipaddress, *instance.virtual_ipaddress_excluded]
        addresses.update(dict.fromkeys(item.address for item in own))
        slowest = max(slowest, effective.advert_int(wanted, instance))
        if instance.interface:
            interfaces[instance.interface] = None
            family = 6 if effective.family(instance) == socket.AF_INET6 else 4
            routers[f"{instance.interface}/{family}/{instance.virtual_router_id}"] = None
    servers = {
        place_name(place.key): frozenset(
            _endpoint(*destination.key)
            for name, destination in service.destinations.items()
            if destination.weight and not name.startswith("sorry ")
        )
        for service in agent("plan_checks").plan(wanted).services.values()
        for place in service.services
    }
    probes = [
        f"{key.address} {key.port}"
        for service in agent("plan_checks").plan(wanted).services.values()
        for key in (place.key for place in service.services)
        if key.protocol == socket.IPPROTO_TCP and key.port
    ]
    return Expected(
        engine,
        tuple(addresses),
        tuple(routers),
        tuple(interfaces),
        servers,
        tuple(probes[:20]),
        slowest or 1.0,
    )


def place_name(key: t.Any) -> str:
    """A virtual service as /proc/net/ip_vs would have it in plain numbers: `TCP 192.0.2.1:80`, `FWM 5`."""
    if key.fwmark:
        return f"FWM {key.fwmark}"
    names = {socket.IPPROTO_TCP: "TCP", socket.IPPROTO_UDP: "UDP", socket.IPPROTO_SCTP: "SCTP"}
    return f"{names[key.protocol]} {_endpoint(key.address, key.port)}"


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def watch_time(old: model.Document | None, wanted: model.Document, *, anew: bool, limit: float) -> tuple[float, str]:
    """(seconds to watch the change, a warning or ''): long enough for every new check to have run once, or `limit`.

    anew: the engine starts anew, so every check is new. A new service has nothing that its checks could take away.
    """
    before = None if old is None else agent("plan_checks").plan(old)
    known = {} if before is None or anew else before.checks
    needs = [3 * expected(wanted, "").advert_int + 2 if wanted.vrrp_instances else 0.0, SHORTEST]
    longest = 0.0
    for key, (schedule, check) in agent("plan_checks").plan(wanted).checks.items():
        if before is not None and key.service in before.services and known.get(key, (None,))[0] != schedule:
            longest = max(longest, schedule.warmup + _patience(check) + 1.0)
    needed = max(*needs, longest)
    if needed <= limit:
        return needed, ""
    return limit, f"a new check may take {needed:.0f} s to fail; the change is watched for {limit:.0f} s only"


def _patience(check: t.Any) -> float:
    """How long one attempt may take, seconds."""
    endpoint = getattr(check, "endpoint", None)
    return float(endpoint.timeout if endpoint is not None else getattr(check, "timeout", 0.0))


def model_diff(old: model.Document | None, wanted: model.Document) -> dict[str, str]:
    """The two documents as values with paths, a line each, as Ansible's --diff wants them; secrets masked."""
    before, after = ([] if one is None else lines(mapping.to_mapping(one, mask=True)) for one in (old, wanted))
    return {
        "before_header": "what the file means",
        "after_header": "what the file means",
        "before": "".join(f"{line}\n" for line in before),
        "after": "".join(f"{line}\n" for line in after),
    }


NAMES = ("name", "address", "group", "fwmark", "port")


def lines(value: t.Any, path: str = "") -> list[str]:
    """`virtual_servers[192.0.2.1 80].lvs_sched = wrr`: blocks of a list by what they are called, not by number."""
    if isinstance(value, dict):
        found = [lines(part, f"{path}.{key}" if path else key) for key, part in value.items()]
        return [line for each in found for line in each] or [f"{path} = {{}}"]
    if isinstance(value, list):
        found = [lines(part, f"{path}[{_called(part, number)}]") for number, part in enumerate(value)]
        return [line for each in found for line in each]
    return [f"{path} = {value}"]


def _called(part: t.Any, number: int) -> str:
    if not isinstance(part, dict):
        return str(number)
    words = [str(part[name]) for name in NAMES if name in part]
    return " ".join(words) or (next(iter(part)) if len(part) == 1 else str(number))


def kernel_diff(
    old: model.Document | None, wanted: model.Document, saved: str, counts: t.Mapping[str, t.Sequence[int]]
) -> list[str]:
    """What the change does to the director's IPVS table: a line a change, with the connections that it touches.

    saved: the table as `ipvsadm -Sn` prints it. counts: active and inactive connections by `service -> destination`.
    """
    preview, restore = agent("preview"), agent("ipvs.restore")
    running = preview.Running() if old is None else preview.Running.of(preview.places(old))
    return [_counted(line, counts) for line in preview.changes(wanted, restore.read(saved), running)]


def _counted(line: str, counts: t.Mapping[str, t.Sequence[int]]) -> str:
    """The line of a change with its connections; a service's are those of all its destinations."""
    words = line.split(" (was ", maxsplit=1)[0].split()
    names = {"-t": "TCP", "-u": "UDP", "--sctp-service": "SCTP", "-f": "FWM"}
    given = dict(zip(words, words[1:]))
    service = next((f"{kind} {given[option]}" for option, kind in names.items() if option in given), "")
    place = f"{service} -> {given['-r']}" if "-r" in given else f"{service} ->"
    touched = [
        count for name, count in counts.items() if name == place or ("-r" not in given and name.startswith(place))
    ]
    active, inactive = (sum(count[i] for count in touched) for i in (0, 1))
    return f"{line}  # {active} active, {inactive} inactive connections" if active or inactive else line
