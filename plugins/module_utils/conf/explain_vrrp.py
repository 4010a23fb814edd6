# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Explanations of what is said about virtual routers: election, authentication, strict mode.

Long because it is a catalogue, one entry a code.
"""

from __future__ import annotations

CATALOGUE = r"""
@ missing-interface
VRRP needs an interface, or unicast_peer together with unicast_src_ip. keepalived does not start the instance.
- vrrp_instance VI_1 {
-     virtual_router_id 51
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }

@ loopback-interface
VRRP cannot run on the loopback interface: nobody else hears it.
- vrrp_instance VI_1 {
-     interface lo
-     virtual_router_id 51
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }

@ duplicate-vrid
Two virtual routers of one family on one interface need different VRIDs; their adverts would be taken for one
another's.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
- }
- vrrp_instance VI_2 {
-     interface eth0
-     virtual_router_id 51
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+ }
+ vrrp_instance VI_2 {
+     interface eth0
+     virtual_router_id 52
+ }

@ duplicate-interface
Two instances want the same VMAC interface.
- vrrp_instance VI_1 {
-     use_vmac v1
- }
- vrrp_instance VI_2 {
-     use_vmac v1
- }
+ vrrp_instance VI_1 {
+     use_vmac v1
+ }
+ vrrp_instance VI_2 {
+     use_vmac v2
+ }

@ owner-by-default
Without a priority, state MASTER makes the instance the owner of its addresses, with priority 255: nobody can
ever take over while it runs.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     state MASTER
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     state MASTER
+     priority 150
+ }

@ owner-backup
Priority 255 is the owner of the addresses, which is never a backup.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     state BACKUP
-     priority 255
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     state BACKUP
+     priority 254
+ }

@ nopreempt-master
nopreempt leaves a lower-priority master alone. An instance that starts as MASTER, or owns the addresses, cannot
do that: keepalived clears it. Both directors start as BACKUP when nobody shall preempt.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     state MASTER
-     priority 150
-     nopreempt
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     state BACKUP
+     priority 150
+     nopreempt
+ }

@ preempt-delay-ignored
preempt_delay waits before taking over. It does nothing with nopreempt, or when the instance starts as MASTER.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     nopreempt
-     preempt_delay 60
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     preempt_delay 60
+ }

@ advert-int-rounded
Version 2 counts adverts in whole seconds, version 3 in hundredths. keepalived rounds.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     advert_int 1.5
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     version 3
+     advert_int 1.5
+ }

@ advert-int-range
Version 3 has 12 bits for hundredths of a second (RFC 9568 section 5.2.7): 40.95 s is the most.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     version 3
-     advert_int 60
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     version 3
+     advert_int 40
+ }

@ version-2-ipv6
VRRP version 2 (RFC 3768) is for IPv4 only.
- vrrp_instance VI_1 {
-     interface eth0
-     version 2
-     virtual_ipaddress {
-         fe80::1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     version 3
+     virtual_ipaddress {
+         fe80::1
+     }
+ }

@ password-cut
The wire has room for 8 characters (RFC 2338 section 5.3.10). keepalived cuts the rest off; other
implementations may refuse it.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     authentication {
-         auth_type PASS
-         auth_pass much_too_long
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     authentication {
+         auth_type PASS
+         auth_pass eight_ch
+     }
+ }

@ authentication-dropped
The version, the family or strict mode has no such authentication: keepalived drops it and goes on without.
auth_hmac works with both versions.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     version 3
-     authentication {
-         auth_type AH
-         auth_pass x
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     version 2
+     authentication {
+         auth_type AH
+         auth_pass x
+     }
+ }

@ ah-master
With AH an instance must hear the sequence number of the others before it sends: it starts as BACKUP whatever
the file says.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     state MASTER
-     priority 150
-     authentication {
-         auth_type AH
-         auth_pass x
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     state BACKUP
+     priority 150
+     authentication {
+         auth_type AH
+         auth_pass x
+     }
+ }

@ two-authentications
auth_hmac takes the place of authentication; both cannot be used.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     authentication {
-         auth_type PASS
-         auth_pass x
-     }
-     auth_hmac {
-         key 1 hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
-         active_key 1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     auth_hmac {
+         key 1 hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
+         active_key 1
+     }
+ }

@ key-length
A key of auth_hmac has 32 to 64 bytes. With another length keepalived turns the whole authentication off and
runs without.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     auth_hmac {
-         key 1 hex:0011
-         active_key 1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     auth_hmac {
+         key 1 hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
+         active_key 1
+     }
+ }

@ unknown-key
active_key names a key that is not there. keepalived turns the whole authentication off and runs without.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     auth_hmac {
-         key 1 hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
-         active_key 2
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     auth_hmac {
+         key 1 hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
+         active_key 1
+     }
+ }

@ duplicate-key
Two keys have one id.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     auth_hmac {
-         key 1 hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
-         key 1 hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
-         active_key 1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     auth_hmac {
+         key 1 hex:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
+         active_key 1
+     }
+ }

@ weight-in-group
Weights of what a member of a sync group tracks are ignored, unless the group has sync_group_tracking_weight.
- vrrp_script chk {
-     script "/usr/bin/pgrep nginx"
-     weight 5
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     track_script {
-         chk
-     }
- }
- vrrp_sync_group G {
-     group {
-         VI_1
-     }
- }
+ vrrp_script chk {
+     script "/usr/bin/pgrep nginx"
+     weight 5
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     track_script {
+         chk
+     }
+ }
+ vrrp_sync_group G {
+     group {
+         VI_1
+     }
+     sync_group_tracking_weight
+ }

@ weight-too-small
When the script fails, the weight must bring the master below its backup. With a backup of the usual priority
100, this one does not, and the script watches in vain.
- vrrp_script chk {
-     script "/usr/bin/pgrep nginx"
-     weight 2
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     state MASTER
-     priority 150
-     track_script {
-         chk
-     }
- }
+ vrrp_script chk {
+     script "/usr/bin/pgrep nginx"
+     weight -60
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     state MASTER
+     priority 150
+     track_script {
+         chk
+     }
+ }

@ strict-unicast
vrrp_strict keeps to the RFCs, which have no unicast: keepalived does not start the instance.
- global_defs {
-     vrrp_strict
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     unicast_peer {
-         10.9.0.2
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     unicast_peer {
+         10.9.0.2
+     }
+ }

@ strict-reset
vrrp_strict keeps to the RFCs: keepalived resets this word.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     strict_mode
-     garp_lower_prio_repeat 3
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     garp_lower_prio_repeat 3
+ }

@ strict-state
In strict mode the owner of the addresses (priority 255) starts as MASTER, and nobody else.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     strict_mode
-     state MASTER
-     priority 150
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     state MASTER
+     priority 150
+ }
"""
