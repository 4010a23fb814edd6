# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X rows: signed adverts, other implementations on the link, unicast by default, rubbish and floods."""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from typing import Callable, List, Optional, Tuple

from . import frames, speakers
from .check import Check
from .facts import STRANGER, TESTER, Facts, Hmac
from .frames import Advert, Says, Trailer
from .receiving import taken_in, to_me, untouched_active
from .stage import Reign, Stage, every, near
from .verdict import Deviation, NotTested, expect

KEY, NEXT = bytes(range(32)), bytes(range(32, 64))
SIGNED = Facts(garp_once=True, hmac=Hmac(((1, KEY),)))
UNICAST = Facts(garp_once=True, peers=(TESTER[4],))


class Signer:
    """Signs the tester's adverts, each with the next sequence of the clock."""

    def __init__(self, key: bytes = KEY, key_id: int = 1, skew: float = 0.0) -> None:
        self.key, self.key_id, self.skew, self.last = key, key_id, skew, 0

    def sign(self, says: Says) -> Says:
        """The advert with a fresh trailer."""
        now = time.time() + self.skew
        self.last = max(self.last + 1, int(now) << 32 | int(now % 1 * 65536) << 16)
        return replace(says, trailer=Trailer(self.key, self.key_id, self.last))


class SignedReign(Reign):
    """A reign whose adverts are signed one by one."""

    def __init__(self, stage: Stage, says: Says, signer: Signer) -> None:
        self.signer = signer
        super().__init__(stage, says)

    def run(self) -> None:
        """The thread's work."""
        due = time.monotonic()
        while not self._stopping.is_set():
            self.stage.send(self.signer.sign(self.says).frame())
            due += self.interval
            self._stopping.wait(max(0.0, due - time.monotonic()))


def held(stage: Stage, signer: Optional[Signer]) -> bool:
    """True when adverts of priority 200, so signed, make an Active speaker Backup."""
    stage.settle()
    reign = Reign(stage, stage.says()) if signer is None else SignedReign(stage, stage.says(), signer)
    with reign:
        time.sleep(2.5 * stage.facts.interval + 0.1)
        silent = stage.quiet(2.2 * stage.facts.interval)
        reign.stop()
    return silent


def trailer_right(stage: Stage) -> Optional[str]:
    """X01: each of its adverts ends in the 28 bytes worked out here from its own sequence; good ones are heard."""
    stage.settle()
    start = time.monotonic()
    time.sleep(5 * stage.facts.interval)
    sequences: List[int] = []
    for _, advert in stage.adverts(start):
        expect(len(advert.tail) == 28, f"{len(advert.tail)} bytes behind the message")
        sequence = int.from_bytes(advert.tail[4:12], "big")
        body = advert.message[:-28]
        right = Trailer(KEY, 1, sequence).over(body, frames.packed(advert.source), 3, stage.facts.vrid)
        expect(advert.tail == right, f"trailer {advert.tail.hex()} instead of {right.hex()}")
        sequences.append(sequence)
    expect(sequences == sorted(set(sequences)) and sequences, "sequences do not grow")
    expect(abs((sequences[-1] >> 32) - time.time()) < 3, "the sequence is not the clock's")
    expect(held(stage, Signer()), "a rightly signed advert is not heard")
    return None


def forged(stage: Stage) -> Optional[str]:
    """X01: unsigned, wrong key, unknown key id, stale: refused."""
    for name, signer in (
        ("an unsigned advert", None),
        ("one signed with another key", Signer(NEXT)),
        ("one with an unknown key id", Signer(KEY, 9)),
        ("one of a minute ago", Signer(skew=-60)),
    ):
        expect(not held(stage, signer), f"{name} is heard")
    return None


def replayed(stage: Stage) -> Optional[str]:
    """X02: the very frames that were heard before do not hold it again."""
    stage.settle()
    signer = Signer()
    captured = [signer.sign(stage.says()).frame() for _ in range(3)]
    for frame in captured:
        stage.send(frame)
        time.sleep(0.05)
    time.sleep(2 * stage.facts.interval)
    expect(stage.quiet(stage.facts.interval), "the fresh ones are not heard")
    stage.settle()
    starved = untouched_active(stage, captured[-1])
    expect(not starved, starved)
    return None


