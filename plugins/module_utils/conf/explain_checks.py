# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Explanations of what is said about the checks of real servers."""

from __future__ import annotations

CATALOGUE = r"""
@ bad-regex
The expression that a body or an answer is compared with cannot be understood by PCRE2, or its options cannot: the check
could never succeed. A warning, where PCRE2 is not on the machine (a controller) to be asked; an agent refuses the file
then, for no other engine means the same by all expressions.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     real_server 10.0.0.2 80 {
-         @lvs_agent SIMPLETCP_CHECK { receive "(+OK" }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     real_server 10.0.0.2 80 {
+         @lvs_agent SIMPLETCP_CHECK { receive "[+]OK" }
+     }
+ }

@ lost-backslash
The file takes one layer of backslashes off an expression, in keepalived too: \d in the file is the letter d in the
expression, and \\d is the digit. In YAML a backslash is written once.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     real_server 10.0.0.2 80 {
-         HTTP_GET {
-             url {
-                 path /
-                 regex "^load \d+$"
-             }
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     real_server 10.0.0.2 80 {
+         HTTP_GET {
+             url {
+                 path /
+                 regex "^load \\d+$"
+             }
+         }
+     }
+ }

@ no-data-path
With data_path a check connects to the virtual server's own address, and a private service of IPVS with a mark of its
own takes the packets to this one server, as it takes clients' packets: a server that has lost the address is found.
That needs a server that has the address (DR or TUN, not NAT), one address and port, and a source address of the
same family.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     lvs_method NAT
-     real_server 10.0.0.2 80 {
-         TCP_CHECK {
-             @lvs_agent data_path
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     lvs_method DR
+     real_server 10.0.0.2 80 {
+         TCP_CHECK {
+             @lvs_agent data_path
+         }
+     }
+ }

@ interrupted-handshake
MySQL and MariaDB greet each connection. Who hangs up then has interrupted a handshake, and after max_connect_errors of
them in a row (100) without a login from that address the server refuses it: error 1129. A check that only connects goes
on being good meanwhile; every other one, and every client behind this address, fails. MYSQL_CHECK ends its
handshakes; with a login it also clears the count, so that connects may stand between.
- virtual_server 10.0.0.1 3306 {
-     protocol TCP
-     lvs_sched rr
-     lvs_method NAT
-     real_server 10.1.0.1 3306 {
-         TCP_CHECK {
-         }
-     }
- }
+ virtual_server 10.0.0.1 3306 {
+     protocol TCP
+     lvs_sched rr
+     lvs_method NAT
+     real_server 10.1.0.1 3306 {
+         @lvs_agent MYSQL_CHECK {
+         @lvs_agent }
+     }
+ }

@ bad-digest
A digest is the MD5 sum of a page, 32 hexadecimal digits. genhash prints it.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         HTTP_GET {
-             url {
-                 path /
-                 digest 1234
-             }
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         HTTP_GET {
+             url {
+                 path /
+                 digest 0123456789abcdef0123456789abcdef
+             }
+         }
+     }
+ }

@ relative-path
Paths start with a slash; servers answer others with an error.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         HTTP_GET {
-             url {
-                 path index.html
-             }
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         HTTP_GET {
+             url {
+                 path /index.html
+             }
+         }
+     }
+ }

@ offset-range
The regular expression may match between the two offsets only, and there is nothing between them.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         HTTP_GET {
-             url {
-                 path /
-                 regex ok
-                 regex_min_offset 9
-                 regex_max_offset 3
-             }
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         HTTP_GET {
+             url {
+                 path /
+                 regex ok
+                 regex_min_offset 3
+                 regex_max_offset 9
+             }
+         }
+     }
+ }

@ length-range
No reply is long enough and short enough (255 is the most unless max_reply_length says more).
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         UDP_CHECK {
-             require_reply
-             min_reply_length 300
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         UDP_CHECK {
+             require_reply
+             min_reply_length 30
+         }
+     }
+ }

@ alpha-without-check
alpha keeps a server down until its checks have succeeded. It has none, so it stays down.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     alpha
-     real_server 10.1.0.1 80 {
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     alpha
+     real_server 10.1.0.1 80 {
+         TCP_CHECK {
+         }
+     }
+ }

@ two-dynamic-checks
Two scripts with misc_dynamic set the weight of one server in turn.
- virtual_server 10.0.0.1 80 {
-     lvs_sched rr
-     lvs_method NAT
-     protocol TCP
-     real_server 10.1.0.1 80 {
-         MISC_CHECK {
-             misc_path /bin/a
-             misc_dynamic
-         }
-         MISC_CHECK {
-             misc_path /bin/a
-             misc_dynamic
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+     lvs_method NAT
+     protocol TCP
+     real_server 10.1.0.1 80 {
+         MISC_CHECK {
+             misc_path /bin/a
+             misc_dynamic
+         }
+     }
+ }
"""
