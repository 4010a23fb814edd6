# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to what the VRRP child runs: instances, sync groups, their addresses and scripts. Pure.

`plan` translates; `unsupported` says what the file asks for and this engine does not do: an error where a protection
or a fault would be missed silently, a warning where only comfort is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_interface
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model
from ansible_collections.lvs.cluster.plugins.module_utils.conf.findings import ERROR, WARNING, Finding

from .link.state import Address
from .vrrp import packet
from .vrrp.events import Notice
from .vrrp.router import OWNER, Settings

_SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}
_HOME, _NODAD, _MNGTMPADDR, _NOPREFIXROUTE, _AUTOJOIN = 0x10, 0x02, 0x100, 0x200, 0x400
_MTU = 1500


@dataclass(frozen=True)
class Scripts:
    """What is run at which notice; `always` gets INSTANCE|GROUP NAME STATE PRIORITY as arguments after it."""

    by_notice: Mapping[Notice, model.Script]
    always: Optional[model.Script] = None


@dataclass(frozen=True)
class Instance:
    """One vrrp_instance, resolved but for what the interface tells (`settings.source` is empty).

    `advertised` are the packed addresses in the adverts, `settings.addresses` those and the excluded ones as
    link.state.Address. `group` is the multicast destination, `peers` replace it in unicast mode. `source` is the
    configured one, None for the interface's primary address. `secret` is PASS's, None without authentication.
    """

    name: str
    interface: str
    family: int
    settings: Settings
    advertised: Tuple[bytes, ...]
    group: bytes
    peers: Tuple[bytes, ...]
    source: Optional[bytes]
    secret: Optional[bytes]
    checksum_as_v2: bool
    ttl: int
    scripts: Scripts

    @property
    def identity(self) -> Tuple[object, ...]:
        """What a reload cannot change in a running instance: with another one it is another virtual router."""
        return self.name, self.interface, self.family, self.settings.version, self.settings.vrid, self.settings.sync


@dataclass(frozen=True)
class Group:
    """One vrrp_sync_group: its members that exist, and its scripts."""

    name: str
    members: Tuple[str, ...]
    scripts: Scripts


@dataclass(frozen=True)
class Process:
    """Manners of the VRRP process; None where the file says nothing."""

    rt_priority: Optional[int]
    nice: Optional[int]
    cpus: Tuple[int, ...]
    script_user: Optional[model.UserGroup]


@dataclass(frozen=True)
class Plan:
    """All of it. `groups` are disjoint; an instance in none of them stands alone."""

    instances: Mapping[str, Instance]
    groups: Tuple[Group, ...]
    process: Process


def plan(document: model.Document) -> Plan:
    """Translate; the document has been validated, what is unsupported has been reported or refused."""
    groups = _groups(document)
    synced = {name for group in groups for name in group.members}
    instances = {
        block.name: _instance(document, block, sync=block.name in synced)
        for block in document.vrrp_instances
        if block.interface and block.virtual_router_id
    }
    glob = effective.global_defs(document)
    process = Process(glob.vrrp_rt_priority, glob.vrrp_priority, glob.vrrp_cpu_affinity or (), glob.script_user)
    return Plan(instances, groups, process)


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


def _instance(document: model.Document, block: model.VrrpInstance, *, sync: bool) -> Instance:
    interface, family = block.interface or "", effective.family(block)
    addresses = tuple(dict.fromkeys(_address(item, interface) for item in block.virtual_ipaddress))
    excluded = tuple(dict.fromkeys(_address(item, interface) for item in block.virtual_ipaddress_excluded))
    # what does not fit one packet is excluded from it, as in keepalived
    room = (_MTU - 20 - 16) // 4 if family == 4 else (_MTU - 40 - 8) // 16
    advertised = tuple(dict.fromkeys(address.address for address in addresses))[: min(255, room)]
    source = block.unicast_src_ip or block.mcast_src_ip
    return Instance(
        name=block.name,
        interface=interface,
        family=family,
        settings=_settings(document, block, tuple(dict.fromkeys(addresses + excluded)), sync=sync),
        advertised=advertised,
        group=ip_address(effective.multicast_group(document, block)).packed,
        peers=tuple(ip_address(peer.address).packed for peer in block.unicast_peer or ()),
        source=ip_address(source).packed if source else None,
        secret=packet.secret(block.authentication.auth_pass or "") if block.authentication else None,
        checksum_as_v2=effective.v3_checksum_as_v2(document, block),
        ttl=packet.TTL if block.unicast_ttl is None or not block.unicast_peer else block.unicast_ttl,
        scripts=_scripts(block),
    )


