# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong on the segment as one director alone can see it: who else has its addresses, whose adverts come. Pure.

watch.py judges from the views of all hosts and knows more: which way adverts are lost, what a real server's settings
are, where its answers go. Here is what the agent can look for by itself, all the time.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Mapping, Tuple

from .watch import REAL_SERVER_ARP, Finding, View, free_vrids, in_words, is_virtual

LASTING = 2 / 3
"""Part of the look for which somebody has to have answered to be taken for a holder; less is a handing over."""


@dataclass(frozen=True)
class Router:
    """One virtual router of the director's file: `addresses` are in its adverts, `others` (excluded ones) are not."""

    vrid: int
    addresses: Tuple[str, ...]
    others: Tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """IP's."""
        return ipaddress.ip_address(self.addresses[0]).version


@dataclass(frozen=True)
class Own:
    """What a director knows of one interface's segment: its name, its virtual routers there, and by the MAC addresses
    that its kernel knows the real servers of its file, and others.
    """

    name: str
    routers: Tuple[Router, ...]
    servers: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)


def judge(own: Own, view: View) -> List[Finding]:
    """All findings; none about an address that is being handed over at this moment."""
    found: List[Finding] = []
    for router in own.routers:
        peers = _peers(router, view)
        for address in (*router.addresses, *router.others):
            found += _answers(own, view, router, address, peers)
            found += _leaks(own, view, address)
        found += _split(own, view, router, peers)
        found += _clash(own, view, router, peers)
    return list(dict.fromkeys(found))


def _peers(router: Router, view: View) -> List[Dict[str, Any]]:
    """Adverts of others for this virtual router, goodbyes left out."""
    rows = (row for row in view["adverts"] if row["vrid"] == router.vrid and not row["sent"] and row["priority"])
    return [dict(row) for row in rows if ipaddress.ip_address(row["source"]).version == router.version]


def _has(view: View, address: str) -> bool:
    return any(own == address for own, _device in view["addresses"])


def _seen(view: View, address: str, *kinds: str) -> List[Mapping[str, Any]]:
    """Frames of others that showed themselves in one of these ways."""
    rows = (row for row in view["sightings"] if row["address"] == address and row["mac"] != view["mac"])
    return [row for row in rows if row["how"] in kinds]


def _macs(rows: Iterable[Mapping[str, Any]]) -> List[str]:
    return list(dict.fromkeys(row["mac"] for row in rows))


def _answers(own: Own, view: View, router: Router, address: str, peers: List[Dict[str, Any]]) -> List[Finding]:
    masters = {row["mac"] for row in peers}
    seen = _macs(_seen(view, address, "reply", "announce"))
    lasting = [row["mac"] for row in _seen(view, address, "reply") if row["span"] >= view["seconds"] * LASTING]
    found = []
    for mac in seen:
        if mac in masters or is_virtual(mac):
            continue
        server = own.servers.get(mac)
        if server is not None:
            what = f"real server {server} ({mac}) answers for {address}, as seen from {own.name}"
            mend = f"ip address replace {address}/128 dev lo" if ":" in address else REAL_SERVER_ARP
            found.append(Finding("answers-for-vip", server, what, mend, address))
            continue
        if mac not in lasting:  # whoever has it answers every question; this one got it or let it go meanwhile
            continue
        besides = "which this director has too" if _has(view, address) else "and sends no adverts"
        host = own.others.get(mac, "")
        who = f"{host} ({mac})" if host else mac
        what = f"{who} answers for {address}, {besides}: a director whose daemon is gone or frozen, or a stranger"
        mend = f"ip address del {address} there; the switch says at which port that MAC address is"
        found.append(Finding("unknown-holder", host, what, mend, address))
    if not seen and not peers and not _has(view, address) and view["asked"]:
        what = f"nobody answers for {address}, nobody sends adverts with VRID {router.vrid}, and {own.name} has it not"
        found.append(Finding("no-holder", "", what, "look at the state of the directors' VRRP instances", address))
    return found


def _leaks(own: Own, view: View, address: str) -> List[Finding]:
    found = []
    for mac in _macs(_seen(view, address, "request")):
        server = own.servers.get(mac)
        if server is not None:
            what = f"real server {server} ({mac}) uses {address} as sender of its questions, as seen from {own.name}"
            mend = "sysctl -w net.ipv4.conf.all.arp_announce=2"
            found.append(Finding("vip-as-sender", server, what, mend, address))
    return found


def _split(own: Own, view: View, router: Router, peers: List[Dict[str, Any]]) -> List[Finding]:
    """We are master, and so is another: two adverts at least of each, for one alone is a handing over."""
    sent = sum(
        row["count"] for row in view["adverts"] if row["sent"] and row["vrid"] == router.vrid and row["priority"]
    )
    holds = any(_has(view, address) for address in router.addresses)
    found = []
    for peer in peers:
        heard = any(row["vrid"] == router.vrid and row["source"] == peer["source"] for row in view["heard"])
        if set(peer["addresses"]) != set(router.addresses):  # not our peer: see _clash
            continue
        if peer["count"] < 2 or (heard and not (holds and sent > 1)):
            continue
        device = view["interface"]
        if not heard:
            code = "split-brain" if holds and sent > 1 else "adverts-lost"
            what = f"adverts of {peer['source']} reach {device} and do not come through to {own.name}"
            mend = f"let IP protocol 112 from {peer['source']} into the firewall of {own.name}"
            found.append(Finding(code, own.name, what, mend))
            continue
        what = (
            f"{own.name} and {peer['source']} are both master of VRID {router.vrid}; {own.name} hears the other, so"
            f" the other does not hear or does not accept {own.name}: adverts are lost one way, or the files differ"
        )
        mend = (
            f"on {peer['source']}: let IP protocol 112 in, look for IGMP snooping between them; compare version,"
            " advert_int and authentication of both files"
        )
        found.append(Finding("split-brain", peer["source"], what, mend))
    return found


def _clash(own: Own, view: View, router: Router, peers: List[Dict[str, Any]]) -> List[Finding]:
    found = []
    for peer in peers:
        if set(peer["addresses"]) == set(router.addresses):
            continue
        what = (
            f"VRID {router.vrid} is spoken by {peer['source']} ({peer['mac']}), version {peer['version']}, priority"
            f" {peer['priority']}, for {in_words(peer['addresses'])}; {own.name}'s file says"
            f" {in_words(router.addresses)}"
        )
        mend = f"make virtual_ipaddress the same, or give one another virtual_router_id; free here: {free_vrids(view)}"
        found.append(Finding("vrid-clash", own.name, what, mend))
    return found
