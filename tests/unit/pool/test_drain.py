# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is drained, what the floor refuses, what a maintenance file names, and the process that keeps it all."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from lvs_agent.checker_drains import Drains
from lvs_agent.control import journal, requests
from lvs_agent.pool import drain, roster
from lvs_agent.pool.drain import Drain, Seat

ONE, SIX = Drain("192.0.2.1", 80), Drain("2001:db8::1", None, 5.0, 50.0)


@pytest.mark.parametrize(
    ("address", "port", "now", "out"),
    [
        ("192.0.2.1", 80, 9.0, False),
        ("192.0.2.1", 81, 9.0, None),
        ("192.0.2.2", 80, 9.0, None),
        ("2001:db8::1", 443, 49.9, False),
        ("2001:db8::1", 443, 50.0, True),
    ],
)
def test_out(address, port, now, out) -> None:
    assert drain.out((ONE, SIX), address, port, now) is out


def test_journal() -> None:
    drains = drain.with_one((ONE, SIX), Drain("192.0.2.1", 80, 7.0, 9.0))
    assert drains == (SIX, Drain("192.0.2.1", 80, 7.0, 9.0))
    assert drain.load(json.loads(json.dumps(drain.dump(drains)))) == drains
    assert [each.text for each in (ONE, SIX, Drain("2001:db8::1", 1))] == [
        "192.0.2.1:80",
        "2001:db8::1",
        "[2001:db8::1]:1",
    ]


@pytest.mark.parametrize("rows", [5, [5], [{}], [{"address": "x", "port": 1, "since": 1, "deadline": None}], {"a": 1}])
def test_a_broken_journal_is_said(rows) -> None:
    with pytest.raises(ValueError):
        drain.load(rows)


SEATS = (
    Seat("VS", "192.0.2.1", 80, takes=True),
    Seat("VS", "192.0.2.2", 80, takes=True),
    Seat("W", "192.0.2.1", 81, takes=True),
)


@pytest.mark.parametrize(
    ("new", "floor", "said"),
    [
        (Drain("192.0.2.1", 80), 1, ""),
        (Drain("192.0.2.1", 80), 2, "VS would keep 1 of its servers: fewer than the floor of 2"),
        (Drain("192.0.2.1"), 1, "W would keep 0 of its servers: fewer than the floor of 1"),
        (Drain("192.0.2.1"), 0, ""),
        (Drain("192.0.2.9"), 0, "no virtual_server has a real_server 192.0.2.9"),
    ],
)
def test_floor(new, floor, said) -> None:
    assert drain.refusal(SEATS, new, floor) == said


def test_who_takes_nothing_may_always_be_drained() -> None:
    seats = (Seat("VS", "192.0.2.1", 80, takes=False), Seat("VS", "192.0.2.2", 80, takes=False))
    assert drain.refusal(seats, ONE, 1) == ""


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("192.0.2.1", True),
        ("192.0.2.1:80", True),
        ("192.0.2.1:81", False),
        ("web1.example.org", True),
        ("web1.example.org:80", True),
        ("web1", True),
        ("web1:80", True),
        ("web2", False),
    ],
)
def test_maintenance(name, out) -> None:
    hosts = {"192.0.2.1": ["web1.example.org"], "192.0.2.2": ["web2"]}
    assert drain.maintained(frozenset({name}), hosts, "192.0.2.1", 80) is out


def test_hosts(tmp_path) -> None:
    (tmp_path / "hosts").write_text("# x\n192.0.2.1 a.example a # b\nfe80::0:1 six\nnonsense y\n\n")
    assert journal.hosts(str(tmp_path / "hosts")) == {"192.0.2.1": ["a.example", "a"], "fe80::1": ["six"]}
    assert journal.hosts(str(tmp_path / "none")) == {}


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", None)),
        ("192.0.2.1:80", ("192.0.2.1", 80)),
        ("2001:DB8::1", ("2001:db8::1", None)),
        ("[2001:db8::1]:80", ("2001:db8::1", 80)),
        ("[2001:db8::1]", ("2001:db8::1", None)),
    ],
)
def test_server(text, server) -> None:
    assert requests.drain_server(text) == server


@pytest.mark.parametrize(
    "request_",
    [
        {"server": "web1"},
        {"server": "192.0.2.1:0"},
        {"server": "192.0.2.1:x"},
        {"server": ""},
        {"server": 5},
        {},
        {"server": "192.0.2.1", "floor": -1},
        {"server": "192.0.2.1", "floor": True},
        {"server": "192.0.2.1", "deadline": "soon"},
        {"server": "192.0.2.1", "deadline": 0},
    ],
)
def test_nonsense(request_) -> None:
    with pytest.raises(ValueError):
        requests.CHILDREN["drain"][1]({"command": "drain", **request_})


