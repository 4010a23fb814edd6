# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools as tables: verdicts in, who is in the table with which weight, and what is told."""

from __future__ import annotations

import random

import pytest

from lvs_agent.pool.roster import (
    Pool,
    QuorumDown,
    QuorumUp,
    Seat,
    Server,
    ServerDown,
    ServerFree,
    ServerHeld,
    ServerUp,
    SorryIn,
    SorryOut,
    Verdict,
    WeightChanged,
    alpha_failed,
    begin,
    climbs,
    leave,
    reload,
    rise,
    risen,
    roster,
    step,
    stop,
)


def server(key: str, weight: int = 1, *, inhibit: bool = False, alpha: bool = False, checks: str = "c") -> Server:
    """A server; each letter of checks is one check."""
    return Server(key, weight, inhibit, frozenset(checks), frozenset(checks) if alpha else frozenset())


def play(pool: Pool, events: str):
    """The state after events such as "a- b+" (server, verdict), and everything that was told."""
    state, effects = begin(pool, alpha_failed(pool.servers))
    told = list(effects)
    for event in events.split():
        state, effects = step(pool, state, [Verdict(event[:-1], "c", event[-1] == "+")])
        told += effects
    return state, told


def seats(pool: Pool, events: str) -> str:
    """The table as text: a:1 b:0 and s!1 for the sorry server."""
    state, _told = play(pool, events)
    return " ".join(f"{seat.server}{'!' if seat.sorry else ':'}{seat.weight}" for seat in roster(pool, state))


AB = (server("a", 3), server("b", 2))
AB_INHIBIT = (server("a", 3, inhibit=True), server("b", 2))
AB_ALPHA = (server("a", 3, alpha=True), server("b", 2, alpha=True))


@pytest.mark.parametrize(
    ("down", "kept", "lost"),
    [("", False, False), ("a", False, True), ("a", True, False), ("ab", True, False), ("abc", True, True)],
)
def test_a_quorum_that_is_kept_at_adoption_need_not_be_gained(down: str, kept: bool, lost: bool) -> None:
    pool = Pool((server("a"), server("b"), server("c")), quorum=2, hysteresis=1, sorry="s")
    state, effects = begin(pool, {key: frozenset("c") for key in down}, kept=kept)
    assert (state.sorry_in, not state.quorum_up) == (lost, lost)
    assert [type(effect) for effect in effects] == ([SorryIn, QuorumDown] if lost else [QuorumUp])


