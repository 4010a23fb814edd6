# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""R rows: what is heard and what is refused (RFC 9568 7.1, RFC 3768 7.1), by what the speaker then does.

A refused advertisement must change nothing: an Active speaker goes on at its cadence and announces nothing anew;
a Backup's Active_Down_Timer runs on as if it had not come. An accepted one of a better router silences it.
"""

from __future__ import annotations

import ipaddress
import struct
import time
from dataclasses import replace
from typing import Callable, Optional, Tuple

from . import frames
from .check import Check, Test
from .facts import HIGHER, STRANGER, TESTER, VIPS, Facts
from .frames import Says
from .stage import SLACK, Reign, Stage, every, near
from .verdict import Deviation, expect

QUICK = Facts(garp_once=True)
SIX = Facts(garp_once=True, family=6)
V2 = Facts(garp_once=True, version=2, interval=1)

Change = Callable[[Stage], Says]


STARVED = "refused, yet each puts off its own next advert (silent for {:.2f} s while they came)"


def taken_in(stage: Stage, says: Says) -> bool:
    """Such adverts of priority 200 for some intervals, then silence: True when the speaker was Backup after them.

    Silence under them alone does not tell: a speaker may refuse a packet and put off its own advert for it.
    """
    stage.settle()
    interval = stage.facts.interval
    with Reign(stage, says) as reign:
        deaf = reign.began + 1.2 * interval + 0.1
        time.sleep(max(0.0, deaf + 2 * interval - time.monotonic()))
        last = reign.stop()
    silent = not [at for at, _ in stage.adverts(deaf) if at < last]
    first = stage.advert(last, stage.facts.down() + 2)
    if first is None:
        raise Deviation("it never took over again")
    return silent and first[0] - last > 1.7 * interval


def accepted(change: Change) -> Test:
    """An Active speaker becomes Backup by such adverts of priority 200."""

    def test(stage: Stage) -> Optional[str]:
        expect(taken_in(stage, change(stage)), "it is not heard: the speaker stays Active")
        return None

    return test


def refused(*changes: Change) -> Test:
    """Each of these moves neither an Active speaker nor a Backup's timer."""

    def test(stage: Stage) -> Optional[str]:
        starved = ""
        for change in changes:
            starved = untouched_active(stage, change(stage).frame()) or starved
            untouched_backup(stage, change(stage).frame())
        expect(not starved, starved)
        return None

    return test


def untouched_active(stage: Stage, frame: bytes, repeat: int = 7) -> str:
    """A frame sent to an Active speaker again and again: no step down; whether its adverts were put off, in words."""
    stage.settle()
    interval = stage.facts.interval
    start = time.monotonic()
    for _ in every(interval / 2, (repeat - 0.5) * interval / 2):
        stage.send(frame)
    longest, announced = stage.steady(start, 3.4 * interval)
    if longest >= 1.6 * interval + SLACK / 2:
        stage.settle()
        announced = announced or len(stage.announcements(start))
    expect(not announced, f"taken in: Active, it stepped down and announced its addresses anew ({announced} frames)")
    return STARVED.format(longest) if longest >= 1.6 * interval + SLACK / 2 else ""


def still_active(stage: Stage, *frames_sent: bytes) -> None:
    """The same for several frames, where being put off counts too."""
    for frame in frames_sent:
        starved = untouched_active(stage, frame)
        expect(not starved, starved)


def untouched_backup(stage: Stage, frame: bytes) -> None:
    """A frame sent to a Backup again and again from the last good advert on: its timer fires as if they were not there."""
    down = stage.facts.down()
    with stage.backup() as reign:
        last = reign.stop()
    first = None
    for _ in every(stage.facts.interval / 2, 2 * down):
        stage.send(frame)
        heard = stage.adverts(last)
        if heard:
            first = heard[0][0]
            break
    expect(first is not None, f"Backup, it stayed so for {2 * down:.2f} s: its timer was reset")
    near((first or 0) - last, down, "Backup, it took over")


def change(**changes: object) -> Change:
    """The usual advert with these fields."""
    return lambda stage: stage.says(**changes)


good = change()


def tolerated(**changes: object) -> Tuple[Test, Test]:
    """Positive: taken in though odd; negative: the same with a wrong checksum is not."""
    return accepted(change(**changes)), refused(change(**{**changes, "checksum": "wrong"}))


