# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Virtual routers across directors: what their instances must have in common, and what must differ."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING, Any, Optional

from . import effective
from .cluster_routers import Member, routers, segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster import Cluster

# two backups that become master within less than this of each other both send adverts
_CLOSE = 0.01
_PASSWORD = 8


def _pairs(cluster: Cluster) -> Iterator[tuple[Member, Member]]:
    """(the first member, another) of every virtual router."""
    for members in routers(cluster):
        for other in members[1:]:
            yield members[0], other


def routers_have_a_backup(cluster: Cluster) -> None:
    """A virtual router that one director has alone."""
    if len(cluster.directors) < 2:
        return
    for members in routers(cluster):
        if len(members) == 1:
            only = members[0]
            message = f"no other director has vrrp_instance {only.instance.name}: nobody takes over from it"
            help_text = "write it, with another priority, for " + ", ".join(
                director.name for director in cluster.directors if director is not only.director
            )
            cluster.warning("router-alone", only.director, only.path(), message, help_text)


def ids_agree(cluster: Cluster) -> None:
    """One VRID for one virtual router."""
    for first, other in _pairs(cluster):
        mine, theirs = other.instance.virtual_router_id, first.instance.virtual_router_id
        if mine != theirs:
            message = (
                f"{other.instance.name} has VRID {mine} here and {theirs} on {first.director.name}: both are master"
            )
            path = other.path("virtual_router_id")
            cluster.error("vrid-differs", other.director, path, message, f"write virtual_router_id {theirs}")


def ids_are_not_shared(cluster: Cluster) -> None:
    """Two virtual routers with one VRID on one interface, in different files (one file finds it by itself)."""
    seen: dict[Any, Member] = {}
    for members in routers(cluster):
        for member in members:
            where = (*segment(member), member.instance.interface)
            before = seen.setdefault(where, member)
            strangers = before.instance.name != member.instance.name and before.director is not member.director
            if strangers and before not in members:
                message = (
                    f"VRID {where[0]} on {where[2]} is {before.instance.name} on {before.director.name}: "
                    f"{member.instance.name} takes its adverts for its own"
                )
                path = member.path("virtual_router_id")
                cluster.error("shared-vrid", member.director, path, message, "each virtual router needs its own VRID")


def versions_agree(cluster: Cluster) -> None:
    """One VRRP version for one virtual router."""
    for first, other in _pairs(cluster):
        mine = effective.version(other.document, other.instance)
        theirs = effective.version(first.document, first.instance)
        if mine != theirs:
            message = (
                f"{other.instance.name} speaks VRRPv{mine} here and v{theirs} on {first.director.name}: both are master"
            )
            path = other.path("version")
            cluster.error("version-differs", other.director, path, message, f"write version {theirs} in the instance")


def intervals_agree(cluster: Cluster) -> None:
    """One advert interval: VRRPv2 drops adverts of another one, VRRPv3 waits as long as the master says."""
    for first, other in _pairs(cluster):
        mine = effective.advert_int(other.document, other.instance)
        theirs = effective.advert_int(first.document, first.instance)
        if mine == theirs:
            continue
        old = effective.version(other.document, other.instance) == 2
        effect = (
            "VRRPv2 drops such adverts and both are master" if old else "the time of a takeover depends on the master"
        )
        message = (
            f"advert_int of {other.instance.name} is {mine:g} here and {theirs:g} on {first.director.name}: {effect}"
        )
        say = cluster.error if old else cluster.warning
        say("interval-differs", other.director, other.path("advert_int"), message, f"write advert_int {theirs:g}")


def passwords_agree(cluster: Cluster) -> None:
    """The same authentication; nothing of a secret is said."""
    for first, other in _pairs(cluster):
        attribute = _different_authentication(first.instance, other.instance)
        if attribute:
            message = f"{attribute} of {other.instance.name} is not that of {first.director.name}: both are master"
            path = other.path(attribute) if getattr(other.instance, attribute) else other.path()
            help_text = "the same type, password and keys on all directors"
            cluster.error("auth-differs", other.director, path, message, help_text)


def _different_authentication(left: Any, right: Any) -> str:
    one, two = left.authentication, right.authentication
    if (one is None) != (two is None):
        return "authentication"
    if one and (one.auth_type, (one.auth_pass or "")[:_PASSWORD]) != (two.auth_type, (two.auth_pass or "")[:_PASSWORD]):
        return "authentication"
    old, new = left.auth_hmac, right.auth_hmac
    if (old is None) != (new is None):
        return "auth_hmac"
    if old and not _verifies(old, new):
        return "auth_hmac"
    return ""


