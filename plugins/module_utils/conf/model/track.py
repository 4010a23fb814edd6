# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: TC001 - key() declares a keyword and returns a dataclass field; annotations are for readers

"""What instances and servers can watch: scripts, files, processes, BFD sessions; and small groups."""

from __future__ import annotations

from typing import Optional

from ..fields import Declared, declared, key
from ..fields import key as keyword
from ..items import NameList
from ..kinds import Address, Choice, Flag, InitFileLine, Int, Milliseconds, OnOff, Seconds, Word, Words
from ..lines import ScriptLine, UserLine, WeightLine
from ..values import Script, TrackWeight, UserGroup


@declared
class VrrpScript(Declared):
    """vrrp_script NAME { ... }: a script whose result instances follow."""

    name: str
    script: Optional[Script] = key(ScriptLine(owner=False), "the script with its arguments", required=True)
    interval: Optional[float] = key(Seconds(0.001, 4294), "seconds between runs", default=1.0)
    timeout: Optional[float] = key(Seconds(0.001, 4294), "seconds until it counts as failed (default: interval)")
    weight: Optional[TrackWeight] = key(WeightLine(253), "added to the priority when good (or bad, if negative)")
    rise: Optional[int] = key(Int(1, 0x7FFFFFFF), "successes in a row to be good", default=1)
    fall: Optional[int] = key(Int(1, 0x7FFFFFFF), "failures in a row to be bad", default=1)
    user: Optional[UserGroup] = key(UserLine(), "user and group that it runs as")
    init_fail: Optional[bool] = key(Flag(), "bad until it was good once")


@declared
class TrackFile(Declared):
    """track_file NAME { ... }: a file with a number that is added to the priority."""

    name: str
    file: Optional[str] = key(Word(), "path of the file", required=True)
    weight: Optional[TrackWeight] = key(WeightLine(254), "factor of the number", default=1)
    init_file: Optional[tuple[str, ...]] = key(InitFileLine(), "make the file at start: [VALUE] [overwrite]")


@declared
class VrrpTrackProcess(Declared):
    """vrrp_track_process NAME { ... }: a process that must run."""

    name: str
    process: Optional[tuple[str, ...]] = key(Words(1, 64), "program and arguments to look for", required=True)
    param_match: Optional[str] = key(Choice(("initial", "partial"), bare="exact"), "how the arguments must match")
    weight: Optional[TrackWeight] = key(WeightLine(254), "added to the priority while it runs")
    quorum: Optional[int] = key(Int(1, 65535), "least number of processes", default=1)
    quorum_max: Optional[int] = key(Int(0, 65535), "greatest number of processes")
    delay: Optional[float] = key(Seconds(0.000001, 3600), "seconds before a change counts")
    terminate_delay: Optional[float] = key(Seconds(0.000001, 3600), "seconds before an end counts")
    fork_delay: Optional[float] = key(Seconds(0.000001, 3600), "seconds before a start counts")
    full_command: Optional[bool] = key(Flag(), "match the whole command line")


@declared
class BfdInstance(Declared):
    """bfd_instance NAME { ... }: a BFD session (RFC 5880). Intervals are written in milliseconds."""

    name: str
    source_ip: Optional[str] = key(Address(), "own address")
    neighbor_ip: Optional[str] = key(Address(), "address of the other side", required=True, legacy=("neighbour_ip",))
    min_rx: Optional[float] = key(Milliseconds(1, 4294967), "least seconds between packets received", default=0.01)
    min_tx: Optional[float] = key(Milliseconds(1, 4294967), "least seconds between packets sent", default=0.01)
    idle_tx: Optional[float] = key(Milliseconds(1000, 4294967), "seconds between packets while down", default=1.0)
    multiplier: Optional[int] = key(Int(1, 255), "missed packets before down", default=5)
    passive: Optional[bool] = key(Flag(), "wait for the other side")
    ttl: Optional[int] = key(Int(1, 255), "TTL of the packets", default=255, legacy=("hoplimit",))
    max_hops: Optional[int] = key(Int(-1, 255), "routers between (-1: do not check)", default=0)
    multihop: Optional[bool] = key(OnOff(), "multihop session (RFC 5883)", since="2.2.8")
    weight: Optional[TrackWeight] = key(WeightLine(253), "added to the priority of instances that track it")
    vrrp: Optional[bool] = key(Flag(), "only for VRRP")
    checker: Optional[bool] = key(Flag(), "only for checkers")


@declared
class TrackGroup(Declared):
    """track_group NAME { ... }: instances that go to FAULT when a static address of this group is deleted."""

    name: str
    group: Optional[tuple[str, ...]] = key(NameList(), "names of the instances", required=True)


@declared
class GarpGroup(Declared):
    """garp_group { ... }: pace of gratuitous ARPs on some interfaces together."""

    garp_interval: Optional[float] = key(Seconds(0), "pause between gratuitous ARPs")
    gna_interval: Optional[float] = key(Seconds(0), "pause between unsolicited neighbour advertisements")
    interface: Optional[str] = key(Word(15), "one interface")
    interfaces: Optional[tuple[str, ...]] = key(NameList(), "several interfaces")


@declared
class Ssl(Declared):
    """SSL { ... }: client certificate of SSL_GET."""

    password: Optional[str] = key(Word(), "password of the key", secret=True)
    ca: Optional[str] = key(Word(), "file with the certificate authority")
    certificate: Optional[str] = key(Word(), "file with the certificate")
    key: Optional[str] = keyword(Word(), "file with the key")
