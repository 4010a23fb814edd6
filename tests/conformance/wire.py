# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""T rows: what a speaker puts on the wire (RFC 9568 5 and 7.2, RFC 3768 5), read from its frames."""

from __future__ import annotations

import time
from typing import Callable, Optional, Tuple

from .check import Check, Test
from .facts import SPEAKER, VIPS, Facts
from .frames import GROUP, Advert, Other, group_mac, virtual_mac
from .speakers.speaker import Refused
from .stage import SLACK, Reign, Stage
from .verdict import Deviation, expect

FOUR = Facts(vrid=71)
SIX = Facts(vrid=71, family=6)
TWO = Facts(vrid=71, version=2, interval=1)
THREE_VIPS = Facts(vrid=72, addresses=VIPS[4])


def sent(stage: Stage, number: int = 4) -> Tuple[Advert, ...]:
    """The next adverts of an Active speaker."""
    stage.settle()
    start = time.monotonic()
    limit = number * stage.facts.interval + 2
    expect(stage.advert(start, limit, number=number), f"fewer than {number} adverts in {limit:.1f} s")
    return tuple(advert for _, advert in stage.adverts(start))


def each(wanted: Callable[[Stage, Advert], bool], words: Callable[[Advert], object]) -> Test:
    """Every advert is so; when one is not, what it was."""

    def test(stage: Stage) -> Optional[str]:
        for advert in sent(stage):
            expect(wanted(stage, advert), f"seen: {words(advert)}")
        return None

    return test


def also_otherwise(wanted: Callable[[Stage, Advert], bool], words: Callable[[Advert], object]) -> Test:
    """The negative: not one frame of another kind from any source, also the advert that answers a lesser router's,
    the one that ends a reign, and the last one before a shutdown."""

    def test(stage: Stage) -> Optional[str]:
        start = time.monotonic()
        stage.settle()
        stage.say(stage.says(priority=1))
        with stage.backup():
            pass
        stage.settle()
        stage.running.stop()
        time.sleep(0.2)
        heard = stage.tap.since(Advert, start)
        expect(heard, "no adverts")
        stage.start()
        for _, advert in heard:
            expect(wanted(stage, advert), f"seen: {words(advert)} (priority {advert.priority})")
        return None

    return test


def both(wanted: Callable[[Stage, Advert], bool], words: Callable[[Advert], object]) -> Tuple[Test, Test]:
    """Positive and negative of the same."""
    return each(wanted, words), also_otherwise(wanted, words)


def no_other_protocol(stage: Stage) -> Optional[str]:
    """T03: nothing but IGMP (2) and VRRP goes to the group."""
    stage.settle()
    odd = [packet.protocol for _, packet in stage.tap.since(Other, 0, lambda packet: packet.destination == GROUP[4])]
    expect(set(odd) <= {2}, f"protocols {sorted(set(odd))} to {GROUP[4]}")
    return None


def priority_of(number: int) -> Test:
    """While it runs it says that priority and no other."""
    return each(lambda _, advert: advert.priority == number, lambda advert: f"priority {advert.priority}")


def zero_only_at_the_end(stage: Stage) -> Optional[str]:
    """T10: neither 255 nor 0 from another than the owner, until it releases."""
    start = time.monotonic()
    stage.settle()
    with stage.backup():
        pass
    stage.settle()
    odd = [advert.priority for _, advert in stage.adverts(start) if advert.priority in (0, 255)]
    expect(not odd, f"priorities {odd} while running")
    stop = time.monotonic()
    stage.running.stop()
    time.sleep(0.2)
    last = [advert.priority for _, advert in stage.adverts(stop)]
    stage.start()
    expect(last and last[-1] == 0, f"its last words were of priority {last[-1:]}")
    owner = stage.facts.but(priority=255, master=True)
    why = stage.speaker.lacks(owner)
    expect(not why, why)
    with stage.beside(owner) as other:
        expect(all(advert.priority == 255 for advert in sent(other)), "the owner does not say 255")
    return None


def longest_interval(stage: Stage) -> Optional[str]:
    """T13: 40.95 s is 4095 on the wire; seen at once because the Active router before it was a quick one."""
    stage.start()
    time.sleep(0.5)
    with Reign(stage, stage.says(interval=10), 0.1) as reign:
        time.sleep(0.5)
        last = reign.stop()
    heard = stage.advert(last, stage.facts.down(0.1) + 2)
    if heard is None:
        raise Deviation("a Backup of 40.95 s does not take over from one of 0.1 s")
    expect(heard[1].interval == 4095, f"40.95 s is sent as {heard[1].interval}")
    return None


