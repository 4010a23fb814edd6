# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one runner of the conversations in scripts/*.txt; the language is described in scripts/README.md."""

from __future__ import annotations

import pathlib
from dataclasses import replace
from typing import Callable, Dict, List

import pytest

from lvs_agent.vrrp.events import (
    ConfigChanged,
    FaultCleared,
    FaultRaised,
    PlannedEnd,
    PlannedStandBy,
    PlannedTakeOver,
    PriorityChanged,
    Shutdown,
)
from lvs_agent.vrrp.router import Settings

from .segment import World, packed

SCRIPTS = sorted((pathlib.Path(__file__).parent / "scripts").glob("*.txt"))
WORDS: Dict[str, Callable[[str], object]] = {
    "version": int,
    "vrid": int,
    "priority": int,
    "advert_int": float,
    "source": packed,
    "addresses": lambda text: tuple(text.split(",")),
    "preempt": lambda text: text == "yes",
    "preempt_delay": float,
    "startup_delay": float,
    "start_master": lambda text: text == "yes",
    "down_timer_adverts": int,
    "lower_prio_no_advert": lambda text: text == "yes",
    "higher_prio_send_advert": lambda text: text == "yes",
    "garp_master_delay": float,
    "garp_master_repeat": int,
    "garp_master_refresh": float,
    "garp_master_refresh_repeat": int,
    "garp_extra": float,
    "garp_extra_addresses": lambda text: tuple(text.split(",")),
    "late_stands_by": lambda text: text == "yes",
    "garp_lower_prio_repeat": int,
    "garp_lower_prio_delay": float,
}


def options(words: List[str]) -> Dict[str, object]:
    assert len(words) % 2 == 0, f"keys and values do not pair: {words}"
    return {key: WORDS[key](value) for key, value in zip(words[::2], words[1::2])}


class Script:
    """A text file and the world it makes; `where` is put before every complaint."""

    def __init__(self, path: pathlib.Path) -> None:
        self.world = World()
        self.defaults: Dict[str, object] = {"version": 2, "vrid": 51, "priority": 100, "advert_int": 1.0}
        self.defaults["addresses"] = ("192.0.2.100",)
        self.path, self.where = path, path.name
        self.limits: Dict[str, float] = {}

    def run(self) -> None:
        for number, line in enumerate(self.path.read_text().splitlines(), 1):
            words = line.partition("#")[0].split()
            if words:
                self.where = f"{self.path.name}:{number}: {line.strip()}"
                getattr(self, f"say_{words[0]}")(words[1:])
        for what, limit in self.limits.items():
            for segment, worst in getattr(self.world, what).items():
                assert worst <= limit, f"{self.path.name}: {what} on segment {segment!r} for {worst:.3f} s"

    def say_set(self, words: List[str]) -> None:
        self.defaults.update(options(words))

    def say_router(self, words: List[str]) -> None:
        name, *rest = words
        self.world.add(name, Settings(name=name, **{**self.defaults, **options(rest)}))  # type: ignore[arg-type]

    def say_group(self, words: List[str]) -> None:
        self.world.sync(tuple(words))

    def say_limit(self, words: List[str]) -> None:
        self.limits[words[0]] = float(words[1])

    def say_at(self, words: List[str]) -> None:
        when, verb, *rest = words
        self.world.run(float(when))
        getattr(self, f"do_{verb}", lambda rest: self.do_expect([verb, *rest]))(rest)

    # at T VERB ...

    def do_start(self, names: List[str]) -> None:
        for name in names:
            self.world.start(name)

    def do_stop(self, names: List[str]) -> None:
        for name in names:
            self.world.give(name, Shutdown())

    def do_kill(self, names: List[str]) -> None:
        for name in names:
            self.world.kill(name)

    def do_takeover(self, names: List[str]) -> None:
        for name in names:
            self.world.give(name, PlannedTakeOver())

    def do_standby(self, names: List[str]) -> None:
        for name in names:
            self.world.give(name, PlannedStandBy())

    def do_end(self, names: List[str]) -> None:
        for name in names:
            self.world.give(name, PlannedEnd())

    def do_measure(self, _words: List[str]) -> None:
        for what in (self.world.two_masters, self.world.no_master, self.world.no_holder):
            what.clear()

    def do_pause(self, names: List[str]) -> None:
        for name in names:
            self.world.pause(name)

    def do_go_on(self, names: List[str]) -> None:
        for name in names:
            self.world.resume(name)

    def do_link(self, words: List[str]) -> None:
        name, up = words[0], words[1] == "up"
        self.world.seats[name].linked = up
        self.world.give(name, FaultCleared("link") if up else FaultRaised("link"))

    def do_partition(self, words: List[str]) -> None:
        self.world.islands = [frozenset(part.split()) for part in " ".join(words).split("|")]

    def do_heal(self, _words: List[str]) -> None:
        self.world.islands = None

    def do_loss(self, words: List[str]) -> None:
        self.world.loss = float(words[0])

    def do_delay(self, words: List[str]) -> None:
        self.world.delay = float(words[0])

    def do_priority(self, words: List[str]) -> None:
        self.world.give(words[0], PriorityChanged(int(words[1])))

    def do_reload(self, words: List[str]) -> None:
        name, *rest = words
        settings = replace(self.world.seats[name].settings, **options(rest))  # type: ignore[arg-type]
        self.world.seats[name].settings = settings
        self.world.give(name, ConfigChanged(settings, settings.priority))

    # at T NAME STATE ...; at T NAME sent|announced|noticed ...

    def do_expect(self, words: List[str]) -> None:
        have = {name: router.state.value for name, router in self.world.routers.items()}
        want = dict(zip(words[::2], words[1::2]))
        assert {name: have.get(name, "gone") for name in want} == want, self.where

    def do_holds(self, words: List[str]) -> None:
        name, *addresses = words
        assert sorted(map(str, self.world.seats[name].holding)) == sorted(addresses), self.where

    def do_sent(self, words: List[str]) -> None:
        """sent NAME COUNT since T [priority P]"""
        name, count, _, since, *priority = words
        sent = [p for when, p in self.world.seats[name].sent if when >= float(since)]
        if priority:
            sent = [p for p in sent if p == int(priority[1])]
        assert len(sent) == int(count), f"{self.where}: {sent}"

    def do_announced(self, words: List[str]) -> None:
        name, count, _, since = words
        times = [when for when, _ in self.world.seats[name].announced if when >= float(since)]
        assert len(times) == int(count), f"{self.where}: {times}"

    def do_noticed(self, words: List[str]) -> None:
        name, *notices = words
        assert [notice for _, notice in self.world.seats[name].notices] == notices, self.where

    def do_became(self, words: List[str]) -> None:
        """became NAME STATE T [within D]: the last change of state, and when (to a millisecond unless told)"""
        name, state, when, *within = words
        last, what = self.world.seats[name].states[-1]
        assert what.value == state, f"{self.where}: is {what.value} since {last:.4f}"
        assert abs(last - float(when)) <= (float(within[1]) if within else 0.0011), f"{self.where}: at {last:.4f}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_conversation(path: pathlib.Path) -> None:
    Script(path).run()
