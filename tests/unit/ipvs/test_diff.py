# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diff as a table, its order, and by hypothesis: what it leads to, and that no service is empty on the way."""

from __future__ import annotations

from dataclasses import replace
from socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvs_agent.ipvs.diff import Verb, diff
from lvs_agent.ipvs.restore import read
from lvs_agent.ipvs.table import Destination, Entry, Forward, Service, ServiceKey, Tunnel

WEB = "-A -t 192.0.2.1:80 -s wrr\n"
ONE = "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n"
TWO = "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1\n"
DNS = "-A -u 192.0.2.2:53 -s rr -o\n-a -u 192.0.2.2:53 -r 10.0.0.9:53 -m -w 1\n"


@pytest.mark.parametrize(
    ("have", "want", "lines"),
    [
        ("", "", []),
        (WEB + ONE + TWO, WEB + TWO + ONE, []),
        ("", WEB + ONE, ["+ -A -t 192.0.2.1:80 -s wrr", "+ -a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1"]),
        (WEB + ONE, "", ["- -A -t 192.0.2.1:80 -s wrr"]),
        (WEB + ONE, WEB + ONE + TWO, ["+ -a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1"]),
        (
            WEB + ONE,
            WEB + TWO,
            ["+ -a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1", "- -a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1"],
        ),
        (
            WEB + ONE + TWO,
            WEB + ONE.replace("-w 1", "-w 5") + TWO,
            ["~ -a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 5 (was -w 1)"],
        ),
        (WEB + ONE, WEB.replace("wrr", "wlc") + ONE, ["~ -A -t 192.0.2.1:80 -s wlc (was -s wrr)"]),
        (WEB + ONE, WEB.replace("wrr", "wrr -p 50") + ONE, ["~ -A -t 192.0.2.1:80 -s wrr -p 50 (was without -p 50)"]),
        (
            WEB + ONE,
            WEB + ONE.replace("-g", "-i"),
            ["~ -a -t 192.0.2.1:80 -r 10.0.0.1:80 -i -w 1 --tun-type ipip (was -g)"],
        ),
        (
            WEB + ONE,
            DNS,
            [
                "+ -A -u 192.0.2.2:53 -s rr -o",
                "+ -a -u 192.0.2.2:53 -r 10.0.0.9:53 -m -w 1",
                "- -A -t 192.0.2.1:80 -s wrr",
            ],
        ),
    ],
)
def test_diff(have, want, lines):
    assert [change.describe() for change in diff(read(have), read(want))] == lines


def test_a_weight_is_one_change_of_one_destination():
    (change,) = diff(read(WEB + ONE + TWO), read(WEB + ONE + TWO.replace("-w 1", "-w 0")))
    assert (change.verb, change.destination.weight, change.before.weight) == (Verb.SET_DEST, 0, 1)


addresses = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1", "2001:DB8:0::1"])
destinations = st.builds(
    Destination,
    addresses,
    st.sampled_from([80, 81]),
    st.sampled_from(Forward),
    st.integers(0, 3),
    st.integers(0, 1),
    st.integers(0, 1),
    st.sampled_from(Tunnel),
    st.sampled_from([0, 6080]),
    st.integers(0, 1),
)
keys = st.one_of(
    st.builds(
        ServiceKey, st.just(AF_INET), st.sampled_from([IPPROTO_TCP, IPPROTO_UDP]), st.just("192.0.2.1"), st.just(1)
    ),
    st.builds(ServiceKey, st.sampled_from([AF_INET, AF_INET6]), fwmark=st.integers(1, 2)),
)
services = st.builds(Service, keys, st.sampled_from(["rr", "wlc"]), st.sampled_from([0, 4]), st.sampled_from([0, 50]))
entries = st.builds(
    Entry, services, st.lists(destinations, max_size=4, unique_by=lambda destination: destination.key).map(tuple)
)
tables = st.lists(entries, max_size=4).map(lambda found: {entry.service.key: entry for entry in found})


def tables_on_the_way(have, changes):
    """What the kernel holds after each change: {key: (service, {address and port: destination})}."""
    kernel = {key: (entry.service, {d.key: d for d in entry.destinations}) for key, entry in have.items()}
    for change in changes:
        key, destination = change.service.key, change.destination
        if change.verb is Verb.NEW_SERVICE:
            assert key not in kernel
            kernel[key] = (change.service, {})
        elif change.verb is Verb.SET_SERVICE:
            kernel[key] = (change.service, kernel[key][1])
        elif change.verb is Verb.DEL_SERVICE:
            del kernel[key]
        elif change.verb is Verb.DEL_DEST:
            del kernel[key][1][destination.key]
        else:
            assert (destination.key in kernel[key][1]) is (change.verb is Verb.SET_DEST)
            kernel[key][1][destination.key] = destination
        yield {key: (service, dict(pool)) for key, (service, pool) in kernel.items()}


@given(tables, tables)
def test_diff_leads_there_and_no_service_is_empty_on_the_way(have, want):
    changes = diff(have, want)
    steps = list(tables_on_the_way(have, changes))
    end = {key: (entry.service, {d.key: d for d in entry.destinations}) for key, entry in want.items()}
    assert not steps or steps[-1] == end
    order = list(Verb)
    assert sorted(changes, key=lambda change: order.index(change.verb)) == list(changes)
    for step in steps:
        for key, (_, pool) in step.items():
            if key in have and have[key].destinations and (key not in want or want[key].destinations):
                assert pool
    for change in changes:
        assert change.describe()[0] == {"N": "+", "S": "~", "D": "-"}[change.verb.name[0]]


@given(tables)
def test_equal_tables_have_no_diff(table):
    turned = {key: replace_order(entry) for key, entry in reversed(list(table.items()))}
    assert diff(table, table) == diff(table, turned) == ()


def replace_order(entry):
    return Entry(replace(entry.service), entry.destinations[::-1])
