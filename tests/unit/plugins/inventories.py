# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory to derive from: two directors, two real servers with IPv4 and IPv6."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.plugin_utils.inventory import Inventory

HOSTS = {
    "d1": {"ansible_host": "192.0.2.1"},
    "d2": {"ansible_host": "192.0.2.2"},
    "r1": {"lvs_address": ["192.0.2.11", "2001:db8::11"]},
    "r2": {"lvs_address": ["192.0.2.12", "2001:db8::12"]},
}
GROUPS = {"all": list(HOSTS), "directors": ["d1", "d2"], "real_servers": ["r1", "r2"]}
ROUTER = {"name": "V", "interface": "eth0", "virtual_router_id": 51, "virtual_ipaddress": ["192.0.2.80/24"]}
SERVICE = {
    "address": "192.0.2.80",
    "port": 80,
    "protocol": "TCP",
    "lvs_method": "DR",
    "real_servers": "real_servers",
    "TCP_CHECK": {"connect_timeout": 3},
}
CLUSTER = {"vrrp_instances": [ROUTER], "virtual_servers": [SERVICE]}


def inventory(description=None, groups=GROUPS, **variables):
    """The inventory, with more variables for some hosts, and the description (when there is one) for the directors."""
    said = {"lvs_cluster": description} if description is not None else {}
    hosts = {name: {**own, **said, **variables.get(name, {})} for name, own in HOSTS.items()}
    hosts.update({name: own for name, own in variables.items() if name not in hosts})
    return Inventory(groups, hosts.__getitem__)
