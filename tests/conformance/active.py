# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""S rows, second part: becoming Active, and what an Active router does with what it hears (RFC 9568 6.4.2, 6.4.3)."""

from __future__ import annotations

import time
from typing import Callable, Optional, Tuple

from .check import Check
from .facts import HIGHER, LOWER, VIPS
from .machine import HALF, V2, takeover
from .receiving import taken_in
from .stage import SLACK, Stage, every, near
from .verdict import expect


def zero_then_advert(stage: Stage) -> Optional[str]:
    """S11: the advert first, then the announcements of each address, then adverts at the interval."""
    with stage.backup() as reign:
        last = reign.stop()
    takeover(stage, last)
    time.sleep(1.5 * stage.facts.interval)
    adverts = [at for at, _ in stage.adverts(last)]
    announced = stage.announcements(last)
    named = {getattr(what, "sender", "") for _, what in announced}
    expect(named == set(stage.facts.vips), f"announced: {sorted(named)}")
    expect(announced[0][0] >= adverts[0], f"announced {adverts[0] - announced[0][0]:.4f} s before its first advert")
    expect(announced[0][0] - adverts[0] < 0.2 + SLACK, "announced late")
    expect(len(adverts) >= 2, "no second advert")
    near(adverts[1] - adverts[0], stage.facts.interval, "the second advert", 0.2)
    return None


def nothing_as_backup(stage: Stage) -> Optional[str]:
    """S11: as long as it is Backup it neither advertises nor announces."""
    with stage.backup():
        start = time.monotonic()
        time.sleep(2 * stage.facts.down())
        expect(not stage.adverts(start) and not stage.announcements(start), "a Backup spoke")
    return None


def regular(stage: Stage) -> Optional[str]:
    """S13."""
    stage.settle()
    start = time.monotonic()
    stage.advert(start, 6 * stage.facts.interval, number=5)
    stamps = [at for at, _ in stage.adverts(start)]
    for earlier, later in zip(stamps, stamps[1:]):
        near(later - earlier, stage.facts.interval, "the next advert", 0.2)
    return None


def reset_by_answer(stage: Stage) -> Optional[str]:
    """S13, S14: an advert sent for another reason resets Adver_Timer: the next is an interval after it."""
    stage.settle()
    start = time.monotonic()
    at = (stage.advert(start, 2 * stage.facts.interval + 1) or (start,))[0]
    time.sleep(max(0.0, at + 0.5 * stage.facts.interval - time.monotonic()))
    zero = stage.say(stage.says(priority=0))
    answer = stage.advert(zero, stage.facts.interval)
    expect(answer and answer[0] - zero < 0.3 * stage.facts.interval, "no immediate answer")
    after = stage.advert((answer or (0,))[0] + 0.0005, 2 * stage.facts.interval)
    near((after or (0,))[0] - (answer or (0,))[0], stage.facts.interval, "the next advert", 0.2)
    return None


def answers(priority: int) -> Callable[[Stage], Optional[str]]:
    """S14, S18: an advert of that priority in mid-interval is answered at once, several times."""

    def test(stage: Stage) -> Optional[str]:
        longest = 0.0
        for _ in range(3):
            stage.settle()
            start = time.monotonic()
            at = (stage.advert(start, 2 * stage.facts.interval + 1) or (start,))[0]
            time.sleep(max(0.0, at + 0.4 * stage.facts.interval - time.monotonic()))
            said = stage.say(stage.says(priority=priority))
            answer = stage.advert(said, 2 * stage.facts.interval)
            took = answer[0] - said if answer else 99
            expect(took < 0.3 * stage.facts.interval, f"the next advert came {took:.3f} s later, not at once")
            longest = max(longest, took)
        return f"answered within {1000 * longest:.0f} ms"

    return test


