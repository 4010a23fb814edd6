# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files made unsound by chance are read without an exception; mutate.py reads a million of them."""

from __future__ import annotations

import random

import pytest

from .mutate import mutated, reads, seeds, words


@pytest.mark.parametrize("seed", range(5))
def test_mutated_files(seed: int) -> None:
    for _turn, text in zip(range(150), mutated(random.Random(seed), seeds(), words())):
        reads(text, thorough=True)