@pytest.mark.parametrize(
    ("pool", "events", "expected"),
    [
        (Pool(AB), "", "a:3 b:2"),
        (Pool(AB), "a-", "b:2"),
        (Pool(AB), "a- a+", "a:3 b:2"),
        (Pool(AB), "a- b-", ""),
        (Pool(AB_INHIBIT), "a-", "a:0 b:2"),
        (Pool(AB_INHIBIT), "a- b-", "a:0"),
        (Pool(AB_ALPHA), "", ""),
        (Pool(AB_ALPHA), "b+", "b:2"),
        (Pool((server("a", 3, inhibit=True, alpha=True),)), "", "a:0"),
        # No sorry server: below the quorum the rest goes on serving.
        (Pool(AB, quorum=4), "a-", "b:2"),
        # With a sorry server it stands alone below the quorum, and goes at the quorum.
        (Pool(AB, sorry="s"), "a- b-", "s!1"),
        (Pool(AB, sorry="s"), "a- b- b+", "b:2"),
        (Pool(AB, quorum=3, sorry="s"), "a-", "s!1"),
        (Pool(AB, quorum=3, sorry="s"), "a- a+", "a:3 b:2"),
        (Pool(AB_ALPHA, sorry="s"), "", "s!1"),
        (Pool(AB_ALPHA, sorry="s"), "a+", "a:3"),
        # inhibit_on_failure beside a sorry server: weight 0 for servers that are up as well.
        (Pool(AB_INHIBIT, quorum=3, sorry="s"), "b- a-", "a:0 s!1"),
        (Pool(AB_INHIBIT, quorum=5, sorry="s"), "b-", "a:0 s!1"),
        # sorry_server_inhibit: always there, weight 0 until needed.
        (Pool(AB, sorry="s", sorry_inhibit=True), "", "a:3 b:2 s!0"),
        (Pool(AB, sorry="s", sorry_inhibit=True), "a- b-", "s!1"),
        # The sorry server is one of the servers.
        (Pool(AB, sorry="a"), "", "a:3 b:2"),
        (Pool(AB, sorry="a"), "a- b-", "a!1"),
        (Pool(AB_INHIBIT, sorry="a"), "a- b-", "a!1"),
        # Hysteresis: lost below quorum - hysteresis, gained at quorum + hysteresis.
        (Pool((*AB, server("d", 5)), quorum=5, hysteresis=1, sorry="s"), "d-", "a:3 b:2"),
        (Pool((*AB, server("d", 5)), quorum=5, hysteresis=1, sorry="s"), "d- b-", "s!1"),
        (Pool((*AB, server("d", 5)), quorum=5, hysteresis=1, sorry="s"), "d- b- b+", "s!1"),
        (Pool((*AB, server("d", 5)), quorum=5, hysteresis=1, sorry="s"), "d- b- b+ d+", "a:3 b:2 d:5"),
    ],
)
def test_table(pool: Pool, events: str, expected: str):
    assert seats(pool, events) == expected


@pytest.mark.parametrize(
    ("pool", "events", "expected"),
    [
        (Pool(AB), "", [QuorumUp(5, 1, True)]),
        (Pool(AB, init_notifies=True), "", [ServerUp("a"), ServerUp("b"), QuorumUp(5, 1, True)]),
        (Pool(AB), "a-", [QuorumUp(5, 1, True), ServerDown("a")]),
        (Pool(AB), "a- a-", [QuorumUp(5, 1, True), ServerDown("a")]),
        (
            Pool(AB),
            "a- b- a+",
            [QuorumUp(5, 1, True), ServerDown("a"), ServerDown("b"), QuorumDown(0, 1), ServerUp("a"), QuorumUp(3, 1)],
        ),
        (
            Pool(AB, sorry="s"),
            "a- b- b+",
            [
                QuorumUp(5, 1, True), ServerDown("a"), ServerDown("b"), SorryIn(), QuorumDown(0, 1), ServerUp("b"),
                SorryOut(), QuorumUp(2, 1),
            ],
        ),
        (Pool(AB_ALPHA), "", []),
        (Pool(AB_ALPHA, sorry="s"), "", [SorryIn(), QuorumDown(0, 1, True)]),
        (Pool(AB_ALPHA), "b+", [ServerUp("b"), QuorumUp(2, 1)]),
        # Nothing at all is never a quorum, however wide the hysteresis.
        (
            Pool(AB, quorum=2, hysteresis=2),
            "a- b-",
            [QuorumUp(5, 4, True), ServerDown("a"), ServerDown("b"), QuorumDown(0, 0)],
        ),
        (Pool(AB, quorum=4), "b-", [QuorumUp(5, 4, True), ServerDown("b"), QuorumDown(3, 4)]),
    ],
)  # fmt: skip
def test_told(pool: Pool, events: str, expected):
    assert play(pool, events)[1] == expected


def test_a_server_is_down_while_any_of_its_checks_is_failed():
    pool = Pool((server("a", checks="cd"),))
    state, _told = begin(pool, {})
    state, told = step(pool, state, [Verdict("a", "c", False), Verdict("a", "d", False), Verdict("a", "c", True)])
    assert told == (ServerDown("a"), QuorumDown(0, 1))
    assert roster(pool, state) == ()
    state, told = step(pool, state, [Verdict("a", "d", True)])
    assert told == (ServerUp("a"), QuorumUp(1, 1))
    assert roster(pool, state) == (Seat("a", 1),)


