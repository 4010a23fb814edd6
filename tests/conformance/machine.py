# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""S rows, first part: the start, Backup and its timer (RFC 9568 6.1 to 6.4.2, RFC 3768 6), by when adverts come.

Where a rule is about seconds the interval is a long one, so that the allowance for a busy machine hides nothing.
Long because its rows are read beside section 4.3 of the ledger, one function a row.
"""

from __future__ import annotations

import time
from typing import Callable, Optional, Tuple

from .check import Check
from .facts import SPEAKER, Facts
from .frames import Other
from .receiving import OWNER
from .stage import Reign, Stage, every, near
from .verdict import Deviation, NotTested, expect

SECOND = Facts(interval=1, garp_once=True)
HALF = Facts(interval=0.5, garp_once=True)
QUICK = Facts(garp_once=True)
V2 = Facts(version=2, interval=1, garp_once=True)
NO_OWNER = {"frr": "the owner's role cannot be configured (see T10)"}


def takeover(stage: Stage, last: float, limit: Optional[float] = None) -> float:
    """Seconds from `last` until its first advert; Deviation when none comes within `limit` s (twice the formula)."""
    wait = 2 * stage.facts.down() + 2 if limit is None else limit
    heard = stage.advert(last, wait)
    if heard is None:
        raise Deviation(f"it did not take over within {wait:.1f} s")
    return heard[0] - last


def ready(stage: Stage) -> float:
    """When it joined its multicast group (the kernel reports it at once): the start without the program's own."""
    joined = stage.tap.wait(Other, stage.began, 15, lambda packet: packet.protocol == 2 and packet.source == SPEAKER[4])
    if joined is None:
        raise NotTested("no IGMP report of its group was seen")
    return joined[0]


def owner_at_once(stage: Stage) -> Optional[str]:
    """S01: no waiting; the announcement follows."""
    stage.start()
    took = takeover(stage, ready(stage) - 0.5, stage.facts.down() + 5) - 0.5
    expect(took < stage.facts.interval, f"first advert {took:.2f} s after it joined the group")
    time.sleep(0.5)
    expect(stage.announcements(stage.began), "no announcement of its address")
    return None


def others_wait(stage: Stage) -> Optional[str]:
    """S01: with 254 it is Backup first."""
    facts = stage.facts.but(priority=254, master=False)
    with stage.beside(facts, start=False) as other:
        other.start()
        took = takeover(other, ready(other))
        expect(took > 0.95 * facts.down(), f"priority 254 spoke {took:.2f} s after it joined the group")
    return None


def backup_first(stage: Stage) -> Optional[str]:
    """S02: the first advert comes a down interval after the start."""
    stage.start()
    near(takeover(stage, ready(stage)), stage.facts.down(), "joined the group, and its first advert came")
    return None


def backup_listens(stage: Stage) -> Optional[str]:
    """S02: and not at all when a better router speaks; nor does it announce anything."""
    stage.running.stop()
    with Reign(stage, stage.says()):
        again = time.monotonic()
        stage.start()
        time.sleep(1.5 * stage.facts.down())
        expect(not stage.adverts(again) and not stage.announcements(again), "it spoke though a better router did")
    return None


def skew(*cases: Tuple[int, float]) -> Callable[[Stage], Optional[str]]:
    """S03, S04: for each (priority, interval) the time from a priority 0 advert to the takeover."""

    def test(stage: Stage) -> Optional[str]:
        for priority, interval in cases:
            facts = stage.facts.but(priority=priority, interval=interval)
            with stage.beside(facts) as other:
                with Reign(other, other.says(priority=254)) as reign:
                    time.sleep(1.2 * interval)
                    reign.stop()
                zero = other.say(other.says(priority=0))
                near(
                    takeover(other, zero),
                    facts.skew(),
                    f"priority {priority}, interval {interval:g} s: took over",
                    0.25,
                )
        return None

    return test


def after_silence(stage: Stage) -> Optional[str]:
    """S05, S08: the down interval runs from the last advert."""
    with stage.backup() as reign:
        last = reign.stop()
    near(takeover(stage, last), stage.facts.down(), "took over")
    return None


def not_before(stage: Stage) -> Optional[str]:
    """S05: with one advert in every 2.8 intervals it stays Backup."""
    interval = 2.8 * stage.facts.interval
    with stage.backup() as reign:
        reign.stop()
    with Reign(stage, stage.says(), interval) as slow:
        expect(stage.quiet(2.5 * interval), "it took over before three intervals had passed")
        slow.stop()
    return None


