# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rows: the virtual addresses themselves: ARP, neighbour discovery, forwarding, acceptance (RFC 9568 6.4, 8).

Long because its rows are read beside section 4.4 of the ledger, one function a row.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable, List, Optional, Tuple

from . import frames
from .check import Check, Test
from .facts import DEVICE, TESTER, TESTER_GLOBAL, Facts
from .frames import BROADCAST, Arp, Icmp, Other, virtual_mac
from .verdict import expect

if TYPE_CHECKING:
    from .stage import Stage

FOUR = Facts(vrid=101, garp_once=True)
SIX = Facts(vrid=101, family=6, garp_once=True)
V2 = Facts(vrid=101, version=2, interval=1, garp_once=True)
VMAC = ("use_vmac", {"vmac": True})
NO_ACCEPT = ("no_accept", {"accept": False})
NO_OWNER = {"frr": "the owner's role cannot be configured (see T10)"}


def virtual(stage: Stage) -> str:
    """The virtual router's MAC address."""
    return virtual_mac(stage.facts.family, stage.facts.vrid)


def own(stage: Stage) -> str:
    """The MAC address that answers for the virtual address now: the virtual one, or the device's."""
    stage.settle()
    mac = stage.resolve(stage.facts.vips[0])
    expect(mac, f"nobody answers for {stage.facts.vips[0]}")
    return mac


def answers_virtual(stage: Stage) -> Optional[str]:
    """A01, A09: every virtual address is answered for, with the virtual MAC."""
    stage.settle()
    for vip in stage.facts.vips:
        mac = stage.resolve(vip)
        expect(mac == virtual(stage), f"{vip} is answered with {mac or 'nothing'}")
    return None


def never_physical(stage: Stage) -> Optional[str]:
    """A01: over several takeovers no ARP packet binds a virtual address to another MAC."""
    start = time.monotonic()
    stage.settle()
    with stage.backup():
        pass
    stage.settle()
    for vip in stage.facts.vips:
        stage.resolve(vip)
    wrong = {
        (arp.sender, arp.sender_mac)
        for _, arp in stage.tap.since(Arp, start)
        if arp.sender in stage.facts.vips and arp.sender_mac != virtual(stage)
    }
    expect(not wrong, f"bound to a physical MAC: {sorted(wrong)}")
    return None


def answered(stage: Stage) -> Optional[str]:
    """The control: an Active speaker answers for each."""
    stage.settle()
    for vip in stage.facts.vips:
        expect(stage.resolve(vip), f"nobody answers for {vip}")
    return None


def backup_answers_nothing(stage: Stage) -> Optional[str]:
    """A02, A03."""
    with stage.backup():
        for vip in stage.facts.vips:
            mac = stage.resolve(vip)
            expect(not mac, f"as Backup it answers for {vip} with {mac}")
    return None


def backup_no_advertisement(stage: Stage) -> Optional[str]:
    """A03: neither neighbour nor router advertisements for the virtual address."""
    with stage.backup():
        start = time.monotonic()
        for vip in stage.facts.vips:
            expect(not stage.resolve(vip), f"as Backup it answers for {vip}")
        stage.send(frames.router_solicitation(TESTER[6]))
        time.sleep(1.2)
        said = [
            (icmp.type, icmp.source)
            for _, icmp in stage.tap.since(Icmp, start, lambda icmp: icmp.type in (134, 136))
            if icmp.target in stage.facts.vips or icmp.source in stage.facts.vips
        ]
        expect(not said, f"as Backup it sends {said}")
    return None


def echoes_and_forwards(stage: Stage) -> Optional[str]:
    """A05 (and A04's control): frames to the MAC that answers for the address are forwarded."""
    mac = own(stage)
    expect(stage.forwards(mac), f"a packet for the far side, sent to {mac}, does not come out there")
    return "" if mac == virtual(stage) else "by the physical MAC that answers for the address"


def backup_discards(stage: Stage) -> Optional[str]:
    """A04: as Backup nothing sent to the virtual MAC is forwarded, nothing sent to the address is answered."""
    with stage.backup():
        expect(not stage.forwards(virtual(stage)), "as Backup it forwards frames to the virtual MAC")
        for mac in (virtual(stage), stage.mac()):
            expect(not stage.echo(stage.facts.vips[-1], mac), f"as Backup it answers a ping to the address at {mac}")
    return None


def not_its_mac(stage: Stage) -> Optional[str]:
    """A05: frames to another virtual router's MAC are none of its business."""
    stage.settle()
    other = virtual_mac(stage.facts.family, 199)
    expect(not stage.forwards(other), f"it forwards frames to {other}")
    return None


