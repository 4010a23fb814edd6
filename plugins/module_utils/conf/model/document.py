# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: RUF009, TC001 - key() declares a keyword and returns a dataclass field; annotations are for readers

"""A whole keepalived.conf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..fields import key
from ..kinds import (
    AddressLines,
    Block,
    Blocks,
    DelayLines,
    Flag,
    GroupBlocks,
    Int,
    LinkbeatLines,
    OptionalWord,
    RouteLines,
    RuleLines,
    Word,
)
from .glob import GlobalDefs
from .lvs import VirtualServer, VirtualServerGroup
from .track import BfdInstance, GarpGroup, Ssl, TrackFile, TrackGroup, VrrpScript, VrrpTrackProcess
from .values import Linkbeat, Route, Rule, UpDownDelay, VirtualAddress
from .vrrp import VrrpInstance, VrrpSyncGroup


@dataclass(frozen=True)
class Document:
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
    static_ipaddress: tuple[VirtualAddress, ...] = key(AddressLines("static"), "addresses set at start")
    static_routes: tuple[Route, ...] = key(RouteLines("static"), "routes set at start")
    static_rules: tuple[Rule, ...] = key(RuleLines("static"), "routing rules set at start")
    linkbeat_interfaces: tuple[Linkbeat, ...] = key(LinkbeatLines(), "interfaces whose driver is asked")
    interface_up_down_delays: tuple[UpDownDelay, ...] = key(DelayLines(), "delays of interface changes")
    track_groups: tuple[TrackGroup, ...] = key(Blocks(TrackGroup), "", word="track_group", many=True)
    garp_groups: tuple[GarpGroup, ...] = key(Blocks(GarpGroup), "", word="garp_group", many=True)
    bfd_instances: tuple[BfdInstance, ...] = key(Blocks(BfdInstance), "", word="bfd_instance", many=True)
    track_files: tuple[TrackFile, ...] = key(
        Blocks(TrackFile), "", word="track_file", legacy=("vrrp_track_file",), many=True
    )
    vrrp_track_processes: tuple[VrrpTrackProcess, ...] = key(
        Blocks(VrrpTrackProcess), "", word="vrrp_track_process", many=True
    )
    vrrp_scripts: tuple[VrrpScript, ...] = key(Blocks(VrrpScript), "", word="vrrp_script", many=True)
    vrrp_sync_groups: tuple[VrrpSyncGroup, ...] = key(Blocks(VrrpSyncGroup), "", word="vrrp_sync_group", many=True)
    vrrp_instances: tuple[VrrpInstance, ...] = key(Blocks(VrrpInstance), "", word="vrrp_instance", many=True)
    virtual_server_groups: tuple[VirtualServerGroup, ...] = key(
        GroupBlocks(VirtualServerGroup), "", word="virtual_server_group", many=True
    )
    virtual_servers: tuple[VirtualServer, ...] = key(Blocks(VirtualServer), "", word="virtual_server", many=True)
