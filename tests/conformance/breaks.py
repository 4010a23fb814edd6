# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For each row that is ok with our agent: how a copy of the agent is broken so that the row fails, and seeing it fail.

A test that was never seen failing proves nothing. Texts must stand exactly once in the file they are replaced in.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from .ledger import ROWS
from .runner import Run
from .speakers.agent import ROOT, Agent
from .verdict import Result, Verdict

PACKET, MACHINE, ROUTER = "vrrp/packet.py", "vrrp/machine.py", "vrrp/router.py"
ENTERED = "vrrp/entered.py"
PORT, ANNOUNCE, TRAILER = "vrrp/port.py", "vrrp/announce.py", "vrrp/trailer.py"
PLACE, DEVICES = "vrrp_place.py", "plan_devices.py"
PLAN, INSTANCE, ROUTERS, LOOP = "plan_vrrp.py", "vrrp_instance.py", "vrrp_routers.py", "loop.py"

BY_SETTING = (
    "T18",
    "T08",
    "A01",
    "A06",
    "A07",
    "A11",
    "A12",
    "A14",
    "A16",
)  # ok with a setting only: broken when that does not help any more

Edit = Tuple[str, str, str]


@dataclass(frozen=True)
class Broken:
    """One row's outcome on its broken agent."""

    row: str
    edits: Tuple[Edit, ...]
    result: Result

    @property
    def caught(self) -> bool:
        """True when the row saw it; a break that does not even start proves nothing."""
        started = not self.result.note.startswith(("the configuration is refused", "it ended"))
        mended = self.row in BY_SETTING and self.result.mended
        return self.result.verdict is Verdict.DEVIATES and started and not mended


def _one(file: str, old: str, new: str) -> Tuple[Edit, ...]:
    return ((file, old, new),)


V3_HEAD = "0x31, advert.vrid, advert.priority, count, advert.interval)"
GROUP = "ip_address(effective.multicast_group(document, block)).packed"
SOURCE = 'plan.source or (link.primary(speaks, plan.family, own) if speaks else None) or b""'
OWNER_START = "if owner and not settings.sync and not delay:"
OWNER_WAIT = "    if owner:\n        wait = 0.0"
SUMMED = "return None if _summed(datagram, expect) else Discard.CHECKSUM"
OWN_MAC = _one(DEVICES, "return bytes((0, 0, 0x5E, 0,", "return bytes((2, 0, 0x5E, 0,")
ACCEPTED = _one("link/guard.py", 'verdict = "counter drop" if self.counters else "drop"', 'verdict = "accept"')
FOLLOWING = "following = router.deadline + settings.advert_int"
FAREWELL = '"shutdown"), (SendAdvert(0), *_left(router, Notice.STOP))'
BETTER = "if theirs > ours:"
LESSER = "lower = event.priority < router.priority"
SKEW = "return weight * router.active_adver_interval"
DOWN = "router.settings.down_timer_adverts * router.active_adver_interval"
ZERO = "return replace(router, deadline=now + skew_time(router)), ()"
TAKE_OVER = """        SendAdvert(router.priority),
        SetAddresses(settings.addresses),
        Announce(settings.addresses, settings.garp_master_repeat),
        Notify(Notice.MASTER, router.priority),"""
ANNOUNCED_FIRST = """        SetAddresses(settings.addresses),
        Announce(settings.addresses, settings.garp_master_repeat),
        SendAdvert(router.priority),
        Notify(Notice.MASTER, router.priority),"""
LEFT = "return RemoveAddresses(router.settings.addresses), Notify(notice, router.priority)"
SET = "self._apply(self._batch(effect.addresses, remove=False))"
KEEPS_ADDRESSES = _one(ENTERED, LEFT, "return (Notify(notice, router.priority),)")
NO_ADDRESSES = _one(INSTANCE, SET, "pass")
STRANGERS = _one(PACKET, "if datagram.source not in expect.peers:", "if False:")
UNSUMMED = _one(PACKET, SUMMED, "return None")

