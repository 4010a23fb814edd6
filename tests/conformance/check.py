# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a row is tried: in which scene, by which two tests, and with which settings a speaker is brought to obey."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Mapping, Optional, Tuple

from .stage import Stage

if TYPE_CHECKING:
    from .facts import Facts

Test = Callable[[Stage], Optional[str]]
"""Raises Deviation, NotApplicable or NotTested; what it returns is added to the verdict's note."""


@dataclass(frozen=True)
class Check:
    """`positive`: what must happen does; `negative`: what must not does not.

    Checks with equal facts share a running speaker unless `alone`; with `start` false the test starts it itself;
    `guest`: it needs a clock of its own and runs in a User Mode Linux guest.
    `mend`: (its words, changes of the facts) tried when the row deviates by default. `skip`: speaker name -> why
    the row does not apply to it.
    """

    row: str
    positive: Test
    negative: Test
    facts: Facts
    alone: bool = False
    start: bool = True
    guest: bool = False
    mend: Optional[Tuple[str, Mapping[str, object]]] = None
    skip: Mapping[str, str] = field(default_factory=dict)
