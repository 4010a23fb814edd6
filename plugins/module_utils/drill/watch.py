# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong on the segment, from the views of its hosts: who, what, and how to mend it. Pure.

A view is what observe.observe returned on a host. MAC addresses are mapped to hosts by the views
themselves. Every finding stands on something seen (a frame, an address, a count), which it names.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Set, Tuple

from .frames import VIRTUAL_MAC

View = Mapping[str, Any]
DIRECTOR, REAL_SERVER = "director", "real_server"
REAL_SERVER_ARP = "sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2"


@dataclass(frozen=True)
class Finding:
    """`code` is a stable word, `host` where to mend it (or "" when that is not known), `mend` commands or advice."""

    code: str
    host: str
    what: str
    mend: str
    address: str = ""


@dataclass(frozen=True)
class Cluster:
    """What the segment should be like.

    `roles`: director or real_server by host. `gateways`: addresses that real servers behind NAT may
    send answers through, by host. `allowed`: MAC addresses that may answer for a virtual address
    although no view is from them, as routers with proxy ARP.
    """

    addresses: Tuple[str, ...]
    roles: Mapping[str, str]
    gateways: Mapping[str, Tuple[str, ...]]
    allowed: Tuple[str, ...] = ()


def judge(cluster: Cluster, views: Mapping[str, View]) -> List[Finding]:
    """All findings, the gravest first for each address."""
    found: List[Finding] = []
    for address in cluster.addresses:
        found += answers(cluster, views, address)
        found += leaks(cluster, views, address)
        found += holders(cluster, views, address)
    found += unheard(cluster, views)
    found += clashes(cluster, views)
    found += routes(cluster, views)
    return list(dict.fromkeys(found))


def _hosts(views: Mapping[str, View]) -> Dict[str, str]:
    return {str(view["mac"]).lower(): host for host, view in views.items()}


def _seen(views: Mapping[str, View], address: str, kinds: Iterable[str]) -> Dict[str, List[str]]:
    """MAC addresses that showed themselves in one of these ways, and who saw it."""
    found: Dict[str, List[str]] = {}
    for observer, view in views.items():
        for row in view["sightings"]:
            if row["address"] == address and row["how"] in kinds and observer not in found.get(row["mac"], []):
                found.setdefault(row["mac"], []).append(observer)
    return found


def is_virtual(mac: str) -> bool:
    """A MAC address of some virtual router."""
    return mac[:14] in VIRTUAL_MAC


def answers(cluster: Cluster, views: Mapping[str, View], address: str) -> List[Finding]:
    """Whoever answers for the address and is no director."""
    found = []
    hosts = _hosts(views)
    for mac, observers in _seen(views, address, ("reply", "announce")).items():
        host = hosts.get(mac, "")
        if cluster.roles.get(host) == REAL_SERVER:
            place = [device for own, device in views[host]["addresses"] if own == address]
            ignored = views[host]["sysctl"].get("arp_ignore")
            where = f"on {place[0]}" if place else "on none of its interfaces"
            what = f"real server {host} ({mac}) answers for {address}, as seen from {in_words(observers)}"
            if ":" in address:
                mend = _put_on_lo(address, place)
            else:
                what += f"; it has the address {where} and arp_ignore is {ignored}"
                mend = REAL_SERVER_ARP
                if place and place[0] != "lo" and not place[0].startswith("tunl"):
                    mend = _put_on_lo(address, place) + "; " + mend
            found.append(Finding("answers-for-vip", host, what, mend, address))
        elif not host and not is_virtual(mac) and mac not in cluster.allowed:
            seen = f"as seen from {in_words(observers)}"
            what = f"{mac} answers for {address}, {seen}, and no known host has that MAC address"
            mend = "find the port of that MAC address in the switch; name it in allowed when it may answer"
            found.append(Finding("unknown-holder", "", what, mend, address))
    return found


def _put_on_lo(address: str, place: Sequence[str]) -> str:
    length = 128 if ":" in address else 32
    words = [f"ip address del {address} dev {device}" for device in place if device != "lo"]
    return "; ".join([*words, f"ip address replace {address}/{length} dev lo"])