BREAKS: Dict[str, Tuple[Edit, ...]] = {
    "T01": _one(PLAN, "ttl=packet.TTL if block.unicast_ttl", "ttl=254 if block.unicast_ttl"),
    "T02": _one(PORT, "(socket.IPV6_MULTICAST_HOPS, TTL)", "(socket.IPV6_MULTICAST_HOPS, 254)"),
    "T03": _one(PACKET, "0, 0, ttl, PROTOCOL, 0, source", "0, 0, ttl, PROTOCOL + 1, 0, source"),
    "T04": _one(PLAN, GROUP, "bytes((224, 0, 0, 19))"),
    "T05": _one(PLAN, GROUP, 'bytes.fromhex("ff020000000000000000000000000013")'),
    "T06": _one(PLACE, SOURCE, "plan.advertised[0]"),
    "T07": _one(PLACE, SOURCE, "plan.advertised[0]"),
    "T09": _one(PACKET, V3_HEAD, V3_HEAD.replace("0x31", "0x32")),
    "T10": _one(MACHINE, FAREWELL, FAREWELL.replace("SendAdvert(0)", "SendAdvert(router.priority)")),
    "T11": _one(PACKET, V3_HEAD, V3_HEAD.replace("count,", "count - 1,")),
    "T12": _one(PACKET, V3_HEAD, V3_HEAD.replace("advert.interval", "advert.interval | 0x1000")),
    "T13": _one(PACKET, V3_HEAD, V3_HEAD.replace("advert.interval", "advert.interval // 100")),
    "T14": _one(PACKET, "advert.auth_type, advert.interval // 100", "advert.auth_type, advert.interval // 50"),
    "T15": _one(PACKET, "secret or bytes(8)", 'secret or b"\\1" * 8'),
    "T16": _one(
        PACKET, '        covered = b""\n', "        covered = pseudo_header(source, destination, 8 + len(body))\n"
    ),
    "T17": _one(PACKET, 'b"" if checksum_as_v2 and len(source) == 4 else', 'b"" if len(source) == 16 else'),
    "T18": _one(PACKET, 'b"" if checksum_as_v2 and len(source) == 4 else', 'b"" if False else'),
    "T20": _one(PACKET, 'body = b"".join(advert.addresses)', 'body = b"".join(advert.addresses) + bytes(12)'),
    "T21": _one(MACHINE, FOLLOWING, "following = router.deadline + 1.2 * settings.advert_int"),
    "R01": _one(PACKET, "if not least <= datagram.ttl <= most:", "if datagram.ttl < 1:"),
    "R02": _one(PACKET, "if payload[0] >> 4 != expect.version:", "if payload[0] >> 4 > 9:"),
    "R03": _one(PACKET, "if payload[0] & 15 != 1:", "if payload[0] & 15 > 9:"),
    "R04": _one(PACKET, "if len(payload) != length:", "if len(payload) > length:"),
    "R05": _one(PACKET, "if len(payload) != length:", "if len(payload) < length:"),
    "R06": UNSUMMED,
    "R07": UNSUMMED,
    "R08": _one(PACKET, "return len(datagram.source) == 4 and checksum(payload) == 0", "return False"),
    "R09": (
        (PACKET, "return payload[1] if len(payload) >= 2 else None", "return 51 if len(payload) >= 2 else None"),
        (PACKET, "if payload[1] != expect.vrid:", "if payload[1] > 60:"),
    ),
    "R10": _one(PACKET, "if not refused and expect.owner:", "if False:"),
    "R11": _one(PACKET, "notes.add(Note.RIVAL_OWNER)", "pass"),
    "R12": _one(PACKET, "if not refused and interval != expect.interval:", "if False:"),
    "R13": _one(
        MACHINE, "event.interval if router.settings.version == 3 else", "router.settings.advert_int if True else"
    ),
    "R14": _one(PACKET, "        elif not interval:\n", "        elif interval > 4095:\n"),
    "R15": _one(PACKET, "if not payload[3] and expect.addresses:", "if payload[3] > 255:"),
    "R17": _one(
        PACKET,
        "    return Heard(advert, datagram.source, _notes(advert, expect))",
        "    return Discard.TRAILING if Note.ADDRESSES in _notes(advert, expect) else "
        "Heard(advert, datagram.source, _notes(advert, expect))",
    ),
    "R18": _one(PACKET, "if auth_type != expect.auth_type:", "if auth_type > 250:"),
    "R19": _one(
        PACKET,
        "if auth_type == AUTH_PASS and not hmac.compare_digest(data, expect.secret):",
        "if not hmac.compare_digest(data, expect.secret or bytes(8)):",
    ),
    "R20": _one(PACKET, "not hmac.compare_digest(data, expect.secret)", "not data"),
    "R21": _one(PACKET, "(payload[4] << 8 | payload[5]) & 0x0FFF", "(payload[4] << 8 | payload[5])"),
    "R22": _one(PACKET, "elif size == 16 and expect.link_local and", "elif size == 99 and"),
    "R23": (
        (PACKET, "if datagram.source == expect.source:", "if False:"),
        (INSTANCE, "if datagram.source == self.place.source:", "if False:"),
    ),
    "R24": _one(PACKET, "elif datagram.destination != expect.group:", "elif False:"),
    "R25": STRANGERS,
    "R26": _one(INSTANCE, "self.discards[heard.value] += 1", 'self.discards["refused"] += 1'),
    "R27": _one(PACKET, "start, total = (packet[0] & 15) * 4,", "start, total = 20,"),
    "S01": ((MACHINE, OWNER_START, "if False:"), (MACHINE, OWNER_WAIT, "    if False:\n        wait = 0.0")),
    "S02": _one(MACHINE, "    wait = active_down_interval(router)\n", "    wait = settings.advert_int\n"),
    "S03": _one(ROUTER, SKEW, "return weight"),
    "S04": _one(ROUTER, "if router.settings.version == 2:", "if False:"),
    "S05": _one(ROUTER, DOWN, "2 * router.active_adver_interval"),
    "S06": (
        (ROUTER, "active_adver_interval=settings.advert_int,  #", "active_adver_interval=5.0,  #"),
        (MACHINE, "priority=event.priority, active_adver_interval=interval), ()", "priority=event.priority), ()"),
    ),
    "S07": _one(MACHINE, ZERO, ZERO.replace("skew_time", "active_down_interval")),
    "S08": _one(MACHINE, LESSER, LESSER.replace("<", "<=")),
    "S09": _one(MACHINE, "if lower and not delayed and (", "if False and ("),
    "S10": (
        (MACHINE, OWNER_START, "if False:"),
        (MACHINE, OWNER_WAIT, "    if False:\n        wait = 0.0"),
        (MACHINE, "(settings.preempt or router.priority == OWNER)", "settings.preempt"),
        (PLAN, "preempt=not effective.nopreempt(block)", "preempt=False"),
    ),
    "S11": _one(MACHINE, TAKE_OVER, ANNOUNCED_FIRST),
    "S12": _one(
        MACHINE,
        'State.INIT, now, "shutdown"), (Notify(Notice.STOP, router.priority),)',
        'State.INIT, now, "shutdown"), (SendAdvert(0), Notify(Notice.STOP, router.priority))',
    ),
    "S13": _one(MACHINE, FOLLOWING, "following = router.deadline + 2 * settings.advert_int"),
    "S14": _one(MACHINE, "return answered, (SendAdvert(router.priority),)", "return answered, ()"),
    "S15": _one(MACHINE, BETTER, "if theirs[0] == ours[0] and theirs > ours:"),
    "S16": _one(MACHINE, BETTER, "if theirs[0] > ours[0]:"),
    "S17": _one(MACHINE, BETTER, "if theirs[0] >= ours[0]:"),
    "S18": _one(MACHINE, "answer: Effects = (SendAdvert(router.priority),)", "answer: Effects = ()"),
    "S19": _one(
        MACHINE, "if settings.version == 2 or settings.lower_prio_no_advert:", "if settings.lower_prio_no_advert:"
    ),
    "S20": _one(
        MACHINE,
        FAREWELL,
        FAREWELL.replace("(SendAdvert(0), *_left(router, Notice.STOP))", "_left(router, Notice.STOP)"),
    ),
    "S21": _one(MACHINE, ZERO, ZERO.replace("skew_time", "active_down_interval")),
    "S22": ((MACHINE, LESSER, LESSER.replace("<", "<=")), (MACHINE, BETTER, "if theirs[0] > ours[0]:")),
    "S23": _one(MACHINE, LESSER, "lower = True"),
    "S24": _one(
        ENTERED,
        "        deadline=now + settings.advert_int,\n        garp_master_at",
        "        deadline=router.deadline,\n        garp_master_at",
    ),
    "S25": _one(LOOP, "self.now = time.monotonic", "self.now = time.time"),
    "S26": _one(MACHINE, BETTER, "if False:"),
    "A02": KEEPS_ADDRESSES,
    "A03": KEEPS_ADDRESSES,
    "A04": KEEPS_ADDRESSES,
    "A05": NO_ADDRESSES,
    "A08": NO_ADDRESSES,
    "A09": NO_ADDRESSES,
    "A13": _one(MACHINE, TAKE_OVER, ANNOUNCED_FIRST),
    "A15": _one("plan_address.py", "| _NODAD * (six and not item.nodad)", "| 0"),
    "A17": NO_ADDRESSES,
    "T08": OWN_MAC,
    "A01": OWN_MAC,
    "A06": OWN_MAC,
    "A07": OWN_MAC,
    "A11": ACCEPTED,
    "A12": ACCEPTED,
    "A14": _one(
        INSTANCE, "announce.frame(interface.mac, address.address)", "announce.frame(below.mac, address.address)"
    ),
    "A16": _one(DEVICES, "return places.get((on, kind)) or places.get((on, 0)) or on", "return on"),
    "A18": _one(
        "link/device.py", "_INET6_ADDR_GEN_MODE, _GEN_NONE = 1, 8, 1", "_INET6_ADDR_GEN_MODE, _GEN_NONE = 1, 8, 0"
    ),
    "X01": _one(TRAILER, "if not hmac.compare_digest(trailer[_HEAD.size :], wanted):", "if False:"),
    "X02": _one(TRAILER, "if last is not None and not _later(sequence, last):", "if False:"),
    "X03": _one(TRAILER, "key = keys.key(keys.active)", "key = keys.keys[0][1][::-1]"),
    "X04": _one(TRAILER, "Discard.HMAC_MISSING if keys.mode is Mode.ENFORCE else None", "Discard.HMAC_MISSING"),
    "X05": _one(ROUTER, DOWN, "9 * router.active_adver_interval"),
    "X06": STRANGERS,
    "X07": _one(
        PACKET, "if len(payload) < 8:\n        return Discard.TRUNCATED", "if False:\n        return Discard.TRUNCATED"
    ),
    "X08": _one(
        INSTANCE, "self.discards[heard.value] += 1", 'self.discards[heard.value] += 1; __import__("time").sleep(0.005)'
    ),
}

