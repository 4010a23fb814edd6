# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Explanations of what is said about a cluster's description in YAML; the examples are its value."""

from __future__ import annotations

CATALOGUE = r"""
@ unknown-host
A real server is named as a host or group that the inventory does not have: a slip of the pen, or another inventory.
Nothing is made without it, as the service would have a server less than is meant.
- virtual_servers:
-   - address: 192.0.2.80
-     port: 80
-     real_servers: webservers
+ virtual_servers:
+   - address: 192.0.2.80
+     port: 80
+     real_servers: real_servers

@ unknown-director
A virtual router is to run on a host that is no director of this cluster: not in the group directors, or of another
lvs_cluster_name.
- vrrp_instances:
-   - name: VI_1
-     interface: eth0
-     virtual_router_id: 51
-     directors: [d1, d3]
-     virtual_ipaddress: [192.0.2.80/24]
+ vrrp_instances:
+   - name: VI_1
+     interface: eth0
+     virtual_router_id: 51
+     directors: [d1, d2]
+     virtual_ipaddress: [192.0.2.80/24]

@ no-address
A real server or director has no address of the service's family in the inventory: neither lvs_address nor ansible_host
is one. Set lvs_address there, or write the server with its address.
- virtual_servers:
-   - address: 192.0.2.80
-     port: 80
-     real_servers:
-       - host: r3
+ virtual_servers:
+   - address: 192.0.2.80
+     port: 80
+     real_servers:
+       - address: 192.0.2.13
"""
