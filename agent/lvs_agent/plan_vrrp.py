# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to what the VRRP child runs: instances, sync groups, their addresses and scripts. Pure.

What the file says and this engine does not do is told by vrrp_limits.unsupported.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_interface
from typing import Any, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from . import plan_routes
from .link.state import Address, Route, Rule, Thing
from .vrrp import ah, packet, trailer
from .vrrp.events import Notice
from .vrrp.router import OWNER, Settings
from .vrrp.track import Tracked, in_group
from .vrrp_keys import hmac_keys
from .vrrp_limits import unsupported

__all__ = ["Group", "Instance", "Plan", "Process", "Scripts", "ToldPipe", "TrackScript", "plan", "unsupported"]

_SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}
_HOME, _NODAD, _MNGTMPADDR, _NOPREFIXROUTE, _AUTOJOIN = 0x10, 0x02, 0x100, 0x200, 0x400
_MTU = 1500
_AUTH = {"PASS": packet.AUTH_PASS, "AH": packet.AUTH_AH}
_FOREVER = 0xFFFFFFFF


@dataclass(frozen=True)
class Scripts:
    """What is run at which notice; `always` gets INSTANCE|GROUP NAME STATE PRIORITY as arguments after it."""

    by_notice: Mapping[Notice, model.Script]
    always: Optional[model.Script] = None


