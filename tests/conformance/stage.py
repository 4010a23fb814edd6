# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A link with a speaker on it and the tester as the other router: what a check sends, waits for and measures.

Every wait is bounded by the formula of RFC 9568 6.1 and a generous allowance for a loaded machine; everything
that is measured is measured between kernel stamps.
"""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional, Tuple, Type

from netns import Host, bridge, plug

from . import facts as known
from . import frames
from .frames import Advert, Arp, Icmp, Says
from .tap import Tap
from .verdict import Deviation, NotTested, expect

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from .facts import Facts
    from .speakers.speaker import Running, Speaker

SLACK = 0.35  # s that a busy machine may take on top of a formula


class Stage:
    """`with Stage(...) as stage:` starts the speaker; leaving ends everything."""

    def __init__(
        self, speaker: Speaker, facts: Facts, place: Path, numbers: Iterator[int], *, start: bool = True
    ) -> None:
        """`numbers` names what is made: shared by all links of the program."""
        self.speaker, self.facts = speaker, facts
        self._numbers, self._folder = numbers, place
        self.number = next(numbers)
        self.place = place / f"{speaker.name}{self.number}"
        self.place.mkdir(parents=True)
        self._start = start
        self._guests: List[Tuple[Host, Running]] = []
        self.began = 0.0

    def __enter__(self) -> Stage:  # noqa: PYI034 - nobody inherits from it
        self.bridge = f"b{self.number}"
        bridge(self.bridge)
        subprocess.run(["ip", "link", "set", self.bridge, "type", "bridge", "mcast_snooping", "0"], check=True)
        self.tester = Host(f"t{self.number}")
        plug(self.tester, known.DEVICE, self.bridge)
        self.tester.sysctl(**{"net/ipv4/icmp_echo_ignore_all": 0, "net/ipv4/conf/all/accept_redirects": 0})
        self.tester.batch(
            f"link set {known.DEVICE} address {frames.TESTER_MAC} addrgenmode none",
            f"addr add {known.TESTER[4]}/24 dev {known.DEVICE}",
            *(f"addr add {address}/64 dev {known.DEVICE} nodad" for address in ("fe80::2", "fd09::2")),
            f"link set {known.DEVICE} up",
        )
        self.tap = Tap(self.tester, known.DEVICE)
        with self.tester:
            self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.wire.bind((known.DEVICE, 0))
        self.host = self._router(self.facts, f"s{self.number}")
        self._inner()
        if self._start:
            try:
                self.start()
            except Exception:
                self.__exit__(None, None, None)
                raise
        return self

    def _router(self, facts: Facts, name: str) -> Host:
        """A host to run a speaker in: forwarding, both families, addresses that need no DAD."""
        host = Host(name)
        host.sysctl(
            **{
                "net/ipv4/ip_forward": 1,
                "net/ipv6/conf/all/forwarding": 1,
                "net/ipv4/conf/all/rp_filter": 0,
                "net/ipv4/conf/default/rp_filter": 0,
            }
        )
        plug(host, known.DEVICE, self.bridge)
        host.batch(
            f"link set {known.DEVICE} addrgenmode none",
            f"addr add 10.9.0.{facts.host}/24 dev {known.DEVICE}",
            *(f"addr add {net}::{facts.host}/64 dev {known.DEVICE} nodad" for net in ("fe80", "fd09")),
            # An owner's virtual address is an address of its own; the primary one stays another.
            *(f"addr add {address}/24 dev {known.DEVICE}" for address in facts.vips if facts.priority == 255),
            f"link set {known.DEVICE} up",
        )
        return host

    def _inner(self) -> None:
        """The quiet link behind the speaker, ending at the tester."""
        self.tester.batch(
            f"link add {known.INNER} type veth peer name {known.INNER} netns {self.host.name}",
            f"link set {known.INNER} up",
        )
        far = "02:00:00:00:00:99"
        self.host.batch(
            f"link set {known.INNER} addrgenmode none",
            f"addr add 10.99.0.1/24 dev {known.INNER}",
            f"addr add fd99::1/64 dev {known.INNER} nodad",
            f"link set {known.INNER} up",
            *(f"neigh add {address} lladdr {far} dev {known.INNER} nud permanent" for address in known.FAR.values()),
        )
        self.behind = Tap(self.tester, known.INNER)

    def start(self) -> None:
        """Start the speaker (again)."""
        self.began = time.monotonic()
        self.running = self.speaker.start(self.host, self.facts, self.place)

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.tap.close()
        self.behind.close()
        self.wire.close()
        for host in (*(guest for guest, _ in self._guests), self.host, self.tester):
            for program in host.programs:
                program.send_signal(signal.SIGCONT)
                if program.poll() is None:
                    program.terminate()
            end = time.monotonic() + 3
            while time.monotonic() < end and any(program.poll() is None for program in host.programs):
                time.sleep(0.02)
            host.close()
        subprocess.run(["ip", "link", "del", self.bridge], check=True)

    def beside(self, facts: Facts, *, start: bool = True) -> Stage:
        """Another link with another speaker of the kind."""
        return Stage(self.speaker, facts, self._folder, self._numbers, start=start)

    def join(self, facts: Facts, speaker: Optional[Speaker] = None) -> Tuple[Host, Running]:
        """One more router on the link, running the same kind of speaker unless another is given."""
        name = f"s{self.number}{'abcdef'[len(self._guests)]}"
        host = self._router(facts, name)
        place = self.place.parent / f"{self.place.name}{name[-1]}"
        place.mkdir()
        running = (speaker or self.speaker).start(host, facts, place)
        self._guests.append((host, running))
        return host, running

    # What the tester says.

    def says(self, **changes: object) -> Says:
        """A right advertisement of a better router (priority 200), with changes."""
        usual: Dict[str, object] = {
            "vrid": self.facts.vrid,
            "priority": 200,
            "source": known.TESTER[self.facts.family],
            "addresses": self.facts.vips,
            "interval": self.facts.wire_interval,
            "version": self.facts.version,
        }
        if self.facts.password:
            usual.update(auth_type=1, auth=self.facts.password.encode()[:8].ljust(8, b"\0"))
        return Says(**{**usual, **changes})  # type: ignore[arg-type]

    def send(self, frame: bytes) -> None:
        """One frame onto the wire."""
        self.wire.send(frame)

    def say(self, says: Says) -> float:
        """One advertisement; the kernel's stamp of it."""
        before = time.monotonic() - 0.001
        self.wire.send(says.frame())
        seen = self.tap.wait(object, before, 2, mine=True)
        return seen[0] if seen else before

    # What the tester hears.

    def adverts(self, since: float, source: str = "") -> List[Tuple[float, Advert]]:
        """The speaker's advertisements since then; with several routers on the link, told apart by their source."""
        wanted = self._from(source)
        return self.tap.since(Advert, since, lambda advert: wanted in ("", advert.source))

    def _from(self, source: str) -> str:
        return source or (self.facts.source if self._guests else "")

    def advert(self, since: float, limit: float, source: str = "", number: int = 1) -> Optional[Tuple[float, Advert]]:
        """The `number`th of them, waited for."""
        wanted = self._from(source)
        return self.tap.wait(Advert, since, limit, lambda advert: wanted in ("", advert.source), number=number)

    def settle(self) -> Advert:
        """Wait until the speaker is Active in peace: two adverts at its cadence. Its last advert."""
        start = time.monotonic()
        limit = self.facts.down() + 2 * self.facts.interval + 4
        while time.monotonic() - start < limit:
            if not self.running.alive():
                raise Deviation(f"it ended: {self.running.log[-200:].strip()}")
            heard = [pair for pair in self.adverts(start) if pair[1].priority]
            if len(heard) >= 2 and heard[-1][0] - heard[-2][0] < 1.5 * self.facts.interval + SLACK:
                return heard[-1][1]
            time.sleep(min(0.02, self.facts.interval / 4))
        raise Deviation(f"not Active after {limit:.1f} s alone on the link")

    def quiet(self, seconds: float, since: Optional[float] = None) -> bool:
        """True when the speaker sends no advert for that long."""
        return self.advert(time.monotonic() if since is None else since, seconds) is None

    def steady(self, since: float, seconds: float) -> Tuple[float, int]:
        """Over that time: the longest pause between its adverts, s, and how many GARPs or unsolicited NAs came."""
        time.sleep(max(0.0, since + seconds - time.monotonic()))
        until = since + seconds
        stamps = [at for at, _ in self.adverts(since - 1.2 * self.facts.interval) if at <= until]
        stamps = [since - self.facts.interval if not stamps else stamps[0], *stamps, until]
        longest = max(later - earlier for earlier, later in zip(stamps, stamps[1:]))
        return longest, len([at for at, _ in self.announcements(since) if at <= until])

    def announcements(self, since: float) -> List[Tuple[float, object]]:
        """GARPs and unsolicited NAs for the virtual addresses."""
        vips = self.facts.vips
        arps = self.tap.since(Arp, since, lambda arp: arp.gratuitous and arp.sender in vips)
        ads = self.tap.since(
            Icmp, since, lambda icmp: icmp.type == 136 and icmp.target in vips and "S" not in icmp.bits
        )
        return sorted([*arps, *ads], key=lambda pair: pair[0])

    def resolve(self, address: str, limit: float = 0.6) -> str:
        """The MAC address that answers ARP or ND for it, or ''."""
        start = time.monotonic() - 0.001
        if ":" in address:
            sender = known.TESTER_GLOBAL[6] if address.startswith("fd") else known.TESTER[6]
            self.send(frames.solicitation(address, sender))
            said = self.tap.wait(Icmp, start, limit, lambda icmp: icmp.type == 136 and icmp.target == address)
            return said[1].link_layer if said else ""
        self.send(frames.arp_request(address, known.TESTER[4]))
        heard = self.tap.wait(Arp, start, limit, lambda arp: arp.operation == 2 and arp.sender == address)
        return heard[1].sender_mac if heard else ""

    def echo(self, address: str, mac: str, limit: float = 0.6) -> bool:
        """True when a ping to the address, sent to that MAC, is answered."""
        source = known.TESTER_GLOBAL[6] if address.startswith("fd") else known.TESTER[self.facts.family]
        start = time.monotonic() - 0.001
        self.send(frames.echo_request(source, address, mac))
        reply = 129 if ":" in address else 0
        return self.tap.wait(Icmp, start, limit, lambda icmp: icmp.type == reply and icmp.source == address) is not None

    def forwards(self, mac: str, limit: float = 0.6) -> bool:
        """True when a packet for the far side, sent to that MAC, comes out there."""
        far = known.FAR[self.facts.family]
        start = time.monotonic() - 0.001
        self.send(frames.echo_request(known.TESTER_GLOBAL[self.facts.family], far, mac))
        return self.behind.wait(Icmp, start, limit, lambda icmp: icmp.destination == far) is not None

    def mac(self) -> str:
        """The physical address of the speaker's device."""
        words = self.host.run("ip", "-o", "link", "show", "dev", known.DEVICE).split()
        return words[words.index("link/ether") + 1]

    def backup(self, says: Optional[Says] = None) -> Reign:
        """Rule the link until the speaker is silent; the reign, still on."""
        reign = Reign(self, says or self.says())
        time.sleep(2.2 * self.facts.interval + 0.1)
        if not self.quiet(1.5 * self.facts.interval + 0.1):
            reign.stop()
            raise Deviation(f"stays Active against adverts of priority {reign.says.priority}")
        return reign