def fresh_heard(stage: Stage) -> Optional[str]:
    """X02: the control."""
    expect(held(stage, Signer()), "a fresh signed advert is not heard")
    return None


def rollover(stage: Stage) -> Optional[str]:
    """X03: one key, both, the other active, the old one gone: always Active, always its own cadence."""
    stage.settle()
    start = time.monotonic()
    both = ((1, KEY), (2, NEXT))
    for hmac in (Hmac(both), Hmac(both, active=2), Hmac(((2, NEXT),), active=2)):
        stage.running.reload(stage.facts.but(hmac=hmac))
        longest, _ = stage.steady(time.monotonic(), 4 * stage.facts.interval)
        expect(longest < 2 * stage.facts.interval + 0.3, f"silent for {longest:.2f} s")
    expect(not stage.announcements(start), "it stepped down and up")
    last = stage.adverts(start)[-1][1]
    sequence = int.from_bytes(last.tail[4:12], "big")
    right = Trailer(NEXT, 2, sequence).over(last.message[:-28], frames.packed(last.source), 3, stage.facts.vrid)
    expect(last.tail == right, f"does not sign with the new key: {last.tail.hex()}")
    return None


def new_key_counts(stage: Stage) -> Optional[str]:
    """X03: afterwards the new key is heard and the old one is not."""
    expect(not held(stage, Signer()), "the removed key is still heard")
    expect(held(stage, Signer(NEXT, 2)), "the new key is not heard")
    stage.running.reload(stage.facts)
    return None


def permissive(stage: Stage) -> Optional[str]:
    """X04: permissive signs and hears the unsigned; receive-only does not sign and hears both."""
    for mode in ("permissive", "receive-only"):
        with stage.beside(stage.facts.but(hmac=Hmac(((1, KEY),), mode=mode))) as other:
            signed = len(other.settle().tail) == 28
            expect(signed == (mode == "permissive"), f"{mode}: it {'signs' if signed else 'does not sign'}")
            expect(held(other, None), f"{mode}: an unsigned advert is not heard")
            expect(held(other, Signer()), f"{mode}: a signed advert is not heard")
    return None


def not_forged_either(stage: Stage) -> Optional[str]:
    """X04: a wrong signature is refused in every mode."""
    for mode in ("permissive", "receive-only"):
        with stage.beside(stage.facts.but(hmac=Hmac(((1, KEY),), mode=mode))) as other:
            expect(not held(other, Signer(NEXT)), f"{mode}: a wrongly signed advert is heard")
    return None


def partner(stage: Stage) -> Callable[[Facts], Tuple[object, object]]:
    """Another implementation: keepalived for all but keepalived itself, which meets FRR."""
    other = speakers.speaker("frr" if stage.speaker.name == "keepalived" else "keepalived")
    return lambda facts: stage.join(facts, other)


def together(stage: Stage) -> Optional[str]:
    """X05: the better one of two rules, whichever it is; kill -9 and stop hand over in time; it comes back."""
    other = "FRR" if stage.speaker.name == "keepalived" else "keepalived"
    stage.settle()
    lesser = stage.facts.but(priority=90, host=101)
    partner(stage)(lesser)
    start = time.monotonic()
    time.sleep(2 * stage.facts.down())
    expect(not stage.adverts(start + 0.7, lesser.source), f"{other} with 90 speaks beside ours with 100")
    for end in ("stop", "kill"):
        before = time.monotonic()
        getattr(stage.running, end)()  # not the same one: it was started again in between
        heard = stage.advert(before, 2 * lesser.down() + 2, lesser.source)
        last = stage.adverts(before - 1.2 * stage.facts.interval)[-1]
        took = (heard or (last[0] + 99,))[0] - last[0]
        near(took, lesser.skew() if last[1].priority == 0 else lesser.down(), f"{other} took over")
        if last[1].priority == 0:
            stage.start()
            back = stage.advert(stage.began, 2 * stage.facts.down() + 5)
            expect(back, "it does not take over again")
            time.sleep(2 * stage.facts.interval + 0.2)
            expect(not stage.adverts(time.monotonic() - 1.5 * stage.facts.interval, lesser.source), f"{other} goes on")
    return f"beside {other}"


