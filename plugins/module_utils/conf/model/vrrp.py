# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: TC001 - key() declares a keyword and returns a dataclass field; annotations are for readers

"""vrrp_instance, vrrp_sync_group and what stands in them."""

from __future__ import annotations

from typing import Optional

from ..blocks import Block
from ..fields import Declared, declared, key
from ..hmac_keys import HmacKeyLine
from ..iprules import RuleLines
from ..items import AddressLines, NameList, PeerLines, TrackLines
from ..kinds import Address, Choice, Flag, Int, OnOff, Seconds, Word
from ..lines import GarpExtraLine, ScriptLine
from ..routes import RouteLines
from ..values import (
    GarpExtraIf,
    HmacKey,
    Route,
    Rule,
    Script,
    Track,
    UnicastPeer,
    UseIpvlan,
    UseVmac,
    VirtualAddress,
)
from ..vmacs import IpvlanLine, VmacLine

_U32 = 0xFFFFFFFF
_GARP_SECONDS = Int(0, 4294)
_COUNT = Int(0, _U32)


@declared
class Authentication(Declared):
    """authentication { ... }: PASS (clear text) or AH, VRRPv2 only."""

    auth_type: Optional[str] = key(
        Choice(("PASS", "AH"), other=(("SIMPLE", "PASS"), ("PASSWORD", "PASS"))), "PASS or AH", required=True
    )
    auth_pass: Optional[str] = key(Word(), "password, at most 8 characters count", required=True, secret=True)


@declared
class AuthHmac(Declared):
    """auth_hmac { ... }: HMAC-SHA256 trailer of keepalived 2.4."""

    keys: tuple[HmacKey, ...] = key(
        HmacKeyLine(),
        "key ID and value (32 to 64 bytes)",
        word="key",
        many=True,
        required=True,
        since="2.4.0",
        secret=True,
    )
    active_key: Optional[int] = key(Int(1, 255), "id of the key that signs", since="2.4.0")
    time_window: Optional[int] = key(Int(1, 300), "seconds clocks may differ", since="2.4.0")
    anti_replay: Optional[str] = key(
        Choice(("time", "monotonic")), "how replays are found", default="time", since="2.4.0"
    )
    mode: Optional[str] = key(
        Choice(("enforce", "permissive", "receive-only")),
        "what happens to unsigned adverts",
        default="enforce",
        since="2.4.0",
    )


@declared
class VrrpSyncGroup(Declared):
    """vrrp_sync_group NAME { ... }: instances that change state together."""

    name: str
    group: Optional[tuple[str, ...]] = key(NameList(), "names of the instances", required=True)
    track_interface: tuple[Track, ...] = key(TrackLines("interface"), "interfaces that must be up")
    track_script: tuple[Track, ...] = key(TrackLines("script"), "vrrp_scripts that count for all members")
    track_file: tuple[Track, ...] = key(TrackLines("file"), "track_files that count for all members")
    track_process: tuple[Track, ...] = key(TrackLines("process"), "processes that count for all members")
    track_bfd: tuple[Track, ...] = key(TrackLines("bfd"), "BFD instances that count for all members")
    notify_backup: Optional[Script] = key(ScriptLine(), "script run when the group becomes BACKUP")
    notify_master: Optional[Script] = key(ScriptLine(), "script run when the group becomes MASTER")
    notify_fault: Optional[Script] = key(ScriptLine(), "script run when the group enters FAULT")
    notify_stop: Optional[Script] = key(ScriptLine(), "script run when VRRP stops")
    notify: Optional[Script] = key(ScriptLine(), "script run at every change, with GROUP NAME STATE PRIORITY")
    smtp_alert: Optional[bool] = key(OnOff(), "mail at every change")
    sync_group_tracking_weight: Optional[bool] = key(
        Flag(), "weights of tracked things count although in a group", legacy=("global_tracking",)
    )
    notify_priority_changes: Optional[bool] = key(OnOff(), "priority changes go to the pipes as well")