def _settings(
    document: model.Document, block: model.VrrpInstance, addresses: Tuple[Address, ...], *, sync: bool
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
        start_master=effective.state(block) == "MASTER" and priority != OWNER,
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
        preferred=preferred if six and preferred != -1 else None,
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


# What the file says and this engine does not do

_REFUSED: Dict[str, str] = {
    "auth_hmac": "adverts would be neither signed nor verified",
    "no_accept": "packets to the addresses would be accepted",
    "strict_mode": "the rules of strict mode would not be kept",
    "track_script": "its failures would not be seen",
    "track_interface": "its failures would not be seen",
    "track_file": "it would not be read",
    "track_process": "its end would not be seen",
    "track_bfd": "its failures would not be seen",
    "track_src_ip": "the loss of the address would not be seen",
    "unicast_fault_no_peer": "there would be no FAULT",
    "virtual_routes": "they would not be set",
    "virtual_rules": "they would not be set",
    "vrf": "adverts would not be sent in it",
    "use_ipvlan": "adverts would not be sent from it",
}
_UNDONE: Dict[str, str] = {
    "use_vmac": "the interface's own MAC address is used",
    "use_vmac_addr": "the interface's own MAC address is used",
    "vmac_xmit_base": "there is no VMAC",
    "old_unicast_checksum": "the checksum is today's",
    "dont_track_primary": "the interface is tracked",
    "promote_secondaries": "the kernel's setting is left alone",
    "linkbeat_use_polling": "the kernel's link state is used",
    "smtp_alert": "no mail is sent",
    "notify_priority_changes": "they are not notified",
    "timer_expired_backup": "a late master stays master",
    "garp_extra_if": "other interfaces get no announcements",
    "owner_ignore_adverts": "an owner gives way as RFC 9568 6.4.3 has it",
    "kernel_rx_buf_size": "the buffer is 256 KiB",
    "notify_deleted": "it is not run",
    "lvs_sync_daemon_interface": "no sync daemon is started",
}
_GLOBAL_REFUSED: Dict[str, str] = {
    "vrrp_strict": "the rules of strict mode would not be kept",
}
_GLOBAL_UNDONE: Dict[str, str] = {
    "notify_fifo": "nothing is written to it",
    "vrrp_notify_fifo": "nothing is written to it",
    "vrrp_garp_interval": "announcements are not spaced",
    "vrrp_gna_interval": "announcements are not spaced",
    "vrrp_garp_extra_if": "other interfaces get no announcements",
    "smtp_alert_vrrp": "no mail is sent",
    "vrrp_rlimit_rttime": "there is no limit",
    "vrrp_delay_after_boot": "there is no delay; vrrp_startup_delay is done",
    "lvs_sync_daemon": "no sync daemon is started",
}
_DOCUMENT_UNDONE: Dict[str, str] = {
    "static_ipaddress": "they are not set",
    "static_routes": "they are not set",
    "static_rules": "they are not set",
    "garp_groups": "announcements are not spaced",
    "interface_up_down_delays": "changes count at once",
    "linkbeat_interfaces": "the kernel's link state is used",
    "linkbeat_use_polling": "the kernel's link state is used",
}


def unsupported(document: model.Document, path: str) -> List[Finding]:
    """What the VRRP child would leave out: errors refuse the file, warnings are said at start."""
    if not document.vrrp_instances:
        return []
    found: List[Tuple[str, str]] = []
    glob = effective.global_defs(document)
    found += _said(glob, "global_defs", _GLOBAL_REFUSED, ERROR)
    found += _said(glob, "global_defs", _GLOBAL_UNDONE, WARNING)
    found += _said(document, "", _DOCUMENT_UNDONE, WARNING)
    for group in document.vrrp_sync_groups:
        found += _said(group, f"vrrp_sync_group {group.name}", _REFUSED, ERROR)
        found += _said(group, f"vrrp_sync_group {group.name}", _UNDONE, WARNING)
    for block in document.vrrp_instances:
        place = f"vrrp_instance {block.name}"
        found += _said(block, place, _REFUSED, ERROR)
        found += _said(block, place, _UNDONE, WARNING)
        found += [(level, f"{place}: {text}") for level, text in _impossible(document, block)]
    help_text = "engine keepalived does it; or leave it out"
    return [Finding(level, "unsupported", text, help_text, path, 1, 0, "") for level, text in found]


def _said(block: Any, place: str, words: Mapping[str, str], level: str) -> Iterator[Tuple[str, str]]:
    for word, consequence in words.items():
        if getattr(block, word, None):
            where = f"{place}: " if place else ""
            yield level, f"{where}{word} is not done by this version: {consequence}"


def _impossible(document: model.Document, block: model.VrrpInstance) -> Iterator[Tuple[str, str]]:
    if not block.interface:
        yield ERROR, "an instance without `interface` is not done by this version"
    if not block.virtual_ipaddress:
        yield ERROR, "no virtual_ipaddress: an advert without addresses is refused by every RFC 9568 router (5.2.5)"
    if block.authentication and block.authentication.auth_type == "AH":
        yield ERROR, "auth_type AH is not done by this version: adverts would be neither signed nor verified"
    family, version = effective.family(block), effective.version(document, block)
    if block.authentication and version == 3:
        yield ERROR, "authentication is only in VRRP version 2: adverts would be neither signed nor verified"
    if family == 6 and version == 2:
        yield ERROR, "VRRP version 2 is for IPv4 only"
    others = [i.address for i in block.virtual_ipaddress if (":" in i.address) != (family == 6)]
    if others:
        yield ERROR, f"{others[0]} is of another family than the first address; put it in virtual_ipaddress_excluded"
    if family == 6 and block.virtual_ipaddress and not ip_address(block.virtual_ipaddress[0].address).is_link_local:
        yield WARNING, "the first address is not link-local (RFC 9568 5.2.9, erratum 8300); so is not asked of others"
    if any(peer.min_ttl is not None or peer.max_ttl is not None for peer in block.unicast_peer or ()):
        yield WARNING, "min_ttl and max_ttl of unicast_peer are not done by this version: every advert needs TTL 255"