def leaks(cluster: Cluster, views: Mapping[str, View], address: str) -> List[Finding]:
    """Real servers that asked for others in the name of the address: every cache that hears it learns it."""
    found = []
    hosts = _hosts(views)
    for mac, observers in _seen(views, address, ("request",)).items():
        host = hosts.get(mac, "")
        if cluster.roles.get(host) == REAL_SERVER:
            announce = views[host]["sysctl"].get("arp_announce")
            what = (
                f"real server {host} ({mac}) uses {address} as sender of its questions, as seen from"
                f" {in_words(observers)}; arp_announce is {announce}"
            )
            mend = "sysctl -w net.ipv4.conf.all.arp_announce=2"
            found.append(Finding("vip-as-sender", host, what, mend, address))
    return found


def holders(cluster: Cluster, views: Mapping[str, View], address: str) -> List[Finding]:
    """Nobody, or more than one director, has the address; why, from the adverts of both."""
    directors = [host for host, role in cluster.roles.items() if role == DIRECTOR and host in views]
    # What a director has counts, not what it answered: a handing over in the middle of the view is no fault.
    have = [h for h in directors if any(own == address for own, _device in views[h]["addresses"])]
    if len(have) > 1:
        return [_split(views, address, have)]
    asked = any(view["asked"] for view in views.values())
    if not have and asked and not _seen(views, address, ("reply", "announce")):
        what = f"no host answers for {address}, and no director of {in_words(directors)} has it"
        return [Finding("no-holder", "", what, "look at the state of the directors' VRRP instances", address)]
    return []


def _split(views: Mapping[str, View], address: str, have: Sequence[str]) -> Finding:
    sends = {host: _sent(views[host], address) for host in have}
    silent = [host for host in have if not sum(sends[host].values())]
    lost = [(x, y) for x in have for y in have if x != y and sends[x] and not _heard(views[y], sends[x])]
    both = f"{in_words(have)} have {address} at the same time"
    if silent and len(silent) < len(have):
        host = silent[0]
        device = next((device for own, device in views[host]["addresses"] if own == address), "")
        what = f"{both}; {host} sends no adverts: the address was left there by a daemon that is gone, frozen or muted"
        return Finding("vip-left-behind", host, what, f"ip address del {address} dev {device or '?'}", address)
    if silent:
        what = f"{both}, and none of them sends adverts"
        return Finding("vip-left-behind", silent[0], what, "keep it on one, take it off the others", address)
    if lost:
        ways = [f"{x} sent {sum(sends[x].values())} adverts and {y} heard none of them" for x, y in lost]
        kind = "one way" if len(lost) == 1 else "both ways"
        what = f"{both}: split brain, adverts are lost {kind}: {'; '.join(ways)}"
        return Finding("split-brain", lost[0][1], what, _let_through(views, lost[0][0], lost[0][1]), address)
    what = f"{both} although they hear each other: " + "; ".join(_claims(host, views[host]) for host in have)
    mend = "compare virtual_router_id, version, advert_int, authentication and the addresses of both files"
    return Finding("split-brain", have[0], what, mend, address)


def _let_through(views: Mapping[str, View], sender: str, hearer: str) -> str:
    sources = sorted({row["source"] for row in views[sender]["adverts"] if row["sent"]})
    device = views[hearer]["interface"]
    if any(not row["sent"] and row["source"] in sources for row in views[hearer]["adverts"]):
        # The frames are on its wire: only its own firewall is left.
        return (
            f"the adverts reach {device} of {hearer}: let IP protocol 112 from {', '.join(sources)} into its firewall"
        )
    return (
        f"the adverts do not reach {device} of {hearer}: look for IGMP snooping, a filter or a broken port on the way"
        f" from {sender}"
    )


def _sent(view: View, address: str) -> Dict[str, int]:
    """Adverts that the host sent, by source address and VRID; those that carry the address, or else all."""
    own = [row for row in view["adverts"] if row["sent"] and row["priority"]]
    mine = [row for row in own if address in row["addresses"]] or own
    return {f"{row['source']} {row['vrid']}": row["count"] for row in mine}


def _heard(view: View, sent: Mapping[str, int]) -> int:
    return sum(row["count"] for row in view["heard"] if f"{row['source']} {row['vrid']}" in sent)


def _claims(host: str, view: View) -> str:
    rows = [
        f"VRID {row['vrid']} version {row['version']} priority {row['priority']} interval {row['interval']:g} s"
        for row in view["adverts"]
        if row["sent"]
    ]
    return f"{host} sends {' and '.join(rows)}"


