# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages between parent and child over a real socket pair."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

from lvs_agent.channel import Channel, pair
from lvs_agent.loop import Loop


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def ends(loop: Loop):  # closed before its loop
    made = pair()
    yield made
    for end in made:
        end.close()


def turn_until(loop: Loop, done) -> None:
    for _ in range(1000):
        if done():
            return
        loop.turn(0.1)
    raise AssertionError("never happened")


def test_messages_arrive_whole_and_in_order(ends, loop) -> None:
    ours, theirs = ends
    sent = [("journal", {"a": 1}), ("status", 7), ("big", b"x" * 3_000_000), ("stop",)]
    got: list = []
    theirs.attach(loop, got.append, lambda: None)
    ours.attach(loop, lambda message: None, lambda: None)
    for message in sent:
        ours.send(message)
    turn_until(loop, lambda: len(got) == len(sent))
    assert got == sent


def test_send_never_blocks_while_nobody_reads(ends) -> None:
    ours, theirs = ends
    for _ in range(50):
        ours.send(b"y" * 200_000)
    received: list = []
    for _ in range(1000):
        received += theirs.receive()
        ours._flush()
        if len(received) == 50:
            break
    assert len(received) == 50


def test_a_ping_is_answered_by_the_other_loop_alone(ends, loop) -> None:
    ours, theirs = ends
    seen: list = []
    theirs.attach(loop, seen.append, lambda: None)
    ours.attach(loop, seen.append, lambda: None)
    ours.send(("ping",))
    turn_until(loop, lambda: ours.alive)
    assert seen == []


def test_the_end_of_the_peer_is_told_once(ends, loop) -> None:
    ours, theirs = ends
    gone: list = []
    ours.attach(loop, lambda message: None, lambda: gone.append(1))
    theirs.close()
    turn_until(loop, lambda: gone)
    ours.send("into the void")
    loop.turn(0)
    assert gone == [1]


def test_receive_after_the_end_raises(ends) -> None:
    ours, theirs = ends
    theirs.close()
    with pytest.raises(EOFError):
        ours.receive()


def test_an_abandoned_copy_leaves_the_loop_alone(ends, loop) -> None:
    ours, theirs = ends
    seen: list = []
    ours.attach(loop, seen.append, lambda: None)
    copy = Channel(ours._socket.dup())
    copy.abandon()
    theirs.send("still here")
    turn_until(loop, lambda: seen)
    assert seen == ["still here"]


def test_what_was_said_before_anybody_listened_comes_first_and_whole(ends, loop) -> None:
    ours, theirs = ends
    first: list = []
    got: list = []
    ours.send(("answer", 1))
    ours.send(("journal", "path"))
    ours.send(("ping",))
    ours.send(("answer", 2))
    theirs.before({"journal"}, first.append)
    assert first == [("journal", "path")]
    ours.send(("answer", 3))  # readable before the early ones are due
    theirs.attach(loop, got.append, lambda: None)
    ours.attach(loop, got.append, lambda: None)
    turn_until(loop, lambda: len(got) == 3 and ours.alive)
    assert got == [("answer", 1), ("answer", 2), ("answer", 3)]


def block(port: int, weight: int = 1) -> model.VirtualServer:
    server = model.RealServer(address="192.0.2.1", port=80, weight=weight)
    return model.VirtualServer(address="192.0.2.80", port=port, real_servers=(server,))


def test_a_reload_carries_what_is_new(ends, loop) -> None:
    blocks = [block(port) for port in range(1000)]
    first = model.Document(virtual_servers=tuple(blocks))
    second = model.Document(virtual_servers=(blocks[1], block(2, 7), *blocks[3:], block(1000)))
    third = model.Document(virtual_servers=(second.virtual_servers[1], *reversed(blocks[:10])))
    ours, theirs = pair(first)
    got: list = []
    theirs.attach(loop, got.append, lambda: None)
    for document in (second, third, model.Document(), first):
        ours.reload(document)
    turn_until(loop, lambda: len(got) == 4)
    assert got == [("reload", document) for document in (second, third, model.Document(), first)]
    one, two = got[0][1].virtual_servers, got[1][1].virtual_servers
    assert all(any(kept is known for known in blocks) for kept in (one[0], *one[2:-1]))
    assert two[0] is one[1]
    ours.close()
    theirs.close()


def test_what_was_said_before_is_handed_on_though_nothing_follows(ends, loop) -> None:
    ours, theirs = ends
    got: list = []
    ours.send(("stop",))
    theirs.before({"journal"}, got.append)
    assert got == []
    theirs.attach(loop, got.append, lambda: None)
    turn_until(loop, lambda: got)
    assert got == [("stop",)]


def test_a_first_word_that_is_longer_than_the_pipe_is_not_lost(ends, loop) -> None:
    ours, theirs = ends
    got: list = []
    long = ("journal", b"x" * 3_000_000)
    ours.send(long)  # a part of it is in the pipe when the child looks
    theirs.before({"journal"}, got.append)
    theirs.attach(loop, got.append, lambda: None)
    ours.attach(loop, got.append, lambda: None)
    turn_until(loop, lambda: got)
    assert got == [long]


def test_the_peer_went_before_anybody_listened(ends, loop) -> None:
    ours, theirs = ends
    gone: list = []
    ours.send(("stop",))
    ours.close()
    theirs.before({"journal"}, lambda message: None)
    theirs.attach(loop, lambda message: None, lambda: gone.append(1))
    turn_until(loop, lambda: gone)
