# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes on the file names (NUL-separated, relative) that exist and that build_ignore of galaxy.yml does not keep out.

usage: shipped.py GALAXY_YML <NAMES >NAMES
"""

from __future__ import annotations

import fnmatch
import os
import sys

import yaml


def ships(name: str, ignored: list[str]) -> bool:
    """As ansible-galaxy decides: neither the file nor a folder above it matches a pattern."""
    parts = name.split("/")
    paths = ["/".join(parts[: length + 1]) for length in range(len(parts))]
    return os.path.lexists(name) and not any(fnmatch.fnmatch(path, pattern) for path in paths for pattern in ignored)


with open(sys.argv[1], encoding="utf-8") as file:
    patterns = yaml.safe_load(file)["build_ignore"]
names = [name for name in sys.stdin.read().split("\0") if name]
sys.stdout.write("\0".join(name for name in names if ships(name, patterns)))