def test_a_server_that_is_down_from_its_first_alpha_check_on_is_told_of():
    pool = Pool((server("a", alpha=True),))
    state, _told = begin(pool, alpha_failed(pool.servers))
    state, told = step(pool, state, [Verdict("a", "c", False, first=True)])
    assert told == (ServerDown("a"),)
    assert step(pool, state, [Verdict("a", "c", False)])[1] == ()


@pytest.mark.parametrize(
    ("weights", "expected"),
    [([100], 100), ([0], 0), ([-1], 3), ([7, -1], 3), ([7, None], 7)],
)
def test_dynamic_weights(weights, expected: int):
    pool = Pool(AB)
    state, _told = begin(pool, {})
    for weight in weights:
        state, _told = step(pool, state, [Verdict("a", "c", True, weight=weight)])
    assert roster(pool, state)[0] == Seat("a", expected)


def test_dynamic_weights_count_for_the_quorum_and_end_with_a_failure():
    pool = Pool(AB, quorum=4)
    state, _told = begin(pool, {})
    state, told = step(pool, state, [Verdict("a", "c", True, weight=1)])
    assert told == (WeightChanged("a", 1), QuorumDown(3, 4))
    state, _told = step(pool, state, [Verdict("a", "c", False), Verdict("a", "c", True)])
    assert roster(pool, state)[0] == Seat("a", 3)


@pytest.mark.parametrize(("deltas", "expected"), [([5], 8), ([5, -2], 1), ([-9], 0), ([5, 0], 3)])
def test_what_files_add(deltas, expected: int):
    pool = Pool(AB)
    state, _told = begin(pool, {})
    for delta in deltas:
        state, _told = step(pool, state, [Verdict("a", "c", True, delta=delta)])
    assert roster(pool, state)[0] == Seat("a", expected)


def test_two_dynamic_checks_add_up():
    pool = Pool((server("a", 10, checks="cd"),))
    state, _told = begin(pool, {})
    state, _told = step(pool, state, [Verdict("a", "c", True, weight=7), Verdict("a", "d", True, weight=12)])
    assert roster(pool, state) == (Seat("a", 9),)


def test_reload_keeps_what_is_known_and_tells_what_changed():
    old_pool = Pool((*AB, server("gone")), sorry="s")
    state, _told = begin(old_pool, {})
    state, _told = step(old_pool, state, [Verdict("a", "c", False)])
    new_pool = Pool((server("a", 3), server("b", 9), server("new", 4)), sorry="s")
    after, told = reload(state, new_pool, {"a": frozenset("c")})
    assert told == (ServerDown("gone"),)
    assert roster(new_pool, after) == (Seat("b", 9), Seat("new", 4))


def test_reload_that_takes_the_sorry_server_away_brings_the_servers_back():
    old_pool = Pool(AB, quorum=4, sorry="s")
    state, _told = begin(old_pool, {})
    state, _told = step(old_pool, state, [Verdict("a", "c", False)])
    assert state.sorry_in
    after, _told = reload(state, Pool(AB, quorum=4), {"a": frozenset("c")})
    assert roster(Pool(AB, quorum=4), after) == (Seat("b", 2),)


def test_reload_to_another_quorum():
    state, _told = begin(Pool(AB), {})
    after, told = reload(state, Pool(AB, quorum=9, sorry="s"), {})
    assert told == (SorryIn(), QuorumDown(5, 9, True))
    assert after.sorry_in


@pytest.mark.parametrize(
    ("omega", "expected"), [(False, ()), (True, (ServerDown("b"), QuorumDown(0, 1, at_stop=True)))]
)
def test_stop(omega: bool, expected):
    pool = Pool(AB, omega=omega)
    state, _told = begin(pool, {})
    state, _told = step(pool, state, [Verdict("a", "c", False)])
    assert stop(pool, state) == expected