def too_long(stage: Stage) -> Optional[str]:
    """T13: what 12 bits cannot say is not sent."""
    return _unsayable(stage, stage.facts.but(interval=41.0), lambda advert: 1 <= advert.interval <= 4095)


def _unsayable(stage: Stage, facts: Facts, fits: Callable[[Advert], bool]) -> Optional[str]:
    with stage.beside(facts, start=False) as other:
        try:
            other.start()
        except Refused:
            return "an interval out of range is refused"
        time.sleep(0.5)
        last = other.began
        if facts.version == 3:  # a quick Active router before it, so that its own down interval need not pass
            with Reign(other, other.says(interval=10), 0.1) as reign:
                time.sleep(0.5)
                last = reign.stop()
        heard = other.advert(last, 9 if facts.version == 2 else 3)
        if heard is None:
            return "with an interval out of range nothing is sent"
        expect(fits(heard[1]), f"{facts.interval:g} s is sent as {heard[1].interval}")
        if heard[1].interval < 300:
            again = other.advert(heard[0] + 0.001, heard[1].interval / (100 if facts.version == 3 else 1) + 1)
            said = heard[1].interval * (0.01 if facts.version == 3 else 1)
            expect(again and abs(again[0] - heard[0] - said) < 0.1 * said + SLACK, "says one interval, keeps another")
        return f"{facts.interval:g} s is sent as {heard[1].interval}"


def half_seconds(stage: Stage) -> Optional[str]:
    """T14: version 2 says whole seconds, and keeps what it says."""
    return _unsayable(stage, stage.facts.but(interval=1.5), lambda advert: 1 <= advert.interval <= 255)


def nothing_to_say(stage: Stage) -> Optional[str]:
    """T11: without an address there is no advert with count 0."""
    facts = stage.facts.but(addresses=("0.0.0.0",))  # no unicast address: no speaker takes it for one
    with stage.beside(facts, start=False) as other:
        try:
            other.start()
        except Refused:
            return None
        heard = other.advert(other.began, facts.down() + 1)
        expect(heard is None or heard[1].count >= 1, "an advert with count 0")
    return None


def global_first(stage: Stage) -> Optional[str]:
    """T19: told the global address first, it sends the link-local one first, or nothing."""
    facts = stage.facts.but(addresses=("fd09::10", "fe80::10"))
    return _first(stage, facts)


def no_link_local(stage: Stage) -> Optional[str]:
    """T19: told only global addresses, it does not put one where the link-local belongs."""
    global_first(stage)
    return _first(stage, stage.facts.but(addresses=("fd09::10",)))


def _first(stage: Stage, facts: Facts) -> Optional[str]:
    with stage.beside(facts, start=False) as other:
        try:
            other.start()
        except Refused:
            return "another order is refused"
        heard = other.advert(other.began, facts.down() + 1.5)
        expect(
            heard is None or heard[1].addresses[0].startswith("fe80:"),
            f"told {', '.join(facts.addresses)}, it sends {', '.join(heard[1].addresses) if heard else ''}",
        )
        return "nothing is sent in another order" if heard is None else None


def one_family(stage: Stage) -> Optional[str]:
    """T20: told addresses of both families, no advert carries the other's."""
    facts = stage.facts.but(addresses=("10.9.0.10", "fd09::10"))
    with stage.beside(facts, start=False) as other:
        try:
            other.start()
        except Refused:
            return "a mixed list is refused"
        time.sleep(facts.down() + 1.5)
        for _, advert in other.tap.since(Advert, other.began):
            size = 16 if ":" in advert.source else 4
            length = 8 + size * advert.count
            expect(len(advert.message) == length, f"{advert.count} addresses in {len(advert.message)} bytes")
    return None


def cadence(stage: Stage) -> Optional[str]:
    """T21: 20 intervals; the mean within 5 %, none longer than 1.5."""
    stage.settle()
    interval = stage.facts.interval
    start = time.monotonic()
    heard = stage.advert(start, 22 * interval + 2, number=21)
    expect(heard, "fewer than 21 adverts in 22 intervals")
    stamps = [at for at, _ in stage.adverts(start)][:21]
    gaps = [later - earlier for earlier, later in zip(stamps, stamps[1:])]
    mean = sum(gaps) / len(gaps)
    expect(abs(mean - interval) <= 0.05 * interval + 0.005, f"every {mean:.3f} s instead of {interval} s")
    expect(max(gaps) <= 1.5 * interval + 0.1, f"a pause of {max(gaps):.3f} s at an interval of {interval} s")
    return None


