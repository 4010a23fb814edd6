# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that make a real server's settings again at boot; pure.

One is ordered before the network comes up: no link that could ask by ARP is there before its sysctls. A second one
sets the routes, which need the network: it is tried again until they can be set.
"""

from __future__ import annotations

import shlex
from typing import Dict, List

from .settings import Kind, Setting, Want, family, ip_words

UNITS = "/etc/systemd/system"
_LATER = (Kind.ROUTE, Kind.RULE)
_FILES = (Kind.DIRECTORY, Kind.FILE, Kind.SYMLINK)
_FIRST = """\
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service systemd-sysctl.service
# No link that could ask by ARP is up before this is done.
Before=network-pre.target
Wants=network-pre.target
Conflicts=shutdown.target
Before=shutdown.target
"""
_SECOND = """\
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0
"""


def at_boot(name: str, settings: Want) -> Want:
    """The files that make `settings` again at boot: a unit for those of each time, and the link that enables it."""
    early = {setting: value for setting, value in settings.items() if setting.kind not in _LATER}
    late = {setting: value for setting, value in settings.items() if setting.kind in _LATER}
    want: Dict[Setting, str] = {}
    if early:
        unit = _unit(f"Virtual addresses of the real servers of LVS cluster {name}", _FIRST, "", early)
        want.update(_enabled(f"lvs-real-server@{name}.service", unit))
    if late:
        again = "Restart=on-failure\nRestartSec=2\n"
        unit = _unit(f"Way back to the directors of LVS cluster {name}", _SECOND, again, late)
        want.update(_enabled(f"lvs-real-server-route@{name}.service", unit))
    return want


def beside(name: str, old: Want, want: Want) -> Want:
    """`want`, and beside it what `old` has; where `want` has units, they set both at boot."""
    both = {**old, **want}
    if not any(setting.kind is Kind.FILE for setting in want):
        return both
    return {**both, **at_boot(name, {setting: value for setting, value in both.items() if setting.kind not in _FILES})}


def _enabled(unit: str, text: str) -> Want:
    return {
        Setting(Kind.FILE, f"{UNITS}/{unit}"): text,
        Setting(Kind.SYMLINK, f"{UNITS}/multi-user.target.wants/{unit}"): f"{UNITS}/{unit}",
    }


def _unit(title: str, when: str, more: str, settings: Want) -> str:
    lines = "\n".join(f"ExecStart=/bin/sh -ec {shlex.quote(line)}" for line in _commands(settings))
    return f"""\
# Written by the Ansible collection lvs.cluster; changes here are lost.
[Unit]
Description={title}
{when}
[Service]
Type=oneshot
RemainAfterExit=yes
{more}# Each line only after the one before it was right: without its sysctls no address goes up.
{lines}

[Install]
WantedBy=multi-user.target
"""


def _commands(settings: Want) -> List[str]:
    """The shell commands of one kind of setting on one line, the kinds in their order."""
    words: Dict[Kind, List[str]] = {}
    for setting, value in sorted(settings.items()):
        words.setdefault(setting.kind, []).append(_command(setting, value))
    return ["; ".join(commands) for commands in words.values()]


def _command(setting: Setting, value: str) -> str:
    if setting.kind is Kind.MODULE:
        return f"modprobe {setting.name}"
    if setting.kind is Kind.SYSCTL:
        return f"echo {value} >/proc/sys/{setting.name.replace('.', '/')}"
    if setting.kind is Kind.LINK:
        return f"ip link set {setting.name} {value}"
    if setting.kind is Kind.ROUTE:
        return f"ip -{family(setting)} {ip_words(setting, 'replace')}"
    if setting.kind is Kind.RULE:  # there is no `replace` of rules
        add, remove = (f"ip -{family(setting)} {ip_words(setting, order)}" for order in ("add", "del"))
        return f"{remove} 2>/dev/null || :; {add}"
    address, link = setting.name.split()
    return f"ip address replace {address} dev {link}{' nodad' if ':' in address else ''}"
