# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections and numbers as ipvsadm prints them; the table for JSON; failures with their hints."""

from __future__ import annotations

import errno
import json

import pytest

from lvs_agent.ipvs import connections, listing
from lvs_agent.ipvs.connections import Connection
from lvs_agent.ipvs.diff import diff
from lvs_agent.ipvs.failure import failure
from lvs_agent.ipvs.restore import read
from lvs_agent.ipvs.stats import Counters, DestinationStats, ServiceStats

from . import vectors

CONNECTIONS = list(connections.read(vectors.text("ip_vs_conn").splitlines()))


def test_connections_are_ipvsadms():
    theirs = vectors.text("ipvsadm-Lnc.txt").splitlines()
    ours = list(listing.connections(CONNECTIONS))
    # The time to expiry may have ticked between the two reads.
    blank = slice(4, 9)
    assert [line.replace(line[blank], "", 1) if line[6] == ":" else line for line in ours] == [
        line.replace(line[blank], "", 1) if line[6] == ":" else line for line in theirs
    ]
    assert ours[4] == "TCP 09:48  NONE        [2001:db8::]:0     [2001:db8::1]:80   10.0.0.7:80"


@pytest.mark.parametrize(
    ("line", "connection"),
    [
        (
            "TCP C0000201 9384 C0000201 1F90 0A000001 1F91 SYN_RECV         48",
            Connection("TCP", "192.0.2.1", 0x9384, "192.0.2.1", 8080, "10.0.0.1", 8081, "SYN_RECV", 48),
        ),
        (
            "UDP C0000201 0000 C0000201 13C4 0A000001 13C4 NONE            360 sip 1234@host",
            Connection("UDP", "192.0.2.1", 0, "192.0.2.1", 5060, "10.0.0.1", 5060, "NONE", 360, "sip", "1234@host"),
        ),
    ],
)
def test_connection(line, connection):
    assert list(
        connections.read(["Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData", line])
    ) == [connection]


def test_connection_with_its_origin():
    lines = [
        "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires",
        "TCP C0000201 9384 C0000201 1F90 0A000001 1F91 ESTABLISHED SYNC      899",
    ]
    (found,) = connections.read(lines)
    assert (found.state, found.origin, found.expires) == ("ESTABLISHED", "SYNC", 899)


@pytest.mark.parametrize(
    "line", ["TCP C0000201 9384", "TCP X 1 C0000201 1 0A000001 1 NONE 4", "TCP C00002 1 C0000201 1 0A000001 1 NONE 4"]
)
def test_lines_of_another_shape(line):
    with pytest.raises(ValueError):
        list(connections.read([line]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "        0"),
        (99999999, " 99999999"),
        (100000000, "  100000K"),
        (154000000, "  154000K"),
        (999999999, "  999999K"),
        (1000000000, "    1000M"),
        (99999999999, "   99999M"),
        (100000000000, "     100G"),
        (100000000000000, "     100T"),
    ],
)
def test_large_numbers(value, text):
    assert listing.large(value) == text


def test_json_keeps_everything():
    ((key, entry),) = read(
        "-A -t 192.0.2.1:80 -s sh -p 50 -b sh-port\n"
        "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -i --tun-type gue --tun-port 6080 --tun-csum -x 9 -y 3"
    ).items()
    counters = Counters(1, 2, 3, 1 << 40, 5, 6, 7, 8, 9, 10)
    row = DestinationStats(entry.destinations[0], 4, 5, 6, counters)
    (shown,) = json.loads(json.dumps(listing.as_json([ServiceStats(entry.service, counters, (row,))])))
    assert shown["stats"]["inbytes"] == 1 << 40
    (destination,) = shown.pop("destinations")
    assert (shown["protocol"], shown["address"], shown["port"], shown["scheduler_flags"]) == (
        "TCP",
        "192.0.2.1",
        80,
        ["sh-port"],
    )
    assert (destination["tunnel_type"], destination["tunnel_port"], destination["tunnel_flags"]) == (
        "gue",
        6080,
        "csum",
    )
    assert destination["active_connections"] == 4
    assert destination["stats"] == shown["stats"]
    assert key.address == "192.0.2.1"


WEB = "-A -t 192.0.2.1:80 -s wrr\n"


@pytest.mark.parametrize(
    ("want", "number", "words"),
    [
        (WEB, errno.ENOENT, "modprobe ip_vs_wrr"),
        (WEB.replace("wrr", "rr --pe sip"), errno.ENOENT, "ip_vs_rr or ip_vs_pe_sip"),
        (WEB, errno.EEXIST, "somebody else has made it"),
        (WEB, errno.EPERM, "CAP_NET_ADMIN"),
        ("-A -t 192.0.2.1:80 -s wrr -o\n", errno.EINVAL, "one-packet"),
        ("-A -f 1\n-a -f 1 -r 2001:db8::1 -g", errno.EINVAL, "only be reached by TUN"),
        ("-A -f 1\n-a -f 1 -r 2001:db8::1 -i", errno.EINVAL, "sync daemon"),
        ("-A -f 1\n-a -f 1 -r 224.0.0.1 -i", errno.EINVAL, "unicast"),
        ("-A -f 1\n-a -f 1 -r 10.0.0.1", errno.ESRCH, "its service is not in the kernel"),
        ("-A -f 1\n-a -f 1 -r 10.0.0.1", errno.ENOENT, "somebody else has removed"),
        ("-A -f 1\n-a -f 1 -r 10.0.0.1 -x 1 -y 2", errno.ERANGE, "lower threshold"),
    ],
)
def test_failures_say_how_to_mend(want, number, words):
    change = diff({}, read(want.replace("2001:db8::1", "[2001:db8::1]")))[-1]
    found = failure(change, number)
    assert found.text.startswith(change.describe())
    assert errno.errorcode[number] in found.text
    assert words in found.text
