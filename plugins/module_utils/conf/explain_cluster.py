# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Findings between the files of several directors. In an example each file starts with `# director NAME`.

Long because it is a catalogue of texts, each with a wrong and a right example that are tested.
"""

from __future__ import annotations

CATALOGUE = """

@ router-alone
A vrrp_instance that only one director has is no high availability: nobody takes over from it.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- vrrp_instance VI_2 {
-     interface eth1
-     virtual_router_id 52
-     priority 150
-     virtual_ipaddress {
-         10.1.0.254/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ vrrp_instance VI_2 {
+     interface eth1
+     virtual_router_id 52
+     priority 150
+     virtual_ipaddress {
+         10.1.0.254/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ vrrp_instance VI_2 {
+     interface eth1
+     virtual_router_id 52
+     priority 100
+     virtual_ipaddress {
+         10.1.0.254/24
+     }
+ }

@ vrid-differs
Instances of one virtual router find each other by its VRID. With different ones each director is master.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 52
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ shared-vrid
Two virtual routers with one VRID on one segment take the adverts of each other for their own: one of them
never becomes master.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_9 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.9/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_9 {
+     interface eth0
+     virtual_router_id 59
+     priority 100
+     virtual_ipaddress {
+         10.0.0.9/24
+     }
+ }

@ version-differs
Adverts of another VRRP version are dropped, so that both directors are master.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     version 3
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     version 3
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     version 3
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ interval-differs
VRRPv2 drops adverts with another interval than its own, so that both directors are master. VRRPv3 takes the
interval of the master, and takeovers take as long as that one says.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     advert_int 1
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     advert_int 2
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ auth-differs
Adverts with another password or key are dropped, so that both directors are master.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     authentication {
-         auth_type PASS
-         auth_pass one
-     }
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     authentication {
-         auth_type PASS
-         auth_pass two
-     }
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     authentication {
+         auth_type PASS
+         auth_pass one
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     authentication {
+         auth_type PASS
+         auth_pass one
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ addresses-differ
A takeover moves the addresses that the new master has in its own file. What is missing there is served by
nobody.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.2/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ priority-equal
With equal priorities both directors become master at once, until the lower address gives way.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ priority-close
Backups wait for a skew time of (256 - priority) / 256 of a second (VRRPv2) or of the advert interval
(VRRPv3). When two backups are only a step apart, the second one is master before it hears the first.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 101
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d3
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 120
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d3
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ two-masters
state MASTER on several directors has all of them take the addresses when they start.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     state MASTER
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     state MASTER
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     state MASTER
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     state BACKUP
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ master-not-highest
The director that starts as MASTER loses the addresses again as soon as it hears a higher priority.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     state BACKUP
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     state MASTER
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     state MASTER
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     state BACKUP
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ unicast-mixed
A director that sends by unicast does not hear the multicast of another.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     unicast_src_ip 10.0.0.11
-     unicast_peer {
-         10.0.0.12
-     }
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     unicast_src_ip 10.0.0.11
+     unicast_peer {
+         10.0.0.12
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     unicast_src_ip 10.0.0.12
+     unicast_peer {
+         10.0.0.11
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ peer-missing
A director that is in no unicast_peer of a master gets no adverts from it and becomes master too.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     unicast_src_ip 10.0.0.11
-     unicast_peer {
-         10.0.0.13
-     }
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     unicast_src_ip 10.0.0.12
-     unicast_peer {
-         10.0.0.11
-     }
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     unicast_src_ip 10.0.0.11
+     unicast_peer {
+         10.0.0.12
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     unicast_src_ip 10.0.0.12
+     unicast_peer {
+         10.0.0.11
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ peer-unknown
A unicast_peer that is the address of no director is mistyped or left over.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     unicast_src_ip 10.0.0.11
-     unicast_peer {
-         10.0.0.12
-         10.0.0.99
-     }
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     unicast_src_ip 10.0.0.12
-     unicast_peer {
-         10.0.0.11
-     }
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     unicast_src_ip 10.0.0.11
+     unicast_peer {
+         10.0.0.12
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     unicast_src_ip 10.0.0.12
+     unicast_peer {
+         10.0.0.11
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ address-off-subnet
An address outside all subnets of its interface is not reached from the segment. Only known where the
addresses of the interfaces are (here eth0 has 10.0.0.11/24).
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.9.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.9.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ sync-group-differs
Instances that change state together on one director must do so on all: else a takeover leaves half of them
behind.
- # director d1
- vrrp_sync_group G {
-     group {
-         VI_1
-         VI_2
-     }
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- vrrp_instance VI_2 {
-     interface eth1
-     virtual_router_id 52
-     priority 150
-     virtual_ipaddress {
-         10.1.0.254/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- vrrp_instance VI_2 {
-     interface eth1
-     virtual_router_id 52
-     priority 100
-     virtual_ipaddress {
-         10.1.0.254/24
-     }
- }
+ # director d1
+ vrrp_sync_group G {
+     group {
+         VI_1
+         VI_2
+     }
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ vrrp_instance VI_2 {
+     interface eth1
+     virtual_router_id 52
+     priority 150
+     virtual_ipaddress {
+         10.1.0.254/24
+     }
+ }
+ # director d2
+ vrrp_sync_group G {
+     group {
+         VI_1
+         VI_2
+     }
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ vrrp_instance VI_2 {
+     interface eth1
+     virtual_router_id 52
+     priority 100
+     virtual_ipaddress {
+         10.1.0.254/24
+     }
+ }

@ service-missing
A virtual_server that only one director has is not served after a takeover.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     lvs_sched rr
-     lvs_method DR
-     real_server 10.1.0.1 80 {
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     lvs_sched rr
+     lvs_method DR
+     real_server 10.1.0.1 80 {
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     lvs_sched rr
+     lvs_method DR
+     real_server 10.1.0.1 80 {
+     }
+ }

@ service-differs
A takeover must not change how a service is balanced, nor between which servers: connections would break.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     lvs_sched rr
-     lvs_method DR
-     real_server 10.1.0.1 80 {
-     }
-     real_server 10.1.0.2 80 {
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     lvs_sched rr
-     lvs_method DR
-     real_server 10.1.0.1 80 {
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     lvs_sched rr
+     lvs_method DR
+     real_server 10.1.0.1 80 {
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     lvs_sched rr
+     lvs_method DR
+     real_server 10.1.0.1 80 {
+     }
+ }

@ sync-daemon-missing
Connections are synchronised to directors that have lvs_sync_daemon too.
- # director d1
- global_defs {
-     lvs_sync_daemon eth0 VI_1 id 7
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ global_defs {
+     lvs_sync_daemon eth0 VI_1 id 7
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ global_defs {
+     lvs_sync_daemon eth0 VI_1 id 7
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ sync-daemon-differs
Sync daemons with another id, group or port do not hear each other.
- # director d1
- global_defs {
-     lvs_sync_daemon eth0 VI_1 id 7
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- global_defs {
-     lvs_sync_daemon eth0 VI_1 id 8
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ global_defs {
+     lvs_sync_daemon eth0 VI_1 id 7
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ global_defs {
+     lvs_sync_daemon eth0 VI_1 id 7
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ nat-without-gateway
Real servers behind NAT answer through the director. The address that is their gateway has to move together
with the service, in the same instance or sync group.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     lvs_sched rr
-     lvs_method NAT
-     real_server 10.1.0.1 80 {
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     lvs_sched rr
-     lvs_method NAT
-     real_server 10.1.0.1 80 {
-     }
- }
+ # director d1
+ vrrp_sync_group G {
+     group {
+         VI_1
+         VI_2
+     }
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ vrrp_instance VI_2 {
+     interface eth1
+     virtual_router_id 52
+     priority 150
+     virtual_ipaddress {
+         10.1.0.254/24
+     }
+ }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     lvs_sched rr
+     lvs_method NAT
+     real_server 10.1.0.1 80 {
+     }
+ }
+ # director d2
+ vrrp_sync_group G {
+     group {
+         VI_1
+         VI_2
+     }
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ vrrp_instance VI_2 {
+     interface eth1
+     virtual_router_id 52
+     priority 100
+     virtual_ipaddress {
+         10.1.0.254/24
+     }
+ }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     lvs_sched rr
+     lvs_method NAT
+     real_server 10.1.0.1 80 {
+     }
+ }

@ nopreempt-differs
With nopreempt on some directors only it depends on which one comes back whether the addresses move once more.
- # director d1
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     nopreempt
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 150
+     nopreempt
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     nopreempt
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }

@ track-too-weak
A script that fails has to bring the priority of the master below that of the next director: else nothing happens.
- # director d1
- vrrp_script chk {
-     script /usr/bin/chk
-     weight -20
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 150
-     track_script {
-         chk
-     }
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
- # director d2
- vrrp_script chk {
-     script /usr/bin/chk
-     weight -20
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     priority 100
-     track_script {
-         chk
-     }
-     virtual_ipaddress {
-         10.0.0.1/24
-     }
- }
+ # director d1
+ vrrp_script chk {
+     script /usr/bin/chk
+     weight -20
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 110
+     track_script {
+         chk
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
+ # director d2
+ vrrp_script chk {
+     script /usr/bin/chk
+     weight -20
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     priority 100
+     track_script {
+         chk
+     }
+     virtual_ipaddress {
+         10.0.0.1/24
+     }
+ }
"""
