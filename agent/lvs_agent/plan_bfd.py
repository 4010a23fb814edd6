# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to BFD sessions: who needs which, and whose they are. Pure.

UDP's port 3784 has one owner. It is the VRRP process where that tracks sessions, so that nothing stands between them;
else, for BFD_CHECKs alone, a process of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import AbstractSet, Dict, FrozenSet, Optional

from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

from .bfd.session import Config


@dataclass(frozen=True)
class Neighbour:
    """One bfd_instance. `max_hops`: routers that packets may have come by, -1: any number."""

    neighbour: str
    config: Config
    source: Optional[str] = None
    ttl: int = 255
    max_hops: int = 0
    multihop: bool = False


def tracked(document: model.Document) -> FrozenSet[str]:
    """The sessions that VRRP tracks."""
    lines = [line for block in document.vrrp_instances for line in block.track_bfd]
    lines += (line for block in document.vrrp_sync_groups for line in block.track_bfd)
    return frozenset(line.name for line in lines)


def checked(document: model.Document) -> FrozenSet[str]:
    """The sessions that BFD_CHECKs follow."""
    if not document.bfd_instances:
        return frozenset()
    servers = (server for block in document.virtual_servers for server in block.real_servers)
    checks = (check for server in servers for check in server.checks)
    return frozenset(check.name for check in checks if isinstance(check, model.BfdCheck) and check.name is not None)


def alone(document: model.Document, *, vrrp: bool, checkers: bool) -> bool:
    """Whether sessions need a process of their own, where these two processes run."""
    return checkers and bool(checked(document)) and not (vrrp and bool(tracked(document)))


def neighbours(document: model.Document, names: AbstractSet[str]) -> Dict[str, Neighbour]:
    """The sessions of these names."""
    return {each.name: _neighbour(each) for each in document.bfd_instances if each.name in names}


def _neighbour(block: model.BfdInstance) -> Neighbour:
    usual = Config()
    return Neighbour(
        neighbour=str(ip_address(block.neighbor_ip or "")),
        config=Config(
            min_tx=block.min_tx or usual.min_tx,
            min_rx=block.min_rx or usual.min_rx,
            idle_tx=block.idle_tx or usual.idle_tx,
            multiplier=block.multiplier or usual.multiplier,
            passive=bool(block.passive),
        ),
        source=block.source_ip,
        ttl=block.ttl or 255,
        max_hops=block.max_hops or 0,
        multihop=bool(block.multihop),
    )
