# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Explanations of what is said about the files of several directors; a line --- stands between two files."""

from __future__ import annotations

CATALOGUE = r"""
@ router-missing
A virtual router is configured on some directors only: there is nobody to take over from them.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 110
- }
- ---
- global_defs {
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 100
+ }

@ version-differs
VRRP versions 2 and 3 do not understand one another: both directors become master.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     version 2
-     priority 110
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     version 3
-     priority 100
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     version 3
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     version 3
+     priority 100
+ }

@ advert-int-differs
A version 2 backup drops adverts with another interval and becomes a second master. A version 3 backup follows
its master (RFC 9568 section 6.1), so there it is a matter of order.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     advert_int 1
-     priority 110
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     advert_int 2
-     priority 100
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     advert_int 1
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     advert_int 1
+     priority 100
+ }

@ authentication-differs
Type, password and keys are the same on all directors, or each drops what the other says and becomes master.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     authentication { auth_type PASS
-     priority 110
-         auth_pass a
-     }
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     authentication { auth_type PASS
-     priority 100
-         auth_pass b
-     }
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 100
+ }

@ addresses-differ
The directors hold different addresses for one virtual router: a takeover loses some or adds some, and version 2
peers warn at every advert.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 110
-     virtual_ipaddress { 10.0.0.1 }
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress { 10.0.0.2 }
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 110
+     virtual_ipaddress { 10.0.0.1 }
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress { 10.0.0.1 }
+ }

@ unicast-differs
One director sends to its peers, the other to the multicast group: they do not hear one another.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     unicast_peer { 10.9.0.2 }
-     priority 110
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 100
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 100
+ }

@ same-priority
With one priority the higher address wins (RFC 9568 section 6.4.3), which is rarely meant.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 110
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 110
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 100
+ }

@ two-masters
Two directors start as MASTER: at a common start both hold the addresses for a moment.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     state MASTER
-     priority 110
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     state MASTER
-     priority 100
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     state MASTER
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     state BACKUP
+     priority 100
+ }

@ master-is-not-highest
The director with state MASTER has not the highest priority: it is master for a moment only.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     state MASTER
-     priority 100
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     state BACKUP
-     priority 110
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     state MASTER
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     state BACKUP
+     priority 100
+ }

@ nopreempt-differs
nopreempt on one director only: the other still takes over when it comes back.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     nopreempt
-     priority 110
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 100
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     nopreempt
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     nopreempt
+     priority 100
+ }

@ peer-missing
A director does not send to one of the others, which becomes a second master.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     unicast_src_ip 10.9.0.1
-     unicast_peer { 10.9.0.9 }
-     priority 110
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     unicast_src_ip 10.9.0.2
-     unicast_peer { 10.9.0.1 }
-     priority 100
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     unicast_src_ip 10.9.0.1
+     unicast_peer { 10.9.0.2 }
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     unicast_src_ip 10.9.0.2
+     unicast_peer { 10.9.0.1 }
+     priority 100
+ }

@ peer-unknown
A unicast peer is none of the directors given: an old address, or a file was left out.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     unicast_src_ip 10.9.0.1
-     unicast_peer { 10.9.0.2 }
-     priority 110
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     unicast_src_ip 10.9.0.2
-     unicast_peer {
-     priority 100
-         10.9.0.1
-         10.9.0.9
-     }
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     unicast_src_ip 10.9.0.1
+     unicast_peer { 10.9.0.2 }
+     priority 110
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     unicast_src_ip 10.9.0.2
+     unicast_peer { 10.9.0.1 }
+     priority 100
+ }

@ sync-groups-differ
Virtual routers that go together on one director do not on another: a takeover tears them apart.
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 110
- }
- vrrp_instance VI_2 {
-     virtual_router_id 52
-     priority 110
- }
- vrrp_sync_group G {
-     group { VI_1 VI_2 }
- }
- ---
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 100
- }
- vrrp_instance VI_2 {
-     virtual_router_id 52
-     priority 100
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 110
+ }
+ vrrp_instance VI_2 {
+     virtual_router_id 52
+     priority 110
+ }
+ vrrp_sync_group G {
+     group { VI_1 VI_2 }
+ }
+ ---
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 100
+ }
+ vrrp_instance VI_2 {
+     virtual_router_id 52
+     priority 100
+ }
+ vrrp_sync_group G {
+     group { VI_1 VI_2 }
+ }

@ service-missing
A virtual server is on some directors only: it is gone after a takeover.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         weight 1
-     }
- }
- ---
- global_defs {
- }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         weight 1
+     }
+ }
+ ---
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         weight 1
+     }
+ }

@ service-differs
A virtual server is not the same on all directors: a takeover changes it.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         weight 1
-     }
- }
- ---
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         weight 2
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         weight 1
+     }
+ }
+ ---
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         weight 1
+     }
+ }

@ sync-daemon-missing
Without lvs_sync_daemon on all directors open connections break at a takeover.
- global_defs {
-     lvs_sync_daemon eth0
- }
- ---
- global_defs {
- }
+ global_defs {
+     lvs_sync_daemon eth0
+ }
+ ---
+ global_defs {
+     lvs_sync_daemon eth0
+ }

@ sync-daemon-differs
Directors with different sync ids, groups or ports do not take one another's connections.
- global_defs {
-     lvs_sync_daemon eth0 id 1
- }
- ---
- global_defs {
-     lvs_sync_daemon eth0 id 2
- }
+ global_defs {
+     lvs_sync_daemon eth0 id 1
+ }
+ ---
+ global_defs {
+     lvs_sync_daemon eth0 id 1
+ }

@ nat-without-gateway
With NAT the real servers answer through the director: the address they have as gateway must move together with
the service, in one sync group.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         weight 1
-     }
- }
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     priority 110
-     virtual_ipaddress { 10.0.0.1 }
- }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         weight 1
+     }
+ }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     priority 110
+     virtual_ipaddress { 10.0.0.1 }
+ }
+ vrrp_instance VI_2 {
+     virtual_router_id 52
+     priority 110
+     virtual_ipaddress { 10.1.0.254 }
+ }
+ vrrp_sync_group G {
+     group { VI_1 VI_2 }
+ }

@ address-outside
A virtual address is in no network of its interface (known when the facts of the directors are given).
- vrrp_instance VI_1 {
-     virtual_router_id 51
-     interface eth0
-     priority 110
-     virtual_ipaddress { 10.0.0.1 }
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+     interface eth0
+     priority 110
+     virtual_ipaddress { 192.168.0.1 }
+ }
"""
