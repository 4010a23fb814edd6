# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)


"""The checkers that lvs-agent has and keepalived has not: `@lvs_agent NAME { ... }`, ldirectord's services."""

from __future__ import annotations

from typing import ClassVar, Optional

from ..fields import declared, key
from ..kinds import Word
from .check import NetworkCheck


@declared
class OwnCheck(NetworkCheck):
    """What every checker of the agent's own has."""

    agent: ClassVar[bool] = True


@declared
class SimpletcpCheck(OwnCheck):
    """SIMPLETCP_CHECK { ... }: what the server says, when it was sent a line, matches."""

    keyword: ClassVar[str] = "SIMPLETCP_CHECK"

    request: Optional[str] = key(Word(), "sent when the connection stands; \\r, \\n and \\xNN are understood")
    receive: Optional[str] = key(Word(), "regular expression that the answer matches", required=True)


OWN_CHECKS = (SimpletcpCheck,)
