# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Explanations of what is said about lines: words, braces, quotes, variables, includes."""

from __future__ import annotations

CATALOGUE = r"""
@ unknown-keyword
The block has no such word in any release of keepalived. keepalived reports it and skips the line, with the
whole block if it opens one, so that a typing mistake silently takes a setting away.
- global_defs {
-     rooter_id lb1
- }
+ global_defs {
+     router_id lb1
+ }

@ agent-word
The word is one that lvs-agent has and keepalived has not. keepalived would report it as unknown, so it stands
behind @lvs_agent, keepalived's own prefix for lines of one machine: keepalived skips such a line, the agent
always reads it. Every line of a block needs the prefix, its closing brace too.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     real_server 10.0.0.2 80 {
-         SIMPLETCP_CHECK {
-             receive "^220 "
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     real_server 10.0.0.2 80 {
+         @lvs_agent SIMPLETCP_CHECK {
+         @lvs_agent     receive "^220 "
+         @lvs_agent }
+     }
+ }

@ agent-block
keepalived skips the lines behind @lvs_agent one by one, braces as well. A block that starts behind it has the
prefix before each of its lines and before its closing brace; one that starts without it closes without it.
- virtual_server 10.0.0.1 80 {
-     protocol TCP
-     real_server 10.0.0.2 80 {
-         @lvs_agent SIMPLETCP_CHECK {
-             receive "^220 "
-         }
-     }
- }
+ virtual_server 10.0.0.1 80 {
+     protocol TCP
+     real_server 10.0.0.2 80 {
+         @lvs_agent SIMPLETCP_CHECK {
+         @lvs_agent     receive "^220 "
+         @lvs_agent }
+     }
+ }

@ misplaced-keyword
The word exists, but in another block. Often a brace before it is missing, or one too many.
- virtual_router_id 51
+ vrrp_instance VI_1 {
+     virtual_router_id 51
+ }

@ gone-keyword
A word that old handbooks have and that keepalived dropped. It reports the word as unknown and goes on; so do
we. Take the line away.
- virtual_server 10.0.0.1 80 {
-     nat_mask 255.255.255.0
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_method NAT
+ }

@ legacy-keyword
An old spelling that still works. The new word means exactly the same and is what the documentation has.
- virtual_server 10.0.0.1 80 {
-     lb_algo rr
- }
+ virtual_server 10.0.0.1 80 {
+     lvs_sched rr
+ }

@ legacy-value
An old word for a value. keepalived understands it, or falls back to the same meaning by chance, as with state
SLAVE, which is unknown to it and so becomes BACKUP.
- vrrp_instance VI_1 {
-     state SLAVE
- }
+ vrrp_instance VI_1 {
+     state BACKUP
+ }

@ extra-brace
A closing brace without an opening one: a block was closed twice, or its opening line is wrong.
- global_defs {
- }
- }
+ global_defs {
+ }

@ unclosed-block
A block has no closing brace. Everything after it is read as part of it. The place is told by indentation, so it
may be off in a file that is not indented.
- global_defs {
-     router_id lb1
+ global_defs {
+     router_id lb1
+ }

@ missing-brace
The word opens a block, and no '{' follows on its line or the next.
- vrrp_instance VI_1
-     state BACKUP
- }
+ vrrp_instance VI_1 {
+     state BACKUP
+ }

@ unexpected-brace
An opening brace that no keyword stands before.
- {
- }
+ global_defs {
+ }

@ no-block
The word is followed by a block in braces, but takes words on its line only.
- vrrp_instance VI_1 {
-     state {
-         BACKUP
-     }
- }
+ vrrp_instance VI_1 {
+     state BACKUP
+ }

@ too-deep
Blocks inside blocks inside blocks, far deeper than any keyword goes: braces were lost.
- <DEEP>
+ global_defs {
+ }

@ open-quote
A string that is not closed on its line. keepalived drops the line, or takes the rest of it as the string.
- global_defs {
-     router_id "lb1
- }
+ global_defs {
+     router_id "lb1"
+ }

@ comment-in-word
# and ! start a comment anywhere outside quotes, also inside a word. A password pa#ss becomes pa, on this
machine only if the other writes it differently. Put it in quotes.
- vrrp_instance VI_1 {
-     authentication {
-         auth_pass pa#ss
-     }
- }
+ vrrp_instance VI_1 {
+     authentication {
+         auth_pass "pa#ss"
+     }
+ }

@ continued-line
A backslash at the end of a line continues definitions ($NAME=...) only. keepalived takes the backslash as a
word, or as part of one, and the next line as a keyword of its own; we join the lines.
- global_defs {
-     router_id \
-         lb1
- }
+ global_defs {
+     router_id lb1
+ }

@ nul-character
The line holds a NUL byte; keepalived ignores the line. The file was damaged or written in UTF-16.
- global_defs {
-     router_id l<NUL>b
- }
+ global_defs {
+     router_id lb
+ }

@ line-too-long
keepalived reads lines of at most 1022 characters and ignores longer ones.
- global_defs {
-     router_id <LONG>
- }
+ global_defs {
+     router_id lb
+ }

@ too-large
More than 32 MiB of configuration is not read: it is no configuration.
- <HUGE>
+ # a comment

@ undefined-variable
${NAME} stands for nothing: there is no line $NAME=... before it. keepalived leaves it as it is, and its braces
then open a block.
- global_defs {
-     router_id ${NAME}
- }
+ $NAME=lb1
+ global_defs {
+     router_id ${NAME}
+ }

@ recursive-variable
A variable holds itself, directly or through others. keepalived does not come back from that.
- $A=${A}
- global_defs {
-     router_id ${A}
- }
+ $A=lb1
+ global_defs {
+     router_id ${A}
+ }

@ odd-character
A character that looks like another one, or like none: a byte order mark at the start of the file, a no-break space, a
typographic quote, a long dash. Editors and web pages put them there. To keepalived they are letters of a word. Inside
double quotes they are what they are.
- global_defs {
-     router_id {left quote}lb1{right quote}
- }
+ global_defs {
+     router_id "lb1"
+ }

@ bad-sequence
~SEQ(VAR, START, STEP, END) TEXT repeats TEXT with VAR counting; START and STEP may be left out. ~SEQx counts in
hexadecimal. ~LST(VAR, A, B) TEXT takes each value in turn.
- ~SEQ(N, 1, 0, 9) instance i${N}
+ ~SEQ(N, 1, 1, 1) instance i${N}

@ expansion-limit
Variables and sequences make more than 50,000 lines: keepalived would be busy for long, we stop.
- ~SEQ(A,1,9999) ~SEQ(B,1,9999) instance x
+ ~SEQ(A,1,2) instance x

@ include-not-read
An included file is missing, is no regular file, or cannot be read. keepalived goes on without it, with half a
configuration; we do not. A pattern with wildcards may match nothing unless it is includew or includea.
- include /nonexistent/file.conf
+ global_defs {
+ }

@ include-loop
A file includes itself, directly or through others. keepalived goes on until it has no file handles left.
- include loop.conf
+ global_defs {
+ }

@ include-limit
More than 500 files, or 20 inside one another, are included.
- include many.conf
+ global_defs {
+ }
""".replace("{left quote}", "\u201c").replace("{right quote}", "\u201d")  # ansible-test wants no such quotes in files
