# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to what the VRRP child runs: instances, sync groups, their addresses and scripts. Pure.

What the file says and this engine does not do is told by vrrp_limits.unsupported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, FrozenSet, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from . import plan_address, plan_devices, plan_host, plan_mail, plan_process, plan_routes, plan_tracking
from .link.guard import Guard
from .link.state import Address, Device, Raised, Route, Rule, Thing
from .vrrp import ah, packet, trailer
from .vrrp.events import Notice
from .vrrp.router import OWNER, Settings
from .vrrp.track import Tracked, in_group
from .vrrp_keys import hmac_keys
from .vrrp_limits import unsupported

if TYPE_CHECKING:
    from .link.debounce import Delay
    from .vrrp_pacing import Pace

__all__ = ["Group", "Instance", "Plan", "Scripts", "plan", "unsupported"]

_MTU = 1500
_AUTH = {"PASS": packet.AUTH_PASS, "AH": packet.AUTH_AH}
_OLD_CHECKSUM = {None: None, "always": True, "never": False}


@dataclass(frozen=True)
class Scripts:
    """What is run at which notice; `always` gets INSTANCE|GROUP NAME STATE PRIORITY as arguments after it."""

    by_notice: Mapping[Notice, model.Script]
    always: Optional[model.Script] = None


@dataclass(frozen=True)
class Instance:
    """One vrrp_instance, resolved but for what the interface tells (`settings.source` is empty).

    `interface` may be a VRF, or "" for unicast on any interface.

    `advertised` are the packed addresses in the adverts, `settings.addresses` those, the excluded ones, routes and
    rules, as link.state values. `group` is the multicast destination, `peers` replace it in unicast mode. `source` is
    the configured one, None for the interface's primary address. `auth_type` and `secret` are version 2's
    authentication, `keys` auth_hmac's. `ttls` are the least and greatest TTL of peers that need not have 255.
    `old_checksum`: unicast as very old keepalived has it, True sent too, None heard only. `track_source`: without the
    configured source it is at fault; `needs_peer`: without a peer. `untracked` is not set again when somebody takes
    it; of `watched` each lost one is a fault. `receive_buffer` in bytes, 0 for ours.
    Without `accepts` packets to its addresses are dropped.
    """

    name: str
    interface: str
    family: int
    settings: Settings
    advertised: Tuple[bytes, ...]
    group: bytes
    peers: Tuple[bytes, ...]
    source: Optional[bytes]
    auth_type: int
    secret: bytes
    keys: Optional[trailer.Keys]
    checksum_as_v2: bool
    ttl: int
    scripts: Scripts
    tracked: Tuple[Tracked, ...]
    track_primary: bool
    tell_priority: bool
    own: plan_devices.Own
    ttls: Mapping[bytes, Tuple[int, int]] = field(default_factory=dict)
    owner_ignores: bool = False
    old_checksum: Optional[bool] = None
    track_source: bool = False
    needs_peer: bool = False
    untracked: FrozenSet[Thing] = frozenset()
    watched: Tuple[Address, ...] = ()
    receive_buffer: int = 0
    tell_deleted: bool = False
    accepts: bool = True

    @property
    def identity(self) -> Tuple[object, ...]:
        """What a reload cannot change in a running instance: with another one it is another virtual router."""
        settings = self.settings
        where = self.name, self.interface, self.family, self.own.hears, self.own.holds, self.own.vmac
        return *where, settings.version, settings.vrid, settings.sync, self.protocol

    @property
    def brings(self) -> Tuple[Thing, ...]:
        """Addresses, routes and rules that are set while it is MASTER, and the interfaces of its own that are up."""
        return tuple(each for each in self.settings.addresses if isinstance(each, (Address, Route, Rule, Raised)))

    @property
    def addresses(self) -> Tuple[Address, ...]:
        """All virtual addresses, excluded ones too."""
        return tuple(each for each in self.settings.addresses if isinstance(each, Address))

    @property
    def routes(self) -> Tuple[Thing, ...]:
        """Routes and rules that are set again when somebody takes them away."""
        found = (each for each in self.settings.addresses if isinstance(each, (Route, Rule)))
        return tuple(each for each in found if each not in self.untracked)

    @property
    def devices(self) -> Tuple[Device, ...]:
        """Interfaces of its own."""
        return tuple(each for each in self.own.holds if isinstance(each, Device))

    @property
    def protocol(self) -> int:
        """The IP protocol that adverts travel in."""
        return ah.AH if self.auth_type == packet.AUTH_AH else packet.PROTOCOL


