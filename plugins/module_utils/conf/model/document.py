# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: TC001 - key() declares a keyword and returns a dataclass field; annotations are for readers

"""A whole keepalived.conf."""

from __future__ import annotations

from typing import Optional

from ..blocks import Block, Blocks, GroupBlocks
from ..fields import Declared, declared, key
from ..iprules import RuleLines
from ..items import AddressLines, DelayLines, LinkbeatLines
from ..kinds import Flag, Int, OptionalWord, Word
from ..routes import RouteLines
from ..values import Linkbeat, Route, Rule, UpDownDelay, VirtualAddress
from .glob import GlobalDefs
from .lvs import VirtualServer, VirtualServerGroup
from .track import BfdInstance, GarpGroup, Ssl, TrackFile, TrackGroup, VrrpScript, VrrpTrackProcess
from .vrrp import VrrpInstance, VrrpSyncGroup


@declared
class Document(Declared):
    """Everything one keepalived.conf says, not where it was written. Several blocks of one kind keep their order."""

    linkbeat_use_polling: Optional[bool] = key(Flag(), "ask the driver for the link state, all interfaces")
    net_namespace: Optional[str] = key(Word(), "network namespace to run in")
    net_namespace_ipvs: Optional[str] = key(OptionalWord(), "network namespace of IPVS (bare: the default one)")
    namespace_with_ipsets: Optional[bool] = key(Flag(), "ipsets although in a network namespace")
    use_pid_dir: Optional[bool] = key(Flag(), "process id files in /run/keepalived")
    instance: Optional[str] = key(Word(), "name of this keepalived among several")
    child_wait_time: Optional[int] = key(Int(0, 0xFFFFFFFF), "seconds to wait for children at stop", default=5)
    global_defs: Optional[GlobalDefs] = key(Block(GlobalDefs), "what holds for the whole daemon")
    ssl: Optional[Ssl] = key(Block(Ssl), "client certificate of SSL_GET", word="SSL")
    track_groups: tuple[TrackGroup, ...] = key(
        Blocks(TrackGroup), "instances that fail when a static address is deleted", word="track_group", many=True
    )
    static_ipaddress: tuple[VirtualAddress, ...] = key(AddressLines("static"), "addresses set at start")
    static_routes: tuple[Route, ...] = key(RouteLines("static"), "routes set at start")
    static_rules: tuple[Rule, ...] = key(RuleLines("static"), "routing rules set at start")
    linkbeat_interfaces: tuple[Linkbeat, ...] = key(LinkbeatLines(), "interfaces whose driver is asked")
    interface_up_down_delays: tuple[UpDownDelay, ...] = key(DelayLines(), "delays of interface changes")
    garp_groups: tuple[GarpGroup, ...] = key(
        Blocks(GarpGroup), "pace of gratuitous ARPs of some interfaces", word="garp_group", many=True
    )
    bfd_instances: tuple[BfdInstance, ...] = key(Blocks(BfdInstance), "BFD sessions", word="bfd_instance", many=True)
    track_files: tuple[TrackFile, ...] = key(
        Blocks(TrackFile), "files whose number counts", word="track_file", legacy=("vrrp_track_file",), many=True
    )
    vrrp_track_processes: tuple[VrrpTrackProcess, ...] = key(
        Blocks(VrrpTrackProcess), "processes that must run", word="vrrp_track_process", many=True
    )
    vrrp_scripts: tuple[VrrpScript, ...] = key(
        Blocks(VrrpScript), "scripts that instances follow", word="vrrp_script", many=True
    )
    vrrp_sync_groups: tuple[VrrpSyncGroup, ...] = key(
        Blocks(VrrpSyncGroup), "instances that change state together", word="vrrp_sync_group", many=True
    )
    vrrp_instances: tuple[VrrpInstance, ...] = key(
        Blocks(VrrpInstance), "virtual routers", word="vrrp_instance", many=True
    )
    virtual_server_groups: tuple[VirtualServerGroup, ...] = key(
        GroupBlocks(VirtualServerGroup),
        "addresses and marks that share a virtual_server",
        word="virtual_server_group",
        many=True,
    )
    virtual_servers: tuple[VirtualServer, ...] = key(
        Blocks(VirtualServer), "load-balanced services", word="virtual_server", many=True
    )
