# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One play for DR, NAT and TUN, IPv4 and IPv6, from one description; the whole matrix is `make plays`."""

from __future__ import annotations

import plays
import pytest
from netns import wait

pytestmark = pytest.mark.hosts

METHODS = ("DR", "NAT", "TUN")
SETTLED = 40  # s


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = plays.up(tmp_path_factory.mktemp("methods") / "lab", ttl=900)
    yield made
    made.down()


def test_every_method_from_one_description_and_back(cluster, tmp_path):
    before = {name: plays.state(cluster, name) for name in cluster.hosts}
    path = plays.inventory(tmp_path, plays.description(METHODS))
    play = plays.Play(cluster, path)
    assert play.good, play.output
    assert wait(lambda: plays.all_answer(cluster, METHODS), SETTLED, 0.5) is not None
    play = plays.Play(cluster, path, director_state="absent", real_server_state="absent")
    assert play.good, play.output
    assert plays.differences(cluster, before) == {}
