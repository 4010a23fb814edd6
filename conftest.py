# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the checkout importable: ansible_collections.lvs.cluster (through a link) and lvs_agent."""

from __future__ import annotations

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent
LINK = ROOT / ".ansible" / "collections" / "ansible_collections" / "lvs" / "cluster"


def link() -> pathlib.Path:
    """Put the link in place when it is not there; the folder to search for collections."""
    if ROOT.parts[-3:] == LINK.parts[-3:]:  # as ansible-test wants it
        return ROOT.parents[2]
    if not LINK.is_symlink():
        LINK.parent.mkdir(parents=True, exist_ok=True)
        try:
            LINK.symlink_to(os.path.relpath(ROOT, LINK.parent), target_is_directory=True)
        except FileExistsError:  # another test process was first
            pass
    return LINK.parents[2]


collections = link()
for folder in (collections, ROOT / "agent"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(collections)

if __name__ == "__main__":
    print(collections)
