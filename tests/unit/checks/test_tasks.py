# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attempts that go wrong in the agent itself: a verdict like any other, and the process lives on."""

from __future__ import annotations

import errno
import os
import select
import socket
import subprocess

import pytest

from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.http import HttpCheck, Url
from lvs_agent.checks.misc import MiscCheck
from lvs_agent.checks.mysql import MysqlCheck, packet
from lvs_agent.checks.port import Runner
from lvs_agent.checks.scheduler import Schedule
from lvs_agent.checks.tls.settings import Tls
from lvs_agent.loop import Loop


@pytest.fixture
def loop():
    made = Loop()
    made.wake("limit", made.now() + 20.0, lambda _now: made.stop())
    yield made
    made.close()


def verdict(loop: Loop, check):
    """The first outcome of a check that is run for real."""
    told = []

    def tell(_key, _before, _after, outcome) -> None:
        told.append(outcome)
        loop.stop()

    runner = Runner(loop, tell, lambda: 0.0)
    runner.load({"check": (Schedule(60.0, retry=0, warmup=0.0), check)}, lambda _key: None)
    loop.run()
    runner.stop()
    return told[0]


@pytest.mark.parametrize(("login", "ok", "text"), [(None, True, "greets: 8"), ("me", False, "silence within 0.3 s")])
def test_a_greeting_is_one_though_the_refusal_is_late(loop, login, ok, text):
    """MySQL's connection_control delays the answer to a login that was refused before, by seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet(_bits: int) -> None:
            loop.forget(server.fileno())
            peer.append(server.accept()[0])
            peer[0].sendall(packet(0, b"\x0a8\0\x07\0\0\0" + bytes(8)))

        peer = []
        loop.watch(server.fileno(), select.EPOLLIN, greet)
        outcome = verdict(loop, MysqlCheck(Endpoint("127.0.0.1", server.getsockname()[1], 0.3), login))
        peer[0].close()
    assert (outcome.ok, outcome.text) == (ok, text)


def test_what_somebody_should_see_to_is_logged_once_a_day(loop, caplog, monkeypatch):
    runner, now = Runner(loop, lambda *_news: None, lambda: 0.0), [1000.0]
    monkeypatch.setattr(loop, "now", lambda: now[0])
    for seconds, lines in ((0.0, 1), (86399.0, 1), (1.0, 2)):
        now[0] += seconds
        runner.warn("key", "SSL_GET", "the certificate ends in 3 days")
        assert [record.message for record in caplog.records].count(
            "SSL_GET of ? for ?: the certificate ends in 3 days"
        ) == lines
    runner.warn("other", "SSL_GET", "the certificate ends in 3 days")
    assert len(caplog.records) == 3


def wait_for_the_end_of(loop: Loop, pid: int) -> bool:
    """Whether the loop reaped this child (a zombie is still in /proc)."""

    def look(now: float) -> None:
        if os.path.exists(f"/proc/{pid}"):
            loop.wake("look", now + 0.05, look)
        else:
            loop.stop()

    look(loop.now())
    loop.run()
    return not os.path.exists(f"/proc/{pid}")


@pytest.mark.parametrize("name", [".example.com", "a..b", "x" * 64 + ".example", "b\udcff"])
def test_a_tls_server_name_that_cannot_be_sent_is_a_failed_check(loop, name: str):
    with socket.create_server(("127.0.0.1", 0)) as server:
        end = Endpoint("127.0.0.1", server.getsockname()[1])
        outcome = verdict(loop, HttpCheck(end, (Url("/"),), None, "1.0", Tls(True, name)))
    assert not outcome.ok
    assert outcome.text.startswith("cannot be asked: ")


def test_a_script_that_cannot_be_watched_is_a_failed_check_and_ended(loop, monkeypatch):
    pids = []

    def no_descriptor(pid: int) -> int:
        pids.append(pid)
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "pidfd_open", no_descriptor)
    outcome = verdict(loop, MiscCheck(("/bin/sleep", "60"), 5.0))
    assert (outcome.ok, outcome.text) == (False, "/bin/sleep: [Errno 24] Too many open files")
    assert wait_for_the_end_of(loop, pids[0])


def test_a_script_that_is_dropped_is_not_waited_for_and_reaped_later(loop, monkeypatch):
    pids = []
    watch = os.pidfd_open

    def started(pid: int) -> int:
        pids.append(pid)
        loop.stop()
        return watch(pid)

    monkeypatch.setattr(os, "pidfd_open", started)
    monkeypatch.setattr(subprocess.Popen, "wait", lambda *_: pytest.fail("waited"))
    runner = Runner(loop, lambda *_: None, lambda: 0.0)
    check = MiscCheck(("/bin/sleep", "60"), 50.0)
    runner.load({"check": (Schedule(60.0, warmup=0.0), check)}, lambda _key: None)
    loop.run()
    runner.stop()
    assert wait_for_the_end_of(loop, pids[0])