NONE: Dict[str, str] = {}
"""Rows without a break, and why."""


def broken(base: Path, edits: Sequence[Edit], tree: Path) -> Agent:
    """An agent from a copy of `base` with the edits. Raises ValueError when a text is not there exactly once."""
    shutil.copytree(base, tree / "agent")
    for file, old, new in edits:
        path = tree / "agent" / "lvs_agent" / file
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{file}: {old!r} is there {text.count(old)} times")
        path.write_text(text.replace(old, new), encoding="utf-8")
    return Agent(tree)


def run(rows: Sequence[str], place: Path, workers: int) -> List[Broken]:
    """Every break of these rows, tried once; some at a time."""
    # A guest does not see the private /run: the copies are elsewhere.
    with tempfile.TemporaryDirectory(prefix="lvs-ledger-") as folder:
        base = Path(folder) / "base"
        shutil.copytree(ROOT / "agent", base, ignore=shutil.ignore_patterns("__pycache__"))

        numbers = itertools.count(1)

        def one(row: str) -> Broken:
            started = time.monotonic()
            try:
                agent = broken(base, BREAKS[row], Path(folder) / row)
                result = Run(agent, place / f"broken-{row}", numbers=numbers, again=False).table((row,), 1)[row]
            except ValueError as stale:
                result = Result(row, Verdict.NOT_TESTED, f"the break does not fit the code: {stale}")
            return Broken(row, BREAKS[row], Result(**{**vars(result), "seconds": time.monotonic() - started}))

        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(one, [row for row in rows if row in BREAKS]))


PREFACE = """<!-- Copyright (c) 2026, lvs.cluster authors; SPDX-License-Identifier: GPL-3.0-or-later -->
# How each row of the ledger was seen failing

Generated by `cd tests && python -m conformance --breaks`: for each row a copy of the agent is broken in one place (in
several where one guard stands behind another), and the row is run on it. "Seen" is what the row then said.
"""


def show(rows: Sequence[str], place: Path, workers: int) -> int:
    """The table of breaks; 0 when every one was caught."""
    print(PREFACE)
    print("| # | Statement | Broken in | What was written there | Seen |")
    print("|---|---|---|---|---|")
    missed = 0
    for each in run(rows, place, workers):
        missed += not each.caught
        files = ", ".join(dict.fromkeys(file for file, _, _ in each.edits))
        words = "; ".join(f"`{' '.join(new.split())}`" for _, _, new in each.edits).replace("|", "/")
        seen = each.result.note if each.caught else f"NOT CAUGHT: {each.result.cell}"
        print(
            f"| {each.row} | {ROWS[each.row].statement} | {files} | {words} | {seen.replace('|', '/')[:160]} |",
            flush=True,
        )
    return int(bool(missed))
