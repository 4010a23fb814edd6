# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attempts that go wrong in the agent itself: a verdict like any other, and the process lives on."""

from __future__ import annotations

import socket

import pytest

from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.http import HttpCheck, Tls, Url
from lvs_agent.checks.port import Runner
from lvs_agent.checks.scheduler import Schedule
from lvs_agent.loop import Loop


def verdict(check):
    """The first outcome of a check that is run for real."""
    loop, told = Loop(), []

    def tell(_key, _before, _after, outcome) -> None:
        told.append(outcome)
        loop.stop()

    runner = Runner(loop, tell, lambda: 0.0)
    runner.load({"check": (Schedule(retry=0, warmup=0.0), check)}, lambda _key: None)
    loop.wake("limit", loop.now() + 20.0, lambda _now: loop.stop())
    loop.run()
    runner.stop()
    loop.close()
    return told[0]


@pytest.mark.parametrize("name", [".example.com", "a..b", "x" * 64 + ".example", "b\udcff"])
def test_a_tls_server_name_that_cannot_be_sent_is_a_failed_check(name: str):
    with socket.create_server(("127.0.0.1", 0)) as server:
        end = Endpoint("127.0.0.1", server.getsockname()[1])
        outcome = verdict(HttpCheck(end, (Url("/"),), None, "1.0", Tls(True, name)))
    assert not outcome.ok
    assert outcome.text.startswith("cannot be asked: ")
