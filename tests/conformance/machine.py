# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""S rows: the state machine and its timers (RFC 9568 6, RFC 3768 6), by when adverts and announcements come.

Where a rule is about seconds the interval is a long one, so that the allowance for a busy machine hides nothing.
"""

from __future__ import annotations

import signal
import time
from typing import Callable, List, Optional, Tuple

from .check import Check
from .facts import HIGHER, LOWER, Facts
from .frames import Advert, Says
from .receiving import OWNER, taken_in, untouched_active
from .stage import SLACK, Reign, Stage, every, near
from .verdict import Deviation, expect

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


def first_words(stage: Stage) -> float:
    """Seconds from the speaker's readiness (its first joining of the group, or its start) to its first advert."""
    stage.start()
    return takeover(stage, stage.began)


def owner_at_once(stage: Stage) -> Optional[str]:
    """S01: no waiting; the announcement follows."""
    stage.start()
    took = takeover(stage, stage.began, stage.facts.down() + 5)
    # The program's own start counts in: it is the down interval of 3 s that must not.
    expect(took < 3 * stage.facts.interval, f"first advert {took:.2f} s after the start")
    time.sleep(0.5)
    expect(stage.announcements(stage.began), "no announcement of its address")
    return None


def others_wait(stage: Stage) -> Optional[str]:
    """S01: with 254 it is Backup first."""
    facts = stage.facts.but(priority=254, master=False)
    with Stage(stage.speaker, facts, stage.place, start=False) as other:
        other.start()
        took = takeover(other, other.began)
        expect(took > 0.95 * facts.down(), f"priority 254 spoke {took:.2f} s after the start")
    return None


def backup_first(stage: Stage) -> Optional[str]:
    """S02: the first advert comes a down interval after the start."""
    stage.start()
    took = takeover(stage, stage.began)
    formula = stage.facts.down()
    expect(formula * 0.97 <= took <= formula * 1.05 + 3.5, f"first advert {took:.2f} s after the start")
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
            with Stage(stage.speaker, facts, stage.place) as other:
                with Reign(other, other.says(priority=254)) as reign:
                    time.sleep(1.2 * interval)
                    reign.stop()
                zero = other.say(other.says(priority=0))
                near(takeover(other, zero), facts.skew(), f"priority {priority}, interval {interval:g} s: took over", 0.25)
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
    with Stage(stage.speaker, stage.facts.but(preempt=False), stage.place, start=False) as other:
        with Reign(other, other.says(priority=50)) as reign:
            other.start()
            expect(other.quiet(2 * other.facts.down()), "preempts though told not to")
            last = reign.stop()
        near(takeover(other, last), other.facts.down(), "took over")
    return None


def owner_preempts(stage: Stage) -> Optional[str]:
    """S10: Preempt_Mode false holds everyone but the owner."""
    facts = OWNER.but(preempt=False, master=False)
    with Stage(stage.speaker, facts, stage.place, start=False) as other:
        with Reign(other, other.says(priority=254)):
            other.start()
            took = takeover(other, other.began, 6)
        return f"took over {took:.2f} s after its start"


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


def silent_stop(stage: Stage) -> Optional[str]:
    """S12."""
    with stage.backup():
        start = time.monotonic()
        stage.running.stop()
        time.sleep(0.5)
        expect(not stage.adverts(start), "a Backup's last words were an advert")
    return None


def silent_after(stage: Stage) -> Optional[str]:
    """S12: nor does anything of it speak when the link has become free."""
    expect(stage.quiet(1.5 * stage.facts.down()), "it speaks after its end")
    stage.start()
    stage.settle()
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


def stays(*changes: dict) -> Callable[[Stage], Optional[str]]:  # type: ignore[type-arg]
    """Active goes on, with no announcement, against such adverts."""

    def test(stage: Stage) -> Optional[str]:
        for change in changes:
            starved = untouched_active(stage, stage.says(**change).frame, 5)
            expect(not starved, starved)
        return None

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