def becoming_active(stage: Stage) -> Tuple[float, List[Tuple[float, object]]]:
    """Backup to Active once: when the silence began, and the announcements after it."""
    with stage.backup() as reign:
        last = reign.stop()
    stage.settle()
    time.sleep(0.3)
    return last, stage.announcements(last)


def garps(stage: Stage) -> Optional[str]:
    """A06."""
    _, said = becoming_active(stage)
    arps = [arp for _, arp in said if isinstance(arp, Arp)]
    for vip in stage.facts.vips:
        expect([arp for arp in arps if arp.sender == vip], f"no gratuitous ARP for {vip}")
    for arp in arps:
        expect(arp.mac_to == BROADCAST, f"to {arp.mac_to}")
        expect(arp.sender_mac == arp.mac_from == virtual(stage), f"sender MAC {arp.sender_mac}, from {arp.mac_from}")
    return None


def no_garp_otherwise(stage: Stage) -> Optional[str]:
    """A06, A07: none as Backup, and none more than asked for when nothing happens."""
    with stage.backup():
        start = time.monotonic()
        time.sleep(1)
        expect(not stage.announcements(start), "a Backup announces the address")
    stage.settle()
    time.sleep(1)
    start = time.monotonic()
    time.sleep(1)
    said = stage.announcements(start)
    expect(not said, f"{len(said)} announcements in a second of peace")
    return None


def unsolicited(stage: Stage) -> Optional[str]:
    """A07: R=1, S=0, O=1, to all nodes, the virtual MAC, hop limit 255."""
    _, said = becoming_active(stage)
    ads = [icmp for _, icmp in said if isinstance(icmp, Icmp)]
    for vip in stage.facts.vips:
        expect([icmp for icmp in ads if icmp.target == vip], f"no unsolicited NA for {vip}")
    for icmp in ads:
        expect(icmp.bits == "RO", f"flags {icmp.bits or 'none'} for {icmp.target}")
        expect(icmp.ttl == 255 and icmp.destination == "ff02::1", f"hop limit {icmp.ttl}, to {icmp.destination}")
    for icmp in ads:
        expect(icmp.link_layer == icmp.mac_from == virtual(stage), f"link-layer address {icmp.link_layer}")
    return None


def joined(stage: Stage) -> Optional[str]:
    """A08: the solicited-node group of each address is joined, and asked through it, it answers."""
    stage.settle()
    groups = stage.host.run("ip", "-6", "maddr")
    for vip in stage.facts.vips:
        expect(frames.solicited_node(vip) in groups, f"{frames.solicited_node(vip)} of {vip} is not joined")
        expect(stage.resolve(vip), f"a solicitation to the group of {vip} is not answered")
    return None


def not_joined(stage: Stage) -> Optional[str]:
    """A08: as Backup nobody answers through it, and no group of a strange address is joined."""
    with stage.backup():
        expect(not stage.resolve(stage.facts.vips[-1]), "answered as Backup")
    groups = stage.host.run("ip", "-6", "maddr")
    expect(frames.solicited_node("fd09::aa:bbcc") not in groups, "joined to a group of no address")
    return None


def router_flag(stage: Stage) -> Optional[str]:
    """A09: the solicited answer has R=1 and S=1."""
    stage.settle()
    for vip in stage.facts.vips:
        start = time.monotonic() - 0.001
        expect(stage.resolve(vip), f"nobody answers for {vip}")
        answers = [icmp for _, icmp in stage.tap.since(Icmp, start) if icmp.type == 136 and icmp.target == vip]
        bits = answers[0].bits
        expect("R" in bits and "S" in bits, f"flags {bits} for {vip}")
    return None


def router_advertisement(stage: Stage) -> Optional[str]:
    """A10: asked, an Active router sends an RA from the virtual link-local address."""
    stage.settle()
    start = time.monotonic()
    stage.send(frames.router_solicitation(TESTER[6]))
    vip = stage.facts.vips[0]
    said = stage.tap.wait(Icmp, start, 4, lambda icmp: icmp.type == 134 and icmp.source == vip)
    others = sorted({icmp.source for _, icmp in stage.tap.since(Icmp, start, lambda icmp: icmp.type == 134)})
    expect(said, f"no router advertisement from {vip} (from: {', '.join(others) or 'nobody'}); radvd's work")
    return None


def not_accepted(stage: Stage) -> Optional[str]:
    """A11, A12: a ping to the address is not answered though ARP is."""
    mac = own(stage)
    vip = stage.facts.vips[-1]
    expect(not stage.echo(vip, mac), f"a ping to {vip} is answered")
    return None