def stays_or_announces(**change: object) -> Callable[[Stage], Optional[str]]:
    """Active goes on; it may announce its addresses again to mend what the other router did."""

    def test(stage: Stage) -> Optional[str]:
        stage.settle()
        start = time.monotonic()
        for _ in every(stage.facts.interval / 2, 2 * stage.facts.interval):
            stage.send(stage.says(**change).frame())
        longest, _ = stage.steady(start, 3.4 * stage.facts.interval)
        expect(longest < 1.6 * stage.facts.interval + SLACK / 2, f"silent for {longest:.2f} s")
        return None

    return test


def yields(**change: object) -> Callable[[Stage], Optional[str]]:
    """Active becomes Backup, and takes over a down interval after the last of them."""

    def test(stage: Stage) -> Optional[str]:
        expect(taken_in(stage, stage.says(**change)), "it stays Active")
        with stage.backup(stage.says(**change)) as reign:
            last = reign.stop()
        near(takeover(stage, last), stage.facts.down(), "took over again")
        return None

    return test


def loser_silence(stage: Stage) -> Optional[str]:
    """S19: in version 2 a lesser router gets no answer before the next regular advert."""
    for _ in range(3):
        stage.settle()
        start = time.monotonic()
        at = (stage.advert(start, 2 * stage.facts.interval + 1) or (start,))[0]
        time.sleep(max(0.0, at + 0.3 - time.monotonic()))
        said = stage.say(stage.says(priority=1))
        answer = stage.advert(said, 2 * stage.facts.interval)
        took = answer[0] - said if answer else 99
        expect(took > 0.4, f"answered after {took:.3f} s")
        near(took, 0.7, "the next regular advert", 0.3)
    return None


def stale_down_timer(stage: Stage) -> Optional[str]:
    """S24: Active by a priority 0 advert; the older Active_Down_Timer's moment passes without a sound."""
    with stage.backup() as reign:
        last = reign.stop()
    stage.say(stage.says(priority=0))
    stale = last + stage.facts.down()
    time.sleep(max(0.0, stale + 2.5 * stage.facts.interval - time.monotonic()))
    stamps = [at for at, _ in stage.adverts(last)]
    expect(len(stamps) > 2, "it did not take over")
    for earlier, later in zip(stamps, stamps[1:]):
        near(later - earlier, stage.facts.interval, "around the old deadline the next advert", 0.2)
    return None


def stale_adver_timer(stage: Stage) -> Optional[str]:
    """S24: made Backup just before its next advert was due, it does not send it."""
    for _ in range(3):
        stage.settle()
        start = time.monotonic()
        at = (stage.advert(start, 2 * stage.facts.interval + 1) or (start,))[0]
        time.sleep(max(0.0, at + 0.7 * stage.facts.interval - time.monotonic()))
        better = stage.say(stage.says())
        early = [when for when, _ in stage.adverts(better + 0.05)]
        time.sleep(1.5 * stage.facts.interval)
        early = [when for when, _ in stage.adverts(better + 0.05)]
        expect(not early, "an advert after it had become Backup")
    return None


CHECKS: Tuple[Check, ...] = (
    Check("S11", zero_then_advert, nothing_as_backup, HALF.but(addresses=VIPS[4])),
    Check("S13", regular, reset_by_answer, HALF.but(vrid=85)),
    Check("S14", answers(0), stays_or_announces(priority=0), HALF.but(vrid=85)),
    Check("S15", yields(priority=101), stays_or_announces(priority=99), HALF.but(vrid=86)),
    Check(
        "S16",
        yields(priority=100, source=HIGHER[4]),
        stays_or_announces(priority=99, source=HIGHER[4]),
        HALF.but(vrid=86),
    ),
    Check(
        "S17",
        stays_or_announces(priority=100, source=LOWER[4]),
        yields(priority=100, source=HIGHER[4]),
        HALF.but(vrid=87),
    ),
    Check("S18", answers(50), stays_or_announces(priority=50), HALF.but(vrid=87)),
    Check("S19", loser_silence, answers(0), V2.but(vrid=64), mend=("lower_prio_no_advert", {"loser_unanswered": True})),
    Check("S24", stale_down_timer, stale_adver_timer, HALF.but(vrid=92)),
)
