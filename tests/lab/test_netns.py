# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces as hosts on this machine's kernel, for what needs no ip_vs; the machine is not touched."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from netns import Host, KeepOpen, Poller, bridge, get, plug, wait

pytestmark = pytest.mark.netns(limit=60)


@pytest.fixture
def pair():
    bridge("br0")
    hosts = [Host("client"), Host("server")]
    for number, host in enumerate(hosts, 1):
        plug(host, "eth0", "br0", f"10.1.0.{number}/24", f"fd00::{number}/64 nodad")
    yield hosts
    for host in hosts:
        host.close()
    subprocess.run(["ip", "link", "del", "br0"], check=True)


def test_nothing_of_the_machine_is_in_reach():
    assert os.listdir("/sys/class/net") == ["lo"]
    assert os.listdir("/run/netns") == []
    assert os.getpid() < 20


def test_two_hosts_talk(pair):
    client, server = pair
    server.web("0.0.0.0", 80, 8080)
    with client:
        assert get("10.1.0.2") == "server"
        assert get("10.1.0.2", 8080) == "server"
        assert get("10.1.0.2", 81) is None
    assert client.has("10.1.0.1")
    assert not client.has("10.1.0.2")


def test_ipv6(pair):
    client, server = pair
    server.web("::")
    with client:
        assert get("fd00::2") == "server"


def test_blackout_is_seen(pair):
    client, server = pair
    server.web()
    poller, start = Poller(client, "10.1.0.2"), time.monotonic()
    assert wait(lambda: poller.log and poller.log[-1][2], 5) is not None
    connection = KeepOpen(client, "10.1.0.2")
    assert wait(lambda: connection.count, 5) is not None
    cut = time.monotonic()
    server.batch("link set eth0 down")
    time.sleep(0.5)
    server.batch("link set eth0 up")
    mended = time.monotonic()
    assert wait(lambda: poller.log[-1][2], 5) is not None
    poller.stop()
    connection.stop()
    assert mended - cut - poller.every <= poller.blackout(start) <= time.monotonic() - cut + poller.every
    assert poller.failed(cut) > 0
    assert connection.names == {"server"}
    assert connection.dead is None


def test_a_stopped_program_is_gone(pair):
    client, server = pair
    web = server.web()
    with client:
        assert get("10.1.0.2") == "server"
    server.stop(web)
    with client:
        assert get("10.1.0.2") is None
