# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks nftables, firewalld and ufw, through programs that the caller runs; a firewall that is not there has nothing."""

from __future__ import annotations

import re
from typing import Callable, List, Optional, Sequence, Tuple

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
        asked = [run(["firewall-cmd", *where, f"--query-rich-rule={setting.name}"], None)[0] for where in _WHERE]
        return "present" if not any(asked) else None
    _status, out, _error = run(["ufw", "show", "added"], None)
    return "present" if f"ufw allow {setting.name}" in out.splitlines() else None


def orders(setting: Setting, value: Value) -> List[List[str]]:
    """The programs that set a table or rule, or take it away (value None)."""
    if setting.kind is Kind.TABLE:
        family, table, file = setting.name.split()
        return [["nft", "-f", file]] if value else [["nft", "delete", "table", family, table]]
    if setting.kind is Kind.RICH_RULE:
        order = "add" if value else "remove"
        return [["firewall-cmd", *where, f"--{order}-rich-rule={setting.name}"] for where in _WHERE]
    return [["ufw", *([] if value else ["delete"]), "allow", *setting.name.split()]]


def active(run: Run) -> Optional[str]:
    """The firewall that manages this host, firewalld or ufw; None for neither."""
    if run(["firewall-cmd", "--state"], None)[0] == 0:
        return "firewalld"
    if "Status: active" in run(["ufw", "status"], None)[1]:
        return "ufw"
    return None


_WHERE: Tuple[List[str], ...] = ([], ["--permanent"])