def farewell(stage: Stage) -> Optional[str]:
    """S20."""
    stage.settle()
    start = time.monotonic()
    stage.running.stop()
    time.sleep(0.2)
    last = stage.adverts(start)
    expect(last and last[-1][1].priority == 0, f"last words: {[advert.priority for _, advert in last]}")
    return None


def gone(stage: Stage) -> Optional[str]:
    """S20: after it nothing: no advert, no answer for the address."""
    expect(stage.quiet(stage.facts.down()), "it speaks after its end")
    expect(not stage.resolve(stage.facts.vips[0]), "its address still answers")
    stage.start()
    stage.settle()
    return None


def drill(graceful: bool) -> Callable[[Stage], Optional[str]]:
    """S21: two of the kind; the first ends gracefully or is killed; when the second speaks."""

    def test(stage: Stage) -> Optional[str]:
        stage.settle()
        second = stage.facts.but(priority=90, host=101)
        stage.join(second)
        time.sleep(0.5)
        start = time.monotonic()
        (stage.running.stop if graceful else stage.running.kill)()
        heard = stage.advert(start, 2 * second.down() + 2, second.source)
        if heard is None:
            raise Deviation("the second router never took over")
        last = stage.adverts(start - 1.2 * stage.facts.interval)[-1]
        took = heard[0] - last[0]
        if graceful:
            expect(last[1].priority == 0, "no priority 0 advert")
            near(took, second.skew(), "took over")
        else:
            near(took, second.down(), "took over")
        return f"{took:.2f} s after {'priority 0' if graceful else 'kill -9'}"

    return test


def reigns(stage: Stage, sources: List[str], start: float) -> List[str]:
    """Who advertised since `start`, each change told once."""
    heard = stage.tap.since(Advert, start, lambda advert: advert.source in sources and advert.priority > 0)
    order: List[str] = []
    for _, advert in heard:
        if not order or order[-1] != advert.source:
            order.append(advert.source)
    return order


def tie(stage: Stage) -> Optional[str]:
    """S22: equal priorities, started together: after two down intervals one of them speaks."""
    facts = stage.facts
    twin = facts.but(host=101)
    stage.join(twin)
    time.sleep(2 * facts.down() + 1)
    start = time.monotonic()
    time.sleep(2 * facts.down())
    who = reigns(stage, [facts.source, twin.source], start)
    expect(len(who) == 1, f"advertising: {who}")
    return None


def tie_again(stage: Stage) -> Optional[str]:
    """S22: and when both lose the link's silence at once (a third router falls silent) again one is left."""
    twin = stage.facts.but(host=101)
    with Reign(stage, stage.says(priority=254)) as reign:
        time.sleep(4 * stage.facts.interval)
        last = reign.stop()
    time.sleep(2 * stage.facts.down())
    who = reigns(stage, [stage.facts.source, twin.source], last + 2 * stage.facts.down() - 0.5)
    expect(len(who) == 1, f"advertising: {who}")
    return None


def order(stage: Stage) -> Optional[str]:
    """S23: three routers; the best is killed, then the next: takeover in the order of priority."""
    stage.settle()
    second, third = stage.facts.but(priority=90, host=101), stage.facts.but(priority=80, host=102)
    _, middle = stage.join(second)
    stage.join(third)
    sources = [stage.facts.source, second.source, third.source]
    time.sleep(2 * stage.facts.down() + 0.5)
    start = time.monotonic()
    stage.running.kill()
    time.sleep(2 * second.down())
    middle.kill()
    time.sleep(2 * third.down())
    who = reigns(stage, sources, start)
    expect(who in (sources, sources[1:]), f"advertised in this order: {who}")
    return None


def third_silent(stage: Stage) -> Optional[str]:
    """S23: the third of them never spoke while the second lived."""
    third, second = stage.facts.but(host=102).source, stage.facts.but(host=101).source
    dead = [at for at, _ in stage.adverts(0, second)][-1]
    early = [at for at, _ in stage.adverts(0, third) if at < dead]
    expect(not early, f"the third advertised {len(early)} times while the second lived")
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


