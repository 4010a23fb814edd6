# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FILE_CHECK: what the text in the file means."""

from __future__ import annotations

import pytest

from lvs_agent.checks.track_file import FileCheck, parse


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0), ("0", 0), ("7\n", 7), ("  -3 x", -3), ("+4", 4), ("12monkeys", 12), ("none", 0), ("0x1f", 31), ("010", 8),
        ("08", 0), ("2147483648", 2147483648), ("2147483649", None), ("-2147483648", -2147483648), ("-2147483649", None),
    ],
)  # fmt: skip
def test_numbers_are_strtols(text: str, number):
    assert parse(text) == number


@pytest.mark.parametrize(
    ("weight", "reverse", "text", "ok", "delta"),
    [
        (1, False, "5", True, 5),
        (1, False, "-5", True, -5),
        (-2, False, "5", True, -10),
        (2, True, "5", True, -10),
        (1, False, "", True, 0),
        (1, False, "-2147483648", False, None),
        (2, False, "-2147483647", False, None),
        (2, False, "2147483647", True, 2147483647),
        (0, False, "0", True, None),
        (0, False, "1", False, None),
        (0, False, "", True, None),
        (0, True, "0", False, None),
        (0, True, "1", True, None),
        (1, False, "99999999999", False, None),
    ],
)
def test_judge(weight: int, reverse: bool, text: str, ok: bool, delta):
    outcome = FileCheck("/f", weight, reverse).judge(text)
    assert (outcome.ok, outcome.delta) == (ok, delta)
