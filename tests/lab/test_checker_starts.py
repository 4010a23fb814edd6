# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a start, a reload and a stop make of what the kernel has already. lvs_flush, lvs_flush_on_stop and lvs_timeouts
beside Debian's keepalived; what a checker adopts of the one before it.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from checker_directors import PLAIN, SERVERS, both, run, virtual
from netns import wait

from lvs_agent.control import unix

pytestmark = pytest.mark.uml(limit=240)

FOREIGN = ["-A -t 192.0.2.77:80 -s wlc", "-a -t 192.0.2.77:80 -r 10.0.0.1:80 -g -w 1"]
SERVED = (
    "virtual_server 192.0.2.1 80 {\n protocol TCP\n lvs_sched rr\n lvs_method DR\n real_server 10.0.0.2 80 {\n }\n}\n"
)
OURS = ["-A -t 192.0.2.1:80 -s rr", "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1"]
LOADED = "1 virtual servers, 0 checks"
FLUSHES = {
    # words: what is in the table after a start, after a reload, after a stop, when somebody else has a service in it
    "lvs_flush": (OURS, OURS + FOREIGN, FOREIGN),
    "lvs_flush_on_stop": (OURS + FOREIGN, OURS + FOREIGN, []),
    "lvs_flush_on_stop VS": (OURS + FOREIGN, OURS + FOREIGN, FOREIGN),
}


@pytest.fixture(scope="module")
def directors():
    yield from both()


def ended(directors) -> None:
    for director in directors:
        if director.daemon is not None:
            director.stop(director.daemon)
            director.daemon = None
        director.run("ipvsadm", "-C")


def write(director, line: str, text: str = SERVED) -> None:
    director.load(f"global_defs {{\n {line}\n}}\n{text}" if line else text)


def become(directors, table: list) -> None:
    """Both tables are that, in any order, and stay so."""
    assert wait(lambda: all(sorted(d.saved().splitlines()) == sorted(table) for d in directors), 10, 0.1) is not None, [
        (director.saved(), Path(director.log).read_text()[-2000:]) for director in directors
    ]


@pytest.mark.parametrize("line", FLUSHES)
def test_what_others_have_is_flushed_only_where_it_is_said(directors, line: str) -> None:
    started, reloaded, stopped = FLUSHES[line]
    ended(directors)
    for director in directors:
        write(director, line)
        for words in FOREIGN:
            director.run("ipvsadm", *words.split())
        if line == "lvs_flush":  # and what is left of an earlier life
            director.run("ipvsadm", *OURS[0].split())
            director.run("ipvsadm", "-a", "-t", "192.0.2.1:80", "-r", "10.0.0.3:80", "-g")
        director.up()
    become(directors, started)
    for director in directors:
        if FOREIGN[0] not in started:
            for words in FOREIGN:
                director.run("ipvsadm", *words.split())
        write(director, line, SERVED.replace("10.0.0.2", "10.0.0.3"))
        director.daemon.send_signal(signal.SIGHUP)
    become(directors, [words.replace("10.0.0.2", "10.0.0.3") for words in reloaded])
    # of a service of theirs nothing stays, not even what somebody else put into it
    for director in directors:
        director.run("ipvsadm", "-a", "-t", "192.0.2.1:80", "-r", "10.0.0.1:80", "-g")
        director.stop(director.daemon)
        director.daemon = None
    become(directors, stopped)


def timeouts(director) -> str:
    return director.run("ipvsadm", "-L", "--timeout").split(":")[1].strip()


def test_timeouts_follow_each_reload_and_are_put_back(directors) -> None:
    ended(directors)
    for director in directors:
        director.run("ipvsadm", "--set", "800", "100", "200")
        write(director, "")
        director.up()
    become(directors, OURS)
    assert [timeouts(director) for director in directors] == ["800 100 200"] * 2
    begun = time.monotonic()
    for line, expected in (
        ("lvs_timeouts tcp 30", "30 100 200"),
        ("lvs_timeouts tcpfin 5 udp 6", "800 5 6"),
        ("", "800 100 200"),
        ("lvs_timeouts tcp 40 tcpfin 41 udp 42", "40 41 42"),
    ):
        for director in directors:
            write(director, line)
            director.daemon.send_signal(signal.SIGHUP)
        assert (
            wait(lambda expected=expected: [timeouts(d) for d in directors] == [expected] * 2, 10, 0.1) is not None
        ), (
            line,
            [timeouts(director) for director in directors],
        )
    assert time.monotonic() - begun < 20, "not at the reload, but when the kernel is looked at every 10 s"
    for director in directors:
        director.stop(director.daemon)
        director.daemon = None
    assert [timeouts(director) for director in directors] == ["800 100 200"] * 2