def stall(stage: Stage) -> Optional[str]:
    """S26: stopped for two down intervals as Active, a better router took over meanwhile: one step down, no flap."""
    stage.settle()
    stage.running.signal(signal.SIGSTOP)
    with Reign(stage, stage.says()) as reign:
        time.sleep(2 * stage.facts.down())
        woken = time.monotonic()
        stage.running.signal(signal.SIGCONT)
        time.sleep(4 * stage.facts.down())
        reign.stop()
    spoke = [at - woken for at, _ in stage.adverts(woken)]
    expect(not spoke or spoke[-1] < stage.facts.interval + 0.5, f"adverts until {max(spoke, default=0):.2f} s after")
    return f"{len(spoke)} adverts before it noticed" if spoke else None


def stall_backup(stage: Stage) -> Optional[str]:
    """S26: stopped as Backup while the better router goes on: at most one short reign."""
    with stage.backup():
        stage.running.signal(signal.SIGSTOP)
        time.sleep(2 * stage.facts.down())
        woken = time.monotonic()
        stage.running.signal(signal.SIGCONT)
        time.sleep(4 * stage.facts.down())
        spoke = [at - woken for at, _ in stage.adverts(woken)]
        expect(not spoke or spoke[-1] < stage.facts.interval + 0.5, f"adverts until {max(spoke, default=0):.2f} s after")
    return f"{len(spoke)} adverts of a Backup that was stopped" if spoke else None




ONE_SECOND_BACKUP = SECOND.but(vrid=81)

def step(seconds: float) -> None:
    """Set the clock of the guest that this runs in."""
    time.clock_settime(time.CLOCK_REALTIME, time.time() + seconds)


def clock_as_active(stage: Stage) -> Optional[str]:
    """S25: an hour forth and back under an Active speaker: its cadence."""
    for seconds in (3600, -7200, 3600):
        stage.settle()
        start = time.monotonic()
        step(seconds)
        longest, announced = stage.steady(start, 4 * stage.facts.interval)
        expect(longest < 1.3 * stage.facts.interval + SLACK, f"silent for {longest:.2f} s after a step of {seconds} s")
        early = [at for at, _ in stage.adverts(start)]
        expect(len(early) <= 6, f"{len(early)} adverts in 4 intervals after a step of {seconds} s")
        expect(not announced, "it announced its addresses anew")
    return None


def clock_as_backup(stage: Stage) -> Optional[str]:
    """S25: the same under a Backup's timer."""
    for seconds in (3600, -3600):
        with stage.backup() as reign:
            last = reign.stop()
        step(seconds)
        near(takeover(stage, last), stage.facts.down(), f"after a step of {seconds} s it took over")
    return None


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
    Check("S07", zero_received, zero_and_back, ONE_SECOND_BACKUP),
    Check("S08", equal_restarts, lesser_does_not, HALF),
    Check("S09", lesser_does_not, no_preempt, HALF),
    Check("S10", owner_preempts, no_preempt, QUICK, skip=NO_OWNER),
    Check("S11", zero_then_advert, nothing_as_backup, HALF.but(addresses=("10.9.0.10", "10.9.0.11", "10.9.0.12"))),
    Check("S12", silent_stop, silent_after, HALF.but(vrid=84), alone=True),
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
    Check("S20", farewell, gone, HALF.but(vrid=88), alone=True),
    Check("S21", drill(True), lambda stage: _again(stage, drill(False)), SECOND.but(vrid=89), alone=True),
    Check("S22", tie, tie_again, HALF.but(vrid=90), alone=True),
    Check("S23", order, third_silent, QUICK.but(vrid=91), alone=True),
    Check("S24", stale_down_timer, stale_adver_timer, HALF.but(vrid=92)),
    Check("S25", clock_as_active, clock_as_backup, SECOND, guest=True),
    Check("S26", stall, stall_backup, HALF.but(vrid=92)),
)


def _again(stage: Stage, test: Callable[[Stage], Optional[str]]) -> Optional[str]:
    """The test on a fresh link."""
    with Stage(stage.speaker, stage.facts, stage.place) as other:
        return test(other)
