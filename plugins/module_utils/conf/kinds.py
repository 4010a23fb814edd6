# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The kinds of values that stand behind a keyword."""

from __future__ import annotations

from typing import Any


class Kind:
    """How the words after a keyword become a value and back."""

    listed = False

    def __init__(self, *given: Any, **named: Any) -> None:
        self.given, self.named = given, named


class _Listed(Kind):
    listed = True


_NAMES = """Address AddressPortLine Block Blocks Checks Choice FifoLine Flag ForwardingLine GarpExtraLine
GranularityLine GroupBlocks HexBytes HmacKeyLine HostPortLine InitFileLine Int IpvlanLine LvsTimeoutsLine Milliseconds
NameList Numbers OnOff OptionalWord PeerLines ScriptLine Seconds StatusCodes SyncDaemonLine UserLine VmacLine
WeightLine Word Words"""
_LISTED = "AddressLines RouteLines RuleLines TrackLines LinkbeatLines DelayLines"
for _name in _NAMES.split():
    globals()[_name] = type(_name, (Kind,), {})
for _name in _LISTED.split():
    globals()[_name] = type(_name, (_Listed,), {})
