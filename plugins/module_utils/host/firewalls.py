# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks and orders nftables (with its unit), firewalld and ufw, through programs that the caller runs.

A firewall that is not there has nothing.
"""

from __future__ import annotations

import re
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Tuple

from .settings import Kind, Setting, Value

Run = Callable[[Sequence[str], Optional[str]], Tuple[int, str, str]]
NOT_FOUND = 127
_DIGEST = re.compile(r"chain digest_([0-9a-f]+)")


def value(run: Run, setting: Setting) -> Value:
    """The present value of a table or rule."""
    if setting.kind is Kind.TABLE:
        family, table, _file = setting.name.split()
        status, out, _error = run(["nft", "list", "table", family, table], None)
        found = _DIGEST.search(out)
        return None if status else found.group(1) if found else ""
    if setting.kind is Kind.RICH_RULE:
        return "present" if not any(run(words, None)[0] for words in _rich_rule("query", setting.name)) else None
    if setting.kind is Kind.UNIT:
        return "active" if run(["systemctl", "is-active", "--quiet", setting.name], None)[0] == 0 else None
    _status, out, _error = run(["ufw", "show", "added"], None)
    return "present" if f"ufw allow {setting.name}" in out.splitlines() else None


def orders(setting: Setting, value: Value) -> List[List[str]]:
    """The programs that set a table or rule, or take it away (value None)."""
    if setting.kind is Kind.TABLE:
        family, table, file = setting.name.split()
        return [["nft", "-f", file]] if value else [["nft", "delete", "table", family, table]]
    if setting.kind is Kind.RICH_RULE:
        return _rich_rule("add" if value else "remove", setting.name)
    if setting.kind is Kind.UNIT:
        return [["systemctl", "start" if value else "stop", setting.name]]
    return [["ufw", *([] if value else ["delete"]), "allow", *setting.name.split()]]


def _rich_rule(order: str, name: str) -> List[List[str]]:
    """The same order for now and for the next start. name: see Setting."""
    zone, _space, rule = name.partition(" ") if name.startswith("zone=") else ("", "", name)
    where = [f"--{zone}"] if zone else []
    return [["firewall-cmd", *when, *where, f"--{order}-rich-rule={rule}"] for when in ([], ["--permanent"])]


def zones(run: Run, interfaces: Iterable[str]) -> Dict[str, str]:
    """firewalld's zones of these interfaces, of those that it knows."""
    asked = {name: run(["firewall-cmd", f"--get-zone-of-interface={name}"], None) for name in sorted(set(interfaces))}
    return {name: out.strip() for name, (status, out, _error) in asked.items() if status == 0}


def active(run: Run) -> Optional[str]:
    """The firewall that manages this host, firewalld or ufw; None for neither."""
    if run(["firewall-cmd", "--state"], None)[0] == 0:
        return "firewalld"
    if "Status: active" in run(["ufw", "status"], None)[1]:
        return "ufw"
    return None
