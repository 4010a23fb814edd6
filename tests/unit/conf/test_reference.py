# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated reference and schema are those of the declared fields."""

from __future__ import annotations

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[3]


def test_the_committed_files_are_what_would_be_generated() -> None:
    command = [sys.executable, str(ROOT / "tools" / "reference"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (found.returncode, found.stdout) == (0, ""), found.stderr
