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

from . import plan_routes
from .vrrp_keys import hmac_keys

_REFUSED: Dict[str, str] = {
    "no_accept": "packets to the addresses would be accepted",
    "strict_mode": "the rules of strict mode would not be kept",
    "track_file": "it would not be read",
    "track_process": "its end would not be seen",
    "track_bfd": "its failures would not be seen",
    "track_src_ip": "the loss of the address would not be seen",
    "unicast_fault_no_peer": "there would be no FAULT",
    "vrf": "adverts would not be sent in it",
    "use_ipvlan": "adverts would not be sent from it",
}
_UNDONE: Dict[str, str] = {
    "use_vmac": "the interface's own MAC address is used",
    "use_vmac_addr": "the interface's own MAC address is used",
    "vmac_xmit_base": "there is no VMAC",
    "old_unicast_checksum": "the checksum is today's",
    "promote_secondaries": "the kernel's setting is left alone",
    "linkbeat_use_polling": "the kernel's link state is used",
    "smtp_alert": "no mail is sent",
    "timer_expired_backup": "a late master stays master",
    "garp_extra_if": "other interfaces get no announcements",
    "owner_ignore_adverts": "an owner gives way as RFC 9568 6.4.3 has it",
    "kernel_rx_buf_size": "the buffer is 256 KiB",
    "notify_deleted": "it is not run",
    "lvs_sync_daemon_interface": "no sync daemon is started",
}
_GLOBAL_REFUSED: Dict[str, str] = {
    "vrrp_strict": "the rules of strict mode would not be kept",
}
_GLOBAL_UNDONE: Dict[str, str] = {
    "vrrp_garp_interval": "announcements are not spaced",
    "vrrp_gna_interval": "announcements are not spaced",
    "vrrp_garp_extra_if": "other interfaces get no announcements",
    "smtp_alert_vrrp": "no mail is sent",
    "vrrp_rlimit_rttime": "there is no limit",
    "vrrp_delay_after_boot": "there is no delay; vrrp_startup_delay is done",
    "lvs_sync_daemon": "no sync daemon is started",
}
_DOCUMENT_UNDONE: Dict[str, str] = {
    "static_ipaddress": "they are not set",
    "static_routes": "they are not set",
    "static_rules": "they are not set",
    "garp_groups": "announcements are not spaced",
    "interface_up_down_delays": "changes count at once",
    "linkbeat_interfaces": "the kernel's link state is used",
    "linkbeat_use_polling": "the kernel's link state is used",
}


def unsupported(document: model.Document, path: str) -> List[Finding]:
    """What the VRRP child would leave out: errors refuse the file, warnings are said at start."""
    if not document.vrrp_instances:
        return []
    found: List[Tuple[str, str]] = []
    glob = effective.global_defs(document)
    found += _said(glob, "global_defs", _GLOBAL_REFUSED, ERROR)
    found += _said(glob, "global_defs", _GLOBAL_UNDONE, WARNING)
    found += _said(document, "", _DOCUMENT_UNDONE, WARNING)
    for group in document.vrrp_sync_groups:
        found += _said(group, f"vrrp_sync_group {group.name}", _REFUSED, ERROR)
        found += _said(group, f"vrrp_sync_group {group.name}", _UNDONE, WARNING)
    for block in document.vrrp_instances:
        place = f"vrrp_instance {block.name}"
        found += _said(block, place, _REFUSED, ERROR)
        found += _said(block, place, _UNDONE, WARNING)
        found += [(level, f"{place}: {text}") for level, text in _impossible(document, block)]
    help_text = "engine keepalived does it; or leave it out"
    return [Finding(level, "unsupported", text, help_text, path, 1, 0, "") for level, text in found]


def _said(block: Any, place: str, words: Mapping[str, str], level: str) -> Iterator[Tuple[str, str]]:
    for word, consequence in words.items():
        if getattr(block, word, None):
            where = f"{place}: " if place else ""
            yield level, f"{where}{word} is not done by this version: {consequence}"


def _impossible(document: model.Document, block: model.VrrpInstance) -> Iterator[Tuple[str, str]]:
    if not block.interface:
        yield ERROR, "an instance without `interface` is not done by this version"
    if not block.virtual_ipaddress:
        yield ERROR, "no virtual_ipaddress: an advert without addresses is refused by every RFC 9568 router (5.2.5)"
    if block.auth_hmac:
        try:
            hmac_keys(document, block)
        except ValueError as error:
            yield ERROR, f"auth_hmac: {error}"
    if block.authentication and block.auth_hmac:
        yield ERROR, "authentication and auth_hmac exclude one another; keepalived drops the former"
    family, version = effective.family(block), effective.version(document, block)
    if block.authentication and version == 3:
        yield ERROR, "authentication is only in VRRP version 2: adverts would be neither signed nor verified"
    if family == 6 and version == 2:
        yield ERROR, "VRRP version 2 is for IPv4 only"
    for route in block.virtual_routes:
        yield from _line(route, functools.partial(plan_routes.route, route))
    for rule in block.virtual_rules:
        yield from _line(rule, functools.partial(plan_routes.rule, rule))
    scripts = {script.name for script in document.vrrp_scripts}
    for line in block.track_script:
        if line.name not in scripts:
            yield ERROR, f"track_script {line.name}: there is no such vrrp_script"
    others = [i.address for i in block.virtual_ipaddress if (":" in i.address) != (family == 6)]
    if others:
        yield ERROR, f"{others[0]} is of another family than the first address; put it in virtual_ipaddress_excluded"
    if family == 6 and block.virtual_ipaddress and not ip_address(block.virtual_ipaddress[0].address).is_link_local:
        yield WARNING, "the first address is not link-local (RFC 9568 5.2.9, erratum 8300); so is not asked of others"
    if any(peer.min_ttl is not None or peer.max_ttl is not None for peer in block.unicast_peer or ()):
        yield WARNING, "min_ttl and max_ttl of unicast_peer are not done by this version: every advert needs TTL 255"


def _line(line: object, translate: Callable[[], object]) -> Iterator[Tuple[str, str]]:
    for word in plan_routes.leftover_words(line):
        yield ERROR, f"{word} of a route or rule is not done by this version"
    try:
        translate()
    except (ValueError, KeyError) as error:
        yield ERROR, f"route or rule: {error}"
