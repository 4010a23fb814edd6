# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where our agent departs from a row on purpose, and why. Anything else that deviates is a fault."""

from __future__ import annotations

from typing import Dict

PHYSICAL = "the interface's own MAC address by default, as keepalived: port security and clouds drop a second one"

DEPARTURES: Dict[str, str] = {
    "T08": PHYSICAL,
    "T18": "the installed base verifies the checksum with the pseudo-header; `v3_checksum_as_v2` sends the RFC's form",
    "T19": "keepalived's files name any IPv6 address first: the order is the file's, and a warning is given at load",
    "R16": "a list that differs is told and heard, as in version 3 and by keepalived since 2.3.3: address lists are "
    "changed one router after the other",
    "A01": PHYSICAL,
    "A06": PHYSICAL,
    "A07": PHYSICAL,
    "A10": "router advertisements are radvd's work; an LVS director is no default router",
    "A11": "packets to the address are accepted: the director serves them (IPVS)",
    "A12": "packets to the address are accepted: the director serves them (IPVS)",
    "A14": PHYSICAL,
    "A16": PHYSICAL,
}
