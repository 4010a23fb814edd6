# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walk over datagrams, on the kernel's own."""

from __future__ import annotations

import errno

import pytest

from lvs_agent.ipvs import genl

from . import vectors

KERNEL = vectors.kernel()
FULL = next(answer for answer in KERNEL["dests"] if len(answer) == 2)
EMPTY = next(answer for answer in KERNEL["dests"] if len(answer) == 1)


@pytest.mark.parametrize(
    ("datagram", "sequence", "wanted"),
    [
        (EMPTY[0], 1, (0, 0)),
        (EMPTY[0], 2, (0, None)),
        (FULL[1], 1, (0, 0)),
        (KERNEL["error"][0][0], 1, (0, errno.ESRCH)),
        (KERNEL["error"][0][0], 2, (0, None)),
        (KERNEL["info"][0][0], 1, (1, None)),
        (KERNEL["info"][0][0] + EMPTY[0], 1, (1, 0)),
    ],
)
def test_answers(datagram, sequence, wanted):
    bodies, end = genl.answers(datagram, sequence)
    assert (len(bodies), end) == wanted


def test_answer_begins_with_its_command():
    bodies, end = genl.answers(FULL[0], 1)
    assert (end, {body[0] for body in bodies}) == (None, {5})


def test_family_request_is_what_ipvsadm_sends():
    # strace of ipvsadm 1.31: nlctrl, "\x03\x01\x00\x00\x09\x00\x02\x00IPVS\x00" and padding.
    assert genl.family_request("IPVS", 1)[16:].hex() == "0301000009000200" + b"IPVS".hex() + "00000000"
