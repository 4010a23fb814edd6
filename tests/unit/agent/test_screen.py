# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status as a person reads it."""

from __future__ import annotations

import copy
import re

import pytest

from lvs_agent.control.screen import duration, framed, render, troubles

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
    assert re.sub("\033\\[[0-9;]*m", "", render(STATUS, colour=True)) == SCREEN


ASKED = """\
VRRP
  VI_1  MASTER  for 1 min 15 s  eth0 vrid 51 priority 254 (of 101)  192.168.140.140  takeover as asked, 9 min 20 s left
  G     MASTER                  sync group of VI_1 VI_2                              takeover as asked, 9 min 20 s left

[192.168.140.140]:tcp:80  2 of 2 up
  [192.168.140.137]:tcp:80  drained  weight 1  TCP_CHECK connected, 2 s ago
  [192.168.140.139]:tcp:80  drained  weight 1  no check
  [127.0.0.1]:tcp:80        waits              sorry server

Drained
  192.168.140.137     3 connections of 2 clients left  cut off in 1 min 5 s
  192.168.140.139:80  a file in /etc/lvs/maintenance

Kernel table  12 changes, 2 set right after others changed them
  master sync daemon on eth0, id 51"""


def test_wishes_groups_drains_and_the_table() -> None:
    status: dict = copy.deepcopy(STATUS)
    status["vrrp"]["instances"]["VI_1"]["effective_priority"] = 254
    status["vrrp"]["groups"] = [{"name": "G", "state": "MASTER", "members": ["VI_1", "VI_2"]}]
    status["vrrp"]["mastership"] = {"VI_1": {"asked": "takeover", "seconds_left": 560.4}}
    status["checker"]["drains"] = [
        {"server": "192.168.140.137", "connections": 3, "clients": 2, "seconds_left": 65.0},
        {"server": "192.168.140.139:80", "maintenance": "/etc/lvs/maintenance"},
    ]
    status["checker"]["counters"] = {"changes": 12, "repaired": 2, "refused": 0}
    status["checker"]["sync_daemons"] = [{"role": "master", "interface": "eth0", "id": 51}]
    assert render(status, colour=False).partition("\n\n")[2] == ASKED


def test_a_picture_fits_the_terminal_and_is_drawn_over_the_one_before() -> None:
    picture = framed(render(STATUS, colour=True), "12:00:00", 6, 30)
    assert picture.startswith("\033[H12:00:00\033[K\n")
    assert picture.endswith("\033[K\033[J")
    lines = [re.sub("\033\\[[0-9;]*[mKHJ]", "", line) for line in picture.split("\n")]
    assert len(lines) == 6
    assert max(map(len, lines)) == 30
    assert lines[-1] == "... 5 more lines: lvs-agent st"
    painted = [line for line in picture.split("\n") if "\033[32m" in line]
    assert all(line.count("\033[0m") >= line.count("\033[32m") for line in painted)


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
