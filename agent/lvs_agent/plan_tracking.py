# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to what virtual routers track: vrrp_script, track_file, vrrp_track_process, track_*. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, AbstractSet, Any, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from . import plan_bfd
from .vrrp.process import Pattern, Quorum
from .vrrp.track import Tracked

if TYPE_CHECKING:
    from .plan_bfd import Neighbour


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
class TrackFile:
    """One track_file; `initial` is written where there is no file, or (`overwrite`) always at start."""

    path: str
    initial: Optional[int] = None
    overwrite: bool = False


@dataclass(frozen=True)
class TrackProcess:
    """One vrrp_track_process."""

    pattern: Pattern
    quorum: Quorum


@dataclass(frozen=True)
class Tracks:
    """What somebody tracks, by name."""

    scripts: Mapping[str, TrackScript] = field(default_factory=dict)
    files: Mapping[str, TrackFile] = field(default_factory=dict)
    processes: Mapping[str, TrackProcess] = field(default_factory=dict)
    neighbours: Mapping[str, Neighbour] = field(default_factory=dict)


def plan(document: model.Document, used: AbstractSet[Tuple[str, str]]) -> Tracks:
    """`used` are the (kind, name) that are tracked."""
    scripts = {each.name: _track_script(document, each) for each in document.vrrp_scripts}
    found = {each.name: _track_file(each) for each in document.track_files if each.file}
    processes = {each.name: _track_process(each) for each in document.vrrp_track_processes if each.process}
    sessions = {name for kind, name in used if kind == "bfd"}
    return Tracks(
        {name: each for name, each in scripts.items() if ("script", name) in used},
        {name: each for name, each in found.items() if ("file", name) in used},
        {name: each for name, each in processes.items() if ("process", name) in used},
        plan_bfd.neighbours(document, sessions | plan_bfd.checked(document) if sessions else sessions),
    )


def _track_file(block: model.TrackFile) -> TrackFile:
    words = block.init_file
    if words is None:
        return TrackFile(block.file or "")
    numbers = [int(word, 0) for word in words if word != "overwrite"]
    return TrackFile(block.file or "", numbers[0] if numbers else 0, "overwrite" in words)


def _track_process(block: model.VrrpTrackProcess) -> TrackProcess:
    most = block.quorum_max
    least = block.quorum if block.quorum is not None else 0 if most == 0 else 1
    fork = block.delay if block.fork_delay is None else block.fork_delay
    end = block.delay if block.terminate_delay is None else block.terminate_delay
    return TrackProcess(
        Pattern(block.process or ("",), block.param_match or "", bool(block.full_command)),
        Quorum(least, most, fork or 0.0, end or 0.0),
    )


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


def tracked(document: model.Document, block: Any) -> Tuple[Tracked, ...]:
    """What a vrrp_instance or a vrrp_sync_group tracks; a line without a weight has that of what it names."""
    found = [Tracked("interface", line.name, line.weight or 0, bool(line.reverse)) for line in block.track_interface]
    kinds = (
        ("script", block.track_script, document.vrrp_scripts, model.TrackWeight(0)),
        ("file", block.track_file, document.track_files, model.TrackWeight(1)),
        ("process", block.track_process, document.vrrp_track_processes, model.TrackWeight(1)),
        ("bfd", block.track_bfd, document.bfd_instances, model.TrackWeight(0)),
    )
    for kind, lines, declared, otherwise in kinds:
        weights = {each.name: each.weight for each in declared}
        for line in lines:
            own = weights.get(line.name) or otherwise
            weight = own.weight if line.weight is None else line.weight
            reverse = own.reverse if line.reverse is None else line.reverse
            found.append(Tracked(kind, line.name, weight, reverse))
    return tuple(found)
