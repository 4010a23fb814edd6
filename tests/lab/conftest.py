# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the tests marked `uml` and `netns` where they belong, and lets tests import the whole hosts: see README.md."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import elsewhere

if TYPE_CHECKING:
    import pytest

sys.path.insert(0, str(Path(elsewhere.__file__).parent / "hosts"))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(elsewhere.plugin(config), "lvs-lab")