def padded(stage: Stage) -> Says:
    """As a network card sends it: to 60 bytes, and with rubbish in the padding."""
    says = stage.says()
    return replace(says, padding=b"\xa5" * (60 - len(says.frame())))


def unicast(stage: Stage) -> Says:
    """To the speaker's own address instead of the group."""
    return stage.says(destination=stage.facts.source, mac_to=stage.mac())


def both_forms(stage: Stage) -> Optional[str]:
    """R08."""
    for form in ("pseudo", "message"):
        try:
            accepted(change(checksum=form))(stage)
        except Deviation as seen:
            words = "with the pseudo-header" if form == "pseudo" else "over the message alone"
            raise Deviation(f"a checksum {words} is refused") from seen
    return None


def adopts(stage: Stage) -> Optional[str]:
    """R13: half the interval, then silence: the down interval is the sender's."""
    stage.settle()
    theirs = stage.facts.interval / 2
    with Reign(stage, stage.says(interval=stage.facts.wire_interval // 2), theirs) as reign:
        time.sleep(stage.facts.down(theirs) * 1.5 + 0.2)
        last = reign.stop()
    heard = stage.advert(last, stage.facts.down() + 1)
    expect(heard, "never took over")
    near((heard or (0,))[0] - last, stage.facts.down(theirs), "took over", 0.25)
    return None


def longer(stage: Stage) -> Optional[str]:
    """R13 the other way: with the sender's interval of five times ours it does not take over at our own."""
    stage.settle()
    theirs = 5 * stage.facts.interval
    with Reign(stage, stage.says(interval=5 * stage.facts.wire_interval), theirs) as reign:
        time.sleep(0.2 + stage.facts.interval)
        expect(stage.quiet(2 * theirs), "the longer interval was not adopted: it took over in between")
        last = reign.stop()
    heard = stage.advert(last, stage.facts.down(theirs) + 1)
    near((heard or (last + 99,))[0] - last, stage.facts.down(theirs), "took over")
    return None


def rival_owner(stage: Stage) -> Optional[str]:
    """R11: another's 255 is logged."""
    stage.settle()
    before = len(stage.running.log)
    start = time.monotonic()
    for _ in every(stage.facts.interval, 6 * stage.facts.interval):
        stage.say(stage.says(priority=255))
    time.sleep(0.3)
    lines = [line for line in stage.running.log[before:].splitlines() if line.strip()]
    about = [line for line in lines if any(word in line.lower() for word in ("owner", "255", "conflict", "priority"))]
    expect(about, f"nothing is logged about another owner ({len(lines)} lines in {time.monotonic() - start:.1f} s)")
    expect(len(about) < 6, f"logged every time: {len(about)} lines for 6 adverts")
    return None


def owner_stays(stage: Stage) -> Optional[str]:
    """R11, R10: the owner goes on against a 255 from a lower address."""
    stage.settle()
    interval = stage.facts.interval
    start = time.monotonic()
    for _ in every(interval / 2, 3 * interval):
        stage.say(stage.says(priority=255, source=TESTER[stage.facts.family]))
    longest, _ = stage.steady(start, 3.4 * interval)
    expect(longest < 1.6 * interval + SLACK / 2, f"the owner was silent for {longest:.2f} s")
    return None


def owner_deaf(stage: Stage) -> Optional[str]:
    """R10: no advert for its own VRID moves an owner, not even a 255 from a higher address."""
    stage.settle()
    still_active(stage, *(stage.says(priority=priority, source=HIGHER[4]).frame() for priority in (254, 255)))
    return None


def mismatch(stage: Stage) -> Optional[str]:
    """R16: whoever checks the list drops the packet."""
    stage.settle()
    before = len(stage.running.log)
    other = stage.says(addresses=(VIPS[4][1], VIPS[4][2]))
    heard = taken_in(stage, other)
    words = ("mismatch", "differ", "expected", "not present", "but this vrrp instance")
    lines = stage.running.log[before:].splitlines()
    noticed = [line for line in lines if any(word in line.lower() for word in words)]
    expect(not (heard and noticed), f"it noticed the other list and took the advert in: {''.join(noticed[:1])[-60:]}")
    if not heard:
        still_active(stage, other.frame())
    return "not checked, as it may be" if heard else "checked and dropped"


def longer_list(stage: Stage) -> Says:
    """The right address and one more."""
    return stage.says(addresses=(*stage.facts.vips, VIPS[4][2]))


def counted(stage: Stage) -> Optional[str]:
    """R26: 20 packets wrong in each of several ways: counted apart, logged far less than each."""
    stage.settle()
    before = stage.running.counters()
    if before is None:
        raise Deviation("no counters are offered")
    log = len(stage.running.log)
    wrong = {
        "ttl": stage.says(ttl=254),
        "version": stage.says(version=2),
        "type": stage.says(type=3),
        "checksum": stage.says(checksum="wrong"),
        "length": stage.says(cut=4),
    }
    grown = {}
    for name, says in wrong.items():
        for _ in range(20):
            stage.send(says.frame())
            time.sleep(0.005)
        time.sleep(0.3)
        after = stage.running.counters() or {}
        grown[name] = {
            key for key, value in after.items() if value - before.get(key, 0) >= 20 and "adver" not in key.lower()
        }
        before = after
    lines = [line for line in stage.running.log[log:].splitlines() if line.strip()]
    missing = [name for name, keys in grown.items() if not keys]
    expect(not missing, f"not counted: {', '.join(missing)}")
    expect(len(set(map(frozenset, grown.values()))) == len(grown), "counted, but not by cause")
    expect(len(lines) < 50, f"{len(lines)} log lines for 100 wrong packets")
    return f"{len(lines)} log lines for 100 wrong packets"


def not_counted(stage: Stage) -> Optional[str]:
    """R26: right packets are no discards."""
    stage.settle()
    before = stage.running.counters() or {}
    for _ in every(stage.facts.interval, 5 * stage.facts.interval):
        stage.say(stage.says(priority=50))
    after = stage.running.counters() or {}
    bad = [key for key in after if after[key] - before.get(key, 0) >= 4 and any(w in key for w in ("error", "discard", "ttl", "checksum", "version"))]  # fmt: skip
    expect(not bad, f"right packets are counted as {bad}")
    return None


def shifted(stage: Stage) -> Optional[str]:
    """R27: fragments, options, headers that lie: nothing happens and it lives."""
    stage.settle()
    right = stage.says()
    message, source, group = right.message(), right.source, right.to
    mac = frames.group_mac(group)
    # Options and message of a packet for another virtual router which, read as one message, are a right advert of priority 200: what a
    # parser sees that ignores the header's length. To the kernel they are one unknown option of VRID (12) bytes.
    low = stage.says(vrid=stage.facts.vrid + 1).message()
    addresses = tuple(str(ipaddress.IPv4Address(low[at : at + 4])) for at in range(0, 12, 4))
    inside = stage.says(addresses=(VIPS[4][0], *addresses)).message()[:12]
    odd = [
        frames.ip_packet(low, source, group, 112, options=inside),
        frames.ip_packet(message[:8], source, group, 112, fragment=0x2000),
        frames.ip_packet(message[8:], source, group, 112, fragment=0x0001, ident=9),
        frames.ip_packet(message, source, group, 112, fragment=0x0007),
        frames.ip_packet(message[:4], source, group, 112),
        frames.ip_packet(b"", source, group, 112),
        frames.ip_packet(message[:8] + b"\xff" * 1400, source, group, 112),
    ]
    whole = frames.ip_packet(message, source, group, 112)
    odd += [bytes([0x40 | words]) + whole[1:] for words in (0, 4, 15)]
    odd += [whole[:2] + struct.pack("!H", total) + whole[4:] for total in (0, 19, 21, 2000)]
    for packet in odd:
        stage.send(frames.ethernet(packet, mac))
        time.sleep(0.02)
        untouched_active(stage, frames.ethernet(packet, mac), 2)
    expect(stage.running.alive(), "it died")
    return None


def with_options(stage: Stage) -> Optional[str]:
    """R27: after all that a good advert is still heard; one behind IP options may be."""
    accepted(good)(stage)
    try:
        accepted(change(options=b"\x94\x04\0\0"))(stage)  # router alert
    except Deviation:
        return "an advert behind a router alert option is not heard"
    return None


def own(stage: Stage) -> Says:
    """As if it came from the speaker itself."""
    return stage.says(source=stage.facts.source)


def own_refused(stage: Stage) -> Optional[str]:
    """R23: Linux drops it as a martian; with accept_local (virtual MACs need it) it is the speaker's to refuse."""
    refused(own)(stage)
    stage.host.sysctl(**{"net/ipv4/conf/all/accept_local": 1})
    try:
        refused(own)(stage)
    except Deviation as seen:
        raise Deviation(f"where the kernel lets it through (accept_local=1): {seen}") from seen
    finally:
        stage.host.sysctl(**{"net/ipv4/conf/all/accept_local": 0})
    return None


UNICAST = Facts(garp_once=True, peers=(TESTER[4],))


def to_me(stage: Stage, **changes: object) -> Says:
    """An advert the way unicast peers send it."""
    return stage.says(destination=stage.facts.source, mac_to=stage.mac(), **changes)


def stranger(stage: Stage) -> Says:
    """The same from one who is no peer."""
    return to_me(stage, source=STRANGER[4])


def untouched_by_stranger(stage: Stage) -> Optional[str]:
    """R25: Active first, then Backup under the real peer."""
    starved = untouched_active(stage, stranger(stage).frame())
    with stage.backup(to_me(stage)) as reign:
        last = reign.stop()
    for _ in every(stage.facts.interval / 2, 2 * stage.facts.down()):
        stage.send(stranger(stage).frame())
        if stage.adverts(last):
            expect(not starved, starved)
            return None
    raise Deviation("a Backup's timer is reset by a source that is no peer")


NO_UNICAST = {"frr": "no unicast mode"}
NO_AUTH = {"frr": "no authentication"}
NO_OWNER = {"frr": "the owner's role cannot be configured (see T10)"}
PASS = V2.but(password="sesame12")
OWNER = Facts(garp_once=True, priority=255, master=True)

CHECKS: Tuple[Check, ...] = (
    Check("R01", accepted(good), refused(change(ttl=254), change(ttl=1)), QUICK),
    Check("R02", accepted(good), refused(lambda s: s.says(version=2, interval=1), change(version=4)), QUICK),
    Check("R03", accepted(good), refused(change(type=2), change(type=0)), QUICK),
    Check("R04", accepted(good), refused(change(count=2), change(cut=4)), QUICK),
    Check("R05", accepted(good), refused(change(tail=bytes(4)), change(tail=bytes(3))), QUICK),
    Check("R06", accepted(padded), refused(lambda s: replace(padded(s), checksum="wrong")), QUICK),
    Check("R07", accepted(good), refused(change(checksum="wrong")), QUICK),
    Check("R08", both_forms, refused(change(checksum="wrong")), QUICK),
    Check("R09", accepted(good), refused(change(vrid=52)), QUICK),
    Check("R10", owner_stays, owner_deaf, OWNER.but(version=2, interval=1), skip=NO_OWNER, alone=True),
    Check("R11", rival_owner, owner_stays, OWNER, skip=NO_OWNER, alone=True),
    Check("R12", accepted(good), refused(change(interval=2)), V2.but(vrid=60)),
    Check("R13", adopts, longer, QUICK.but(interval=0.4)),
    Check("R14", accepted(good), refused(change(interval=0)), QUICK),
    Check("R15", accepted(good), refused(change(addresses=())), QUICK),
    Check("R16", accepted(good), mismatch, V2.but(vrid=61)),
    Check("R17", accepted(longer_list), refused(lambda s: replace(longer_list(s), checksum="wrong")), QUICK),
    Check("R18", accepted(good), refused(change(auth_type=1, auth=b"sesame12"), change(auth_type=7)), V2.but(vrid=62)),
    Check("R19", *tolerated(auth=b"\xde\xad\xbe\xef\1\2\3\4"), facts=V2.but(vrid=63)),
    Check("R20", accepted(good), refused(change(auth=b"sesame13"), change(auth_type=0)), PASS, skip=NO_AUTH),
    Check("R21", *tolerated(reserve=15), facts=QUICK.but(vrid=53)),
    Check("R22", accepted(good), refused(change(addresses=("fd09::10", "fe80::10"))), SIX),
    Check("R23", accepted(good), own_refused, QUICK.but(vrid=53)),
    Check("R24", accepted(good), refused(unicast), QUICK.but(vrid=53)),
    Check(
        "R25",
        accepted(to_me),
        untouched_by_stranger,
        UNICAST,
        skip=NO_UNICAST,
        mend=("vrrp_check_unicast_src", {"check_peers": True}),
    ),
    Check("R26", counted, not_counted, QUICK.but(vrid=54)),
    Check("R27", with_options, shifted, QUICK.but(vrid=12)),
)
