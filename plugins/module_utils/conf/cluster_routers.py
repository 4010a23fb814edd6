# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which instances of several files are one virtual router: those of one name, or of one VRID that share an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional, Union

from . import effective

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cluster import Cluster, Director
    from .cluster_places import Path
    from .model import Document, VrrpInstance


class Member(NamedTuple):
    """One instance of a virtual router: whose, its number in the file, and what it says."""

    director: Director
    number: int
    instance: VrrpInstance

    @property
    def document(self) -> Document:
        """The whole file."""
        return self.director.document

    def path(self, *more: Union[str, int]) -> Path:
        """The path of the instance, or of something in it."""
        return ("vrrp_instances", self.number, *more)

    @property
    def source(self) -> Optional[str]:
        """The address its adverts come from, when the file says it."""
        return self.instance.unicast_src_ip or self.instance.mcast_src_ip


def routers(cluster: Cluster) -> list[tuple[Member, ...]]:
    """The virtual routers, each with its members in the order of the directors."""
    found: list[list[Member]] = []
    for director in cluster.directors:
        for number, instance in enumerate(director.document.vrrp_instances):
            member = Member(director, number, instance)
            home = _home(found, member)
            if home is None:
                found.append([member])
            else:
                home.append(member)
    return [tuple(members) for members in found]


def _home(found: Sequence[list[Member]], member: Member) -> Optional[list[Member]]:
    others = [members for members in found if all(one.director is not member.director for one in members)]
    for members in others:
        if members[0].instance.name == member.instance.name:
            return members
    names = {instance.name for instance in member.document.vrrp_instances}
    for members in others:
        # a router that this file has under its own name is not meant
        if members[0].instance.name in names or segment(members[0]) != segment(member):
            continue
        if addresses(members[0].instance) & addresses(member.instance):
            return members
    return None


def segment(member: Member) -> tuple[Optional[int], int]:
    """The VRID and family of an instance: what the routers of one segment must not share."""
    return member.instance.virtual_router_id, effective.family(member.instance)


def addresses(instance: VrrpInstance) -> frozenset[str]:
    """The addresses of an instance that its adverts carry."""
    return frozenset(item.address.lower() for item in instance.virtual_ipaddress)
