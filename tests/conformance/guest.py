# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row that needs a clock of its own, run by this same program in a User Mode Linux guest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from . import LAB
from .verdict import Result, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from .speakers.speaker import Speaker

LIMIT = 180  # s for boot and row


def is_here() -> bool:
    """True inside the guest."""
    return os.environ.get("LAB") == "uml"


def row(speaker: Speaker, name: str, place: Path) -> Result:
    """The guest's verdict on one row."""
    place.mkdir(parents=True)
    inner = [sys.executable, "-m", "conformance", "--speaker", speaker.name, "--rows", name, "--format", "json"]
    command = [str(LAB / "uml" / "uml-run"), "-t", str(LIMIT), "-m", "384M", "-o", str(place), "-C", str(LAB.parent)]
    tree = getattr(speaker, "tree", None)
    command += ["-e", "LEDGER_AGENT"] if tree else []
    environment = dict(os.environ, LEDGER_AGENT=str(tree)) if tree else None
    done = subprocess.run(
        [*command, "--", *inner],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        said = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])
        found = next(iter(said.values()))[name]
        return Result(name, Verdict(found["verdict"]), found["note"], found["mended"])
    except (ValueError, KeyError):
        why = " ".join((done.stdout + done.stderr)[-300:].split())
        return Result(name, Verdict.NOT_TESTED, f"the guest ended with status {done.returncode}: {why}")