@pytest.mark.parametrize(("quorum", "expected"), [(1, (QuorumDown(0, 1),)), (9, ())], ids=["had", "had not"])
def test_a_pool_that_a_reload_takes_away_tells_of_its_servers_and_its_quorum(quorum: int, expected):
    pool = Pool(AB, quorum=quorum)
    state, _told = begin(pool, {"a": frozenset("c")})
    assert leave(pool, state) == (ServerDown("b"), *expected)


def test_a_check_that_is_known_to_be_down_is_failed_at_start_and_nobody_is_told():
    file = Pool((Server("a", checks=frozenset("cf"), alpha_checks=frozenset("c")), Server("b", checks=frozenset("g"))))
    failed = alpha_failed(file.servers, frozenset("fg"))
    assert failed == {"a": frozenset("cf"), "b": frozenset("g")}
    state, told = begin(file, failed)
    assert told == ()
    assert roster(file, state) == ()


def test_a_storm_of_verdicts_in_one_batch_ends_where_single_ones_end():
    pool = Pool(tuple(server(str(number), number % 5) for number in range(200)), quorum=150, hysteresis=20, sorry="s")
    verdicts = [Verdict(str(number), "c", number % 3 == 0) for number in range(200)]
    whole, whole_told = step(pool, begin(pool, {})[0], verdicts)
    single, told = begin(pool, {})[0], []
    for verdict in verdicts:
        single, effects = step(pool, single, [verdict])
        told += effects
    assert whole == single
    assert list(whole_told) == told


ABC = (server("a"), server("b"), server("c"))


@pytest.mark.parametrize(
    ("pool", "events", "expected", "last"),
    [
        (Pool(ABC), "a- b- c-", "", QuorumDown(0, 1)),
        (Pool(ABC, floor=1), "a- b-", "c:1", ServerDown("b")),
        (Pool(ABC, floor=1), "a- b- c-", "c:1", ServerHeld("c")),
        (Pool(ABC, floor=2), "a- b- c-", "b:1 c:1", ServerHeld("c")),
        (Pool(ABC, floor=9), "a- b- c-", "a:1 b:1 c:1", ServerHeld("c")),
        (Pool(ABC, floor=1), "a- b- c- c- c+", "c:1", ServerFree("c")),
        (Pool(ABC, floor=1), "a- b- c- a+", "a:1", ServerDown("c")),
        (Pool(ABC, floor=2), "a- b- c- a+", "a:1 c:1", ServerDown("b")),
        (Pool(ABC, floor=2), "a- b- c- a+ b+", "a:1 b:1", ServerDown("c")),
        (Pool(ABC, floor=1, sorry="s"), "a- b- c-", "c:1", ServerHeld("c")),
        (Pool(ABC, quorum=2, floor=1, sorry="s"), "a- b-", "s!1", QuorumDown(1, 2)),
    ],
)
def test_the_floor_keeps_the_last_ones(pool, events, expected, last) -> None:
    assert seats(pool, events) == expected
    assert play(pool, events)[1][-1] == last


def test_a_held_server_stays_over_a_reload_and_goes_when_the_floor_does() -> None:
    pool = Pool(ABC, floor=1)
    state, _told = play(pool, "a- b- c-")
    failed = {key: frozenset("c") for key in "abc"}
    state, told = reload(state, pool, failed)
    assert ([seat.server for seat in roster(pool, state)], told) == (["c"], ())
    state, told = reload(state, Pool(ABC), failed)
    assert (roster(pool, state), told) == ((), (ServerDown("c"), QuorumDown(0, 1)))


