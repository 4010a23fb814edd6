# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the agent's files are on a director and what is in the small ones; pure.

Versions live side by side under `TOP`, each in a directory named by the digest of its archive; `current` points at
the one that the next start uses. A running agent stays with the directory it was started from.
"""

from __future__ import annotations

from typing import Iterable, List, Optional

TOP = "/usr/local/lib/lvs-agent"
CURRENT = f"{TOP}/current"
LAUNCHER = "/usr/local/sbin/lvs-agent"
SERVICE = "lvs-agent.service"
UNIT = f"/etc/systemd/system/{SERVICE}"
OLDEST_PYTHON = (3, 9)


def version_directory(digest: str) -> str:
    """The directory of the version with this digest (hexadecimal, as `digest` of the archive)."""
    return f"{TOP}/{digest}"


def launcher(python: str) -> str:
    """The program `lvs-agent`, run by the interpreter that the files were compiled with.

    -I: no environment, no user packages; -S: no site packages, the archive has all it needs; -B: it is compiled.
    """
    return f"""\
#!/bin/sh
# Written by the Ansible collection lvs.cluster; changes here are lost.
exec {python} -ISB {CURRENT} "$@"
"""


def unit(config_file: str) -> str:
    """The systemd unit. Exit statuses 2 and 6 (configuration refused, or none) are not mended by another start."""
    return f"""\
# Written by the Ansible collection lvs.cluster; changes here are lost (systemctl edit {SERVICE} keeps yours).
[Unit]
Description=LVS director (lvs-agent)
Documentation=https://github.com/lvs-cluster/lvs.cluster
Wants=network-online.target
After=network-online.target systemd-modules-load.service systemd-sysctl.service
# One engine at a time drives the virtual addresses and the IPVS table.
Conflicts=keepalived.service

[Service]
Type=notify
ExecStart={LAUNCHER} run -n -f {config_file}
ExecReload=/bin/kill -HUP $MAINPID
# After a hard death nothing may stay on a host that no longer advertises; children that still serve see to that
# themselves, or are succeeded by the next start within 10 s.
ExecStopPost=-{LAUNCHER} release {config_file}
KillMode=process
TimeoutStopSec=30
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=2 6
WatchdogSec=30
RuntimeDirectory=lvs-agent

[Install]
WantedBy=multi-user.target
"""


def outdated(names: Iterable[str], current: str, previous: Optional[str]) -> List[str]:
    """The names under `TOP` that can go: all but the present version, the one before it and the link to it."""
    keep = {current, previous, CURRENT.rsplit("/", 1)[1]}
    return sorted(name for name in names if name not in keep)
