# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames laid out for sendmmsg: all arrive, in order, by one system call."""

from __future__ import annotations

import errno
import socket

import pytest

from lvs_agent.vrrp import port

FRAMES = [bytes([number]) * (number + 1) for number in range(200)]


class Counting:
    """The C library, counting."""

    def __init__(self) -> None:
        self.calls, self.real = 0, port._LIBC

    def sendmmsg(self, *arguments: object) -> int:
        self.calls += 1
        return int(self.real.sendmmsg(*arguments))


@pytest.fixture
def libc(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(port, "_LIBC", counting)
    return counting


def test_hundreds_of_frames_are_one_system_call(libc: Counting) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for _round in range(2):  # laid out once, sent as often as wanted
            assert port.Frames(FRAMES).send(ours.fileno()) is None
            assert [theirs.recv(1000) for _frame in FRAMES] == FRAMES
    assert libc.calls == 2


def test_a_refused_frame_is_left_out_and_its_errno_told() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
        sent = port.Frames([b"a", b"x" * 100_000, b"b"])
        assert sent.send(ours.fileno()) == errno.EMSGSIZE
        assert [theirs.recv(10) for _frame in range(2)] == [b"a", b"b"]
        assert len(sent) == 3


def test_nothing_to_send_is_nothing() -> None:
    assert port.Frames([]).send(-1) is None
