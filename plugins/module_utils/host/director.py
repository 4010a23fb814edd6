# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director needs of its host: kernel modules and sysctls, now and after a boot; pure."""

from __future__ import annotations

from typing import Dict, Mapping, Sequence

from .settings import Kind, Setting, Want

MODULES_FILE = "/etc/modules-load.d/lvs-director.conf"
SYSCTL_FILE = "/etc/sysctl.d/60-lvs-director.conf"
_HEAD = "# Written by the Ansible collection lvs.cluster; changes here are lost.\n"


def kernel(modules: Sequence[str], sysctls: Mapping[str, str]) -> Want:
    """The settings for these modules and sysctls, with the files that make them again at boot."""
    want: Dict[Setting, str] = {Setting(Kind.MODULE, name): "loaded" for name in modules}
    want.update({Setting(Kind.SYSCTL, key): value for key, value in sysctls.items()})
    if modules:
        want[Setting(Kind.FILE, MODULES_FILE)] = _HEAD + "".join(f"{name}\n" for name in sorted(set(modules)))
    if sysctls:
        want[Setting(Kind.FILE, SYSCTL_FILE)] = _HEAD + "".join(f"{k} = {v}\n" for k, v in sorted(sysctls.items()))
    return want