def test_a_server_that_comes_back_rises_to_its_weight() -> None:
    pool = Pool((server("a", 100), server("b", 2)), slow_start=40.0)
    state, _told = begin(pool, {})
    assert [seat.weight for seat in roster(pool, state, 0.0)] == [100, 2]
    state, _told = step(pool, state, [Verdict("a", "c", up=False)], 50.0)
    state, told = step(pool, state, [Verdict("a", "c", up=True)], 100.0)
    assert told == (ServerUp("a"),)
    assert state.sum == 102
    weights = {now: roster(pool, state, now)[0].weight for now in (100.0, 101.0, 110.0, 120.0, 139.9, 140.0, 999.0)}
    assert weights == {100.0: 1, 101.0: 2, 110.0: 25, 120.0: 50, 139.9: 99, 140.0: 100, 999.0: 100}
    assert [climbs(pool, state, now) for now in (100.0, 139.5, 140.0)] == [102.0, 140.0, None]
    state, _told = step(pool, state, [Verdict("a", "c", up=False)], 110.0)
    assert state.rising == {}
    state, _told = step(pool, state, [Verdict("a", "c", up=True)], 130.0)
    assert roster(pool, state, 150.0)[0].weight == 50


@pytest.mark.parametrize(
    ("slow_start", "fails", "weights"), [(40.0, "", [1, 50, 100]), (0.0, "", [100] * 3), (40.0, "a-", [])]
)
def test_a_server_that_is_undrained_rises_to_its_weight(slow_start, fails, weights) -> None:
    pool = Pool((server("a", 100), server("b", 1)), slow_start=slow_start)
    state = rise(play(pool, fails)[0], ["a"], 100.0)
    assert list(state.rising) == ["a"] * bool(weights)
    found = [seat.weight for now in (100.0, 120.0, 140.0) for seat in roster(pool, state, now) if seat.server == "a"]
    assert found == weights


def test_a_dynamic_weight_rises_too_and_0_stays_0() -> None:
    pool = Pool((server("a", 10),), slow_start=10.0)
    state, _told = play(pool, "a-")
    state, _told = step(pool, state, [Verdict("a", "c", up=True, weight=50)], 0.0)
    assert [roster(pool, state, now)[0].weight for now in (5.0, 10.0)] == [25, 50]
    state, _told = step(pool, state, [Verdict("a", "c", up=True, weight=0)], 5.0)
    assert roster(pool, state, 6.0)[0].weight == 0


@pytest.mark.parametrize("seed", range(200))
def test_a_reload_that_changes_nothing_of_a_pool_leaves_it_as_it_is(seed: int) -> None:
    draw = random.Random(seed)
    words = {"alpha": draw.random() < 0.3, "inhibit": draw.random() < 0.3, "checks": "cd"}
    servers = tuple(server(key, draw.randrange(4), **words) for key in "abcd"[: draw.randrange(1, 5)])
    sorry = draw.choice([None, "s", "a"])
    pool = Pool(servers, draw.randrange(1, 6), draw.randrange(2), sorry, floor=draw.randrange(3), slow_start=9.0)
    state, _told = begin(pool, alpha_failed(servers), kept=draw.random() < 0.3)
    for now in range(30):
        key, check = draw.choice(servers).key, draw.choice("cd")
        more = draw.choice([{}, {}, {"weight": draw.randrange(-1, 5)}, {"delta": draw.randrange(-2, 3)}])
        state, _told = step(pool, state, [Verdict(key, check, draw.random() < 0.5, **more)], float(now))
        failed = {key: standing.failed for key, standing in state.standings.items()}
        assert reload(state, pool, failed) == (state, ())


def test_a_longer_slow_start_does_not_begin_again_what_is_over() -> None:
    pool = Pool((server("a", 100), server("b", 100)), slow_start=10.0)
    state = rise(rise(play(pool, "")[0], ["a"], 0.0), ["b"], 8.0)
    assert risen(pool, state, 9.0) is state
    state = risen(pool, state, 10.0)
    longer = Pool(pool.servers, slow_start=40.0)
    state, _told = reload(state, longer, {})
    assert [(seat.server, seat.weight) for seat in roster(longer, state, 18.0)] == [("a", 100), ("b", 25)]