def the_other_way(stage: Stage) -> Optional[str]:
    """X05: the other is better; a tie leaves one."""
    with stage.beside(stage.facts) as again:
        again.settle()
        better = again.facts.but(priority=110, host=101)
        _, running = partner(again)(better)
        time.sleep(2 * better.down() + 1)
        expect(not again.adverts(time.monotonic() - 2 * again.facts.interval), "it goes on beside a better router")
        before = time.monotonic()
        running.kill()  # type: ignore[attr-defined]
        heard = again.advert(before, 2 * again.facts.down() + 2)
        last = again.adverts(before - 1.2 * again.facts.interval, better.source)
        took = (heard or (before + 99,))[0] - (last[-1][0] if last else before)
        near(took, again.facts.down(), "it took over")
    with stage.beside(stage.facts) as even:
        even.settle()
        twin = even.facts.but(host=101)
        partner(even)(twin)
        time.sleep(3 * even.facts.down())
        start = time.monotonic()
        time.sleep(2 * even.facts.down())
        who = {advert.source for _, advert in even.tap.since(Advert, start)}
        expect(len(who) == 1, f"a tie: {sorted(who)} advertise")
    return None


def unicast_peers(stage: Stage) -> Optional[str]:
    """X06: a peer is heard, and the speaker's own adverts go to the peer, TTL 255."""
    advert = stage.settle()
    expect(advert.destination == TESTER[4] and advert.ttl == 255, f"to {advert.destination}, TTL {advert.ttl}")
    expect(taken_in(stage, to_me(stage)), "a peer's advert is not heard")
    return None


def unicast_checks(stage: Stage) -> Optional[str]:
    """X06: a stranger, a peer with TTL 5 or 254, a peer by multicast: refused."""
    for name, says in (
        ("a source that is no peer", to_me(stage, source=STRANGER[4])),
        ("a peer's advert with TTL 5", to_me(stage, ttl=5)),
        ("a peer's advert with TTL 254", to_me(stage, ttl=254)),
        ("a peer's multicast", stage.says()),
    ):
        try:
            untouched_active(stage, says.frame())
        except Deviation as seen:
            raise Deviation(f"{name}: {seen}") from seen
    return None


def rubbish(stage: Stage, rng: random.Random) -> bytes:
    """One frame: a right advert mutated, or noise behind a right IP header. Never one that a router should heed."""
    right = stage.says(priority=rng.choice((1, 100, 200, 255)), source=f"10.9.0.{rng.randint(2, 99)}")
    message = bytearray(right.message())
    style = rng.randrange(4)
    if style == 0:
        message = bytearray(rng.randbytes(rng.randrange(0, 64)))
    elif style == 1:
        message[rng.randrange(len(message))] ^= 1 << rng.randrange(8)  # the checksum shows it
    elif style == 2:
        message = message[: rng.randrange(len(message))]
    else:
        message += rng.randbytes(rng.randrange(1, 32))
    options = rng.randbytes(4 * rng.randrange(0, 4)) if rng.random() < 0.1 else b""
    fragment = rng.randrange(1, 0x3FFF) if rng.random() < 0.1 else 0
    ttl = rng.randrange(256) if rng.random() < 0.2 else 255
    packet = frames.ip_packet(bytes(message), right.source, right.to, 112, ttl, options=options, fragment=fragment)
    return frames.ethernet(packet, frames.group_mac(right.to))


