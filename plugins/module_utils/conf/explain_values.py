# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Explanations of what is said about the values of keywords."""

from __future__ import annotations

CATALOGUE = r"""
@ missing-value
The word needs a value. keepalived stops with an error, and some releases crash.
- vrrp_instance VI_1 {
-     advert_int
- }
+ vrrp_instance VI_1 {
+     advert_int 1
+ }

@ empty-value
The value is the empty string.
- global_defs {
-     router_id ""
- }
+ global_defs {
+     router_id lb1
+ }

@ extra-words
More words than the keyword takes. keepalived does not look at them.
- vrrp_instance VI_1 {
-     nopreempt yes
- }
+ vrrp_instance VI_1 {
+     nopreempt
+ }

@ extra-name
A block has one name. keepalived skips the block with everything in it when more words follow.
- vrrp_instance VI 1 {
- }
+ vrrp_instance "VI 1" {
+ }

@ bad-value
The value is not of the kind the keyword takes.
- virtual_server 10.0.0.1 80 {
-     real_server 10.1.0.1 80 {
-         HTTP_GET {
-             url {
-                 status_code 99
-             }
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     real_server 10.1.0.1 80 {
+         HTTP_GET {
+             url {
+                 status_code 200-299
+             }
+         }
+     }
+ }

@ out-of-range
The number is outside the range keepalived takes. It reports that and goes on with its default, which is
something else than was written.
- vrrp_instance VI_1 {
-     virtual_router_id 256
- }
+ vrrp_instance VI_1 {
+     virtual_router_id 255
+ }

@ not-a-number
A number is needed: decimal digits, for durations with a point. No units, no hexadecimal.
- vrrp_instance VI_1 {
-     advert_int 1s
- }
+ vrrp_instance VI_1 {
+     advert_int 1
+ }

@ too-many-decimals
Durations count microseconds: further decimals are rounded away.
- vrrp_instance VI_1 {
-     preempt_delay 0.0000004
- }
+ vrrp_instance VI_1 {
+     preempt_delay 0.000001
+ }

@ zero-ignored
vrrp_garp_interval 0 and vrrp_gna_interval 0 stand in the file that distributions install, but keepalived
refuses the 0 and keeps its default, which is no pause at all. Nothing changes when the line goes.
- global_defs {
-     vrrp_garp_interval 0
- }
+ global_defs {
+     vrrp_garp_interval 0.001
+ }

@ not-a-truth-value
The word takes true, on, yes, false, off or no; alone it means true.
- global_defs {
-     vrrp_strict 1
- }
+ global_defs {
+     vrrp_strict on
+ }

@ unknown-value
The keyword takes one of a few words, and this is none of them. Case counts in most.
- vrrp_instance VI_1 {
-     state Master
- }
+ vrrp_instance VI_1 {
+     state MASTER
+ }

@ unknown-option
The line takes options of its own, and this is none of them.
- vrrp_instance VI_1 {
-     virtual_ipaddress {
-         10.0.0.1 on eth0
-     }
- }
+ vrrp_instance VI_1 {
+     virtual_ipaddress {
+         10.0.0.1 dev eth0
+     }
+ }

@ duplicate-option
An option stands twice on one line.
- vrrp_instance VI_1 {
-     virtual_ipaddress {
-         10.0.0.1 dev eth0 dev eth1
-     }
- }
+ vrrp_instance VI_1 {
+     virtual_ipaddress {
+         10.0.0.1 dev eth1
+     }
+ }

@ bad-address
An IPv4 or IPv6 address is needed; names are not looked up.
- virtual_server www.example.org 80 {
- }
+ virtual_server 192.0.2.1 80 {
+ }

@ bad-prefix
The length of a network is 0 to 32 for IPv4, 0 to 128 for IPv6.
- static_ipaddress {
-     10.0.0.1/33 dev eth0
- }
+ static_ipaddress {
+     10.0.0.1/24 dev eth0
+ }

@ bad-range
A range ends before it starts, or its ends do not fit together.
- virtual_server_group G {
-     10.0.0.9-3 80
- }
+ virtual_server_group G {
+     10.0.0.3-9 80
+ }

@ bad-mac
The MAC address of an interface cannot be a multicast address (the lowest bit of the first octet).
- vrrp_instance VI_1 {
-     use_vmac 01:00:5e:00:00:01
- }
+ vrrp_instance VI_1 {
+     use_vmac 02:00:5e:00:00:01
+ }

@ not-multicast
A multicast address is needed.
- global_defs {
-     vrrp_mcast_group4 10.0.0.18
- }
+ global_defs {
+     vrrp_mcast_group4 224.0.0.18
+ }

@ not-hexadecimal
Bytes are written as pairs of hexadecimal digits.
- virtual_server 10.0.0.1 53 {
-     real_server 10.1.0.1 53 {
-         UDP_CHECK {
-             payload hello
-         }
-     }
- }
+ virtual_server 10.0.0.1 53 {
+     real_server 10.1.0.1 53 {
+         UDP_CHECK {
+             payload 68656c6c6f
+         }
+     }
+ }

@ too-long
The word is longer than the kernel or keepalived takes (15 characters for an interface).
- vrrp_instance VI_1 {
-     interface a_very_long_interface
- }
+ vrrp_instance VI_1 {
+     interface eth0
+ }

@ unquoted-arguments
Only the first word of a script line is the command; what follows is taken as the user and group it runs as, or
is not looked at. The command with its arguments belongs in quotes.
- vrrp_script chk {
-     script /usr/bin/killall -0 haproxy
- }
+ vrrp_script chk {
+     script "/usr/bin/killall -0 haproxy"
+ }

@ duplicate-keyword
The word stands twice in its block. The last one counts, for scripts the first; keepalived mostly says nothing.
- vrrp_instance VI_1 {
-     priority 100
-     priority 150
- }
+ vrrp_instance VI_1 {
+     priority 150
+ }

@ duplicate-block
A block that belongs into a file once is there twice. What both say counts.
- global_defs {
-     router_id lb1
- }
- global_defs {
-     vrrp_version 3
- }
+ global_defs {
+     router_id lb1
+     vrrp_version 3
+ }

@ missing-keyword
The block is useless, or dangerous, without this word: keepalived removes the block or what it protects.
- vrrp_script chk {
-     interval 2
- }
+ vrrp_script chk {
+     script "/usr/bin/pgrep haproxy"
+     interval 2
+ }

@ no-preference
A rule without a preference gets one counted from 16384 on, which is rarely where it should stand.
- static_rules {
-     from 10.0.0.1 table 9
- }
+ static_rules {
+     from 10.0.0.1 table 9 preference 100
+ }

@ two-actions
A rule leads to one of table, goto, nop, l3mdev, or blackhole, unreachable, prohibit.
- static_rules {
-     from 10.0.0.1 table 9 type blackhole preference 1
- }
+ static_rules {
+     from 10.0.0.1 type blackhole preference 1
+ }
"""
