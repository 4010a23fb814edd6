# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the file asks of VRRP and this engine does not do. Pure.

An error where a protection or a fault would be missed silently: the file is refused, as a wrong one is. A warning
where only comfort is lost. Nothing is ignored without a word.
"""

from __future__ import annotations

import functools
from ipaddress import ip_address
from typing import Any, Callable, Dict, Iterator, List, Mapping, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model
from ansible_collections.lvs.cluster.plugins.module_utils.conf.findings import ERROR, WARNING, Finding

from . import plan_devices, plan_routes
from .link.state import Device
from .vrrp_keys import hmac_keys

_UNDONE: Dict[str, str] = {
    "linkbeat_use_polling": "the kernel's link state is used",
    "lvs_sync_daemon_interface": "no sync daemon is started: write lvs_sync_daemon in global_defs",
}
_GLOBAL_UNDONE: Dict[str, str] = {
    "disable_local_igmp": "the kernel reports its groups as for any other program",
    "vrrp_iptables": "nftables is used, in a table of its own",
    "vrrp_ipsets": "nftables is used, in a table of its own",
}
_BARE = ("vrrp_iptables", "vrrp_ipsets")  # are said by being there, without a word behind them
_NAME = 15  # IFNAMSIZ - 1
_DOCUMENT_UNDONE: Dict[str, str] = {
    "linkbeat_interfaces": "the kernel's link state is used",
    "linkbeat_use_polling": "the kernel's link state is used",
}


def unsupported(document: model.Document, path: str) -> List[Finding]:
    """What the VRRP child would leave out: errors refuse the file, warnings are said at start."""
    if not document.vrrp_instances:
        return []
    found: List[Tuple[str, str]] = []
    glob = effective.global_defs(document)
    found += _said(glob, "global_defs", _GLOBAL_UNDONE, WARNING)
    found += _said(document, "", _DOCUMENT_UNDONE, WARNING)
    found += [(level, f"static_routes, static_rules: {text}") for level, text in _static(document)]
    for group in document.vrrp_sync_groups:
        found += _said(group, f"vrrp_sync_group {group.name}", _UNDONE, WARNING)
    for block in document.vrrp_instances:
        place = f"vrrp_instance {block.name}"
        found += _said(block, place, _UNDONE, WARNING)
        found += [(level, f"{place}: {text}") for level, text in _impossible(document, block)]
    if not any(level == ERROR for level, _text in found):
        found += _long_names(document)
    help_text = "engine keepalived does it; or leave it out"
    return [Finding(level, "unsupported", text, help_text, path, 1, 0, "") for level, text in found]


def _said(block: Any, place: str, words: Mapping[str, str], level: str) -> Iterator[Tuple[str, str]]:
    for word, consequence in words.items():
        value = getattr(block, word, None)
        if value or (word in _BARE and value is not None):
            where = f"{place}: " if place else ""
            yield level, f"{where}{word} is not done by this version: {consequence}"


def _impossible(document: model.Document, block: model.VrrpInstance) -> Iterator[Tuple[str, str]]:
    if not (block.virtual_ipaddress or block.virtual_ipaddress_excluded or block.no_virtual_ipaddress):
        yield ERROR, "no virtual_ipaddress: where that is meant, write no_virtual_ipaddress"
    elif not block.virtual_ipaddress:
        yield WARNING, "an advert without addresses is refused by every RFC 9568 router (5.2.5), not by this agent"
    if not block.interface and any(
        not each.dev for each in (*block.virtual_ipaddress, *block.virtual_ipaddress_excluded)
    ):
        yield ERROR, "without `interface` every address needs its `dev`"
    if block.auth_hmac:
        try:
            hmac_keys(document, block)
        except ValueError as error:
            yield ERROR, f"auth_hmac: {error}"
    if block.authentication and block.auth_hmac:
        yield ERROR, "authentication and auth_hmac exclude one another; keepalived drops the former"
    family, version = effective.family(block), effective.version(document, block)
    yield from _own_interfaces(block, family)
    if effective.strict(document, block):
        yield from _strict(block, family)
    if block.authentication and version == 3:
        yield ERROR, "authentication is only in VRRP version 2: adverts would be neither signed nor verified"
    if family == 6 and version == 2:
        yield ERROR, "VRRP version 2 is for IPv4 only"
    for route in block.virtual_routes:
        yield from _line(route, functools.partial(plan_routes.route, route))
    for rule in block.virtual_rules:
        yield from _line(rule, functools.partial(plan_routes.rule, rule))
    for kind, lines, declared in (
        ("script", block.track_script, document.vrrp_scripts),
        ("file", block.track_file, document.track_files),
        ("process", block.track_process, document.vrrp_track_processes),
        ("bfd", block.track_bfd, document.bfd_instances),
    ):
        for line in lines:
            if line.name not in {each.name for each in declared}:
                yield ERROR, f"track_{kind} {line.name}: nothing of this name is declared"
    others = [i.address for i in block.virtual_ipaddress if (":" in i.address) != (family == 6)]
    if others:
        yield ERROR, f"{others[0]} is of another family than the first address; put it in virtual_ipaddress_excluded"
    if family == 6 and block.virtual_ipaddress and not ip_address(block.virtual_ipaddress[0].address).is_link_local:
        yield WARNING, "the first address is not link-local (RFC 9568 5.2.9, erratum 8300); so is not asked of others"


def _long_names(document: model.Document) -> Iterator[Tuple[str, str]]:
    for own in plan_devices.own(document).values():
        for device in own.holds:
            if isinstance(device, Device) and len(device.name) > _NAME:
                yield ERROR, f"interface name {device.name} has more than {_NAME} characters: shorten its prefix"


def _own_interfaces(block: model.VrrpInstance, family: int) -> Iterator[Tuple[str, str]]:
    for line in (block.use_vmac, block.use_ipvlan):
        if line is not None and line.group is not None:
            try:
                plan_devices.group(line.group)
            except ValueError:
                yield ERROR, f"interface group {line.group}: write its number"
    if block.use_ipvlan is not None and family == 4 and not block.use_ipvlan.address:
        yield ERROR, "use_ipvlan needs an IPv4 address of its own to send from"


def _strict(block: model.VrrpInstance, family: int) -> Iterator[Tuple[str, str]]:
    """What keepalived drops or refuses in strict mode and the language leaves to the engine."""
    if block.authentication:
        yield ERROR, "strict mode has no authentication: adverts would be neither signed nor verified"
    if block.unicast_peer and not block.auth_hmac:
        yield ERROR, "strict mode has no unicast"
    first = block.virtual_ipaddress[0].address if block.virtual_ipaddress else ""
    if family == 6 and first and not ip_address(first).is_link_local:
        yield ERROR, f"strict mode: the first address, {first}, must be link-local (RFC 9568 5.2.9)"


def _static(document: model.Document) -> Iterator[Tuple[str, str]]:
    for route in document.static_routes:
        yield from _line(route, functools.partial(plan_routes.route, route))
    for rule in document.static_rules:
        yield from _line(rule, functools.partial(plan_routes.rule, rule))
    routes, rules = document.static_routes, document.static_rules
    if any(line.track_group for line in routes) or any(line.track_group for line in rules):
        yield WARNING, "track_group of a route or rule is not watched; that of an address is"


def _line(line: object, translate: Callable[[], object]) -> Iterator[Tuple[str, str]]:
    for word in plan_routes.leftover_words(line):
        yield ERROR, f"{word} of a route or rule is not done by this version"
    try:
        translate()
    except (ValueError, KeyError) as error:
        yield ERROR, f"route or rule: {error}"
