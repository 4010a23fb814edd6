# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file is expected to bring, how long its checks need, and what changes between two files."""

from __future__ import annotations

import difflib

import pytest
from ansible_collections.lvs.cluster.plugins.plugin_utils import change_expected

TEXT = """\
vrrp_instance V {
    interface eth0
    virtual_router_id 51
    advert_int 2
    authentication {
        auth_type PASS
        auth_pass geheimni
    }
    virtual_ipaddress {
        192.0.2.80/24
    }
}
virtual_server 192.0.2.80 80 {
    delay_loop 6
    lb_algo wrr
    lb_kind DR
    protocol TCP
    sorry_server 192.0.2.9 80
    real_server 192.0.2.11 80 {
        TCP_CHECK {
            connect_timeout 3
        }
    }
    real_server 192.0.2.12 80 {
        weight 0
        TCP_CHECK {
            connect_timeout 3
        }
    }
}
"""
SAVED = """\
-A -t 192.0.2.80:80 -s wrr
-a -t 192.0.2.80:80 -r 192.0.2.11:80 -g -w 1
-a -t 192.0.2.80:80 -r 192.0.2.12:80 -g -w 0
"""
COUNTS = {"TCP 192.0.2.80:80 -> 192.0.2.11:80": (12, 3), "TCP 192.0.2.80:80 -> 192.0.2.12:80": (0, 0)}


def document(text=TEXT):
    found = change_expected.document(text, "keepalived.conf", "d1")
    assert found is not None
    return found


def test_what_the_file_answers_for():
    expected = change_expected.expected(document(), "agent")
    assert expected.engine == "agent"
    assert expected.addresses == ("192.0.2.80",)
    assert expected.routers == ("eth0/4/51",)
    assert expected.servers == {"TCP 192.0.2.80:80": {"192.0.2.11:80"}}, "weight 0 and sorry servers take nothing"
    assert expected.probes == ("192.0.2.80 80",)
    assert expected.advert_int == 2


def test_a_file_that_is_not_there_or_wrong_has_no_document():
    assert change_expected.document("", "keepalived.conf", "d1") is None
    assert change_expected.document("nonsense {", "keepalived.conf", "d1") is None


@pytest.mark.parametrize(
    ("old", "new", "anew", "limit", "seconds", "odd"),
    [
        (TEXT, TEXT, False, 20, 8, ""),  # three adverts and a bit
        (TEXT, TEXT.replace("wrr", "rr"), False, 20, 8, ""),
        (TEXT, TEXT.replace("connect_timeout 3", "connect_timeout 5"), False, 20, 12, ""),
        (TEXT, TEXT, True, 20, 10, ""),
        (None, TEXT, True, 20, 8, ""),
        (TEXT, TEXT.replace("0.80 80", "0.80 81"), False, 20, 8, ""),
        (TEXT, TEXT.replace("delay_loop 6", "delay_loop 60"), False, 20, 20, "may take 64 s to fail; the change is"),
    ],
)
def test_how_long_it_is_watched(old, new, anew, limit, seconds, odd):
    before = None if old is None else document(old)
    found, warning = change_expected.watch_time(before, document(new), anew=anew, limit=limit)
    assert found == seconds
    assert odd in warning
    assert bool(odd) == bool(warning)


def test_the_diff_of_what_the_file_means():
    diff = change_expected.model_diff(
        document(), document(TEXT.replace("lb_algo wrr", "lb_algo rr").replace("geheim", "anders"))
    )
    lines = list(difflib.ndiff(diff["before"].splitlines(), diff["after"].splitlines()))
    assert [line for line in lines if line[0] in "+-"] == [
        "- virtual_servers[192.0.2.80 80].lvs_sched = wrr",
        "+ virtual_servers[192.0.2.80 80].lvs_sched = rr",
    ]
    assert "geheim" not in str(diff)


@pytest.mark.parametrize(
    ("new", "lines"),
    [
        (TEXT, []),
        (
            TEXT.replace("lb_algo wrr", "lb_algo rr"),
            ["~ -A -t 192.0.2.80:80 -s rr (was -s wrr)  # 12 active, 3 inactive connections"],
        ),
        (
            TEXT.replace("192.0.2.11", "192.0.2.13"),
            [
                "+ -a -t 192.0.2.80:80 -r 192.0.2.13:80 -g -w 1",
                "- -a -t 192.0.2.80:80 -r 192.0.2.11:80 -g -w 1  # 12 active, 3 inactive connections",
            ],
        ),
    ],
)  # fmt: skip
def test_what_changes_in_the_kernel_and_the_connections_it_touches(new, lines):
    assert change_expected.kernel_diff(document(), document(new), SAVED, COUNTS) == lines