def _verifies(left: Any, right: Any) -> bool:
    """Whether each side knows the key that the other signs with (key rotation keeps several)."""
    ours, theirs = ({item.id: item.value for item in one.keys} for one in (left, right))
    return all(number not in ours or number not in theirs or ours[number] == theirs[number] for number in ours) and (
        left.active_key in (None, *theirs) and right.active_key in (None, *ours) and bool(set(ours) & set(theirs))
    )


def addresses_agree(cluster: Cluster) -> None:
    """The same addresses on all directors, in and outside the adverts."""
    for first, other in _pairs(cluster):
        for attribute in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
            mine, theirs = (
                {item.address.lower() for item in getattr(one.instance, attribute)} for one in (other, first)
            )
            lacking, extra = sorted(theirs - mine), sorted(mine - theirs)
            if lacking or extra:
                what = f"lacks {', '.join(lacking)}" if lacking else f"has {', '.join(extra)} in excess"
                message = f"{attribute} of {other.instance.name} {what}, compared with {first.director.name}"
                help_text = "the same addresses on all directors: a takeover would lose or double some"
                cluster.error("addresses-differ", other.director, other.path(attribute), message, help_text)


def priorities_differ(cluster: Cluster) -> None:
    """No two directors of one router with the same priority, nor, among three, with almost the same."""
    for members in routers(cluster):
        ranked = sorted(members, key=lambda one: -effective.priority(one.instance))
        for upper, lower in zip(ranked, ranked[1:]):
            high, low = effective.priority(upper.instance), effective.priority(lower.instance)
            path = lower.path("priority")
            if high == low:
                message = f"{lower.instance.name} has priority {low} on {upper.director.name} too"
                help_text = "each director needs its own; among equals the higher address wins, after both were master"
                cluster.error("priority-equal", lower.director, path, message, help_text)
                continue
            apart = (high - low) / 256 * _skew_unit(lower)
            if len(members) > 2 and apart < _CLOSE and upper is not ranked[0]:
                message = (
                    f"priority {low} is {high - low} below that of {upper.director.name}: without a master this one "
                    f"waits only {apart * 1000:.1f} ms longer (skew time), and both may become master"
                )
                cluster.warning("priority-close", lower.director, path, message, "leave 10 or more between backups")


def _skew_unit(member: Member) -> float:
    """Seconds that 256 steps of priority delay a takeover: one in VRRPv2, the advert interval in VRRPv3."""
    old = effective.version(member.document, member.instance) == 2
    return 1.0 if old else effective.advert_int(member.document, member.instance)


def one_master_is_meant(cluster: Cluster) -> None:
    """state MASTER on one director at most, and on that with the highest priority."""
    for members in routers(cluster):
        if len(members) < 2:
            continue
        meant = [member for member in members if member.instance.state == "MASTER"]
        best = max(members, key=lambda one: effective.priority(one.instance))
        for member in meant[1:]:
            message = f"{member.instance.name} starts as MASTER on {meant[0].director.name} too"
            help_text = "state MASTER on one director, state BACKUP on the others"
            cluster.warning("two-masters", member.director, member.path("state"), message, help_text)
        if len(meant) == 1 and effective.priority(meant[0].instance) < effective.priority(best.instance):
            high, low = effective.priority(best.instance), effective.priority(meant[0].instance)
            message = (
                f"{meant[0].instance.name} starts as MASTER, but {best.director.name} has priority {high} above {low}"
            )
            help_text = "state MASTER belongs to the highest priority"
            cluster.warning("master-not-highest", meant[0].director, meant[0].path("state"), message, help_text)


def preemption_agrees(cluster: Cluster) -> None:
    """nopreempt on all directors of a router or on none."""
    for members in routers(cluster):
        with_it = [member for member in members if effective.nopreempt(member.instance)]
        if not with_it or len(with_it) == len(members):
            continue
        for member in members:
            if member not in with_it:
                message = (
                    f"nopreempt is on {with_it[0].director.name}, not here: this director takes over when it is back"
                )
                help_text = "nopreempt on all directors, or on none"
                cluster.warning("nopreempt-differs", member.director, member.path(), message, help_text)


def tracked_scripts_weigh_enough(cluster: Cluster) -> None:
    """A failing script on the director of the highest priority lets the next one take over."""
    for members in routers(cluster):
        ranked = sorted(members, key=lambda one: -effective.priority(one.instance))
        if len(ranked) < 2:
            continue
        first, second = ranked[0], ranked[1]
        gap = effective.priority(first.instance) - effective.priority(second.instance)
        own = {script.name: script.weight for script in first.document.vrrp_scripts}
        for at, track in enumerate(first.instance.track_script):
            default = own.get(track.name)
            weight = track.weight if track.weight is not None else default.weight if default else 0
            if weight and abs(weight) <= gap and gap:
                message = (
                    f"{track.name} changes the priority by {abs(weight)}, but {second.director.name} is {gap} below: "
                    "it never takes over"
                )
                path = first.path("track_script", at)
                cluster.warning("track-too-weak", first.director, path, message, f"a weight of more than {gap}")


