# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status as a person reads it."""

from __future__ import annotations

import copy

import pytest

from lvs_agent.control.screen import duration, render, troubles

SERVER = {
    "name": "[192.168.140.137]:tcp:80",
    "alive": True,
    "configured_weight": 1,
    "weight": 1,
    "checks": [{"check": "TCP_CHECK", "text": "connected", "age": 2.5}],
}
STATUS = {
    "version": "0.1.0",
    "pid": 12,
    "config": {"file": "/etc/k.conf", "sha256": "ab" * 32, "last_refusal": []},
    "processes": {"vrrp": {"pid": 13, "deaths": 0}, "checker": {"pid": 14, "deaths": 0}},
    "vrrp": {
        "instances": {
            "VI_1": {
                "state": "MASTER",
                "since_seconds": 75.2,
                "interface": "eth0",
                "virtual_router_id": 51,
                "priority": 101,
                "effective_priority": 101,
                "virtual_ipaddress": ["192.168.140.140"],
                "master": "192.168.140.141",
                "faults": [],
            }
        }
    },
    "checker": {
        "kernel": "ok",
        "refused": [],
        "services": [
            {
                "name": "[192.168.140.140]:tcp:80",
                "quorum_up": True,
                "sorry_server": {"name": "[127.0.0.1]:tcp:80", "in": False},
                "servers": [SERVER, {**SERVER, "name": "[192.168.140.139]:tcp:80", "checks": []}],
            }
        ],
    },
}

SCREEN = """\
lvs-agent 0.1.0  pid 12  /etc/k.conf  abababababab

VRRP
  VI_1  MASTER  for 1 min 15 s  eth0 vrid 51 priority 101  192.168.140.140

[192.168.140.140]:tcp:80  2 of 2 up
  [192.168.140.137]:tcp:80  up     weight 1  TCP_CHECK connected, 2 s ago
  [192.168.140.139]:tcp:80  up     weight 1  no check
  [127.0.0.1]:tcp:80        waits            sorry server"""


def test_a_healthy_director() -> None:
    assert render(STATUS, colour=False) == SCREEN
    assert troubles(STATUS) == []


def test_colour_adds_nothing_but_colour() -> None:
    import re

    assert re.sub("\033\\[[0-9;]*m", "", render(STATUS, colour=True)) == SCREEN


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("config", "last_refusal"), ["k.conf:3:1: error[x]: y"], "refused"),
        (("processes", "vrrp", "deaths"), 2, "died 2 times"),
        (("processes", "checker", "silent"), True, "does not answer"),
        (("vrrp", "instances", "VI_1", "faults"), ["interface eth0 is down"], "VI_1 is in FAULT: interface eth0"),
        (("checker", "kernel"), "no IPVS", "out of reach: no IPVS"),
        (("checker", "refused"), ["-A -t x"], "refuses -A -t x"),
        (("checker", "services", 0, "quorum_up"), False, "no quorum"),
        (("checker", "services", 0, "servers"), [{**SERVER, "alive": False, "weight": None}], "every server is down"),
        (("vrrp",), None, None),
    ],
)
def test_trouble_stands_first(path: tuple, value: object, says: str) -> None:
    status: dict = copy.deepcopy(STATUS)
    place = status
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    second = render(status, colour=False).splitlines()[1]
    assert (second.startswith("! ") and says in second) if says else second == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.85, "850 ms"), (12.9, "12 s"), (185, "3 min 5 s"), (7800, "2 h 10 min"), (356400, "4 d 3 h"), (86400, "1 d")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
