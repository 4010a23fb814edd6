# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BFD: bytes beside scapy's, discards of RFC 5880 6.8.6, and two sessions that talk in virtual time."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import replace
from typing import Callable, Dict, List, Optional, Tuple

import pytest

from lvs_agent.bfd import session
from lvs_agent.bfd.packet import Control, State, decode
from lvs_agent.bfd.session import Config, Session

GOOD = Control(State.UP, 1, 2, 10000, 20000, 5, diagnostic=3, poll=True)


@pytest.mark.parametrize(
    ("control", "scapy"),
    [
        (GOOD, "23e0051800000001000000020000271000004e2000000000"),
        (Control(State.DOWN, 7, 0, 1_000_000, 10_000, 3), "204003180000000700000000000f42400000271000000000"),
        (Control(State.INIT, 1, 2, 1, 1, 255, final=True), "2090ff180000000100000002000000010000000100000000"),
    ],
)
def test_bytes_are_scapy_s(control: Control, scapy: str) -> None:
    """Made by scapy 2.8.0 (scapy.contrib.bfd) of the same fields."""
    assert control.encode().hex() == scapy
    assert decode(bytes.fromhex(scapy)) == control


def changed(at: int, value: int) -> bytes:
    data = bytearray(GOOD.encode())
    data[at] = value
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD.encode()[:23], id="short"),
        pytest.param(changed(0, 2 << 5), id="version"),
        pytest.param(changed(3, 23), id="length below the least"),
        pytest.param(changed(3, 25), id="length beyond the datagram"),
        pytest.param(changed(2, 0), id="multiplier 0"),
        pytest.param(changed(1, 0xC0 | 0x01), id="multipoint"),
        pytest.param(changed(1, 0xC0 | 0x04), id="authentication, and we have none"),
        pytest.param(replace(GOOD, mine=0).encode(), id="no discriminator"),
        pytest.param(replace(GOOD, yours=0).encode(), id="up, yet it does not know us"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_discarded(data: bytes) -> None:
    assert decode(data) is None


USUAL = Config()


class Link:
    """Two sessions and the queue of what happens next; what is `lost` does not arrive."""

    def __init__(self, a: Config = USUAL, b: Config = USUAL) -> None:
        self.now = 0.0
        self.sessions: Dict[str, Session] = {"a": session.begin(a, 1, 0.0), "b": session.begin(b, 2, 0.0)}
        self.lost: Callable[[str], bool] = lambda _to: False
        self.alive = {"a", "b"}
        self.sent: List[Tuple[float, str, Control]] = []
        self.states: List[Tuple[float, str, State]] = []
        self._queue: List[Tuple[float, int, str, Optional[Control]]] = []
        self._count = itertools.count()

    def run(self, until: float, jitter: float = 1.0) -> None:
        while True:
            wakes = [(session.wake_at(s), name) for name, s in self.sessions.items() if name in self.alive]
            moments = [(max(at, self.now), name) for at, name in wakes if at is not None]
            arrival = self._queue[0][0] if self._queue else float("inf")
            at, name = min(moments, default=(float("inf"), ""))
            if min(at, arrival) > until:
                self.now = until
                return
            if arrival <= at:
                self.now, _, name, packet = heapq.heappop(self._queue)
                if name in self.alive and packet is not None:
                    self._took(name, session.heard(self.sessions[name], packet, self.now))
            else:
                self.now = at
                self._took(name, session.due(self.sessions[name], self.now, jitter))

    def _took(self, name: str, step: session.Step) -> None:
        before, (self.sessions[name], packets) = self.sessions[name], step
        if self.sessions[name].state is not before.state:
            self.states.append((round(self.now, 4), name, self.sessions[name].state))
        for packet in packets:
            self.say(name, packet)

    def say(self, name: str, packet: Control) -> None:
        self.sent.append((self.now, name, packet))
        other = "b" if name == "a" else "a"
        heard = decode(packet.encode())
        if not self.lost(other):
            heapq.heappush(self._queue, (self.now + 0.0001, next(self._count), other, heard))

    def pace(self, name: str, since: float) -> float:
        """The longest pause between two packets since then."""
        times = [at for at, who, _packet in self.sent if who == name and at >= since]
        return max(later - earlier for earlier, later in zip(times, times[1:]))


def test_they_come_up_and_speed_up() -> None:
    link = Link(Config(0.05, 0.05), Config(0.02, 0.1))
    link.run(2)
    assert {name: each.state for name, each in link.sessions.items()} == {"a": State.UP, "b": State.UP}
    assert not any(each.polling for each in link.sessions.values()), "the change of interval was confirmed"
    link.run(4)
    assert link.pace("a", 2) == pytest.approx(0.1), "not faster than b wants to hear"
    assert link.pace("b", 2) == pytest.approx(0.05)
    assert not any(packet.poll and packet.final for _at, _who, packet in link.sent), "RFC 5880 6.5"


def test_before_they_are_up_they_speak_once_a_second() -> None:
    link = Link(Config(0.01, 0.01))
    link.alive.discard("b")
    link.run(10)
    assert link.pace("a", 0) == pytest.approx(1.0)


@pytest.mark.parametrize(("jitter", "pause"), [(0.0, 0.075), (1.0, 0.1)])
def test_jitter_shortens_by_a_quarter_at_most(jitter: float, pause: float) -> None:
    link = Link(Config(0.1, 0.1), Config(0.1, 0.1))
    link.run(2, jitter)
    link.run(4, jitter)
    assert link.pace("a", 2) == pytest.approx(pause)


def test_silence_is_noticed_after_the_neighbour_s_multiplier() -> None:
    link = Link(Config(0.05, 0.1), Config(0.02, 0.02, multiplier=3))
    link.run(3)
    link.alive.discard("b")
    heard_last = max(at for at, who, _packet in link.sent if who == "b") + 0.0001
    link.run(4)
    at, who, state = link.states[-1]
    assert (who, state) == ("a", State.DOWN)
    assert at - heard_last == pytest.approx(3 * 0.1, abs=0.001), "three times the slower of what a hears and b says"
    assert link.sessions["a"].diagnostic == session.EXPIRED
    assert link.sessions["a"].yours == 0
    link.alive.add("b")
    link.run(8)
    assert link.sessions["a"].up
    assert link.sessions["b"].up


def test_one_way_loss_takes_both_down() -> None:
    link = Link(Config(0.05, 0.05), Config(0.05, 0.05))
    link.run(3)
    link.lost = lambda to: to == "a"
    link.run(4)
    assert {name: each.state for name, each in link.sessions.items()} == {"a": State.DOWN, "b": State.DOWN}
    assert link.sessions["b"].diagnostic in (session.NEIGHBOUR_DOWN, session.EXPIRED)


def test_the_last_word_is_no_failure_and_takes_the_other_down_at_once() -> None:
    link = Link()
    link.run(3)
    link.alive.discard("a")
    link.say("a", session.end(link.sessions["a"]))
    link.run(3.001)
    assert link.sessions["b"].state is State.DOWN
    assert link.sessions["b"].diagnostic == session.NEIGHBOUR_DOWN
    assert link.sent[-1][2].state is State.DOWN, "and it says so at once"


def test_who_is_passive_waits_to_be_spoken_to() -> None:
    link = Link(Config(passive=True), Config(passive=True))
    link.run(5)
    assert link.sent == []
    link = Link(Config(passive=True))
    link.run(5)
    assert link.sessions["a"].up


def test_a_packet_for_another_session_changes_nothing() -> None:
    link = Link()
    link.run(3)
    before = link.sessions["a"]
    stray = replace(decode(link.sent[-1][2].encode()) or GOOD, yours=99, state=State.DOWN)
    assert session.heard(before, stray, 3.0) == (before, ())


def test_a_poll_is_answered_at_once_and_a_final_is_no_poll() -> None:
    link = Link()
    link.run(3)
    one, packets = session.heard(link.sessions["a"], Control(State.UP, 2, 1, 50_000, 10_000, 5, poll=True), 3.0)
    assert [(each.final, each.poll) for each in packets] == [(True, False)]
    assert one.detect_at == pytest.approx(3.0 + 5 * 0.05)
    _one, packets = session.heard(one, Control(State.UP, 2, 1, 50_000, 10_000, 5, final=True), 3.0)
    assert packets == ()


def test_who_wants_to_hear_nothing_hears_nothing() -> None:
    link = Link()
    link.run(3)
    quiet, _ = session.heard(link.sessions["a"], Control(State.UP, 2, 1, 50_000, 0, 5), 3.0)
    assert quiet.send_at is None


def test_an_end_on_purpose_is_no_failure_and_a_failure_after_it_is() -> None:
    link = Link(Config(0.05, 0.05), Config(0.05, 0.05, multiplier=3))
    link.run(3)
    link.say("b", session.end(link.sessions["b"]))
    link.alive.discard("b")
    link.run(3.01)
    assert (link.sessions["a"].state, link.sessions["a"].excused) == (State.DOWN, True)
    link.run(20)
    assert link.sessions["a"].excused, "nothing failed since"
    link.sessions["b"] = session.begin(Config(0.05, 0.05, multiplier=3), 3, link.now)
    link.alive.add("b")
    link.run(25)
    assert (link.sessions["a"].state, link.sessions["a"].excused) == (State.UP, False)
    link.alive.discard("b")
    link.run(26)
    assert (link.sessions["a"].state, link.sessions["a"].excused) == (State.DOWN, False)
