# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Explanations of what is said about names and about the daemon as a whole.

Long because it is a catalogue, one entry a code.
"""

from __future__ import annotations

CATALOGUE = r"""
@ unknown-name
A block refers to a name that no block of this file has. keepalived leaves the reference out, so that what was
to be watched is not.
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
+ vrrp_script chk {
+     script "/usr/bin/pgrep nginx"
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

@ defined-later
keepalived reads a file once, from its top: a script, file or process that is defined after the instance that
tracks it is not found, and is not watched.
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
- vrrp_script chk {
-     script "/usr/bin/pgrep nginx"
- }
+ vrrp_script chk {
+     script "/usr/bin/pgrep nginx"
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

@ duplicate-name
A second block of the same kind and name counts for nothing: an instance or sync group is skipped with an error, of the
others keepalived finds the first by its name and is silent about the second.
- vrrp_script chk {
-     script "/usr/bin/pgrep nginx"
- }
- vrrp_script chk {
-     script "/usr/bin/pgrep nginx"
- }
+ vrrp_script chk {
+     script "/usr/bin/pgrep nginx"
+ }

@ duplicate-track
The same thing is tracked twice: the second line counts for nothing.
- vrrp_script chk {
-     script "/usr/bin/pgrep nginx"
- }
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     track_script {
-         chk
-         chk
-     }
- }
+ vrrp_script chk {
+     script "/usr/bin/pgrep nginx"
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

@ duplicate-member
The name stands twice in the group.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
- }
- vrrp_sync_group G {
-     group {
-         VI_1
-         VI_1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }
+ vrrp_sync_group G {
+     group {
+         VI_1
+     }
+ }

@ two-groups
An instance can follow one sync group only; keepalived ignores the second.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
- }
- vrrp_sync_group G {
-     group {
-         VI_1
-     }
- }
- vrrp_sync_group H {
-     group {
-         VI_1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }
+ vrrp_sync_group G {
+     group {
+         VI_1
+     }
+ }

@ lonely-group
A sync group keeps its members in one state; with one member it does nothing but run scripts.
- vrrp_sync_group G {
-     group {
-         VI_1
-     }
- }
+ vrrp_sync_group G {
+     group {
+         VI_1
+         VI_2
+     }
+ }

@ empty-group
The group has no members: keepalived removes it.
- vrrp_sync_group G {
-     group {
-     }
- }
+ vrrp_sync_group G {
+     group {
+         VI_1
+     }
+ }

@ unused
The block is defined, and nothing refers to it.
- vrrp_script chk {
-     script "/usr/bin/pgrep nginx"
- }
+ vrrp_script chk {
+     script "/usr/bin/pgrep nginx"
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

@ mail-without-server
There is somebody to write to, but no smtp_server to send through.
- global_defs {
-     notification_email {
-         a@example.org
-     }
- }
+ global_defs {
+     notification_email {
+         a@example.org
+     }
+     smtp_server 127.0.0.1
+ }

@ mail-password-in-clear
A password for the mail server is only sent over TLS.
- global_defs {
-     notification_email {
-         a@example.org
-     }
-     smtp_server mail.example.org 587
-     @lvs_agent smtp_auth_user director
-     @lvs_agent smtp_auth_pass s3cret
- }
+ global_defs {
+     notification_email {
+         a@example.org
+     }
+     smtp_server mail.example.org 587
+     @lvs_agent smtp_starttls
+     @lvs_agent smtp_auth_user director
+     @lvs_agent smtp_auth_pass s3cret
+ }

@ mail-to-nobody
smtp_alert is on, but notification_email in global_defs names nobody.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     smtp_alert
- }
+ global_defs {
+     notification_email {
+         a@example.org
+     }
+     smtp_server 127.0.0.1
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     smtp_alert
+ }

@ missing-script
The script is not on this machine. keepalived logs that at start, is silent under -t, and goes on without the
script.
- global_defs {
-     startup_script /nonexistent/script
- }
+ global_defs {
+     router_id lb1
+ }

@ no-script-security
Scripts run, and enable_script_security is not set: whoever may write a folder on the way to a script may become
root.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     notify /etc/keepalived/notify.sh
- }
+ global_defs {
+     enable_script_security
+     script_user keepalived_script
+ }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     notify /etc/keepalived/notify.sh
+ }

@ timeout-above-interval
A run may take longer than the time to the next one.
- vrrp_script chk {
-     script "/usr/bin/pgrep nginx"
-     interval 2
-     timeout 5
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
+ vrrp_script chk {
+     script "/usr/bin/pgrep nginx"
+     interval 5
+     timeout 2
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

@ quorum-range
quorum_max below quorum: no number of processes is right.
- vrrp_track_process p {
-     process nginx
-     quorum 4
-     quorum_max 2
- }
+ vrrp_track_process p {
+     process nginx
+     quorum 2
+     quorum_max 4
+ }

@ duplicate-neighbor
Two BFD sessions to the same neighbour: keepalived refuses the second.
- bfd_instance a {
-     neighbor_ip 10.0.0.1
- }
- bfd_instance b {
-     neighbor_ip 10.0.0.1
- }
+ bfd_instance a {
+     neighbor_ip 10.0.0.1
+ }

@ useless-block
The block lacks what would give it an effect; keepalived removes it.
- garp_group {
-     interface eth0
- }
+ garp_group {
+     interface eth0
+     garp_interval 0.001
+ }

@ useless-option
The word has no effect together with the others; keepalived ignores or resets it.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     owner_ignore_adverts
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     priority 255
+     owner_ignore_adverts
+ }

@ contradiction
Two words say the opposite of one another.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     accept
-     no_accept
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     accept
+ }

@ implied-option
The word needs another, which keepalived turns on by itself. Write it, so that the file says what happens.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     use_vmac
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
+     use_vmac
+     vmac_xmit_base
+     unicast_peer {
+         10.9.0.2
+     }
+ }
"""