def masters_interval(stage: Stage) -> Optional[str]:
    """S05, S06: a quicker Active router's interval counts, then (heard nobody) its own again."""
    theirs = stage.facts.interval / 4
    with Reign(stage, stage.says(interval=stage.facts.wire_interval // 4), theirs) as reign:
        time.sleep(1.5 * stage.facts.interval)
        last = reign.stop()
    near(takeover(stage, last), stage.facts.down(theirs), "took over", 0.25)
    return None


def own_interval_first(stage: Stage) -> Optional[str]:
    """S06: at the start nobody was heard: its own interval makes the down interval; its adverts say it."""
    backup_first(stage)
    heard = stage.settle()
    expect(heard.interval == stage.facts.wire_interval, f"says {heard.interval}")
    return None


def own_interval_again(stage: Stage) -> Optional[str]:
    """S06: once Active it advertises its own, whatever the router before it said."""
    masters_interval(stage)
    start = time.monotonic()
    heard = stage.advert(start, 4 * stage.facts.interval, number=2)
    expect(heard and heard[1].interval == stage.facts.wire_interval, "it goes on with the other router's interval")
    first = stage.adverts(start)[0][0]
    near((heard or (0,))[0] - first, stage.facts.interval, "the next advert", 0.25)
    return None


def zero_received(stage: Stage) -> Optional[str]:
    """S07."""
    with stage.backup() as reign:
        reign.stop()
    zero = stage.say(stage.says(priority=0))
    near(takeover(stage, zero), stage.facts.skew(), "took over", 0.25)
    return None


def zero_and_back(stage: Stage) -> Optional[str]:
    """S07: an advert within the skew time after it keeps the speaker Backup."""
    with stage.backup() as reign:
        reign.stop()
    stage.say(stage.says(priority=0))
    time.sleep(stage.facts.skew() / 3)
    last = stage.say(stage.says())
    near(takeover(stage, last), stage.facts.down(), "took over")
    return None


def equal_restarts(stage: Stage) -> Optional[str]:
    """S08: an equal priority restarts the timer."""
    with stage.backup() as reign:
        reign.stop()
    with Reign(stage, stage.says(priority=stage.facts.priority)) as equal:
        expect(stage.quiet(1.3 * stage.facts.down()), "adverts of its own priority do not hold it")
        last = equal.stop()
    near(takeover(stage, last), stage.facts.down(), "took over")
    return None


def lesser_does_not(stage: Stage) -> Optional[str]:
    """S08, S09: with preemption a lesser router's adverts let the timer run on."""
    with stage.backup() as reign:
        last = reign.stop()
    for _ in every(stage.facts.interval / 2, 2 * stage.facts.down()):
        if stage.adverts(last):
            break
        stage.send(stage.says(priority=stage.facts.priority - 1).frame())
    near(takeover(stage, last, 0.1), stage.facts.down(), "took over")
    return None


def no_preempt(stage: Stage) -> Optional[str]:
    """S08: with preemption off a lesser router's adverts hold it as well."""
    with stage.beside(stage.facts.but(preempt=False), start=False) as other:
        with Reign(other, other.says(priority=50)) as reign:
            other.start()
            expect(other.quiet(2 * other.facts.down()), "preempts though told not to")
            last = reign.stop()
        near(takeover(other, last), other.facts.down(), "took over")
    return None


def owner_preempts(stage: Stage) -> Optional[str]:
    """S10: Preempt_Mode false holds everyone but the owner."""
    facts = OWNER.but(preempt=False, master=False)
    with stage.beside(facts, start=False) as other:
        with Reign(other, other.says(priority=254)):
            other.start()
            took = takeover(other, other.began, 6)
        return f"took over {took:.2f} s after its start"


CHECKS: Tuple[Check, ...] = (
    Check(
        "S01",
        owner_at_once,
        others_wait,
        Facts(interval=1, priority=255, garp_once=True),
        start=False,
        skip=NO_OWNER,
        mend=("state MASTER", {"master": True}),
    ),
    Check("S02", backup_first, backup_listens, SECOND, start=False),
    Check("S03", skew((1, 0.4), (1, 1), (254, 1)), skew((128, 1), (128, 0.4)), SECOND.but(vrid=80)),
    Check("S04", skew((1, 1), (1, 2)), skew((200, 1), (56, 2)), V2),
    Check("S05", after_silence, not_before, SECOND.but(vrid=82)),
    Check("S06", own_interval_first, own_interval_again, SECOND.but(vrid=83), start=False),
    Check("S07", zero_received, zero_and_back, SECOND.but(vrid=81)),
    Check("S08", equal_restarts, lesser_does_not, HALF),
    Check("S09", lesser_does_not, no_preempt, HALF),
    Check("S10", owner_preempts, no_preempt, QUICK, skip=NO_OWNER),
)