@dataclass(frozen=True)
class Group:
    """One vrrp_sync_group: its members that exist, and its scripts."""

    name: str
    members: Tuple[str, ...]
    scripts: Scripts


@dataclass(frozen=True)
class Plan:
    """All of it. `groups` are disjoint; an instance in none of them stands alone.

    `stands` is in the kernel whoever is MASTER; `settings` below /proc/sys/net are at least that. `delays` of
    interfaces and `paces` of announcements on them are by interface.
    """

    instances: Mapping[str, Instance] = field(default_factory=dict)
    groups: Tuple[Group, ...] = ()
    tracking: plan_tracking.Tracks = field(default_factory=plan_tracking.Tracks)
    process: plan_process.Process = field(default_factory=plan_process.Process)
    stands: Tuple[Thing, ...] = ()
    settings: Mapping[str, int] = field(default_factory=dict)
    guard: Guard = field(default_factory=Guard)
    delays: Mapping[str, Delay] = field(default_factory=dict)
    paces: Mapping[str, Pace] = field(default_factory=dict)

    @property
    def has_routes(self) -> bool:
        """Whether it matters that routes and rules go."""
        standing = any(isinstance(each, (Route, Rule)) for each in self.stands)
        return standing or any(instance.routes for instance in self.instances.values())


def plan(document: model.Document) -> Plan:
    """Translate; the document has been validated, what is unsupported has been reported or refused."""
    document = plan_routes.with_preferences(document)
    groups = _groups(document)
    blocks = {block.name: block for block in document.vrrp_sync_groups}
    sync = {name: blocks[group.name] for group in groups for name in group.members}
    own = plan_devices.own(document)
    instances = {
        block.name: _instance(document, block, sync.get(block.name), own[block.name])
        for block in document.vrrp_instances
        if block.virtual_router_id
    }
    used = frozenset((each.kind, each.name) for instance in instances.values() for each in instance.tracked)
    owns = [instance.own for instance in instances.values()]
    stands = dict.fromkeys((*(thing for each in owns for thing in each.holds), *plan_host.static(document)))
    interfaces = {address.interface for instance in instances.values() for address in instance.addresses}
    return Plan(
        instances=instances,
        groups=groups,
        tracking=plan_tracking.plan(document, used),
        process=plan_process.plan(effective.global_defs(document), plan_mail.mailing(document)),
        stands=tuple(stands),
        settings=plan_host.settings(document, owns),
        guard=plan_host.guard(document, instances.values()),
        delays=plan_host.delays(document),
        paces=plan_host.paces(document, interfaces | {instance.interface for instance in instances.values()}),
    )


def _groups(document: model.Document) -> Tuple[Group, ...]:
    """An instance is in the first group that names it, as keepalived has it."""
    left = {block.name for block in document.vrrp_instances}
    groups = []
    for block in document.vrrp_sync_groups:
        members = tuple(name for name in block.group or () if name in left)
        left.difference_update(members)
        if members:
            groups.append(Group(block.name, members, _scripts(block)))
    return tuple(groups)