class Clockwork:
    """A loop that remembers when it is to wake."""

    def __init__(self) -> None:
        self.due = {}

    def now(self) -> float:
        return 0.0

    def wake(self, key, when, due) -> None:
        self.due[key] = (when, due)


def pool():
    servers = {f"192.0.2.{n}": SimpleNamespace(address=f"192.0.2.{n}", port=80) for n in (1, 2)}
    service = SimpleNamespace(
        pool=roster.Pool(tuple(roster.Server(key) for key in servers)), real_servers=servers, destinations=servers
    )
    return {"VS": service}, {"VS": roster.begin(service.pool, {})[0]}


def test_asked_kept_and_found_again(tmp_path) -> None:
    path, loop, changes = str(tmp_path / "lib" / "drains.json"), Clockwork(), []
    drains = Drains(loop, lambda: 100.0, changes.append)
    drains.open(path)
    services, states = pool()
    assert drains.ask(("drain", "192.0.2.1", 80, 30.0, 1), services, states)["ok"]
    assert (loop.due["deadline"][0], [back("192.0.2.1", 80) for back in changes]) == (30.0, [False])
    # the journal is there before anything else; the second server is the last
    backs = []
    again = Drains(Clockwork(), lambda: 110.0, backs.append)
    again.open(path)
    assert again.drains == (Drain("192.0.2.1", 80, 100.0, 130.0),)
    assert "VS would keep 0" in again.ask(("drain", "192.0.2.2", None, None, 1), services, states)["error"]
    row = again.status()[0]
    assert (row["server"], row["seconds_left"], row["connections"]) == ("192.0.2.1:80", 20.0, None)
    left = [SimpleNamespace(client="c", client_port=n, destination="192.0.2.1", destination_port=80) for n in (0, 1, 2)]
    assert (again.status(left)[0]["connections"], again.status(left)[0]["clients"]) == (2, 1)
    assert again.ask(("undrain", "192.0.2.1", 80, None, 1), services, states) == {"ok": True, "changed": True}
    assert [[back(f"192.0.2.{n}", port) for n, port in ((1, 80), (1, 81), (2, 80))] for back in backs] == [
        [True, False, False]
    ]
    assert again.ask(("undrain", "192.0.2.1", 80, None, 1), services, states) == {"ok": True, "changed": False}
    assert json.loads((tmp_path / "lib" / "drains.json").read_text()) == []


def test_who_is_still_out_is_not_back(tmp_path) -> None:
    backs = []
    drains = Drains(Clockwork(), lambda: 100.0, backs.append)
    drains.open(str(tmp_path / "drains.json"))
    for kind, server in (("drain", "192.0.2.1"), ("drain", "192.0.2.2"), ("undrain", "192.0.2.2")):
        assert drains.ask((kind, server, None, None, 0), *pool())["ok"]
    assert [[back(f"192.0.2.{n}", 80) for n in (1, 2)] for back in backs] == [[False] * 2, [False] * 2, [False, True]]


def test_a_journal_that_cannot_be_written_drains_nothing(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    drains = Drains(Clockwork(), lambda: 100.0, lambda _back: None)
    drains.open(str(tmp_path / "file" / "drains.json"))
    services, states = pool()
    answer = drains.ask(("drain", "192.0.2.1", None, None, 1), services, states)
    assert not answer["ok"]
    assert "cannot be written" in answer["error"]
    assert drains.drains == ()


def test_maintenance_directory(tmp_path) -> None:
    loop, changes = Clockwork(), []
    drains = Drains(loop, lambda: 100.0, changes.append)
    drains.watch(str(tmp_path / "maintenance"))
    assert drains.files == frozenset()
    (tmp_path / "maintenance").mkdir()
    (tmp_path / "maintenance" / "192.0.2.1").write_text("")
    loop.due["maintenance"][1](1.0)
    assert (drains.files, len(changes)) == (frozenset({"192.0.2.1"}), 1)
    assert drains.status() == [{"server": "192.0.2.1", "maintenance": str(tmp_path / "maintenance")}]
    (tmp_path / "maintenance" / "192.0.2.1").unlink()
    loop.due["maintenance"][1](2.0)
    assert [back("192.0.2.1", 80) for back in changes] == [False, True]
    drains.watch(None)
    assert (drains.files, loop.due["maintenance"][0]) == (frozenset(), None)
