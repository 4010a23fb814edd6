# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that are not on this machine: as keepalived, the agent goes on without what would run them. Pure.

Without a tracked script its instances are not in FAULT, without a MISC_CHECK the server is checked by the others alone
("Disabling ... since not found/accessible", seen with 2.2.7). `check` warns of each (missing-script).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Optional, Tuple, TypeVar, Union

from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf.model import Document, Script

    Tracker = TypeVar("Tracker", bound=Union[model.VrrpInstance, model.VrrpSyncGroup])

Exists = Callable[[str], bool]


def without(document: Document, exists: Exists) -> Document:
    """The document without vrrp_scripts and MISC_CHECKs whose script, an absolute path, does not exist."""
    gone = frozenset(each.name for each in document.vrrp_scripts if _lacks(each.script, exists))
    if gone:
        document = replace(
            document,
            vrrp_scripts=tuple(each for each in document.vrrp_scripts if each.name not in gone),
            vrrp_instances=_untracked(document.vrrp_instances, gone),
            vrrp_sync_groups=_untracked(document.vrrp_sync_groups, gone),
        )
    served = tuple(_served(each, exists) for each in document.virtual_servers)
    same = all(one is other for one, other in zip(served, document.virtual_servers))
    return document if same else replace(document, virtual_servers=served)


def _lacks(script: Optional[Script], exists: Exists) -> bool:
    return bool(script and script.argv and script.argv[0].startswith("/") and not exists(script.argv[0]))


def _untracked(blocks: Tuple[Tracker, ...], gone: frozenset[str]) -> Tuple[Tracker, ...]:
    return tuple(
        replace(block, track_script=tuple(track for track in block.track_script if track.name not in gone))
        for block in blocks
    )


def _served(block: model.VirtualServer, exists: Exists) -> model.VirtualServer:
    if not any(_gone(check, exists) for server in block.real_servers for check in server.checks):
        return block
    servers = (
        replace(server, checks=tuple(check for check in server.checks if not _gone(check, exists)))
        for server in block.real_servers
    )
    return replace(block, real_servers=tuple(servers))


def _gone(check: object, exists: Exists) -> bool:
    return check.__class__ is model.MiscCheck and _lacks(check.misc_path, exists)