def still_resolved(stage: Stage) -> Optional[str]:
    """A11, A12: what is for the router itself, and forwarding, work on."""
    mac = own(stage)
    expect(stage.echo(stage.facts.source, stage.mac()), "the router's own address does not answer either")
    expect(stage.forwards(mac), "it does not forward either")
    return None


def configured_first(stage: Stage) -> Optional[str]:
    """A13: at the moment of the first announcement after the start the address answers, with the announced MAC."""
    stage.running.stop()
    start = time.monotonic()
    stage.start()
    kind = Arp if stage.facts.family == 4 else Icmp
    end = start + stage.facts.down() + 15
    while time.monotonic() < end and not stage.announcements(start):
        time.sleep(0.002)
    said = stage.announcements(start)
    expect(said, "no announcement after the start")
    what = said[0][1]
    vip = getattr(what, "sender", "") or getattr(what, "target", "")
    announced = getattr(what, "sender_mac", "") or getattr(what, "link_layer", "")
    mac = stage.resolve(vip)
    expect(mac == announced, f"announced {vip} at {announced}, it answers with {mac or 'nothing'}")
    expect(isinstance(what, kind), "another kind of announcement")
    return None


def nothing_before_active(stage: Stage) -> Optional[str]:
    """A13: no announcement comes before the first advert of a router that starts."""
    stage.running.stop()
    start = time.monotonic()
    stage.start()
    heard = stage.advert(start, stage.facts.down() + 15)
    expect(heard, "no advert after the start")
    time.sleep(0.3)
    early = [at for at, _ in stage.announcements(start) if at < (heard or (0,))[0]]
    expect(not early, f"{len(early)} announcements before the first advert")
    return None


def restart(stage: Stage) -> Optional[str]:
    """A14: through a restart no ARP packet binds the owned address to the physical MAC."""
    start = time.monotonic()
    stage.settle()
    stage.running.stop()
    stage.start()
    stage.settle()
    vips = stage.facts.vips
    wrong = {
        arp.sender_mac
        for _, arp in stage.tap.since(Arp, start)
        if arp.sender in vips and arp.sender_mac != virtual(stage)
    }
    expect(not wrong, f"its own address is announced at {', '.join(sorted(wrong))}")
    return None


def announced_again(stage: Stage) -> Optional[str]:
    """A14: after the restart the address is announced, at the virtual MAC."""
    start = time.monotonic()
    stage.running.stop()
    stage.start()
    stage.settle()
    said = [what for _, what in stage.announcements(start) if getattr(what, "sender_mac", "") == virtual(stage)]
    expect(said, "after a restart the address is not announced at the virtual MAC")
    return None


def no_dad(stage: Stage) -> Optional[str]:
    """A15: no duplicate address detection for the virtual addresses, and they serve at once."""
    last, _ = becoming_active(stage)
    vips = stage.facts.vips
    probes = stage.tap.since(Icmp, last, lambda icmp: icmp.type == 135 and icmp.source == "::" and icmp.target in vips)
    expect(not probes, f"{len(probes)} probes for {probes[0][1].target if probes else ''}")
    mac = own(stage)
    expect(stage.facts.accept is False or stage.echo(vips[-1], mac), f"{vips[-1]} does not answer a ping")
    return None


def defended(stage: Stage) -> Optional[str]:
    """A15: another's NA for the address (as a defender of it sends) does not take it away."""
    mac = own(stage)
    vip = stage.facts.vips[-1]
    for _ in range(3):
        stage.send(frames.advertisement(vip, TESTER_GLOBAL[6]))
        time.sleep(0.05)
    state = stage.host.run("ip", "-6", "-o", "addr")
    broken = [line for line in state.splitlines() if f" {vip}/" in line and "dadfailed" in line]
    expect(not broken and stage.resolve(vip) == mac, f"{vip} is given up: {broken}")
    return None


def redirected(stage: Stage) -> Optional[str]:
    """A16: a redirect for a packet sent by way of the virtual router comes from the virtual address."""
    mac = own(stage)
    stage.host.run("ip", "route", "replace", "10.98.0.0/24", "via", "10.9.0.3", "dev", DEVICE)
    stage.host.run("ip", "neigh", "replace", "10.9.0.3", "lladdr", "02:00:00:00:00:03", "dev", DEVICE)
    start = time.monotonic()
    for _ in range(3):
        stage.send(frames.echo_request(TESTER[4], "10.98.0.9", mac))
        time.sleep(0.1)
    said = stage.tap.since(Icmp, start, lambda icmp: icmp.type == 5)
    expect(not said or said[0][1].source in stage.facts.vips, f"a redirect from {said[0][1].source if said else ''}")
    return None if said else "no redirects are sent"