def not_in_between(stage: Stage) -> Optional[str]:
    """T21: and none comes early when nothing asks for it."""
    stage.settle()
    start = time.monotonic()
    time.sleep(10 * stage.facts.interval)
    stamps = [at for at, _ in stage.adverts(start)]
    gaps = [later - earlier for earlier, later in zip(stamps, stamps[1:])]
    expect(gaps and min(gaps) >= 0.5 * stage.facts.interval, f"two adverts {min(gaps, default=0):.3f} s apart")
    return None


def mac(advert: Advert) -> str:
    """For the note."""
    return f"source MAC {advert.mac_from}"


def own_mac(stage: Stage, advert: Advert) -> bool:
    """T08."""
    return advert.mac_from == virtual_mac(stage.facts.family, stage.facts.vrid)


VMAC = ("use_vmac", {"vmac": True})
MESSAGE_ALONE = ("v3_checksum_as_v2", {"message_checksum": True})

CHECKS: Tuple[Check, ...] = (
    Check("T01", *both(lambda _, a: a.ttl == 255, lambda a: f"TTL {a.ttl}"), facts=FOUR),
    Check("T02", *both(lambda _, a: a.ttl == 255, lambda a: f"hop limit {a.ttl}"), facts=SIX),
    Check("T03", each(lambda _, a: a.protocol == 112, lambda a: f"protocol {a.protocol}"), no_other_protocol, FOUR),
    Check(
        "T04",
        *both(
            lambda _, a: a.destination == GROUP[4] and a.mac_to == group_mac(GROUP[4]),
            lambda a: f"to {a.destination} at {a.mac_to}",
        ),
        facts=FOUR,
    ),
    Check(
        "T05",
        *both(
            lambda _, a: a.destination == GROUP[6] and a.mac_to == group_mac(GROUP[6]),
            lambda a: f"to {a.destination} at {a.mac_to}",
        ),
        facts=SIX,
    ),
    Check("T06", *both(lambda _, a: a.source == SPEAKER[4], lambda a: f"from {a.source}"), facts=FOUR),
    Check(
        "T07",
        *both(lambda s, a: a.source.startswith("fe80:") and a.source not in s.facts.vips, lambda a: f"from {a.source}"),
        facts=SIX,
    ),
    Check("T08", *both(own_mac, mac), facts=FOUR, mend=VMAC),
    Check(
        "T09",
        each(lambda _, a: a.message[0] == 0x31, lambda a: f"0x{a.message[0]:02x}"),
        lambda stage: _with(stage, TWO, each(lambda _, a: a.message[0] == 0x21, lambda a: f"0x{a.message[0]:02x}")),
        FOUR,
    ),
    Check("T10", priority_of(100), zero_only_at_the_end, Facts(vrid=72), alone=True),
    Check(
        "T11",
        each(lambda s, a: a.count == len(s.facts.vips) == len(a.addresses), lambda a: f"count {a.count}"),
        nothing_to_say,
        THREE_VIPS,
    ),
    Check("T12", *both(lambda _, a: a.reserve == 0, lambda a: f"reserve {a.reserve}"), facts=THREE_VIPS),
    Check("T13", longest_interval, too_long, Facts(vrid=73, interval=40.95), start=False),
    Check(
        "T14",
        each(lambda _, a: a.interval == 1, lambda a: f"interval {a.interval}"),
        half_seconds,
        TWO,
    ),
    Check(
        "T15",
        *both(
            lambda _, a: a.auth_type == 0 and a.auth == bytes(8) and not a.tail,
            lambda a: f"type {a.auth_type}, data {a.auth.hex()}",
        ),
        facts=TWO,
    ),
    Check("T16", *both(lambda _, a: a.form == "message", lambda a: f"checksum: {a.form}"), facts=TWO),
    Check("T17", *both(lambda _, a: a.form == "pseudo", lambda a: f"checksum: {a.form}"), facts=SIX),
    Check(
        "T18",
        *both(lambda _, a: a.form == "message", lambda a: {"pseudo": "with the pseudo-header"}.get(a.form, a.form)),
        facts=Facts(vrid=74),
        mend=MESSAGE_ALONE,
    ),
    Check(
        "T19",
        each(lambda _, a: a.addresses[0].startswith("fe80:"), lambda a: f"first address {a.addresses[0]}"),
        no_link_local,
        SIX,
    ),
    Check(
        "T20",
        each(lambda s, a: a.addresses == s.facts.vips and not a.tail, lambda a: f"{a.addresses}"),
        one_family,
        THREE_VIPS,
    ),
    Check("T21", cadence, not_in_between, Facts(vrid=74)),
)


def _with(stage: Stage, facts: Facts, test: Test) -> Optional[str]:
    """The test on another link with other facts."""
    with stage.beside(facts) as other:
        return test(other)