def million(stage: Stage) -> Optional[str]:
    """X07: Active all the while."""
    stage.settle()
    number, seed = int(os.environ.get("LEDGER_PACKETS", "1000000")), 9568
    rng = random.Random(seed)
    pool = [rubbish(stage, rng) for _ in range(20_000)]
    # A flipped bit or noise may by chance be a right advert: a checksum misses one in 65536.
    pool = [frame for frame in pool if not _right(frame)]
    log, start = len(stage.running.log), time.monotonic()
    stage.tap.deaf_to_own(True)
    before = stage.running.counters() or {}
    try:
        for sent in range(number):
            stage.send(pool[rng.randrange(len(pool))])
            if sent % 50 == 0:
                time.sleep(0.002)  # a burst no larger than a socket's buffer holds
    finally:
        stage.tap.deaf_to_own(False)
    seconds = time.monotonic() - start
    time.sleep(1)
    expect(stage.running.alive(), "it died")
    said = stage.announcements(start)
    expect(not said, f"{len(said)} announcements: it stepped down and up")
    stamps = [start, *(at for at, _ in stage.adverts(start)), time.monotonic()]
    longest = max(later - earlier for earlier, later in zip(stamps, stamps[1:]))
    expect(
        longest < 2.8 * stage.facts.interval,
        f"silent for {longest:.2f} s under rubbish (its interval is {stage.facts.interval} s)",
    )
    after = stage.running.counters() or {}
    counted = sum(after[key] - before.get(key, 0) for key in after if key.startswith(("discard", "packet", "auth")))
    size = len(stage.running.log) - log
    expect(size < 2_000_000, f"{size} bytes of log")
    return f"{number} packets in {seconds:.0f} s, {counted} counted, longest pause {longest:.2f} s (seed {seed})"


def _right(frame: bytes) -> bool:
    heard = frames.hear(frame)
    return (
        isinstance(heard, Advert)
        and heard.form != "wrong"
        and heard.ttl == 255
        and not heard.tail
        and heard.version == 3
        and heard.count == len(heard.addresses)
        and heard.count > 0
    )


def still_listens(stage: Stage) -> Optional[str]:
    """X07: and afterwards a good advert is heard."""
    expect(taken_in(stage, stage.says()), "after the rubbish a good advert is not heard")
    return None


def flood(stage: Stage) -> Optional[str]:
    """X08: five intervals under 10,000 forged adverts a second."""
    stage.settle()
    interval = stage.facts.interval
    wrong = [
        stage.says(checksum="wrong").frame(),
        stage.says(ttl=254).frame(),
        stage.says(vrid=stage.facts.vrid + 1).frame(),
    ]
    stage.tap.deaf_to_own(True)
    start, sent = time.monotonic(), 0
    try:
        for now in every(0.005, 5.5 * interval):
            while sent < (now - start + 0.005) * 10_000:
                stage.send(wrong[sent % 3])
                sent += 1
    finally:
        stage.tap.deaf_to_own(False)
    end = time.monotonic()
    stamps = [at for at, _ in stage.adverts(start - 1.1 * interval) if at <= end]
    gaps = [later - earlier for earlier, later in zip(stamps, stamps[1:])]
    if sent < 9_000 * (end - start):
        raise NotTested(f"this machine sent {sent / (end - start):.0f} a second")
    expect(len(gaps) >= 4, f"{len(stamps)} adverts in {end - start:.1f} s of flood")
    expect(max(gaps) <= 1.1 * interval, f"an advert came {max(gaps) - interval:.3f} s late")
    return f"{sent / (end - start):.0f} a second, latest advert {1000 * max(0, max(gaps) - interval):.0f} ms late"


def calm(stage: Stage) -> Optional[str]:
    """X08's control: without a flood they come as they should; after it the speaker is what it was."""
    stage.settle()
    start = time.monotonic()
    longest, announced = stage.steady(start, 3.2 * stage.facts.interval)
    expect(longest <= 1.1 * stage.facts.interval + 0.05 and not announced, f"a pause of {longest:.2f} s in peace")
    return None


NO_UNICAST = {"frr": "no unicast mode"}

CHECKS: Tuple[Check, ...] = (
    Check("X01", trailer_right, forged, SIGNED),
    Check("X02", fresh_heard, replayed, SIGNED.but(vrid=121)),
    Check("X03", rollover, new_key_counts, SIGNED.but(vrid=122)),
    Check("X04", permissive, not_forged_either, SIGNED),
    Check("X05", together, the_other_way, Facts(interval=0.5, garp_once=True, vrid=123), alone=True),
    Check(
        "X06",
        unicast_peers,
        unicast_checks,
        UNICAST,
        skip=NO_UNICAST,
        mend=("vrrp_check_unicast_src", {"check_peers": True}),
    ),
    Check("X07", million, still_listens, Facts(interval=1, garp_once=True, vrid=124), alone=True),
    Check("X08", flood, calm, Facts(interval=1, garp_once=True, vrid=125), alone=True),
)