@dataclass(frozen=True)
class Instance:
    """One vrrp_instance, resolved but for what the interface tells (`settings.source` is empty).

    `advertised` are the packed addresses in the adverts, `settings.addresses` those, the excluded ones, routes and
    rules, as link.state values. `group` is the multicast destination, `peers` replace it in unicast mode. `source` is
    the configured one, None for the interface's primary address. `auth_type` and `secret` are version 2's
    authentication, `keys` auth_hmac's.
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

    @property
    def identity(self) -> Tuple[object, ...]:
        """What a reload cannot change in a running instance: with another one it is another virtual router."""
        settings = self.settings
        return self.name, self.interface, self.family, settings.version, settings.vrid, settings.sync, self.protocol

    @property
    def brings(self) -> Tuple[Thing, ...]:
        """Addresses, routes and rules that are set while it is MASTER."""
        return tuple(each for each in self.settings.addresses if isinstance(each, (Address, Route, Rule)))

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
class TrackScript:
    """One vrrp_script that somebody tracks; `interval` and `timeout` in seconds."""

    name: str
    argv: Tuple[str, ...]
    user: Optional[str]
    group: Optional[str]
    interval: float
    timeout: float
    rise: int
    fall: int
    init_fail: bool


@dataclass(frozen=True)
class ToldPipe:
    """One notify_fifo: its path, whose it is, and the script that reads it."""

    path: str
    user: Optional[str]
    group: Optional[str]
    reader: Optional[model.Script]


@dataclass(frozen=True)
class Process:
    """Manners of the VRRP process and of its scripts; None where the file says nothing."""

    rt_priority: Optional[int] = None
    nice: Optional[int] = None
    cpus: Tuple[int, ...] = ()
    script_user: Optional[model.UserGroup] = None
    script_security: bool = False
    pipes: Tuple[ToldPipe, ...] = ()
    tell_states_on_reload: bool = False


@dataclass(frozen=True)
class Plan:
    """All of it. `groups` are disjoint; an instance in none of them stands alone."""

    instances: Mapping[str, Instance]
    groups: Tuple[Group, ...]
    scripts: Mapping[str, TrackScript]
    process: Process


def plan(document: model.Document) -> Plan:
    """Translate; the document has been validated, what is unsupported has been reported or refused."""
    groups = _groups(document)
    blocks = {block.name: block for block in document.vrrp_sync_groups}
    sync = {name: blocks[group.name] for group in groups for name in group.members}
    instances = {
        block.name: _instance(document, block, sync.get(block.name))
        for block in document.vrrp_instances
        if block.interface and block.virtual_router_id
    }
    used = {each.name for instance in instances.values() for each in instance.tracked if each.kind == "script"}
    glob = effective.global_defs(document)
    process = Process(
        rt_priority=glob.vrrp_rt_priority,
        nice=glob.vrrp_priority,
        cpus=glob.vrrp_cpu_affinity or (),
        script_user=glob.script_user,
        script_security=bool(glob.enable_script_security),
        pipes=tuple(
            ToldPipe(fifo.path, fifo.user, fifo.group, reader)
            for fifo, reader in (
                (glob.notify_fifo, glob.notify_fifo_script),
                (glob.vrrp_notify_fifo, glob.vrrp_notify_fifo_script),
            )
            if fifo is not None
        ),
        tell_states_on_reload=bool(glob.fifo_write_vrrp_states_on_reload),
    )
    scripts = {block.name: _track_script(document, block) for block in document.vrrp_scripts if block.name in used}
    return Plan(instances, groups, scripts, process)


def _track_script(document: model.Document, block: model.VrrpScript) -> TrackScript:
    script = block.script or model.Script(())
    user, group = script.user, script.group
    owner = block.user or effective.global_defs(document).script_user
    if user is None and owner is not None:
        user, group = owner.user, owner.group
    return TrackScript(
        name=block.name,
        argv=script.argv,
        user=user,
        group=group,
        interval=1.0 if block.interval is None else block.interval,
        timeout=effective.script_timeout(block),
        rise=block.rise or 1,
        fall=block.fall or 1,
        init_fail=bool(block.init_fail),
    )


def _tracked(document: model.Document, block: Any) -> Tuple[Tracked, ...]:
    """The lines of track_interface and track_script of a vrrp_instance or a vrrp_sync_group."""
    own = {script.name: script.weight for script in document.vrrp_scripts}
    found = [Tracked("interface", line.name, line.weight or 0, bool(line.reverse)) for line in block.track_interface]
    for line in block.track_script:
        default = own.get(line.name)
        weight = (default.weight if default else 0) if line.weight is None else line.weight
        reverse = bool(default and default.reverse) if line.reverse is None else line.reverse
        found.append(Tracked("script", line.name, weight, reverse))
    return tuple(found)


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


def _instance(document: model.Document, block: model.VrrpInstance, group: Optional[model.VrrpSyncGroup]) -> Instance:
    interface, family = block.interface or "", effective.family(block)
    addresses = tuple(dict.fromkeys(_address(item, interface) for item in block.virtual_ipaddress))
    excluded = tuple(dict.fromkeys(_address(item, interface) for item in block.virtual_ipaddress_excluded))
    # what does not fit one packet is excluded from it, as in keepalived
    room = (_MTU - 20 - 16) // 4 if family == 4 else (_MTU - 40 - 8) // 16
    advertised = tuple(dict.fromkeys(address.address for address in addresses))[: min(255, room)]
    source = block.unicast_src_ip or block.mcast_src_ip
    tracked = _tracked(document, block)
    if group is not None:
        # what stands on the group itself may have weights, as in keepalived
        own = in_group(tracked, weights=bool(group.sync_group_tracking_weight))
        tracked = tuple(dict.fromkeys((*own, *_tracked(document, group))))
    return Instance(
        name=block.name,
        interface=interface,
        family=family,
        settings=_settings(document, block, _brings(block, addresses + excluded), sync=group is not None),
        advertised=advertised,
        group=ip_address(effective.multicast_group(document, block)).packed,
        peers=tuple(ip_address(peer.address).packed for peer in block.unicast_peer or ()),
        source=ip_address(source).packed if source else None,
        auth_type=_AUTH[block.authentication.auth_type or "PASS"] if block.authentication else packet.AUTH_NONE,
        secret=packet.secret(block.authentication.auth_pass or "") if block.authentication else b"",
        keys=hmac_keys(document, block) if block.auth_hmac else None,
        checksum_as_v2=effective.v3_checksum_as_v2(document, block),
        ttl=packet.TTL if block.unicast_ttl is None or not block.unicast_peer else block.unicast_ttl,
        scripts=_scripts(block),
        tracked=tracked,
        track_primary=not block.dont_track_primary,
        tell_priority=_tells_priority(document, block),
    )


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
    document: model.Document, block: model.VrrpInstance, addresses: Tuple[Thing, ...], *, sync: bool
) -> Settings:
    garp, priority = effective.garp(document, block), effective.priority(block)
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
        start_master=effective.state(block) == "MASTER" and priority != OWNER and not _ah(block),
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
    )


def _address(item: model.VirtualAddress, interface: str) -> Address:
    packed = ip_address(item.address).packed
    six = len(packed) == 16
    whole = len(packed) * 8
    prefixlen = whole if item.prefixlen is None else item.prefixlen
    flags = (
        _HOME * item.home
        | _MNGTMPADDR * item.mngtmpaddr
        | _NOPREFIXROUTE * item.noprefixroute
        | _AUTOJOIN * item.autojoin
        # detecting duplicates would leave a VIP unusable after a split; `-nodad` asks for the detection
        | _NODAD * (six and not item.nodad)
    )
    preferred = item.preferred_lft
    if preferred is None and six and prefixlen == whole:
        preferred = 0  # as keepalived: deprecated, so that it is nobody's source address
    return Address(
        address=packed,
        prefixlen=prefixlen,
        interface=item.dev or interface,
        scope=0 if six else _scope(item.scope),
        label="" if six else item.label or "",
        broadcast=_broadcast(item.brd, packed, prefixlen),
        peer=ip_address(item.peer).packed if item.peer else None,
        flags=flags,
        preferred=preferred if six and preferred is not None and 0 <= preferred < _FOREVER else None,
    )


def _scope(text: Optional[str]) -> int:
    if not text:
        return 0
    return _SCOPES[text] if text in _SCOPES else int(text)


def _broadcast(text: Optional[str], packed: bytes, prefixlen: int) -> Optional[bytes]:
    if not text or len(packed) == 16:
        return None
    network = ip_interface((packed, prefixlen)).network
    named = {"+": network.broadcast_address, "-": network.network_address}
    return (named[text] if text in named else ip_address(text)).packed


def _scripts(block: Any) -> Scripts:
    """Of a vrrp_instance or a vrrp_sync_group."""
    named = {
        Notice.MASTER: block.notify_master,
        Notice.BACKUP: block.notify_backup,
        Notice.FAULT: block.notify_fault,
        Notice.STOP: block.notify_stop,
        Notice.MASTER_RX_LOWER_PRI: getattr(block, "notify_master_rx_lower_pri", None),
    }
    return Scripts({notice: script for notice, script in named.items() if script is not None}, block.notify)
