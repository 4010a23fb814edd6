# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which timeouts of connections the kernel gets, and when it gets its own back."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils.conf import read

from lvs_agent.ipvs.stats import Timeouts
from lvs_agent.lvs_timeouts import LvsTimeouts

OWN = Timeouts(800, 100, 200)


class Kernel:
    def __init__(self) -> None:
        self.has, self.sets = OWN, 0

    def timeouts(self) -> Timeouts:
        return self.has

    def set_timeouts(self, timeouts: Timeouts) -> None:
        self.has, self.sets = timeouts, self.sets + 1


def document(line: str):
    return read(f"global_defs {{\n {line}\n}}\n", "x").document


def test_each_reload_sets_what_it_says_and_the_rest_as_it_was() -> None:
    kernel, kept = Kernel(), LvsTimeouts()
    steps = (
        ("", (800, 100, 200), 0),
        ("lvs_timeouts tcp 30", (30, 100, 200), 1),
        ("lvs_timeouts tcp 30", (30, 100, 200), 0),
        ("lvs_timeouts udp 5 tcpfin 6", (800, 6, 5), 1),
        ("", (800, 100, 200), 1),
        ("", (800, 100, 200), 0),
    )
    for line, has, made in steps:
        assert kept.look(kernel, document(line)) == made, line
        assert kernel.has == Timeouts(*has), line
    assert kernel.sets == 3


def test_what_others_set_is_repaired_while_the_file_says_something_and_left_when_it_does_not() -> None:
    kernel, kept = Kernel(), LvsTimeouts()
    kept.look(kernel, document("lvs_timeouts tcp 30"))
    kernel.has = Timeouts(1, 2, 3)
    assert kept.look(kernel, document("lvs_timeouts tcp 30")) == 1
    assert kernel.has == Timeouts(30, 100, 200)
    kept.look(kernel, document(""))
    kernel.has = Timeouts(1, 2, 3)
    assert kept.look(kernel, document("")) == 0
    assert kernel.has == Timeouts(1, 2, 3)


def test_a_successor_puts_back_what_the_first_one_found() -> None:
    kernel, killed, told = Kernel(), LvsTimeouts(), []
    killed.changed = lambda: told.append(killed.heritage())
    assert killed.heritage() == ""
    killed.look(kernel, document("lvs_timeouts tcp 30"))
    for line in ("lvs_timeouts tcp 40", ""):
        after = LvsTimeouts()
        after.adopt(told[-1])
        after.look(kernel, document(line))
        after.restore(kernel)
        assert kernel.has == OWN
        assert after.heritage() == ""
        kernel.has = Timeouts(30, 100, 200)
