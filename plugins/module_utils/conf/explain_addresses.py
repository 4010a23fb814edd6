# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Explanations of what is said about virtual addresses and unicast peers."""

from __future__ import annotations

CATALOGUE = r"""
@ no-addresses
An instance without addresses elects a master of nothing. no_virtual_ipaddress says that it is meant.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }

@ unusable-address
The address cannot be a virtual address: it is unspecified, loopback, multicast or broadcast.
- vrrp_instance VI_1 {
-     virtual_ipaddress {
-         127.0.0.1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }

@ family-mismatch
Addresses of IPv4 and IPv6 stand where only one family can. An advert carries one family; the others belong into
virtual_ipaddress_excluded or an instance of their own. keepalived skips what does not fit.
- vrrp_instance VI_1 {
-     virtual_ipaddress {
-         10.0.0.1
-         fe80::1
-     }
- }
+ vrrp_instance VI_1 {
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }

@ not-link-local
The first address of an IPv6 advert is a link-local one (RFC 9568 section 5.2.9).
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_ipaddress {
-         2001:db8::1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_ipaddress {
+         fe80::1
+         2001:db8::1
+     }
+ }

@ address-is-source
With DR and TUN the real servers have the virtual address themselves. An IPv6 address with its network's prefix length
is one that the director may take as its source (RFC 6724 section 5, the newest of several), and then what a real server
answers to a check never leaves that server: all of them go down with the first takeover. With /128 both engines set the
address as deprecated, which is nobody's source; preferred_lft 0 says the same for other lengths.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         fe80::51
-         2001:db8::80/64
-     }
- }
- virtual_server 2001:db8::80 80 {
-     lvs_sched rr
-     lvs_method DR
-     protocol TCP
-     real_server 2001:db8::11 80 {
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         fe80::51
+         2001:db8::80
+     }
+ }
+ virtual_server 2001:db8::80 80 {
+     lvs_sched rr
+     lvs_method DR
+     protocol TCP
+     real_server 2001:db8::11 80 {
+     }
+ }

@ too-many-addresses
An advert holds 255 IPv4 or, in an Ethernet frame, 90 IPv6 addresses. keepalived treats the rest as
virtual_ipaddress_excluded.
- vrrp_instance VI_1 {
-     virtual_ipaddress {
-         <MANY>
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }

@ duplicate-address
The address stands twice in the instance.
- vrrp_instance VI_1 {
-     virtual_ipaddress {
-         10.0.0.1
-         10.0.0.1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }

@ shared-address
Two instances have the same address on one interface: their masters may be different machines, and both would
answer.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_ipaddress {
-         10.0.0.1
-     }
- }
- vrrp_instance VI_2 {
-     interface eth0
-     virtual_ipaddress {
-         10.0.0.1
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_ipaddress {
+         10.0.0.1
+     }
+ }
+ vrrp_instance VI_2 {
+     interface eth0
+     virtual_ipaddress {
+         10.0.0.2
+     }
+ }

@ own-peer
A unicast peer is the machine's own source address: it would get its own adverts. Leave it out of the list of
this machine.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     unicast_src_ip 10.9.0.1
-     unicast_peer {
-         10.9.0.1
-         10.9.0.2
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     unicast_src_ip 10.9.0.1
+     unicast_peer {
+         10.9.0.2
+     }
+ }

@ duplicate-peer
The peer stands twice in the list; keepalived skips the second.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     unicast_peer {
-         10.9.0.2
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

@ ttl-range
min_ttl is above max_ttl: every advert of this peer is dropped.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     unicast_peer {
-         10.9.0.2 min_ttl 200 max_ttl 100
-     }
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     unicast_peer {
+         10.9.0.2 min_ttl 100 max_ttl 200
+     }
+ }

@ no-peers
A word about unicast without unicast_peer: keepalived sends multicast, unless unicast_fault_no_peer is set.
- vrrp_instance VI_1 {
-     interface eth0
-     virtual_router_id 51
-     virtual_ipaddress {
-         10.0.0.1
-     }
-     unicast_src_ip 10.9.0.1
- }
+ vrrp_instance VI_1 {
+     interface eth0
+     virtual_router_id 51
+     virtual_ipaddress {
+         10.0.0.1
+     }
+     unicast_src_ip 10.9.0.1
+     unicast_peer {
+         10.9.0.2
+     }
+ }
"""
