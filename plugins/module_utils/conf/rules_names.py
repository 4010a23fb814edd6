# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Names: defined once, defined before they are used, and used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from . import model
from .suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .rules import Look

# attribute of Document, keyword
_NAMED = (
    ("vrrp_instances", "vrrp_instance"),
    ("vrrp_sync_groups", "vrrp_sync_group"),
    ("vrrp_scripts", "vrrp_script"),
    ("track_files", "track_file"),
    ("vrrp_track_processes", "vrrp_track_process"),
    ("bfd_instances", "bfd_instance"),
    ("track_groups", "track_group"),
    ("virtual_server_groups", "virtual_server_group"),
)
_SKIPPED = ("vrrp_instance", "vrrp_sync_group", "track_group")
# attribute of instances and sync groups, where its names are defined, keyword of the definition
_TRACKED = (
    ("track_script", "vrrp_scripts", "vrrp_script"),
    ("track_file", "track_files", "track_file"),
    ("track_process", "vrrp_track_processes", "vrrp_track_process"),
    ("track_bfd", "bfd_instances", "bfd_instance"),
)


def names_are_defined_once(look: Look) -> None:
    """A second block of a name counts for nothing."""
    for attribute, keyword in _NAMED:
        seen: dict[str, Any] = {}
        for block in getattr(look.document, attribute):
            if block.name in seen:
                help_text = f"the first is in line {look.line(seen[block.name])}"
                message = f"a second {keyword} {block.name}: keepalived skips it"
                # of the others it finds the first by its name, and says nothing about the second
                find = look.error if keyword in _SKIPPED else look.warning
                find("duplicate-name", message, block, help_text=help_text)
            seen.setdefault(block.name, block)


def unknown(look: Look, what: str, name: str, known: Sequence[str], block: Any, attribute: str, item: int) -> None:
    """The finding for a name that nothing has, unless the name of such a block could not be read."""
    if look.dropped(next(home for home, keyword in _NAMED if keyword == what)):
        return
    meant = nearest(name, known)
    if meant:
        help_text = f"did you mean '{meant}'?"
    else:
        help_text = f"there is {', '.join(known[:5])}" if known else f"there is no {what} in this file"
    look.error("unknown-name", f"there is no {what} '{name}'", block, attribute, help_text=help_text, item=item)


def tracked_things_are_defined(look: Look) -> None:
    """Instances and sync groups follow things that exist, and that stand before them: keepalived looks no further."""
    document = look.document
    for block in (*document.vrrp_instances, *document.vrrp_sync_groups):
        for attribute, home, keyword in _TRACKED:
            defined = {one.name: one for one in reversed(getattr(document, home))}
            for position, track in enumerate(getattr(block, attribute)):
                if track.name not in defined:
                    unknown(look, keyword, track.name, list(defined), block, attribute, position)
                elif keyword != "bfd_instance" and look.place(defined[track.name]) > look.place(block):
                    line = look.line(defined[track.name])
                    message = f"{keyword} {track.name} is defined after it is used: keepalived does not find it"
                    help_text = f"move the block from line {line} before this one"
                    look.error("defined-later", message, block, attribute, help_text=help_text, item=position)


def things_are_tracked_once(look: Look) -> None:
    """The same thing twice in one list: the second line is ignored."""
    document = look.document
    for block in (*document.vrrp_instances, *document.vrrp_sync_groups):
        for attribute in ("track_interface", *(names[0] for names in _TRACKED)):
            seen: set[str] = set()
            for position, track in enumerate(getattr(block, attribute)):
                if track.name in seen:
                    look.warning("duplicate-track", f"{track.name} is tracked already", block, attribute, item=position)
                seen.add(track.name)


def groups_track_what_their_members_do_not(look: Look) -> None:
    """What a sync group tracks its members cannot track for themselves; an instance tracks its own interface."""
    members = {instance.name: instance for instance in look.document.vrrp_instances}
    for group in look.document.vrrp_sync_groups:
        for attribute in ("track_interface", *(names[0] for names in _TRACKED)):
            for position, track in enumerate(getattr(group, attribute)):
                for name in group.group or ():
                    own = members.get(name)
                    tracked = {one.name for one in getattr(own, attribute)} if own is not None else set()
                    if own is not None and attribute == "track_interface" and not own.dont_track_primary:
                        tracked.add(own.interface)
                    if track.name in tracked:
                        message = f"{track.name} is tracked by vrrp_instance {name} too: one of them is ignored"
                        look.warning("duplicate-track", message, group, attribute, item=position)
                        break