def peers_name_each_other(cluster: Cluster) -> None:
    """Unicast on all directors or on none, and every list has the addresses of all others."""
    for members in routers(cluster):
        plain = [member for member in members if not member.instance.unicast_peer]
        if plain and len(plain) < len(members):
            other = next(member for member in members if member.instance.unicast_peer)
            message = f"{plain[0].instance.name} sends multicast, {other.director.name} unicast: both are master"
            help_text = "unicast_peer with the addresses of the other directors"
            cluster.error("unicast-mixed", plain[0].director, plain[0].path(), message, help_text)
        if plain:
            continue
        for member in members:
            _lacking_peers(cluster, member, members)


def _lacking_peers(cluster: Cluster, member: Member, members: tuple[Member, ...]) -> None:
    peers = {_same(peer.address): at for at, peer in enumerate(member.instance.unicast_peer)}
    known: set[str] = set()
    complete = True
    for other in members:
        sources = _sources(cluster, other)
        known |= sources
        complete = complete and bool(sources)
        if other is member or not sources or sources & set(peers):
            continue
        source = min(sources)
        message = f"unicast_peer of {member.instance.name} lacks {source} of {other.director.name}: it hears no adverts"
        path = member.path("unicast_peer")
        cluster.error("peer-missing", member.director, path, message, f"add {source}")
    for address, at in peers.items():
        if complete and len(members) > 1 and address not in known:
            message = f"no director of {member.instance.name} sends from {address}"
            help_text = f"the others send from {', '.join(sorted(known - _sources(cluster, member)))}"
            cluster.warning("peer-unknown", member.director, member.path("unicast_peer", at), message, help_text)


def _sources(cluster: Cluster, member: Member) -> set[str]:
    """The addresses a member may send from: the one it says, else those that facts know of its interface."""
    if member.source:
        return {_same(member.source)}
    known = cluster.facts.get(member.director.name, {}).get(member.instance.interface or "", ())
    family = effective.family(member.instance)
    return {_same(str(ip_interface(item).ip)) for item in known if ip_interface(item).version == family}


def _same(address: str) -> str:
    return str(ip_address(address.partition("%")[0]))


def addresses_are_in_a_subnet(cluster: Cluster) -> None:
    """With facts: an address that no subnet of its interface has is reached by nobody on the segment."""
    for members in routers(cluster):
        for member in members:
            interfaces = cluster.facts.get(member.director.name)
            for at, item in enumerate(member.instance.virtual_ipaddress):
                device = item.dev or member.instance.interface or ""
                nets = [ip_interface(one).network for one in (interfaces or {}).get(device, ())]
                where = _address(item.address)
                if where is None or not nets or any(where in net for net in nets if net.version == where.version):
                    continue
                shown = ", ".join(str(net) for net in nets)
                message = f"{item.address} is in no subnet of {device} on {member.director.name}"
                path = member.path("virtual_ipaddress", at)
                cluster.warning("address-off-subnet", member.director, path, message, f"{device} has {shown}")


def _address(text: str) -> Optional[Any]:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def groups_agree(cluster: Cluster) -> None:
    """The same virtual routers in one sync group on all directors."""
    names = {
        (member.director.name, member.instance.name): at for at, one in enumerate(routers(cluster)) for member in one
    }
    first: dict[frozenset[int], str] = {}
    for director in cluster.directors:
        groups = director.document.vrrp_sync_groups
        mine = [
            frozenset(names[director.name, name] for name in group.group or () if (director.name, name) in names)
            for group in groups
        ]
        if director is cluster.directors[0]:
            first = dict(zip(mine, (group.name for group in groups)))
            continue
        reference = cluster.directors[0].name
        for at, group in enumerate(groups):
            if mine[at] not in first:
                message = f"{reference} has no sync group of the same virtual routers as {group.name}"
                help_text = "a takeover would leave half of the group behind: the same members on all directors"
                cluster.error("sync-group-differs", director, ("vrrp_sync_groups", at, "group"), message, help_text)
        for members, name in first.items():
            if not any(members & own for own in mine) and members:
                message = f"sync group {name} of {reference} is missing here"
                path: tuple[Any, ...] = ("vrrp_instances", 0) if director.document.vrrp_instances else ()
                help_text = "a takeover would leave half of the group behind: write the group here too"
                cluster.error("sync-group-differs", director, path, message, help_text)


RULES = (
    routers_have_a_backup,
    ids_agree,
    ids_are_not_shared,
    versions_agree,
    intervals_agree,
    passwords_agree,
    addresses_agree,
    priorities_differ,
    one_master_is_meant,
    preemption_agrees,
    tracked_scripts_weigh_enough,
    peers_name_each_other,
    addresses_are_in_a_subnet,
    groups_agree,
)
