# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes, each found once, at its line and column, with its code and level. ¶ stands before the place at fault.

Long because it is one table.
"""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read

E, W, N = "error", "warning", "note"

SECURE = "global_defs {\n  enable_script_security\n}\n"
KEY = "hex:" + "00112233445566778899aabbccddeeff" * 2


def instance(
    lines: str, name: str = "VI_1", *, vrid: int = 51, vip: str = "10.0.0.1", priority: str = "priority 99"
) -> str:
    """A sound instance and some more lines in it."""
    address = f"  virtual_ipaddress {{\n    {vip}\n  }}\n" if vip else ""
    return (
        f"vrrp_instance {name} {{\n  interface eth0\n  virtual_router_id {vrid}\n  {priority}\n{address}{lines}\n}}\n"
    )


SIX = (
    "virtual_server 2001:db8::80 80 {\n  lvs_sched rr\n  lvs_method DR\n  protocol TCP\n"
    "  real_server 2001:db8::11 80 {\n  }\n}\n"
)


def bare(lines: str) -> str:
    """An instance of nothing but these lines and a VRID."""
    return f"vrrp_instance VI_1 {{\n  virtual_router_id 51\n{lines}\n}}\n"


def server(
    lines: str,
    *,
    head: str = "10.0.0.1 80",
    proto: str = "protocol TCP",
    method: str = "lvs_method NAT",
    real: str = "",
) -> str:
    """A sound virtual server and some more lines in it."""
    real = real or "  real_server 10.1.0.1 80 {\n    weight 1\n  }"
    return f"virtual_server {head} {{\n  lvs_sched rr\n  {method}\n  {proto}\n{lines}\n{real}\n}}\n"


def real(lines: str, **words: str) -> str:
    """A sound virtual server whose real server has some more lines."""
    return server("", real=f"  real_server 10.1.0.1 80 {{\n{lines}\n  }}", **words)


def check(kind: str, lines: str, **words: str) -> str:
    return real(f"    {kind} {{\n{lines}\n    }}", **words)


def url(lines: str) -> str:
    return check("HTTP_GET", f"      url {{\n        path /\n{lines}\n      }}")


def script(lines: str) -> str:
    """A tracked vrrp_script with some more lines, and the instance that tracks it."""
    return (
        SECURE + f'vrrp_script s {{\n  script "/bin/check it"\n{lines}\n}}\n' + instance("  track_script {\n    s\n  }")
    )


MISTAKES = [
    # words
    ("unknown-keyword", E, "¶global_def {\n}\n"),
    ("unknown-keyword", E, "global_defs {\n  ¶rooter_id x\n}\n"),
    ("unknown-keyword", E, instance("  ¶prioritty 100")),
    ("unknown-keyword", E, server("  ¶delay_lop 6")),
    ("unknown-keyword", E, real("    ¶TCP_CHEK {\n    }")),
    ("unknown-keyword", E, check("TCP_CHECK", "      ¶connect_timeot 3")),
    ("unknown-keyword", E, url("        ¶staus_code 200")),
    ("unknown-keyword", E, instance("  ¶Priority 100")),
    ("misplaced-keyword", E, "¶virtual_router_id 51\n"),
    ("misplaced-keyword", E, instance("  ¶real_server 10.0.0.1 80 {\n  }")),
    ("misplaced-keyword", E, server("  ¶TCP_CHECK {\n  }")),
    ("misplaced-keyword", E, "global_defs {\n  ¶interface eth0\n}\n"),
    ("misplaced-keyword", E, real("    ¶connect_port 80")),
    ("gone-keyword", W, server("  ¶nat_mask 255.255.255.0")),
    ("gone-keyword", W, "global_defs {\n  ¶lvs_id MAIN\n}\n"),
    ("gone-keyword", W, check("TCP_CHECK", "      ¶nb_get_retry 3")),
    ("legacy-keyword", N, server("  delay_loop 6").replace("lvs_sched", "¶lb_algo")),
    ("legacy-keyword", N, server("", method="¶lb_kind NAT")),
    ("legacy-keyword", N, check("HTTP_GET", "      ¶nb_get_retry 3\n      url {\n        path /\n      }")),
    ("legacy-keyword", N, "global_defs {\n  ¶lvs_process_name x\n}\n"),
    ("legacy-keyword", N, instance("  ¶vmac_garp_intvl all 5")),
    ("legacy-value", N, instance("  state ¶SLAVE")),
    ("legacy-value", N, "static_routes {\n  10.0.0.0/8 ¶gw 10.1.1.1\n}\n"),
    ("legacy-value", N, "global_defs {\n  lvs_sync_daemon eth0 VI_1 ¶7\n}\n" + instance("")),
    # braces and quotes
    ("extra-brace", E, instance("") + "¶}\n"),
    ("extra-brace", E, instance("  nopreempt\n  ¶}\n  advert_int 1")),
    ("extra-brace", E, real("    weight 1\n    ¶}\n    TCP_CHECK {\n    }")),
    ("unclosed-block", E, "¶vrrp_instance VI_1 {\n  interface eth0\n"),
    (
        "unclosed-block",
        E,
        bare("  interface eth0\n  virtual_ipaddress ¶{\n    10.0.0.1\n")
        .replace(" ¶{", " {")
        .replace("  virtual_ipaddress", "  ¶virtual_ipaddress"),
    ),
    ("missing-brace", E, "¶vrrp_instance VI_1\n"),
    ("missing-brace", E, instance("  ¶virtual_routes")),
    ("unexpected-brace", E, "¶{\n}\n"),
    ("no-block", E, instance("  ¶state MASTER {\n  }")),
    ("no-block", E, instance("  track_interface {\n    ¶eth1 {\n    }\n  }")),
    ("open-quote", E, 'global_defs {\n  router_id ¶"abc\n}\n'),
    ("open-quote", E, SECURE + instance('  ¶notify_master "/bin/a \'b"').replace("¶notify_master ", "notify_master ¶")),
    ("comment-in-word", W, instance("  authentication {\n    auth_type PASS\n    auth_pass pa¶#ss\n  }")),
    ("comment-in-word", W, "global_defs {\n  router_id main¶!one\n}\n"),
    ("continued-line", W, "global_defs {\n  router_id ¶\\\n  main\n}\n"),
    ("nul-character", E, "global_defs {\n  router_id a¶\0b\n}\n"),
    ("line-too-long", E, "¶" + "x" * 1100 + "\n"),
    # values
    ("missing-value", E, instance("  ¶advert_int")),
    ("missing-value", E, "¶virtual_server {\n}\n"),
    ("missing-value", E, "¶vrrp_script {\n  script /bin/true\n}\n"),
    ("missing-value", E, "virtual_server ¶fwmark {\n}\n"),
    ("empty-value", W, 'global_defs {\n  router_id ¶""\n}\n'),
    ("extra-words", W, instance("  advert_int 1 ¶2")),
    ("extra-words", W, instance("  nopreempt ¶yes")),
    ("extra-name", E, instance("", "VI_1 ¶VI_2")),
    ("empty-value", E, 'vrrp_script ¶"" {\n  script /bin/true\n}\n'),
    ("extra-words", W, "virtual_server 10.0.0.1 80 ¶tcp {\n" + server("").partition("\n")[2]),
    ("out-of-range", E, instance("", vrid=256).replace("256", "¶256")),
    ("out-of-range", E, instance("", priority="priority ¶0")),
    ("out-of-range", E, instance("", priority="priority ¶256")),
    ("out-of-range", E, instance("  advert_int ¶0")),
    ("out-of-range", E, instance("  preempt_delay ¶1001")),
    ("out-of-range", E, real("    weight ¶-1")),
    ("out-of-range", E, server("  persistence_timeout ¶0")),
    ("out-of-range", E, "virtual_server 10.0.0.1 ¶65536 {\n}\n"),
    ("out-of-range", E, check("TCP_CHECK", "      connect_port ¶0")),
    ("out-of-range", E, check("TCP_CHECK", "      connect_timeout ¶0")),
    ("out-of-range", W, instance("  track_interface {\n    eth1 weight ¶254\n  }")),
    ("out-of-range", E, instance("  track_interface {\n    eth1 weight ¶300\n  }")),
    ("out-of-range", E, script("  fall ¶0")),
    ("not-a-number", E, instance("", vrid=51, priority="priority ¶high")),
    ("not-a-number", E, instance("  advert_int ¶1s")),
    ("not-a-number", E, server("  delay_loop ¶six")),
    ("not-a-number", E, real("    weight ¶0x10")),
    ("too-many-decimals", W, instance("  preempt_delay ¶1.0000001")),
    ("zero-ignored", W, "global_defs {\n  vrrp_garp_interval ¶0\n}\n"),
    ("not-a-truth-value", E, "global_defs {\n  vrrp_strict ¶maybe\n}\n"),
    ("unknown-value", E, instance("  state ¶MASTR")),
    ("unknown-value", E, server("").replace("lvs_sched rr", "lvs_sched ¶wrrr")),
    ("unknown-value", E, server("", proto="protocol ¶TPC")),
    ("unknown-value", E, instance("  authentication {\n    auth_type ¶MD5\n    auth_pass x\n  }")),
    ("unknown-value", E, check("DNS_CHECK", "      type ¶PTR")),
    ("unknown-value", E, check("HTTP_GET", "      http_protocol ¶2\n      url {\n        path /\n      }")),
    ("unknown-forwarding", E, server("", method="lvs_method ¶dr")),
    ("unknown-forwarding", E, server("", method="lvs_method ¶MASQ")),
    ("tunnel-port", E, server("", method="lvs_method ¶TUN type gue")),
    ("tunnel-checksum", E, server("", method="lvs_method ¶TUN type ipip csum")),
    ("useless-option", W, server("", method="lvs_method DR ¶nocsum")),
    ("unknown-option", E, instance("  virtual_ipaddress_excluded {\n    10.0.0.9 ¶devv eth1\n  }")),
    ("unknown-option", E, instance("  unicast_peer {\n    10.9.9.9 ¶ttl 5\n  }")),
    ("unknown-option", E, "global_defs {\n  lvs_timeouts ¶tpc 5\n}\n"),
    ("missing-value", E, instance("  virtual_ipaddress_excluded {\n    10.0.0.9 ¶dev\n  }")),
    ("duplicate-option", E, instance("  virtual_ipaddress_excluded {\n    10.0.0.9 dev a ¶dev b\n  }")),
    ("bad-address", E, instance("", vip="¶10.0.0.256")),
    ("bad-address", E, "virtual_server ¶10.0.0 80 {\n}\n"),
    ("bad-address", E, instance("  unicast_peer {\n    ¶peer.example.org\n  }")),
    ("bad-address", E, check("TCP_CHECK", "      connect_ip ¶::g")),
    ("bad-address", E, "global_defs {\n  vrrp_mcast_group4 ¶ff02::12\n}\n"),
    ("not-multicast", E, "global_defs {\n  vrrp_mcast_group4 ¶10.0.0.1\n}\n"),
    ("unknown-keyword", E, instance("", priority="¶priority=100")),
    ("bad-address", E, "virtual_server ¶10.0.0.1:80 {\n}\n"),
    ("bad-address", E, instance("", vip="¶10.0.0.1,")),
    ("unknown-option", E, instance("", vip="10.0.0.1 ¶10.0.0.2")),
    ("bad-prefix", E, instance("", vip="¶10.0.0.1/255.255.255.0")),
    ("bad-prefix", E, instance("", vip="¶10.0.0.1/33")),
    ("bad-range", E, "virtual_server_group G {\n  ¶10.0.0.9-3 80\n}\n" + server("", head="group G")),
    ("too-long", E, instance("").replace("interface eth0", "interface ¶averyverylongname")),
    ("bad-value", E, url("        status_code ¶99")),
    ("bad-value", E, url("        status_code 200 ¶299-200")),
    ("bad-value", E, instance("  use_vmac ¶00:11:22")),
    ("bad-mac", E, instance("  use_vmac ¶01:00:5e:00:00:01")),
    ("not-hexadecimal", E, check("UDP_CHECK", '      payload ¶"zz"')),
    ("key-length", E, instance(f"  auth_hmac {{\n    key 1 ¶hex:0011\n    key 2 {KEY}\n    active_key 2\n  }}")),
    ("unquoted-arguments", E, SECURE + instance("  notify_master /bin/notify ¶-v")),
    ("unquoted-arguments", W, script("").replace('script "/bin/check it"', "script /bin/check ¶it")),
    ("no-preference", W, "static_rules {\n  ¶from 10.0.0.1 table 9\n}\n"),
    ("two-actions", E, "static_rules {\n  ¶from 10.0.0.1 table 9 priority 3 type nop\n}\n"),
    ("missing-value", E, "static_rules {\n  ¶from 10.0.0.1 priority 3\n}\n"),
    ("missing-value", E, "static_routes {\n  ¶via 10.0.0.1\n}\n"),
    ("unknown-option", E, "static_routes {\n  10.0.0.0/8 ¶gateway 10.0.0.1\n}\n"),
    # twice, or not at all
    ("duplicate-keyword", W, instance("  state BACKUP\n  ¶priority 90")),
    ("duplicate-keyword", W, SECURE + instance("  notify_master /bin/a\n  ¶notify_master /bin/b")),
    ("duplicate-block", W, "global_defs {\n  router_id a\n}\n¶global_defs {\n  vrrp_version 3\n}\n"),
    (
        "missing-keyword",
        E,
        "vrrp_instance ¶VI_1 {\n  interface eth0\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}\n".replace(
            "¶VI_1", "VI_1"
        ).replace("vrrp_instance", "¶vrrp_instance"),
    ),
    ("missing-keyword", E, instance("  ¶authentication {\n    auth_type PASS\n  }")),
    ("missing-keyword", E, check("MISC_CHECK", "      misc_timeout 3").replace("MISC_CHECK", "¶MISC_CHECK")),
    ("missing-keyword", E, check("HTTP_GET", "").replace("HTTP_GET", "¶HTTP_GET")),
    ("missing-keyword", E, "¶vrrp_sync_group G {\n}\n"),
    # names
    ("unknown-name", E, instance("  track_script {\n    ¶chk\n  }")),
    ("unknown-name", E, instance("") + "vrrp_sync_group G {\n  group {\n    VI_1\n    ¶VI_2\n  }\n}\n"),
    ("unknown-name", E, server("", head="group ¶WEB")),
    ("unknown-name", E, check("FILE_CHECK", "      track_file ¶load")),
    ("unknown-name", E, check("BFD_CHECK", "      name ¶session")),
    ("unknown-name", E, "static_ipaddress {\n  ¶10.0.0.1/24 dev eth0 track_group T\n}\n"),
    ("unknown-name", E, "global_defs {\n  lvs_sync_daemon ¶eth0 inst VI_9\n}\n" + instance("")),
    ("duplicate-name", E, instance("") + instance("", vrid=52, vip="10.0.0.2").replace("VI_1", "¶VI_1")),
    ("duplicate-name", W, script("") + 'vrrp_script ¶s {\n  script "/bin/other"\n}\n'),
    (
        "defined-later",
        E,
        SECURE + instance("  track_script {\n    ¶s\n  }") + 'vrrp_script s {\n  script "/bin/x"\n}\n',
    ),
    ("duplicate-track", W, instance("  track_interface {\n    eth1\n    ¶eth1\n  }")),
    ("duplicate-member", W, instance("") + "vrrp_sync_group G {\n  group {\n    VI_1\n    ¶VI_1\n  }\n}\n"),
    (
        "two-groups",
        E,
        instance("")
        + instance("", "VI_2", vrid=52, vip="10.0.0.2")
        + "vrrp_sync_group G {\n  group { VI_1 VI_2 }\n}\nvrrp_sync_group H {\n  group { VI_2 VI_1 }\n}\n".replace(
            "{ VI_2 VI_1 }", "{ ¶VI_2 VI_3 }"
        )
        + instance("", "VI_3", vrid=53, vip="10.0.0.3"),
    ),
    ("lonely-group", W, instance("") + "vrrp_sync_group G {\n  ¶group {\n    VI_1\n  }\n}\n"),
    ("empty-group", E, "vrrp_sync_group G {\n  ¶group {\n  }\n}\n"),
    ("unused", W, SECURE + 'vrrp_script ¶s {\n  script "/bin/x"\n}\n'),
    ("unused", W, "virtual_server_group ¶G {\n  10.0.0.1 80\n}\n"),
    # the daemon
    ("mail-without-server", W, "global_defs {\n  ¶notification_email {\n    a@b\n  }\n}\n"),
    (
        "mail-password-in-clear",
        E,
        "global_defs {\n  notification_email {\n    a@b\n  }\n  smtp_server localhost\n  @lvs_agent smtp_auth_pass ¶s3cret\n}\n",
    ),
    ("mail-to-nobody", W, instance("  ¶smtp_alert")),
    ("no-script-security", W, instance("  ¶notify /bin/notify")),
    ("timeout-above-interval", W, script("  interval 2\n  timeout ¶5")),
    (
        "quorum-range",
        E,
        "vrrp_track_process p {\n  process nginx\n  quorum 5\n  quorum_max ¶3\n}\n"
        + instance("  track_process {\n    p\n  }"),
    ),
    ("family-mismatch", E, "bfd_instance b {\n  source_ip ¶10.0.0.1\n  neighbor_ip fe80::1\n}\n"),
    (
        "duplicate-neighbor",
        E,
        "bfd_instance a {\n  neighbor_ip 10.0.0.1\n}\nbfd_instance b {\n  neighbor_ip ¶10.0.0.1\n}\n",
    ),
    ("useless-block", W, "¶garp_group {\n  interface eth0\n}\n"),
    (
        "useless-option",
        W,
        SECURE.replace("}", "  ¶notify_fifo_script /bin/reader\n}").replace(
            "¶notify_fifo_script ", "notify_fifo_script ¶"
        ),
    ),
    # instances
    (
        "missing-interface",
        E,
        "vrrp_instance ¶VI_1 {\n  virtual_router_id 51\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}\n",
    ),
    ("loopback-interface", E, instance("").replace("interface eth0", "interface ¶lo")),
    ("duplicate-vrid", E, instance("") + instance("", "VI_2", vip="10.0.0.2").replace("id 51", "id ¶51")),
    ("owner-by-default", W, instance("  state ¶MASTER", priority="")),
    ("owner-backup", W, instance("  state BACKUP", priority="priority ¶255")),
    ("nopreempt-master", W, instance("  state MASTER\n  ¶nopreempt")),
    ("preempt-delay-ignored", W, instance("  nopreempt\n  preempt_delay ¶5")),
    ("useless-option", W, instance("  ¶timer_expired_backup")),
    ("useless-option", W, instance("  ¶owner_ignore_adverts")),
    ("contradiction", W, instance("  accept\n  ¶no_accept")),
    ("contradiction", W, instance("  vrf ¶red")),
    ("contradiction", E, instance("  use_vmac\n  ¶use_ipvlan")),
    ("duplicate-interface", E, instance("  use_vmac v1") + instance("  use_vmac ¶v1", "VI_2", vrid=52, vip="10.0.0.2")),
    ("advert-int-rounded", W, instance("  advert_int ¶1.5")),
    ("advert-int-range", E, instance("  version 3\n  advert_int ¶41")),
    ("version-2-ipv6", W, instance("  version ¶2", vip="fe80::1")),
    ("password-cut", W, instance("  authentication {\n    auth_type PASS\n    auth_pass ¶ninechars\n  }")),
    (
        "authentication-dropped",
        W,
        instance("  version 3\n  authentication {\n    auth_type ¶PASS\n    auth_pass 1\n  }"),
    ),
    ("authentication-dropped", E, instance("  version 3\n  authentication {\n    auth_type ¶AH\n    auth_pass 1\n  }")),
    ("ah-master", W, instance("  state MASTER\n  authentication {\n    auth_type ¶AH\n    auth_pass 1\n  }")),
    (
        "two-authentications",
        W,
        instance(
            f"  authentication {{\n    auth_type ¶PASS\n    auth_pass 1\n  }}\n  auth_hmac {{\n    key 1 {KEY}\n    active_key 1\n  }}"
        ),
    ),
    ("unknown-key", E, instance(f"  auth_hmac {{\n    key 1 {KEY}\n    active_key ¶2\n  }}")),
    ("missing-keyword", E, instance(f"  ¶auth_hmac {{\n    key 1 {KEY}\n  }}")),
    ("no-addresses", W, "vrrp_instance ¶VI_1 {\n  interface eth0\n  virtual_router_id 51\n}\n"),
    ("unusable-address", E, instance("", vip="¶127.0.0.1")),
    ("unusable-address", E, instance("", vip="¶224.0.0.5")),
    ("family-mismatch", E, instance("", vip="10.0.0.1\n    ¶fe80::1")),
    ("not-link-local", W, instance("", vip="¶2001:db8::1")),
    ("address-is-source", W, instance("", vip="fe80::1\n    ¶2001:db8::80/64") + SIX),
    ("duplicate-address", W, instance("", vip="10.0.0.1\n    ¶10.0.0.1")),
    ("shared-address", W, instance("") + instance("", "VI_2", vrid=52, vip="¶10.0.0.1")),
    ("own-peer", W, instance("  unicast_src_ip 10.9.0.1\n  unicast_peer {\n    ¶10.9.0.1\n  }")),
    ("duplicate-peer", W, instance("  unicast_peer {\n    10.9.0.1\n    ¶10.9.0.1\n  }")),
    ("family-mismatch", E, instance("  unicast_peer {\n    ¶fe80::1\n  }")),
    ("ttl-range", E, instance("  unicast_peer {\n    ¶10.9.0.1 min_ttl 9 max_ttl 3\n  }")),
    ("no-peers", W, instance("  ¶check_unicast_src")),
    (
        "weight-too-small",
        W,
        script("  weight 2").replace("priority 99", "priority 150\n  state MASTER").replace("    s\n", "    ¶s\n"),
    ),
    ("strict-unicast", E, "global_defs {\n  vrrp_strict\n}\n" + instance("  ¶unicast_peer {\n    10.9.0.1\n  }")),
    ("strict-reset", W, instance("  strict_mode\n  state BACKUP\n  ¶preempt_delay 3")),
    ("strict-state", W, instance("  strict_mode\n  state ¶MASTER")),
    # virtual servers
    ("missing-protocol", E, check("TCP_CHECK", "", proto="").replace("virtual_server", "¶virtual_server")),
    ("missing-protocol", W, server("", proto="").replace("virtual_server", "¶virtual_server")),
    ("unknown-scheduler", W, server("").replace("lvs_sched rr", "lvs_sched ¶carousel")),
    ("unknown-scheduler", W, server("").replace("lvs_sched rr", "lvs_sched ¶rh")),
    ("unknown-value", E, server("").replace("lvs_sched rr", "lvs_sched ¶sixteen-letters-")),
    ("unknown-value", E, server("").replace("lvs_sched rr", "lvs_sched ¶carousel fast")),
    ("missing-scheduler", W, server("").replace("  lvs_sched rr\n", "").replace("virtual_server", "¶virtual_server")),
    ("missing-method", W, server("", method="").replace("virtual_server", "¶virtual_server")),
    ("no-real-servers", E, "virtual_server ¶10.0.0.1 80 {\n  lvs_sched rr\n  lvs_method DR\n  protocol TCP\n}\n"),
    ("duplicate-server", W, server("", real="  real_server 10.1.0.1 80 {\n  }\n  real_server ¶10.1.0.1 80 {\n  }")),
    ("duplicate-service", W, server("") + server("").replace("10.0.0.1", "¶10.0.0.1")),
    ("all-weights-zero", W, real("    weight 0").replace("10.0.0.1", "¶10.0.0.1")),
    ("port-mismatch", W, server("", method="lvs_method DR", real="  real_server 10.1.0.1 ¶8080 {\n  }")),
    (
        "port-ignored",
        W,
        server("", head="fwmark 3", proto="", method="lvs_method DR", real="  real_server 10.1.0.1 ¶80 {\n  }"),
    ),
    ("family-mismatch", E, server("", real="  real_server ¶fe80::1 80 {\n  }")),
    ("family-mismatch", E, server("  persistence_granularity ¶64")),
    ("quorum-out-of-reach", W, server("  quorum ¶5")),
    ("hysteresis-range", W, server("  hysteresis ¶1")),
    ("no-sorry-server", W, server("  ¶sorry_server_inhibit")),
    ("wrong-order", W, server("  ¶sorry_server_inhibit\n  sorry_server 10.2.0.1 80")),
    ("any-port", W, server("", head="¶10.0.0.1")),
    ("odd-netmask", W, server("  persistence_timeout 50\n  persistence_granularity ¶255.0.255.0")),
    ("useless-option", W, server("  ¶sh-port")),
    ("useless-option", W, server("  ¶ops")),
    ("threshold-range", E, real("    uthreshold 10\n    lthreshold ¶20")),
    ("contradiction", W, real("    SMTP_CHECK {\n      retry 2\n      host {\n        retry ¶3\n      }\n    }")),
    ("interrupted-handshake", W, real("    ¶TCP_CHECK {\n      connect_port 3306\n    }")),
    ("server-is-service", W, server("", real="  real_server ¶10.0.0.1 8080 {\n  }")),
    ("useless-option", W, server("", head="fwmark 3", proto="protocol ¶TCP", real="  real_server 10.1.0.1 {\n  }")),
    # checks
    ("timeout-above-interval", W, check("TCP_CHECK", "      delay_loop 3\n      connect_timeout ¶5")),
    (
        "timeout-above-interval",
        W,
        SECURE + check("MISC_CHECK", "      misc_path /bin/x\n      delay_loop 3\n      misc_timeout ¶5"),
    ),
    ("family-mismatch", E, check("TCP_CHECK", "      bindto ¶fe80::1")),
    ("bad-digest", E, url("        digest ¶0123")),
    ("relative-path", W, check("HTTP_GET", "      url {\n        path ¶index.html\n      }")),
    ("useless-option", W, url("        ¶regex_no_match")),
    ("useless-option", W, check("HTTP_GET", "      ¶enable_sni\n      url {\n        path /\n      }")),
    ("bad-regex", E, url("        regex ¶(ok")),
    ("lost-backslash", W, url('        regex ¶"^\\d+$"')),
    ("extra-words", E, url("        regex good ¶page")),
    ("open-quote", E, url("        regex ¶it's")),
    ("bad-regex", E, url("        regex ok\n        regex_options ¶caseles utf")),
    ("offset-range", W, url("        regex ok\n        regex_min_offset 9\n        regex_max_offset ¶3")),
    ("length-range", E, check("UDP_CHECK", "      require_reply\n      min_reply_length ¶300")),
    ("useless-option", W, check("UDP_CHECK", "      ¶max_reply_length 30")),
    ("alpha-without-check", W, server("  alpha").replace("10.1.0.1", "¶10.1.0.1")),
    (
        "two-dynamic-checks",
        W,
        SECURE
        + real(
            "    MISC_CHECK {\n      misc_path /bin/a\n      misc_dynamic\n    }\n    MISC_CHECK {\n      misc_path /bin/b\n      ¶misc_dynamic\n    }"
        ),
    ),
    # variables, sequences, includes
    ("undefined-variable", E, "global_defs {\n  router_id ¶${NAME}\n}\n"),
    ("recursive-variable", E, "$A=$A x\nglobal_defs {\n  router_id ¶$A\n}\n"),
    ("bad-sequence", E, "¶~SEQ(A, 1, 0, 9) global_defs\n"),
    ("bad-sequence", E, "¶~LST(A) x\n"),
    ("include-not-read", E, "¶include other.conf\n"),
    # what looks right, and what other formats have
    ("unknown-value", W, instance("", vip="10.0.0.1/24 scope ¶linkk")),
    ("bad-address", E, "global_defs {\n  smtp_server ¶mail.example.org:25\n}\n"),
    ("out-of-range", E, "global_defs {\n  smtp_server mail.example.org ¶70000\n}\n"),
    ("not-a-number", E, "global_defs {\n  smtp_server mail.example.org ¶smtp\n}\n"),
    ("bad-range", E, "virtual_server_group G {\n  ¶10.0.0.1/24 80\n}\n" + server("", head="group G")),
    ("misplaced-keyword", E, check("HTTP_GET", "      ¶path /")),
    (
        "no-block",
        E,
        "vrrp_instance VI_1 {\n  ¶interface eth0 virtual_router_id 5 virtual_ipaddress {\n    10.0.0.1\n  }\n}\n",
    ),
    (
        "unknown-keyword",
        E,
        "vrrp_sync_group G {\n  ¶VI_1\n  VI_2\n}\n" + instance("") + instance("", "VI_2", vrid=52, vip="10.0.0.2"),
    ),
    (
        "duplicate-track",
        W,
        "vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n  }\n  track_interface {\n    ¶eth0\n  }\n}\n"
        + instance("")
        + instance("", "VI_2", vrid=52, vip="10.0.0.2"),
    ),
    ("unexpected-brace", E, instance("", priority="priority ¶{{ priority }}")),
    ("unexpected-brace", E, instance("", vip="¶{{ vip }}/24 dev {{ dev }}")),
    ("unexpected-brace", E, instance("  ¶{% if master %}")),
    (
        "missing-value",
        E,
        SECURE + "¶vrrp_script {\n  script /bin/x\n}\n" + instance("  track_script {\n    check\n  }"),
    ),
    ("odd-character", E, "¶\ufeff" + instance("")),
    ("odd-character", E, instance("  ¶advert_int\u00a01")),
    ("odd-character", E, instance("  advert_int ¶\u20091")),
    ("odd-character", E, real("    weight ¶\u22121")),
    ("odd-character", W, "global_defs {\n  router_id ¶\u201clb1\u201d\n}\n"),
    (
        "odd-character",
        W,
        SECURE + "vrrp_script s {\n  script ¶\u201c/bin/x\u201d\n}\n" + instance("  track_script {\n    s\n  }"),
    ),
    ("unknown-keyword", E, instance("  ¶// the master")),
    ("unknown-keyword", E, instance("  ¶/* the\n  master\n  of all */")),
    ("unknown-keyword", E, instance("  ¶advert_int: 1")),
    ("unknown-keyword", E, instance("  ¶advert_int=1")),
    ("not-a-number", E, instance("  advert_int ¶= 1")),
    ("not-a-number", E, instance("  advert_int ¶1;")),
    ("not-a-number", E, server("  persistence_timeout ¶5m")),
    (
        "extra-words",
        E,
        "vrrp_instance VI_1 {\n  state BACKUP ¶interface eth0\n  virtual_router_id 51\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}\n",
    ),
    ("extra-words", W, instance("  advert_int 1 ¶nopreempt")),
    ("missing-brace", E, instance("  ¶unicast_peer 10.9.0.1\n  check_unicast_src")),
    ("missing-brace", E, instance("  ¶track_interface eth1") + server("")),
    ("missing-brace", E, instance("  ¶authentication (\n    auth_type PASS\n  )")),
    ("unexpected-brace", E, instance("").replace("VI_1 {", "VI_1 {¶{")),
    ("bad-address", E, server("", head="¶[2001:db8::1] 80")),
    ("bad-address", E, server("", real="  real_server ¶[2001:db8::1]:80 {\n  }")),
    ("bad-address", E, server("", real="  real_server ¶web1.example.org 80 {\n  }")),
    ("bad-address", E, instance("", vip="¶10.0.0.256/24")),
    ("bad-address", E, instance("", vip="¶10.000.000.001")),
    ("unknown-option", E, instance("", vip="10.0.0.1 ¶netmask 255.255.255.0")),
    ("misplaced-keyword", E, check("TCP_CHECK", "      ¶weight 1")),
    ("undefined-variable", E, server("").replace("10.0.0.1 80", "¶${VIP} 80")),
    (
        "unknown-name",
        E,
        SECURE + "vrrp_script check {\n  script /bin/x\n}\n" + instance("  track_script {\n    ¶chek\n  }"),
    ),
    ("unknown-name", E, "virtual_server_group G1 {\n  10.0.0.1 80\n}\n" + server("", head="group ¶G2")),
    ("duplicate-name", E, instance("") + instance("", "¶VI_1", vrid=52)),
    ("open-quote", E, SECURE + 'vrrp_script s {\n  script ¶"/bin/x 1\n}\n' + instance("  track_script {\n    s\n  }")),
]


@pytest.mark.parametrize(("code", "level", "marked"), MISTAKES)
def test_a_mistake_is_found_once_where_it_is(code: str, level: str, marked: str) -> None:
    before, text = marked.partition("¶")[0], marked.replace("¶", "", 1)
    assert marked.count("¶") == 1
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    found = read(text, "wrong.conf").findings
    assert [(one.code, one.level, one.line, one.column) for one in found] == [(code, level, line, column)], [
        one.render() for one in found
    ]
    assert found[0].file == "wrong.conf"
    assert found[0].render().startswith(f"wrong.conf:{line}:{column}: {level}[{code}]: ")


@pytest.mark.parametrize("written", ["2001:db8::80", "2001:db8::80/64 preferred_lft 0", "2001:db8::81/64"])
def test_an_address_that_is_no_source_is_not_complained_of(written: str) -> None:
    assert not read(instance("", vip=f"fe80::1\n    {written}") + SIX, "x.conf").findings


def test_the_table_is_large_and_its_mistakes_distinct() -> None:
    assert len({text for _code, _level, text in MISTAKES}) == len(MISTAKES) >= 120


@pytest.mark.parametrize(
    "text",
    [
        instance(""),
        server(""),
        real("    weight 2"),
        check("TCP_CHECK", "      connect_timeout 3"),
        url("        status_code 200"),
        script("  interval 2"),
    ],
)
def test_what_the_mistakes_are_put_into_is_sound(text: str) -> None:
    assert [found.render() for found in read(text, "good.conf").findings] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (server("", head="[2001:db8::1] 80"), "write 2001:db8::1, without brackets"),
        (server("", real="  real_server [2001:db8::1]:80 {\n  }"), "write 2001:db8::1 80, without brackets"),
        (server("", real="  real_server web1 80 {\n  }"), "no names are looked up: write the address"),
        (instance("", vip="10.000.0.1"), "write 10.0.0.1, without leading zeros"),
        (instance("", vip="10.0.0.1 netmask 255.0.0.0"), "the length of the prefix follows the address: 10.0.0.1/24"),
        (instance("  advert_int 2m"), "write 120, without a unit: 0.01..255 s"),
        (instance("  advert_int 500ms"), "write 0.5, without a unit: 0.01..255 s"),
        ("global_defs {\n  vrrp_rlimit_rttime 5s\n}\n", "without a unit: a number from 1 to 4294967295"),
        (instance("", priority="priority 150;"), "write 150"),
        (instance("", priority="priority = 150"), "no '=' belongs here: a number from 1 to 255"),
        (instance("  // x"), "a comment starts with # or !"),
        (instance("  advert_int=1"), "write advert_int, without '='"),
        (server("  lvs_kind DR"), "did you mean 'lvs_method'?"),
        ("includes x\n", "did you mean 'include'?"),
        (check("TCP_CHECK", "      weight 1"), "it stands in real_server"),
        (check("HTTP_GET", "      status_code 200\n      url {\n        path /\n      }"), "it stands in url"),
        (instance("  advert_int 1,5"), "write 1.5"),
        (url("        status_code 200,301"), "write 200 301"),
        ("$X = 1\n", "a variable is set by $NAME=VALUE, without blanks; its name starts with a letter"),
        ("global_defs {\n  smtp_server 10.0.0.1:25\n}\n", "write 10.0.0.1 25, the port is a word of its own"),
        ("vrrp_sync_group G {\n  A\n  B\n}\n" + instance("", "A") + instance("", "B", vrid=52, vip="10.0.0.2"), "write group { A B }"),
        (instance("  router_id x"), "it stands in global_defs"),
        (instance("  unicast_peer 10.9.0.1"), "write unicast_peer { 10.9.0.1 }"),
        (instance("  authentication (\n  )"), "write 'authentication {' and close it with '}'"),
        (check("HTTP_GET", ""), "write url { ... }: pages to ask for"),
        (instance("", vip="$VIP/24"), "no such variable is defined; beside other characters its name needs braces: ${NAME}"),
    ],
)  # fmt: skip
def test_the_help_mends_it(text: str, wanted: str) -> None:
    assert [found.help for found in read(text, "wrong.conf").findings if found.level == E] == [wanted]