def test_timeouts_of_a_killed_agent_are_put_back(directors) -> None:
    """By the successor of its checker, by the next agent, by the unit's stop hook."""
    ended(directors)
    ours = directors[0]
    ours.run("ipvsadm", "--set", "800", "100", "200")
    write(ours, "lvs_timeouts tcp 30")
    ours.up()
    assert wait(lambda: timeouts(ours) == "30 100 200", 10, 0.1) is not None
    killed = ours.checker()
    os.kill(killed, signal.SIGKILL)
    assert wait(lambda: ours.checker() not in (0, killed), 10) is not None
    ours.stop(ours.daemon, signal.SIGKILL)
    starts = Path(ours.log).read_text().count(LOADED)
    ours.up()
    assert wait(lambda: Path(ours.log).read_text().count(LOADED) > starts, 10, 0.1) is not None
    write(ours, "")
    ours.daemon.send_signal(signal.SIGHUP)
    assert wait(lambda: timeouts(ours) == "800 100 200", 10, 0.1) is not None
    write(ours, "lvs_timeouts udp 9")
    ours.daemon.send_signal(signal.SIGHUP)
    assert wait(lambda: timeouts(ours) == "800 100 9", 10, 0.1) is not None
    ours.stop(ours.daemon, signal.SIGKILL)
    ours.daemon = None
    assert timeouts(ours) == "800 100 9"
    ours.agent("release", ours.conf)
    assert timeouts(ours) == "800 100 200"


DR = (*PLAIN, "lvs_method DR")


def slow(text: str) -> str:
    """Nobody is checked in the time of the test."""
    return text.replace("warmup 0", "warmup 600")


def test_servers_that_are_all_new_serve_at_once_after_an_agents_death(directors) -> None:
    """As at a cold start: the file was changed while nobody was there. The old ones go when the new ones are there."""
    ended(directors)
    ours = directors[0]
    run((ours,), slow(virtual("192.0.2.1 80", *DR)))
    assert wait(lambda: ours.saved().count("-r") == 2, 10, 0.1) is not None
    ours.stop(ours.daemon, signal.SIGKILL)
    ours.load(slow(virtual("192.0.2.1 80", *DR, servers=(("10.0.0.3 80", ""), ("10.0.0.9 80", "")))))
    ours.up()
    seen: list = []

    def new() -> bool:
        seen.append({server for server in SERVERS if f"-r {server}:80" in ours.saved()})
        return seen[-1] == {"10.0.0.3", "10.0.0.9"}

    assert wait(new, 10, 0.05) is not None, seen
    assert all(seen), seen


def test_the_next_checker_knows_who_is_drained_and_which_quorum_is_kept(directors) -> None:
    """Both of these services would get their sorry server if it took what the table lacks for failures."""
    ended(directors)
    ours = directors[0]
    drained = slow(virtual("192.0.2.1 80", *DR, "quorum 2", "sorry_server 10.0.0.3 81"))
    words = ("quorum 2", "hysteresis 1", "sorry_server 10.0.0.1 81")
    servers = tuple((f"10.0.0.{number} 80", "") for number in (2, 3, 9))
    run((ours,), drained + virtual("192.0.2.2 80", *DR, *words, servers=servers))
    assert wait(lambda: ours.saved().count("-r") == 5, 10, 0.1) is not None
    for address in ("10.0.0.3", "10.0.0.9"):
        ours.kill_web(address)
    socket = f"{ours.folder}/control.sock"
    answer = unix.ask({"command": "drain", "server": "10.0.0.1:80", "deadline": 1}, socket, 10)
    assert answer["ok"], answer
    assert wait(lambda: ours.saved().count("-r 10.0.0.2:80") == ours.saved().count("-r") == 2, 15, 0.1) is not None
    saved, killed, seen = ours.saved(), ours.checker(), set()
    os.kill(killed, signal.SIGKILL)
    wait(lambda: bool(seen.add(ours.saved())), 3, 0.05)
    assert seen == {saved}
    assert ours.checker() not in (0, killed)
    assert unix.ask({"command": "undrain", "server": "10.0.0.1:80"}, socket, 10)["ok"]
    assert wait(lambda: "-a -t 192.0.2.1:80 -r 10.0.0.1:80" in ours.saved(), 10, 0.1) is not None
