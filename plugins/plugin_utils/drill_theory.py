# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the directors' files say about how long a failover may take; pure."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.lvs.cluster.plugins.module_utils import conf
from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model
from ansible_collections.lvs.cluster.plugins.module_utils.drill import bounds
from ansible_collections.lvs.cluster.plugins.plugin_utils.described_config import of_host

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.plugin_utils.inventory import Inventory


class Theory(t.NamedTuple):
    """`vrrp` of the director that would take over; `check`, seconds until a dead real server is out. None: unknown."""

    vrrp: bounds.Vrrp | None
    check: float | None


def texts(hosts: t.Iterable[str], inventory: Inventory) -> dict[str, str]:
    """The file of each director that has a description without mistakes."""
    made = ((host, inventory.description(host)) for host in hosts)
    found = {host: of_host(said, host, inventory, "lvs_cluster").text for host, said in made if said is not None}
    return {host: text for host, text in found.items() if text is not None}


def theory(directors: t.Mapping[str, t.Any], target: str, address: str) -> Theory:
    """From each director's text. `target` are the hosts that the fault was done to, `address` the virtual one."""
    hurt = target.replace(",", " ").split()
    routers: list[bounds.Vrrp] = []
    checks: list[float] = []
    for host, text in directors.items():
        document = conf.read(str(text), f"{host}:keepalived.conf").document
        routers += [
            _router(document, instance)
            for instance in document.vrrp_instances
            if host not in hurt and any(_is(entry.address, address) for entry in instance.virtual_ipaddress)
        ]
        checks += list(_checks(document, address))
    return Theory(max(routers, key=lambda vrrp: vrrp.priority, default=None), max(checks, default=None))


def _router(document: model.Document, instance: model.VrrpInstance) -> bounds.Vrrp:
    return bounds.Vrrp(
        effective.version(document, instance), effective.advert_int(document, instance), effective.priority(instance)
    )


def _checks(document: model.Document, address: str) -> t.Iterator[float]:
    for service in document.virtual_servers:
        if not service.address or not _is(service.address, address):
            continue
        for server in service.real_servers:
            # A server is out as soon as one of its checks says so.
            times = [
                _slowest(effective.timing(service, server, check))
                for check in server.checks
                if isinstance(check, model.Check)
            ]
            if times:
                yield min(times)


def _slowest(timing: effective.Timing) -> float:
    return bounds.check_time(timing.delay_loop, timing.connect_timeout, timing.retry, timing.delay_before_retry)


def _is(text: t.Any, address: str) -> bool:
    try:
        return ipaddress.ip_interface(str(text)).ip == ipaddress.ip_address(address)
    except ValueError:
        return False
