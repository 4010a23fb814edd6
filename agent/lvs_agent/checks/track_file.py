# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FILE_CHECK: a number in a file, times a factor, is added to the weight; or, with factor 0, anything but 0 is down.

Here: what the text means. A file that is not there or holds no number counts as 0, as in keepalived.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from .outcome import Outcome

EVERY = 1.0
"""Seconds between two looks at the file; a look is one small read."""

FAULT = -(1 << 31)
"""A product at or below it takes the server down."""

_NUMBER = re.compile(r"\s*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)")


@dataclass(frozen=True)
class FileCheck:
    """One FILE_CHECK. reverse: the number counts the other way round."""

    path: str
    weight: int = 1
    reverse: bool = False
    name = "FILE_CHECK"
    steps = 1

    def judge(self, text: str) -> Outcome:
        """The outcome of what the file says."""
        number = parse(text)
        if number is None:
            return Outcome(False, f"{self.path}: number out of range")
        if not self.weight:
            good = (number == 0) is not self.reverse
            return Outcome(good, f"{self.path}: {number}")
        product = min(number * self.weight * (-1 if self.reverse else 1), -1 - FAULT)
        if product <= FAULT:
            return Outcome(False, f"{self.path}: {number}")
        return Outcome(True, f"{self.path}: {number}", delta=product)


def parse(text: str) -> Optional[int]:
    """The number at the beginning as strtol(3) reads it with base 0; 0 without one, None out of 32 bits."""
    found = _NUMBER.match(text)
    if found is None:
        return 0
    sign, digits = found.groups()
    if digits[:2] in ("0x", "0X"):
        value = int(digits, 16)
    elif digits.startswith("0"):
        octal = re.match("[0-7]+", digits)
        value = int(octal.group(), 8) if octal else 0
    else:
        value = int(digits)
    value = -value if sign == "-" else value
    return value if FAULT <= value <= -FAULT else None