def _instance(
    document: model.Document,
    block: model.VrrpInstance,
    group: Optional[model.VrrpSyncGroup],
    own: plan_devices.Own,
) -> Instance:
    interface, family = block.interface or block.vrf or "", effective.family(block)
    lines = (block.virtual_ipaddress, block.virtual_ipaddress_excluded)
    addresses, excluded = (
        tuple(dict.fromkeys(plan_address.address(item, plan_devices.place(own, item, interface)) for item in items))
        for items in lines
    )
    # what does not fit one packet is excluded from it, as in keepalived
    room = (_MTU - 20 - 16) // 4 if family == 4 else (_MTU - 40 - 8) // 16
    advertised = tuple(dict.fromkeys(address.address for address in addresses))[: min(255, room)]
    source = block.unicast_src_ip or block.mcast_src_ip
    tracked = plan_tracking.tracked(document, block)
    if group is not None:
        # what stands on the group itself may have weights, as in keepalived
        members = in_group(tracked, weights=bool(group.sync_group_tracking_weight))
        tracked = tuple(dict.fromkeys((*members, *plan_tracking.tracked(document, group))))
    if not effective.accept(document, block):
        tracked += (Tracked(plan_host.FILTER, "no_accept", 0),)  # before the rules are there it is not MASTER
    return Instance(
        name=block.name,
        interface=interface,
        family=family,
        settings=_settings(
            document, block, own.raises + _brings(block, addresses + excluded), own, sync=group is not None
        ),
        advertised=advertised,
        group=ip_address(effective.multicast_group(document, block)).packed,
        peers=tuple(ip_address(peer.address).packed for peer in block.unicast_peer or ()),
        source=ip_address(source).packed if source else own.source,
        auth_type=_AUTH[block.authentication.auth_type or "PASS"] if block.authentication else packet.AUTH_NONE,
        secret=packet.secret(block.authentication.auth_pass or "") if block.authentication else b"",
        keys=hmac_keys(document, block) if block.auth_hmac else None,
        checksum_as_v2=effective.v3_checksum_as_v2(document, block),
        ttl=packet.TTL if block.unicast_ttl is None or not block.unicast_peer else block.unicast_ttl,
        scripts=_scripts(block),
        tracked=tracked,
        track_primary=not block.dont_track_primary,
        tell_priority=_tells_priority(document, block),
        own=own,
        ttls=_ttls(block),
        owner_ignores=effective.owner_ignore_adverts(document, block),
        old_checksum=_OLD_CHECKSUM[block.old_unicast_checksum] if block.unicast_peer else False,
        track_source=bool(block.track_src_ip),
        needs_peer=bool(block.unicast_fault_no_peer) and not block.unicast_peer,
        untracked=_untracked(block, own),
        watched=plan_host.watched(document, block.name),
        receive_buffer=block.kernel_rx_buf_size or 0,
        tell_deleted=block.notify_deleted is not None,
        accepts=effective.accept(document, block),
    )


def _ttls(block: model.VrrpInstance) -> Mapping[bytes, Tuple[int, int]]:
    """Of peers that may be routers away: those that say so, and all when our own adverts do not leave with 255."""
    found = {}
    for peer in block.unicast_peer or ():
        if peer.min_ttl is not None or peer.max_ttl is not None:
            most = packet.TTL if peer.max_ttl is None else peer.max_ttl
            found[ip_address(peer.address).packed] = (peer.min_ttl or 0, most)
        elif block.unicast_ttl not in (None, packet.TTL):
            found[ip_address(peer.address).packed] = (0, block.unicast_ttl or 0)
    return found


def _untracked(block: model.VrrpInstance, own: plan_devices.Own) -> FrozenSet[Thing]:
    lines = (*block.virtual_ipaddress, *block.virtual_ipaddress_excluded)
    addresses = (
        plan_address.address(line, plan_devices.place(own, line, block.interface or ""))
        for line in lines
        if line.no_track
    )
    routes = (plan_routes.route(line) for line in block.virtual_routes if line.no_track)
    rules = (plan_routes.rule(line) for line in block.virtual_rules if line.no_track)
    return frozenset((*addresses, *routes, *rules))


def _brings(block: model.VrrpInstance, addresses: Tuple[Address, ...]) -> Tuple[Thing, ...]:
    """In the order of setting: addresses, then what may need them."""
    routes = tuple(plan_routes.route(line) for line in block.virtual_routes)
    rules = tuple(plan_routes.rule(line) for line in block.virtual_rules)
    return tuple(dict.fromkeys((*addresses, *routes, *rules)))


