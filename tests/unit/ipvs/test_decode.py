# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's own answers as values, compared with what ipvsadm printed for the same table."""

from __future__ import annotations

import re
import struct
from socket import AF_INET

import pytest
from pyroute2.netlink.generic import ipvs

from lvs_agent.ipvs import decode, genl, listing, restore, save, wire
from lvs_agent.ipvs.diff import diff
from lvs_agent.ipvs.stats import Daemon, Info, ServiceStats, Timeouts
from lvs_agent.ipvs.table import table

from . import vectors

KERNEL = vectors.kernel()
ANSWERS = [[m for d in datagrams for m in genl.messages(d)] for datagrams in KERNEL["dests"]]
DESTINATIONS = [message for answer in ANSWERS for message in answer if message.kind != genl.DONE]
SERVICES = [m for d in KERNEL["services"][0] for m in genl.messages(d) if m.kind != genl.DONE]


def one(kind):
    ((datagram,),) = KERNEL[kind]
    (message,) = genl.messages(datagram)
    return message


def stats():
    """The dump as the port puts it together."""
    found = []
    for message, answer in zip(SERVICES, ANSWERS):
        entry = decode.service_stats(message.body)
        family = entry.service.key.family
        rows = tuple(decode.destination_stats(m.body, family) for m in answer if m.kind != genl.DONE)
        found.append(ServiceStats(entry.service, entry.counters, rows))
    return found


def test_table_is_what_ipvsadm_saved():
    have = table((entry.service, [row.destination for row in entry.destinations]) for entry in stats())
    lines = save.write(have).splitlines()
    # ipvsadm does not save thresholds.
    assert [line.replace(" -x 1000 -y 500", "") for line in lines] == vectors.rows("ipvsadm-table.save")
    assert "-a -u 192.0.2.2:53 -r 10.0.0.1:53 -m -w 100 -x 1000 -y 500" in lines
    assert diff(have, restore.read("\n".join(lines))) == ()


def test_service_without_counters_is_the_same():
    assert [decode.service(m.body) for m in SERVICES] == [entry.service for entry in stats()]


@pytest.mark.parametrize("message", DESTINATIONS, ids=range(len(DESTINATIONS)))
def test_fixed_layout_and_walk_agree(message):
    found = genl.attributes(genl.attributes(message.body[4:])[wire.CMD_ATTR_DEST])
    # Another order of attributes, as another kernel may send them, is no longer the fixed layout.
    turned = b"".join(genl.attribute(kind, bytes(found[kind])) for kind in reversed(list(found)))
    body = memoryview(bytes(message.body[:4]) + genl.nested(wire.CMD_ATTR_DEST, turned))
    assert decode._DEST.unpack_from(message.body, 8)[::2] == decode._DEST_HEADERS
    assert decode._DEST.unpack_from(body, 8)[::2] != decode._DEST_HEADERS
    assert decode.destination(body, AF_INET) == decode.destination(message.body, AF_INET)
    assert decode.destination_stats(body, AF_INET) == decode.destination_stats(message.body, AF_INET)


@pytest.mark.parametrize(
    ("lines", "printed"),
    [
        (listing.table, "ipvsadm-Ln.txt"),
        (listing.stats, "ipvsadm-Ln-stats.txt"),
        (lambda found: listing.stats(found, exact=True), "ipvsadm-Ln-stats-exact.txt"),
        (listing.thresholds, "ipvsadm-Ln-thresholds.txt"),
        (listing.persistent, "ipvsadm-Ln-persistent-conn.txt"),
    ],
)
def test_listing_is_ipvsadms(lines, printed):
    wanted = vectors.text(printed).splitlines()
    assert [listing.heading(decode.info(one("info").body)), *lines(stats())] == wanted


def test_rates_are_ipvsadms_columns():
    # The rates were falling between the dump and the print: everything but those digits is equal.
    theirs = vectors.text("ipvsadm-Ln-rate.txt").splitlines()[1:]
    digits = re.compile(r"(?<= )[ \d]{8}(?= |$)")
    assert [digits.sub("#", line) for line in listing.rate(stats())] == [digits.sub("#", line) for line in theirs]


@pytest.mark.parametrize("message", DESTINATIONS, ids=range(len(DESTINATIONS)))
def test_counters_are_those_that_pyroute2_reads(message):
    read = ipvs.ipvsmsg(genl.frame(message.kind, 0, 1, bytes(message.body)))
    read.decode()
    names = ("CONNS", "INPKTS", "OUTPKTS", "INBYTES", "OUTBYTES", "CPS", "INPPS", "OUTPPS", "INBPS", "OUTBPS")
    theirs = read.get_attr("IPVS_CMD_ATTR_DEST").get_attr("IPVS_DEST_ATTR_STATS64")
    ours = decode.destination_stats(message.body, AF_INET).counters
    assert ours == tuple(theirs.get_attr(f"IPVS_STATS_ATTR_{name}") for name in names)


def test_counters_of_the_busy_service():
    busy = {entry.service.key.port: entry for entry in stats()}[53]
    # 110,000 datagrams of 1,400 bytes were sent.
    assert busy.counters == busy.destinations[0].counters
    assert busy.counters[:5] == (110000, 110000, 0, 154000000, 0)
    assert (busy.counters.cps, busy.counters.inbps) == (6993, 9790085)


def test_counters_of_32_bits_where_the_kernel_has_no_others():
    body = DESTINATIONS[0].body
    found = genl.attributes(genl.attributes(body[4:])[wire.CMD_ATTR_DEST])
    old = b"".join(genl.attribute(k, bytes(v)) for k, v in found.items() if k != wire.DEST_STATS64)
    read = decode.destination_stats(memoryview(bytes(4) + genl.nested(wire.CMD_ATTR_DEST, old)), AF_INET)
    assert read == decode.destination_stats(body, AF_INET)


def test_daemons():
    (datagrams,) = KERNEL["daemons"]
    assert [decode.daemon(m.body) for d in datagrams for m in genl.messages(d)] == [
        Daemon(1, "v0", 7, 1472, "224.0.0.81", 8848, 1),
        Daemon(2, "v0", 8, 1400, "224.0.0.99", 9000, 3),
    ]
    printed = vectors.text("ipvsadm-L-daemon.txt").splitlines()
    assert [listing.daemon(decode.daemon(m.body)) for d in datagrams for m in genl.messages(d)] == printed


def test_settings():
    assert decode.timeouts(one("config").body) == Timeouts(900, 120, 300)
    assert listing.timeouts(Timeouts(900, 120, 300)) == vectors.text("ipvsadm-L-timeout.txt").strip()
    assert decode.info(one("info").body) == Info((1, 2, 1), 4096)


def test_family_and_error():
    assert decode.family_id(one("family").body) == SERVICES[0].kind
    assert (one("error").kind, genl.error(one("error"))) == (genl.ERROR, 3)


@pytest.mark.parametrize("body", [b"", b"\5\1\0\0", b"\5\1\0\0\3\0\2\0", b"\5\1\0\0" + genl.nested(2)])
def test_nonsense_is_a_value_error(body):
    with pytest.raises(ValueError):
        decode.destination(memoryview(body), AF_INET)
    with pytest.raises(ValueError):
        decode.service(memoryview(body))


@pytest.mark.parametrize("length", [0, 15, 21])
def test_length_that_does_not_fit(length):
    with pytest.raises(ValueError):
        list(genl.messages(struct.pack("=IHHII", length, 2, 0, 1, 0) + bytes(4)))