def not_redirected_as_backup(stage: Stage) -> Optional[str]:
    """A16: as Backup it redirects nothing that is sent to the virtual MAC."""
    with stage.backup():
        start = time.monotonic()
        stage.send(frames.echo_request(TESTER[4], "10.98.0.9", virtual(stage)))
        time.sleep(0.3)
        expect(not stage.tap.since(Icmp, start, lambda icmp: icmp.type == 5), "a Backup redirects")
    return None


def not_forwarded(stage: Stage) -> Optional[str]:
    """A17: a packet addressed to the virtual address does not come out anywhere."""
    mac = own(stage)
    vip = stage.facts.vips[-1]
    start = time.monotonic()
    source = TESTER_GLOBAL[stage.facts.family]
    for to in (mac, virtual(stage)):
        stage.send(frames.echo_request(source, vip, to))
    time.sleep(0.3)
    out = stage.behind.since(Icmp, start, lambda icmp: icmp.destination == vip)
    back = stage.tap.since(Icmp, start, lambda icmp: icmp.destination == vip and icmp.mac_from != frames.TESTER_MAC)
    expect(not out and not back, f"packets to {vip} are forwarded")
    return None


def forwards_others(stage: Stage) -> Optional[str]:
    """A17's control."""
    expect(stage.forwards(own(stage)), "it forwards nothing at all")
    return None


def no_derived_identifier(stage: Stage) -> Optional[str]:
    """A18: no address of its host ends in the virtual MAC's EUI-64."""
    stage.settle()
    held = stage.host.run("ip", "-6", "-o", "addr")
    expect("200:5eff:fe00:" not in held, "an interface identifier is made of the virtual MAC")
    return None


def none_on_the_wire(stage: Stage) -> Optional[str]:
    """A18: and no packet came from such an address."""
    with stage.backup():
        pass
    stage.settle()
    heard: List[str] = []
    for kind in (Icmp, Other, frames.Advert):
        heard += [getattr(what, "source", "") for _, what in stage.tap.since(kind, 0)]
        heard += [getattr(what, "target", "") for _, what in stage.tap.since(kind, 0)]
    found = sorted({address for address in heard if "200:5eff:fe00:" in address})
    expect(not found, f"seen on the wire: {found}")
    return None


def with_facts(test: Test, **changes: object) -> Callable[[Stage], Optional[str]]:
    """The test on another link with other facts."""

    def changed(stage: Stage) -> Optional[str]:
        with stage.beside(stage.facts.but(**changes)) as other:
            return test(other)

    return changed


CHECKS: Tuple[Check, ...] = (
    Check("A01", answers_virtual, never_physical, FOUR, mend=VMAC),
    Check("A02", answered, backup_answers_nothing, FOUR),
    Check("A03", answered, backup_no_advertisement, SIX),
    Check("A04", echoes_and_forwards, backup_discards, FOUR),
    Check("A05", echoes_and_forwards, not_its_mac, FOUR),
    Check("A06", garps, no_garp_otherwise, FOUR.but(vrid=102, addresses=("10.9.0.10", "10.9.0.11")), mend=VMAC),
    Check("A07", unsolicited, no_garp_otherwise, SIX.but(vrid=102), mend=VMAC),
    Check("A08", joined, not_joined, SIX),
    Check("A09", router_flag, backup_no_advertisement, SIX),
    Check("A10", router_advertisement, backup_no_advertisement, SIX.but(vrid=103)),
    Check("A11", not_accepted, still_resolved, FOUR.but(vrid=104), mend=NO_ACCEPT),
    Check("A12", not_accepted, still_resolved, V2.but(vrid=104), mend=NO_ACCEPT),
    Check("A13", configured_first, nothing_before_active, FOUR.but(vrid=105), alone=True),
    Check(
        "A14",
        restart,
        announced_again,
        FOUR.but(vrid=106, priority=255, master=True),
        alone=True,
        skip=NO_OWNER,
        mend=VMAC,
    ),
    Check("A15", no_dad, defended, SIX.but(vrid=107)),
    Check("A16", redirected, not_redirected_as_backup, FOUR.but(vrid=108), mend=VMAC),
    Check("A17", forwards_others, not_forwarded, FOUR.but(vrid=109), mend=NO_ACCEPT),
    Check("A18", no_derived_identifier, none_on_the_wire, SIX.but(vrid=110, vmac=True)),
)