def groups_have_their_instances(look: Look) -> None:
    """The members of sync groups and track groups exist, once, and in one sync group only."""
    document = look.document
    known = [instance.name for instance in document.vrrp_instances]
    taken: dict[str, str] = {}
    groups: tuple[Union[model.VrrpSyncGroup, model.TrackGroup], ...] = document.vrrp_sync_groups + document.track_groups
    for group in groups:
        sync = isinstance(group, model.VrrpSyncGroup)
        mine: set[str] = set()
        for position, name in enumerate(group.group or ()):
            if name not in known:
                unknown(look, "vrrp_instance", name, known, group, "group", position)
            elif name in mine:
                message = f"{name} is in the group already"
                look.warning("duplicate-member", message, group, "group", item=position)
            elif sync and name in taken:
                message = f"{name} is in sync group {taken[name]} already"
                help_text = "an instance is in one sync group only"
                look.error("two-groups", message, group, "group", help_text=help_text, item=position)
            mine.add(name)
            if sync:
                taken.setdefault(name, group.name)


def groups_have_two_members(look: Look) -> None:
    """A group of one synchronises nothing."""
    for group in look.document.vrrp_sync_groups:
        if group.group == ():
            message = f"the group of {group.name} is empty: keepalived removes it"
            look.error("empty-group", message, group, "group")
        elif group.group is not None and len(group.group) == 1:
            look.warning("lonely-group", f"sync group {group.name} has a single member", group, "group")


def definitions_are_used(look: Look) -> None:
    """Scripts, files, processes and groups that nothing refers to."""
    document = look.document
    blocks = (*document.vrrp_instances, *document.vrrp_sync_groups)
    files = {check.track_file for check in look.named_checks() if isinstance(check, model.FileCheck)}
    for attribute, home, keyword in _TRACKED[:3]:
        used = {track.name for block in blocks for track in getattr(block, attribute)}
        defined = [block.name for block in getattr(document, home)]
        used |= {nearest(name, defined) for name in used if name not in defined}
        for block in getattr(document, home):
            if block.name not in used and not (keyword == "track_file" and block.name in files):
                look.warning("unused", f"{keyword} {block.name} is tracked by nothing", block)
    groups = {server.group for server in document.virtual_servers}
    defined = [group.name for group in document.virtual_server_groups]
    groups |= {nearest(name, defined) for name in groups if name is not None and name not in defined}
    for group in document.virtual_server_groups:
        if group.name not in groups:
            look.warning("unused", f"virtual_server_group {group.name} is used by nothing", group)


def servers_have_their_groups(look: Look) -> None:
    """virtual_server group NAME, FILE_CHECK, BFD_CHECK and static track_group name what exists."""
    document = look.document
    groups = [group.name for group in document.virtual_server_groups]
    files = [one.name for one in document.track_files]
    sessions = [one.name for one in document.bfd_instances]
    for server in document.virtual_servers:
        if server.group is not None and server.group not in groups and not look.dropped("virtual_server_groups"):
            meant = nearest(server.group, groups)
            help_text = f"did you mean '{meant}'?" if meant else "there is none of that name in this file"
            message = f"there is no virtual_server_group '{server.group}'"
            look.error("unknown-name", message, server, help_text=help_text, word=2)
    for check in look.named_checks():
        if isinstance(check, model.FileCheck) and check.track_file is not None and check.track_file not in files:
            unknown(look, "track_file", check.track_file, files, check, "track_file", 0)
        if isinstance(check, model.BfdCheck) and check.name is not None and check.name not in sessions:
            unknown(look, "bfd_instance", check.name, sessions, check, "name", 0)


def static_groups_exist(look: Look) -> None:
    """track_group of static addresses, routes and rules."""
    document = look.document
    known = [group.name for group in document.track_groups]
    for attribute in ("static_ipaddress", "static_routes", "static_rules"):
        for position, item in enumerate(getattr(document, attribute)):
            if item.track_group is not None and item.track_group not in known:
                unknown(look, "track_group", item.track_group, known, document, attribute, position)


def sync_daemon_has_its_instance(look: Look) -> None:
    """lvs_sync_daemon follows an instance that exists."""
    glob = look.document.global_defs
    if glob is None or glob.lvs_sync_daemon is None or glob.lvs_sync_daemon.instance is None:
        return
    known = [instance.name for instance in look.document.vrrp_instances]
    name = glob.lvs_sync_daemon.instance
    if name not in known:
        meant = nearest(name, known)
        help_text = f"did you mean '{meant}'?" if meant else "without it the daemon runs as both master and backup"
        look.error("unknown-name", f"there is no vrrp_instance '{name}'", glob, "lvs_sync_daemon", help_text=help_text)


RULES = (
    names_are_defined_once,
    tracked_things_are_defined,
    things_are_tracked_once,
    groups_track_what_their_members_do_not,
    groups_have_their_instances,
    groups_have_two_members,
    definitions_are_used,
    servers_have_their_groups,
    static_groups_exist,
    sync_daemon_has_its_instance,
)
