# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that follow a BFD session, checks that rest while the address is elsewhere: beside Debian's keepalived, with
keepalived's own BFD as the neighbour.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest
from checker_directors import PLAIN, both, checked, equal, run, virtual
from netns import Host, bridge, plug, wait
from speaker import ENVIRONMENT

pytestmark = pytest.mark.uml(limit=200)

BFD = "bfd_instance {} {{\n neighbor_ip {}\n min_tx 400\n min_rx 400\n multiplier 5\n}}\n"
"""Two seconds to a failure: a busy machine does not run a guest for longer than the 150 ms of a quicker session."""
SERVERS = (("10.0.0.1 80", ""), ("10.0.0.2 80", ""))


@pytest.fixture(scope="module")
def directors():
    yield from both()


class Neighbour(Host):
    """keepalived, or another agent, with a session to each director."""

    def play(self, *program: str) -> None:
        folder = Path("/run/neighbour")
        folder.mkdir(exist_ok=True)
        sessions = "".join(BFD.format(f"B{number}", f"10.9.0.{number}") for number in (1, 2))
        checks = "BFD_CHECK {\n name B1\n }\n BFD_CHECK {\n name B2\n }"
        (folder / "conf").write_text(sessions + virtual("192.0.2.9 80", *PLAIN, "lvs_method DR", check=checks))
        words = ("-C", "-n", "-l", "-D", "-f", f"{folder}/conf", "-p", f"{folder}/1", "-c", f"{folder}/2")
        program = program or ("keepalived", "-b", f"{folder}/3")
        self.daemon = self.start(*program, *words, log=f"{folder}/log")


def there(directors) -> list[int]:
    return [director.saved().count("-r 10.0.0.") for director in directors]


def test_a_server_is_up_while_its_session_is(directors):
    bridge("br0")
    neighbour = Neighbour("neighbour")
    for number, host in ((1, directors[0]), (2, directors[1]), (9, neighbour)):
        plug(host, "eth9", "br0", f"10.9.0.{number}/24")
    text = BFD.format("B", "10.9.0.9")
    run(directors, text + virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", check="BFD_CHECK {\n name B\n }"))
    assert wait(lambda: there(directors) == [0, 0], 20, 0.2) is not None, "no neighbour yet"
    neighbour.play()
    assert wait(lambda: there(directors) == [2, 2], 20, 0.2) is not None
    equal(directors)
    neighbour.stop(neighbour.daemon, signal.SIGKILL)
    neighbour.run("pkill", "-9", "-f", "/run/neighbour/conf", check=False)
    assert wait(lambda: there(directors) == [0, 0], 20, 0.2) is not None
    agent = ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", "run", "--socket", "/run/neighbour/socket")
    neighbour.play(*agent)
    assert wait(lambda: there(directors) == [2, 2], 20, 0.2) is not None
    neighbour.stop(neighbour.daemon)
    time.sleep(3)
    assert there(directors) == [2, 2], "an end on purpose is no failure"
    ours, _theirs = directors
    (check,) = ours.status()["services"][0]["servers"][0]["checks"]
    assert (check["check"], check["target"], check["up"]) == ("BFD_CHECK", "B", True)
    neighbour.close()


def test_checks_rest_while_the_address_is_elsewhere(directors):
    run(directors, virtual("192.0.2.7 80", *PLAIN, "lvs_method DR", "ha_suspend"))
    assert wait(lambda: there(directors) == [2, 2], 20, 0.2) is not None
    for director in directors:
        director.kill_web("10.0.0.1")
    time.sleep(5)
    assert there(directors) == [2, 2], "nobody is asked"
    for director in directors:
        director.batch("addr add 192.0.2.7/32 dev lo")
    assert wait(lambda: there(directors) == [1, 1], 20, 0.2) is not None
    for director in directors:
        director.batch("addr del 192.0.2.7/32 dev lo")
    time.sleep(1)
    for director in directors:
        director.revive_web("10.0.0.1")
    time.sleep(5)
    assert there(directors) == [1, 1]
    for director in directors:
        director.batch("addr add 192.0.2.7/32 dev lo")
    assert wait(lambda: there(directors) == [2, 2], 20, 0.2) is not None
    checked(directors)
    equal(directors)
