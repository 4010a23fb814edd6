# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""S rows, third part: ends, stalls, clock steps, and several routers on one link (RFC 9568 6.4, 8.3.2)."""

from __future__ import annotations

import signal
import time
from typing import Callable, List, Optional, Tuple

from .check import Check
from .frames import Advert
from .machine import HALF, QUICK, SECOND, takeover
from .stage import SLACK, Reign, Stage, near
from .verdict import Deviation, expect


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
        expect(
            not spoke or spoke[-1] < stage.facts.interval + 0.5, f"adverts until {max(spoke, default=0):.2f} s after"
        )
    return f"{len(spoke)} adverts of a Backup that was stopped" if spoke else None


def _again(stage: Stage, test: Callable[[Stage], Optional[str]]) -> Optional[str]:
    """The test on a fresh link."""
    with stage.beside(stage.facts) as other:
        return test(other)


CHECKS: Tuple[Check, ...] = (
    Check("S12", silent_stop, silent_after, HALF.but(vrid=84), alone=True),
    Check("S20", farewell, gone, HALF.but(vrid=88), alone=True),
    Check("S21", drill(True), lambda stage: _again(stage, drill(False)), SECOND.but(vrid=89), alone=True),
    Check("S22", tie, tie_again, HALF.but(vrid=90), alone=True),
    Check("S23", order, third_silent, QUICK.but(vrid=91), alone=True),
    Check("S25", clock_as_active, clock_as_backup, SECOND, guest=True),
    Check("S26", stall, stall_backup, HALF.but(vrid=92)),
)
