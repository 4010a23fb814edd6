# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What requests may say, who answers them, and what is kept of them over a restart."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from lvs_agent.control import requests
from lvs_agent.control.relay import Relay
from lvs_agent.control.wishes import Keeper


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"command": "takeover"}, ("mastership", ("takeover", (), 600.0))),
        ({"command": "standby", "names": ["VI_1"], "seconds": 5}, ("mastership", ("standby", ("VI_1",), 5.0))),
        ({"command": "end", "names": []}, ("mastership", ("end", (), 600.0))),
    ],
)
def test_read(request_, message) -> None:
    assert requests.CHILDREN[request_["command"]][1](request_) == message


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"names": "VI_1"}, "names is a list"),
        ({"names": [1]}, "names is a list"),
        ({"seconds": 0}, "from 1 to 604800"),
        ({"seconds": True}, "from 1 to"),
        ({"seconds": "1"}, "from 1 to"),
        ({"seconds": 1e9}, "from 1 to"),
        ({"seconds": float("nan")}, "from 1 to"),
    ],
)
def test_nonsense(more, word) -> None:
    with pytest.raises(ValueError, match=word):
        requests.CHILDREN["takeover"][1]({"command": "takeover", **more})


class Channel(list):
    def send(self, message: object) -> None:
        self.append(message)


def test_relay() -> None:
    relay, channel, told = Relay(), Channel(), []
    relay.ask("vrrp", channel, "mastership", ("end", ()), lambda answer: told.append(("one", answer)))
    relay.ask("vrrp", channel, "mastership", ("x",), lambda answer: told.append(("two", answer)))
    relay.ask("checker", None, "drain", (), lambda answer: told.append(("three", answer)))
    assert channel == [("mastership", 1, "end", ()), ("mastership", 2, "x")]
    relay.answered(2, {"ok": True})
    relay.answered(2, {"ok": True})  # only once
    relay.lost("checker")
    relay.lost("vrrp")
    assert [(who, answer["ok"]) for who, answer in told] == [("three", False), ("two", True), ("one", False)]
    assert "died" in told[-1][1]["error"]


def test_wishes_are_kept(tmp_path) -> None:
    path, now = str(tmp_path / "mastership.json"), time.monotonic()
    keeper = Keeper(path)
    assert keeper.wishes == {}
    keeper.keep({"VI_1": ("standby", now + 60), "VI_2": ("takeover", now - 1)})
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert Keeper(path).wishes == {"VI_1": ("standby", now + 60)}  # the other is over
    keeper.keep({})
    assert not os.path.exists(path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"VI_1": 1}', '{"VI_1": ["standby", "x"]}'])
def test_a_broken_file_of_wishes_is_no_wish(tmp_path, text) -> None:
    (tmp_path / "mastership.json").write_text(text)
    assert Keeper(str(tmp_path / "mastership.json")).wishes == {}


NUMBERS = strategies.integers() | strategies.floats()
SAID = strategies.none() | strategies.booleans() | NUMBERS | strategies.text(max_size=30) | strategies.lists(NUMBERS)
WORDS = strategies.sampled_from(["names", "seconds", "server", "deadline", "floor"])


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.sampled_from(sorted(requests.CHILDREN)), strategies.dictionaries(WORDS, SAID))
def test_whatever_is_asked_is_understood_or_refused_with_words(command: str, more: dict) -> None:
    try:
        kind, words = requests.CHILDREN[command][1]({"command": command, **more})
    except ValueError:
        return
    assert kind in ("mastership", "drain")
    assert words[0] == command
