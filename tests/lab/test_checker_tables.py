# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same files for our checker and for Debian's keepalived on a real kernel: the tables as ipvsadm -Sn prints them
must be equal, and nothing must be left when both have stopped.
"""

from __future__ import annotations

import re

import pytest
from checker_directors import PLAIN, both, checked, run, virtual
from netns import wait

pytestmark = pytest.mark.uml(limit=240)

FILE = "FILE_CHECK {\n track_file F\n }"
V6 = (("fd00::1 80", "weight 2"), ("fd00::2 80", ""))
FILES = {
    "nat": virtual("192.0.2.1 80", *PLAIN, "lvs_method NAT"),
    "nat-ports": virtual("192.0.2.1 80", *PLAIN, "lvs_method NAT", servers=(("10.0.0.1 8080", ""), ("10.0.0.2 0", ""))),
    "dr": virtual("192.0.2.1 80", *PLAIN, "lb_kind DR"),
    "dr-ports": virtual("192.0.2.1 80", *PLAIN, "lb_kind DR", servers=(("10.0.0.1 8080", ""), ("10.0.0.2 80", ""))),
    "tun": virtual("192.0.2.1 80", *PLAIN, "lvs_method TUN"),
    "tun-gue": virtual("192.0.2.1 80", *PLAIN, "lvs_method TUN type gue port 6080 csum"),
    "tun-gre": virtual("192.0.2.1 80", *PLAIN, "lvs_method TUN type gre"),
    "mixed": virtual(
        "192.0.2.1 80", *PLAIN, "lvs_method DR", servers=(("10.0.0.1 80", "lvs_method NAT"), ("10.0.0.2 80", "lvs_method TUN"))
    ),
    "weights": virtual(
        "192.0.2.1 80",
        *PLAIN,
        "lvs_method DR",
        "weight 7",
        servers=(("10.0.0.1 80", "weight 65535"), ("10.0.0.2 80", "weight 0"), ("10.0.0.3 80", "")),
    ),
    "thresholds": virtual(
        "192.0.2.1 80", *PLAIN, "lvs_method DR", servers=(("10.0.0.1 80", "uthreshold 100\n lthreshold 50"),)
    ),
    "persistence": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "persistence_timeout 50"),
    "persistence-bare": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "persistence_timeout"),
    "granularity": virtual(
        "192.0.2.1 80", *PLAIN, "lvs_method DR", "persistence_timeout 600", "persistence_granularity 255.255.255.0"
    ),
    "any-port": virtual("192.0.2.1", *PLAIN, "lvs_method DR", "persistence_timeout 50", servers=(("10.0.0.1", ""),)),
    "udp-ops": virtual("192.0.2.1 80", "protocol UDP", "lvs_sched rr", "lvs_method DR", "ops"),
    "no-protocol": virtual("192.0.2.1 80", "lvs_sched rr", "lvs_method DR", check="MISC_CHECK {\n misc_path /bin/true\n}"),
    "no-scheduler": virtual("192.0.2.1 80", "protocol TCP", "lvs_method DR"),
    "sctp": virtual("192.0.2.1 80", "protocol SCTP", "lvs_sched lc", "lvs_method NAT"),
    "sh": virtual("192.0.2.1 80", "protocol TCP", "lvs_sched sh", "sh-port", "sh-fallback", "lvs_method DR"),
    "mh": virtual("192.0.2.1 80", "protocol TCP", "lvs_sched mh", "mh-port", "mh-fallback", "lvs_method DR"),
    **{
        " ".join((name, *flags)): virtual("192.0.2.1 80", "protocol TCP", f"lvs_sched {name}", *flags, "lvs_method DR")
        for name, *flags in (
            ("rr",), ("wrr",), ("lc",), ("wlc", "flag-1"), ("sed", "flag-3"), ("nq",), ("dh", "flag-2"), ("fo",), ("ovf",),
            ("lblc",), ("lblcr", "flag-1", "flag-2", "flag-3"), ("sh", "sh-port"), ("sh", "flag-3"), ("mh", "mh-fallback"),
        )
    },
    "sctp-v6": virtual("2001:db8::1 80", "protocol SCTP", "lvs_sched wrr", "lvs_method DR", servers=V6),
    "sctp-persistent": virtual("192.0.2.1 80", "protocol SCTP", "lvs_sched sh", "persistence_timeout 60", "lvs_method TUN"),
    "fwmark": virtual("fwmark 5", "lvs_sched rr", "lvs_method DR"),
    "fwmark-nat": virtual("fwmark 7", "lvs_sched rr", "lvs_method NAT"),
    "fwmark-v6": virtual("fwmark 6", "lvs_sched rr", "lvs_method DR", servers=V6),
    "v6": virtual("2001:db8::1 80", *PLAIN, "lvs_method DR", servers=V6),
    "v6-granularity": virtual(
        "2001:db8::1 80", *PLAIN, "lvs_method NAT", "persistence_timeout 60", "persistence_granularity 64", servers=V6
    ),
    "tun-across-families": virtual("192.0.2.1 80", *PLAIN, "lvs_method TUN", servers=(*V6, ("10.0.0.1 80", ""))),
    "group": "virtual_server_group G {\n 192.0.2.1 80\n 198.51.100.4-6 443\n fwmark 9\n}\n"
    + virtual("group G", *PLAIN, "lvs_method DR", servers=(("10.0.0.1 80", ""), ("10.0.0.2 80", "weight 4"))),
    "alpha-sorry": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "alpha", "sorry_server 10.0.0.9 80", check="TCP_CHECK {\n connect_port 99\n}"),
    "sorry-inhibit": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "sorry_server 10.0.0.9 80", "sorry_server_inhibit"),
    "inhibit-dead": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "inhibit_on_failure", check="TCP_CHECK {\n connect_port 99\n}"),
    "dead": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", check="TCP_CHECK {\n connect_port 99\n}"),
    "dynamic": virtual(
        "192.0.2.1 80",
        *PLAIN,
        "lvs_method DR",
        servers=(("10.0.0.1 80", "weight 3"),),
        check='MISC_CHECK {\n misc_path "/bin/sh -c \'exit 52\'"\n misc_dynamic\n}',
    ),
    "file": "track_file F {\n file /run/number\n}\n" + virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", check=FILE),
    "file-weight": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", check=FILE.replace("F\n", "F\n weight -1\n")),
    "file-down": virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", check=FILE.replace("F\n", "F\n weight 0\n")),
    "no-check": "virtual_server 192.0.2.1 80 {\n protocol TCP\n lvs_sched nq\n lvs_method NAT\n real_server 10.0.0.7 80 {\n }\n}\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def directors():
    yield from both()


def numbered(name: str) -> str:
    """The file of one name with addresses of its own, so that all of them make one file."""
    number = list(FILES).index(name) + 10
    return FILES[name].replace("192.0.2.1", f"192.0.2.{number}").replace("2001:db8::1", f"2001:db8::{number}")


@pytest.fixture(scope="module")
def tables(directors):
    """What both make of all files at once, and what is left when they have stopped."""
    run(directors, "".join(numbered(name) for name in FILES))
    checked(directors)
    wait(lambda: directors[0].saved() == directors[1].saved(), 20, 0.5)
    full = [director.saved() for director in directors]
    for director in directors:
        director.stop(director.daemon)
        director.daemon = None
    return full, [director.saved() for director in directors]


def test_same_tables_from_the_same_file(tables):
    assert tables[0][0].splitlines() == tables[0][1].splitlines()


@pytest.mark.parametrize("name", FILES)
def test_same_service_from_the_same_words(tables, name):
    heads = re.findall(r"virtual_server (?:fwmark )?(\d\S*)|^ (?:fwmark )?(\d\S*)", numbered(name), re.MULTILINE)
    wanted = {word.partition("-")[0] for pair in heads for word in pair if word}
    of_it = [
        [line for line in saved.splitlines() if {*re.split(r"[]\[ ]|:80|:443|:0", line)} & wanted]
        for saved in tables[0]
    ]
    assert of_it[0] == of_it[1] != []


def test_both_leave_nothing_behind(tables):
    assert tables[1] == ["", ""]