def _tells_priority(document: model.Document, block: model.VrrpInstance) -> bool:
    if block.notify_priority_changes is not None:
        return block.notify_priority_changes
    return bool(effective.global_defs(document).vrrp_notify_priority_changes)


def _ah(block: model.VrrpInstance) -> bool:
    return block.authentication is not None and block.authentication.auth_type == "AH"


def _settings(
    document: model.Document,
    block: model.VrrpInstance,
    addresses: Tuple[Thing, ...],
    own: plan_devices.Own,
    *,
    sync: bool,
) -> Settings:
    garp, priority, strict = (
        effective.garp(document, block),
        effective.priority(block),
        effective.strict(document, block),
    )
    extra = block.garp_extra_if or effective.global_defs(document).vrrp_garp_extra_if
    return Settings(
        name=block.name,
        version=effective.version(document, block),
        vrid=block.virtual_router_id or 0,
        priority=priority,
        advert_int=effective.advert_int(document, block),
        source=b"",
        addresses=addresses,
        preempt=not effective.nopreempt(block),
        preempt_delay=effective.preempt_delay(document, block),
        startup_delay=effective.global_defs(document).vrrp_startup_delay or 0.0,
        # with AH a sequence has to be heard before one is sent
        start_master=effective.state(block) == "MASTER" and priority != OWNER and not (_ah(block) or strict),
        sync=sync,
        down_timer_adverts=effective.down_timer_adverts(document, block),
        lower_prio_no_advert=effective.lower_prio_no_advert(document, block),
        higher_prio_send_advert=effective.higher_prio_send_advert(document, block),
        garp_master_repeat=garp.master_repeat,
        garp_master_delay=float(garp.master_delay),
        garp_master_refresh=float(garp.master_refresh),
        garp_master_refresh_repeat=garp.master_refresh_repeat,
        garp_lower_prio_repeat=garp.lower_prio_repeat,
        garp_lower_prio_delay=float(garp.lower_prio_delay),
        garp_extra=float(extra.interval or 0) if extra is not None else 0.0,
        garp_extra_addresses=_elsewhere(block, addresses, own, extra) if extra is not None else (),
        late_stands_by=_late_stands_by(block, priority),
    )


def _elsewhere(
    block: model.VrrpInstance, things: Tuple[Thing, ...], own: plan_devices.Own, extra: model.GarpExtraIf
) -> Tuple[Thing, ...]:
    """Addresses on other interfaces than the one whose MAC the adverts keep in the switches: on macvlans, or on all."""
    macvlans = [each.name for each in own.holds if isinstance(each, Device) and each.mac]
    kept = next(iter(macvlans)) if own.vmac else block.interface
    addresses = (each for each in things if isinstance(each, Address) and each.interface != kept)
    return tuple(each for each in addresses if extra.all or each.interface in macvlans)


def _late_stands_by(block: model.VrrpInstance, priority: int) -> bool:
    """timer_expired_backup: bare for every nopreempt instance, with a number for those below this priority."""
    below = block.timer_expired_backup
    return below is not None and effective.nopreempt(block) and (below == 0 or priority < below)


def _scripts(block: Any) -> Scripts:
    """Of a vrrp_instance or a vrrp_sync_group."""
    named = {
        Notice.MASTER: block.notify_master,
        Notice.BACKUP: block.notify_backup,
        Notice.FAULT: block.notify_fault,
        Notice.STOP: block.notify_stop,
        Notice.DELETED: _deleted(block),
        Notice.MASTER_RX_LOWER_PRI: getattr(block, "notify_master_rx_lower_pri", None),
    }
    return Scripts({notice: script for notice, script in named.items() if script is not None}, block.notify)


def _deleted(block: Any) -> Optional[model.Script]:
    """A bare notify_deleted names no script."""
    script: Optional[model.Script] = getattr(block, "notify_deleted", None)
    return script if script is not None and script.argv else None