def unheard(cluster: Cluster, views: Mapping[str, View]) -> List[Finding]:
    """Directors that do not hear another one's adverts although they should; also where no harm is done yet."""
    found = []
    directors = [host for host, role in cluster.roles.items() if role == DIRECTOR and host in views]
    for sender in directors:
        sent = {
            f"{row['source']} {row['vrid']}": row["count"]
            for row in views[sender]["adverts"]
            # Fewer may fall between two views that did not begin at the same moment.
            if row["sent"] and row["priority"] and row["count"] >= 3
        }
        for hearer in directors:
            if hearer != sender and sent and not _heard(views[hearer], sent):
                count = sum(sent.values())
                what = f"{sender} sent {count} adverts and {hearer} heard none of them: lost on the way"
                found.append(Finding("adverts-lost", hearer, what, _let_through(views, sender, hearer)))
    return found


def speakers(views: Mapping[str, View]) -> List[Dict[str, Any]]:
    """Everyone who sends adverts on the segment, with the hosts that heard it (or sent it)."""
    rows: Dict[Tuple[int, int, str], Dict[str, Any]] = {}
    for observer, view in views.items():
        for row in view["adverts"]:
            key = (row["vrid"], row["version"], row["source"])
            known = rows.setdefault(key, dict(row, observers=[]))
            known["observers"].append(observer)
            known["count"] = max(known["count"], row["count"])
    hosts = {own: host for host, view in views.items() for own, _device in view["addresses"]}
    for known in rows.values():
        known["host"] = hosts.get(known["source"], "")
        del known["sent"]
    return [rows[key] for key in sorted(rows)]


def clashes(cluster: Cluster, views: Mapping[str, View]) -> List[Finding]:
    """A VRID of ours spoken by a stranger, or by two of ours for different addresses."""
    found = []
    heard = speakers(views)
    # After a handing over two of ours spoke: the one with more adverts is taken for the master.
    ours = {
        (row["vrid"], _family(row["source"])): row
        for row in sorted(heard, key=lambda row: int(row["count"]))
        if cluster.roles.get(row["host"]) == DIRECTOR
    }
    for row in heard:
        mine = ours.get((row["vrid"], _family(row["source"])))
        if mine is None or row is mine:
            continue
        if cluster.roles.get(row["host"]) != DIRECTOR:
            what = (
                f"VRID {row['vrid']} is spoken by a stranger: {row['source']} ({row['mac']}), version {row['version']},"
                f" priority {row['priority']}, for {in_words(row['addresses'])}; ours is {mine['host']}'s"
            )
            mend = f"give one of the two another virtual_router_id; free here: {_free(heard)}"
            found.append(Finding("vrid-clash", mine["host"], what, mend))
        elif set(row["addresses"]) != set(mine["addresses"]):
            what = (
                f"VRID {row['vrid']}: {mine['host']} says {in_words(mine['addresses'])},"
                f" {row['host']} says {in_words(row['addresses'])}"
            )
            mend = "make virtual_ipaddress the same in both files, or virtual_router_id different"
            found.append(Finding("vrid-clash", row["host"], what, mend))
    return found


def _family(source: str) -> int:
    return ipaddress.ip_address(source).version


def free_vrids(view: View) -> str:
    """Some that nobody speaks in this view."""
    return _free(view["adverts"])


def _free(heard: Sequence[Mapping[str, Any]]) -> str:
    taken: Set[int] = {int(row["vrid"]) for row in heard}
    return ", ".join(str(vrid) for vrid in [v for v in range(1, 256) if v not in taken][:3])


def routes(cluster: Cluster, views: Mapping[str, View]) -> List[Finding]:
    """Real servers behind NAT whose answers do not go back through the directors."""
    found = []
    for host, allowed in cluster.gateways.items():
        if host not in views or not allowed:
            continue
        way = views[host]["route"]
        if way is None:  # not looked for
            continue
        if way.get("via", "") not in allowed:
            gateway = (
                f"through {way['via']}" if way.get("via") else "straight, through no gateway" if way else "nowhere"
            )
            what = f"real server {host} sends its answers {gateway}, not through {in_words(allowed)}: NAT is not undone"
            found.append(Finding("route-back", host, what, f"ip route replace default via {allowed[0]}"))
    return found


def in_words(words: Iterable[str]) -> str:
    """a, b and c."""
    rows = list(words)
    return " and ".join([", ".join(rows[:-1]), rows[-1]]) if len(rows) > 1 else "".join(rows) or "none"