@declared
class VrrpInstance(Declared):
    """vrrp_instance NAME { ... }: one virtual router."""

    name: str
    use_vmac: Optional[UseVmac] = key(VmacLine(), "virtual MAC on a macvlan: name, MAC, netlink_notify_msg, group")
    use_vmac_addr: Optional[bool] = key(Flag(), "virtual MAC also for addresses on other interfaces")
    vmac_xmit_base: Optional[bool] = key(Flag(), "send adverts from the interface below the VMAC")
    use_ipvlan: Optional[UseIpvlan] = key(IpvlanLine(), "ipvlan: name, address, bridge|private|vepa, group")
    unicast_peer: tuple[UnicastPeer, ...] = key(PeerLines(), "peers that get the adverts by unicast")
    unicast_fault_no_peer: Optional[bool] = key(Flag(), "FAULT, not multicast, when there is no unicast peer")
    check_unicast_src: Optional[bool] = key(Flag(), "adverts must come from a configured peer")
    old_unicast_checksum: Optional[str] = key(
        Choice(("never",), bare="always"), "checksum of unicast adverts as in very old releases"
    )
    native_ipv6: Optional[bool] = key(Flag(), "IPv6 instance (the addresses say so anyway)")
    state: Optional[str] = key(
        Choice(("MASTER", "BACKUP"), other=(("SLAVE", "BACKUP"),)), "state wanted at start", default="BACKUP"
    )
    interface: Optional[str] = key(Word(15), "interface that VRRP runs on")
    vrf: Optional[str] = key(Word(15), "VRF instead of an interface (unicast only)")
    dont_track_primary: Optional[bool] = key(Flag(), "no FAULT when the interface is down")
    track_interface: tuple[Track, ...] = key(TrackLines("interface"), "interfaces that must be up or count")
    track_script: tuple[Track, ...] = key(TrackLines("script"), "vrrp_scripts that must succeed or count")
    track_file: tuple[Track, ...] = key(TrackLines("file"), "track_files whose number counts")
    track_process: tuple[Track, ...] = key(TrackLines("process"), "processes that must run or count")
    track_bfd: tuple[Track, ...] = key(TrackLines("bfd"), "BFD instances that must be up or count")
    mcast_src_ip: Optional[str] = key(Address(), "source address of the adverts")
    unicast_src_ip: Optional[str] = key(Address(), "source address of the adverts, unicast")
    mcast_dst_ip: Optional[str] = key(Address(multicast=True), "group the adverts go to")
    track_src_ip: Optional[bool] = key(Flag(), "FAULT when the source address is gone")
    virtual_router_id: Optional[int] = key(Int(1, 255), "VRID", required=True)
    unicast_ttl: Optional[int] = key(Int(0, 255), "TTL of unicast adverts", default=255)
    version: Optional[int] = key(Int(2, 3), "VRRP version (default: vrrp_version; IPv6: 3)")
    priority: Optional[int] = key(Int(1, 255), "priority; 255 is the owner of the addresses", default=100)
    advert_int: Optional[float] = key(Seconds(0.01, 255), "seconds between adverts", default=1.0)
    virtual_ipaddress: tuple[VirtualAddress, ...] = key(AddressLines("virtual"), "addresses carried in the adverts")
    virtual_ipaddress_excluded: tuple[VirtualAddress, ...] = key(
        AddressLines("virtual"), "addresses not carried in the adverts"
    )
    no_virtual_ipaddress: Optional[bool] = key(Flag(), "an instance without addresses is meant", since="2.2.8")
    promote_secondaries: Optional[bool] = key(Flag(), "keep secondary addresses when the primary goes")
    linkbeat_use_polling: Optional[bool] = key(Flag(), "ask the driver for the link state")
    v3_checksum_as_v2: Optional[bool] = key(OnOff(), "IPv4 VRRPv3 checksum without the pseudo header", since="2.2.8")
    virtual_routes: tuple[Route, ...] = key(RouteLines("virtual"), "routes added while MASTER")
    virtual_rules: tuple[Rule, ...] = key(RuleLines("virtual"), "routing rules added while MASTER")
    accept: Optional[bool] = key(Flag(), "accept packets to the addresses although not their owner")
    no_accept: Optional[bool] = key(Flag(), "drop packets to the addresses unless their owner")
    skip_check_adv_addr: Optional[bool] = key(OnOff(), "check the addresses of an advert once per master only")
    strict_mode: Optional[bool] = key(OnOff(), "refuse what the RFCs do not have (default: vrrp_strict)")
    preempt: Optional[bool] = key(Flag(), "take over from a lower priority (the default)")
    nopreempt: Optional[bool] = key(Flag(), "do not take over from a lower priority")
    preempt_delay: Optional[float] = key(Seconds(0, 1000), "seconds to wait before taking over", default=0.0)
    debug: Optional[int] = key(Int(0, 4), "debug level, not used")
    notify_backup: Optional[Script] = key(ScriptLine(), "script run when becoming BACKUP")
    notify_master: Optional[Script] = key(ScriptLine(), "script run when becoming MASTER")
    notify_fault: Optional[Script] = key(ScriptLine(), "script run when entering FAULT")
    notify_stop: Optional[Script] = key(ScriptLine(), "script run when VRRP stops")
    notify_deleted: Optional[Script] = key(
        ScriptLine(bare=True), "script run when a reload removes the instance; bare: the notify script gets DELETED"
    )
    notify: Optional[Script] = key(ScriptLine(), "script run at every change, with INSTANCE NAME STATE PRIORITY")
    notify_master_rx_lower_pri: Optional[Script] = key(
        ScriptLine(), "script run when a MASTER gets an advert of lower priority"
    )
    smtp_alert: Optional[bool] = key(OnOff(), "mail at every change")
    notify_priority_changes: Optional[bool] = key(OnOff(), "priority changes go to the pipes as well")
    lvs_sync_daemon_interface: Optional[str] = key(Word(15), "old form of the global lvs_sync_daemon")
    garp_master_delay: Optional[int] = key(
        _GARP_SECONDS, "seconds after becoming MASTER until the second set of gratuitous ARPs"
    )
    garp_master_refresh: Optional[int] = key(_COUNT, "seconds between refreshing gratuitous ARPs (0: none)")
    garp_master_repeat: Optional[int] = key(_COUNT, "gratuitous ARPs in a set")
    garp_master_refresh_repeat: Optional[int] = key(_COUNT, "gratuitous ARPs in a refresh")
    garp_lower_prio_delay: Optional[int] = key(_GARP_SECONDS, "seconds until the second set after a lower advert")
    garp_lower_prio_repeat: Optional[int] = key(Int(0, 0x7FFFFFFF), "gratuitous ARPs after a lower advert")
    down_timer_adverts: Optional[int] = key(Int(1, 100), "missed adverts before a takeover")
    timer_expired_backup: Optional[int] = key(
        Int(1, 254, bare=0),
        "a late MASTER with nopreempt steps down (bare, or below this priority)",
        since="2.2.8",
        legacy=("thread_timer_expired",),
    )
    garp_extra_if: Optional[GarpExtraIf] = key(
        GarpExtraLine(0),
        "also send gratuitous ARPs on other interfaces, every so many seconds",
        legacy=("vmac_garp_intvl",),
    )
    lower_prio_no_advert: Optional[bool] = key(OnOff(), "do not answer an advert of lower priority with an own one")
    higher_prio_send_advert: Optional[bool] = key(OnOff(), "send one more advert when giving way")
    owner_ignore_adverts: Optional[bool] = key(OnOff(), "an address owner ignores adverts", since="2.3.3")
    kernel_rx_buf_size: Optional[int] = key(_COUNT, "receive buffer of the socket, bytes")
    authentication: Optional[Authentication] = key(Block(Authentication), "password of VRRPv2")
    auth_hmac: Optional[AuthHmac] = key(Block(AuthHmac), "signature of every advert", since="2.4.0")
