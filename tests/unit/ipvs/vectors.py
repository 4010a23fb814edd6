# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads tests/vectors/ipvs."""

from __future__ import annotations

import pathlib
from typing import Dict, List, Tuple

HERE = pathlib.Path(__file__).parents[2] / "vectors" / "ipvs"


def text(name: str) -> str:
    return (HERE / name).read_text()


def rows(name: str) -> List[str]:
    return [line for line in text(name).splitlines() if not line.startswith("#")]


def sent(name: str) -> List[Tuple[str, bytes]]:
    """(command line or '', message) of each row."""
    split = (row.rpartition(" | ") for row in rows(name))
    return [(command, bytes.fromhex(data)) for command, _, data in split]


def kernel() -> Dict[str, List[List[bytes]]]:
    """{kind: [the datagrams of one answer, ...]}."""
    answers: Dict[str, List[List[bytes]]] = {}
    for row in rows("kernel-6.1.txt"):
        kind, _, data = row.partition(": ")
        answers.setdefault(kind, []).append([bytes.fromhex(word) for word in data.split()])
    return answers