class Reign(threading.Thread):
    """The tester as the Active router: one advertisement every interval until stopped."""

    def __init__(self, stage: Stage, says: Says, interval: Optional[float] = None) -> None:
        super().__init__(daemon=True)
        self.stage, self.says = stage, says
        self.interval = stage.facts.interval if interval is None else interval
        self.began = time.monotonic()
        self._stopping = threading.Event()
        self.start()

    def run(self) -> None:
        """The thread's work."""
        frame, due = self.says.frame(), time.monotonic()
        while not self._stopping.is_set():
            self.stage.send(frame)
            due += self.interval
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def stop(self) -> float:
        """Fall silent; the stamp of the last advertisement."""
        self._stopping.set()
        self.join()
        time.sleep(0.01)
        mine = self.stage.tap.since(
            Advert, self.began - 0.01, lambda advert: advert.source == self.says.source, mine=True
        )
        if not mine:
            raise NotTested("the tester's own adverts were not seen on the wire")
        return mine[-1][0]

    def __enter__(self) -> Reign:  # noqa: PYI034
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._stopping.set()
        self.join()


def near(seen: float, formula: float, what: str, slack: float = SLACK) -> None:
    """Deviation unless a measured time is the formula's: not earlier than 5 % and 20 ms before, not much later."""
    low, high = 0.95 * formula - 0.02, 1.05 * formula + slack
    expect(low <= seen <= high, f"{what} after {seen:.3f} s, the formula gives {formula:.3f} s")


def every(seconds: float, limit: float) -> Iterator[float]:
    """Moments `seconds` apart, for at most `limit` s."""
    start = time.monotonic()
    for turn in itertools.count():
        now = time.monotonic()
        if now - start >= limit:
            return
        yield now
        time.sleep(max(0.0, start + (turn + 1) * seconds - time.monotonic()))
