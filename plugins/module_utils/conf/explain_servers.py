# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Explanations of what is said about virtual servers and real servers."""

from __future__ import annotations

CATALOGUE = r"""
@ unknown-forwarding
The forwarding methods are NAT, DR and TUN, in capitals. keepalived makes everything else NAT, and packets go
another way than meant.
- virtual_server 10.0.0.1 80 {
-     lvs_method dr
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_method DR
+     real_server 10.1.0.1 80 {
+     }
+ }

@ tunnel-port
Generic UDP encapsulation needs a port; other tunnels have none.
- virtual_server 10.0.0.1 80 {
-     lvs_method TUN type gue
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_method TUN type gue port 6080
+     real_server 10.1.0.1 80 {
+     }
+ }

@ tunnel-checksum
The type of tunnel does not have this checksum option.
- virtual_server 10.0.0.1 80 {
-     lvs_method TUN type gre remcsum
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_method TUN type gre csum
+     real_server 10.1.0.1 80 {
+     }
+ }

@ missing-protocol
Without a protocol keepalived makes the service UDP, also under checks that connect with TCP. Clients then reach
nothing although every check succeeds.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+     }
+ }

@ missing-scheduler
Without lvs_sched the scheduler is wlc.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     lvs_method NAT
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+     }
+ }

@ unknown-scheduler
The scheduler is none of Linux. keepalived ignores the line and takes wlc; lvs-agent uses the kernel's module of that
name, and refuses the file on a machine that cannot load it.
- virtual_server 10.0.0.1 80 {
-     lvs_sched carousel
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+     }
+ }

@ missing-method
Without lvs_method packets are forwarded by NAT.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     lvs_sched rr
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+     }
+ }

@ no-real-servers
A virtual server without real servers is removed.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+     }
+ }

@ duplicate-server
The same real server stands twice; keepalived removes the second.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-     }
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+     }
+ }

@ duplicate-service
The same virtual server stands twice. keepalived is silent and takes the first.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-     }
- }
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+     }
+ }

@ all-weights-zero
No real server has a weight: none gets a connection.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         weight 0
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         weight 1
+     }
+ }

@ port-mismatch
DR and TUN pass packets on unchanged, with the port of the virtual server. keepalived sets the port of the real
server to that.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     lvs_method DR
-     real_server 10.1.0.1 8080 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     lvs_method DR
+     real_server 10.1.0.1 80 {
+     }
+ }

@ port-ignored
A service by firewall mark takes whatever port the packet has; DR and TUN cannot change it.
- virtual_server fwmark 7 {
-     lvs_method DR
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server fwmark 7 {
+     lvs_method DR
+     real_server 10.1.0.1 {
+     }
+ }

@ quorum-out-of-reach
The quorum is above the sum of all weights. keepalived lowers it.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     quorum 9
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     quorum 1
+     real_server 10.1.0.1 80 {
+     }
+ }

@ hysteresis-range
The quorum is lost below quorum - hysteresis, which must be above 0.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     hysteresis 3
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     hysteresis 0
+     real_server 10.1.0.1 80 {
+     }
+ }

@ no-sorry-server
The word is about the sorry server, and there is none.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     sorry_server_inhibit
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     sorry_server 10.2.0.1 80
+     sorry_server_inhibit
+     real_server 10.1.0.1 80 {
+     }
+ }

@ wrong-order
keepalived reads line by line: the word needs another that stands after it, and is ignored.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     sorry_server_inhibit
-     sorry_server 10.2.0.1 80
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     sorry_server 10.2.0.1 80
+     sorry_server_inhibit
+     real_server 10.1.0.1 80 {
+     }
+ }

@ any-port
Without a port the service takes all ports, which works only with persistence: keepalived turns that on (360 s).
- virtual_server 10.0.0.1 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 {
-     }
- }
+ virtual_server 10.0.0.1 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     persistence_timeout 360
+     real_server 10.1.0.1 {
+     }
+ }

@ odd-netmask
The netmask has zeros before ones: clients are put together in an odd way.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     persistence_granularity 255.0.255.0
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     persistence_granularity 255.255.255.0
+     real_server 10.1.0.1 80 {
+     }
+ }

@ threshold-range
The kernel refuses a real server whose lower threshold is above its upper one.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         uthreshold 10
-         lthreshold 20
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         uthreshold 20
+         lthreshold 10
+     }
+ }

@ server-is-service
A real server has the address of the virtual server: its packets would come back to it.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.0.0.1 8080 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+     }
+ }
"""
