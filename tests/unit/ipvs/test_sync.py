# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sync protocol on the kernel's own datagrams; what the kernel would drop is refused."""

from __future__ import annotations

from socket import IPPROTO_TCP, IPPROTO_UDP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvs_agent.ipvs import sync
from lvs_agent.ipvs.table import Forward

from . import vectors

KERNEL = [bytes.fromhex(row) for row in vectors.rows("kernel-sync.txt") if row]
ONE = bytes.fromhex(
    "0007002c01010000"
    "00060024000000830001" "8ee0" "0050" "0050" "00000000" "00000384" "0a00000a" "0a000064" "0a000016"
)  # fmt: skip


@pytest.mark.parametrize("datagram", KERNEL, ids=range(len(KERNEL)))
def test_the_kernels_datagrams_read_and_written_again(datagram):
    syncid, records = sync.read(datagram)
    assert syncid == 7
    assert {(r.protocol, r.client, r.virtual, r.virtual_port, r.destination, r.flags & 7) for r in records} == {
        (IPPROTO_TCP, "10.1.0.10", "10.1.0.100", 80, "10.1.0.12", Forward.DR)
    }
    assert list(sync.datagrams(7, records, 1472)) == [datagram]


def test_the_kernel_sent_the_template_too():
    templates = [r for d in KERNEL for r in sync.read(d)[1] if r.flags & sync.F_TEMPLATE]
    assert templates
    assert {r.client_port for r in templates} == {0}


def test_fields():
    flags = sync.F_NOOUTPUT | Forward.DR
    record = sync.Record(IPPROTO_TCP, "10.0.0.10", 0x8EE0, "10.0.0.100", 80, "10.0.0.22", 80, flags, 1, 0, 900)
    assert sync.read(ONE) == (7, (record,))
    assert list(sync.datagrams(7, [record], 1472)) == [ONE]


v4 = st.sampled_from(["10.0.0.1", "192.0.2.255"])
v6 = st.sampled_from(["2001:db8::1", "::ffff:1.2.3.4", "::"])
ports, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)


def records(addresses):
    return st.builds(
        sync.Record,
        st.sampled_from([IPPROTO_TCP, IPPROTO_UDP, 0]),
        addresses,
        ports,
        addresses,
        ports,
        addresses,
        ports,
        u32,
        ports,
        u32,
        u32,
        st.none() | st.builds(sync.Sequences, u32, u32, u32, u32, u32, u32),
        st.sampled_from(["", "sip"]),
        st.binary(max_size=9),
    )


@given(st.lists(records(v4) | records(v6), max_size=9), st.integers(200, 400))
def test_read_of_written(sent, maxlen):
    written = list(sync.datagrams(5, sent, maxlen))
    assert [record for datagram in written for record in sync.read(datagram)[1]] == sent
    assert all(len(datagram) <= maxlen and sync.read(datagram)[0] == 5 for datagram in written)


def test_no_more_records_than_a_datagram_can_count():
    written = list(sync.datagrams(7, sync.read(ONE)[1] * 300, 65535))
    assert [len(sync.read(datagram)[1]) for datagram in written] == [255, 45]


@pytest.mark.parametrize(
    ("datagram", "words"),
    [
        (b"", "shorter than its header"),
        (ONE[:-1], "43 bytes says it has 44"),
        (ONE + b"\0", "45 bytes says it has 44"),
        (b"\1" + ONE[1:], "another version"),
        (ONE[:5] + b"\0" + ONE[6:], "another version"),
        (ONE[:4] + b"\2" + ONE[5:], "ends within a record"),
        (ONE[:8] + b"\2" + ONE[9:], "type 2"),
        (ONE[:10] + b"\x10" + ONE[11:], "version 1"),
        (ONE[:11] + b"\x25" + ONE[12:], "record of 37 bytes"),
        (ONE[:11] + b"\x10" + ONE[12:], "record of 16 bytes"),
        (ONE[:3] + b"\x30" + ONE[4:11] + b"\x28" + ONE[12:] + b"\4\0\0\0", "option of type 4"),
        (ONE[:3] + b"\x30" + ONE[4:11] + b"\x28" + ONE[12:] + b"\1\2\0\0", "2 bytes of sequence data"),
        (ONE[:3] + b"\x30" + ONE[4:11] + b"\x28" + ONE[12:] + b"\1\3\0\0", "within an option"),
    ],
)
def test_what_is_refused(datagram, words):
    with pytest.raises(ValueError, match=words):
        sync.read(datagram)


def test_an_option_that_may_be_passed_over_is():
    more = ONE[:3] + b"\x30" + ONE[4:11] + b"\x28" + ONE[12:] + b"\x44\2\0\0"
    assert sync.read(more) == sync.read(ONE)
