# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frames of tests/vectors/vrrp by name."""

from __future__ import annotations

import ipaddress
import pathlib
from typing import Dict

FOLDER = pathlib.Path(__file__).parents[2] / "vectors" / "vrrp"


def frames(name: str) -> Dict[str, bytes]:
    """name -> bytes; comment lines carry the provenance."""
    lines = (FOLDER / name).read_text().splitlines()
    pairs = (line.split("\t") for line in lines if not line.startswith("#"))
    return {key: bytes.fromhex(value) for key, value in pairs}


def ip(text: str) -> bytes:
    return ipaddress.ip_address(text).packed
