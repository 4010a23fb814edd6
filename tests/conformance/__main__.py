# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m conformance --speaker agent|keepalived|frr [--rows R01,S] [--format text|markdown|json]`, from tests/.

Everything happens in private network, mount and process namespaces that this program makes for itself; it needs
root for that. `--breaks` runs each of the agent's rows on a copy of the agent that was broken for it.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from pathlib import Path
from typing import Dict, List, Sequence

from elsewhere import PRIVATE

from . import report, speakers
from .departures import DEPARTURES
from .ledger import ROWS
from .runner import Run
from .verdict import Result, Verdict

LIMIT = 3600  # s for everything
BAD = (Verdict.DEVIATES, Verdict.NOT_TESTED)


def chosen(words: str) -> List[str]:
    """Rows by id (R01) or by letter (R); all when nothing is said."""
    if not words:
        return list(ROWS)
    picked = [word.strip().upper() for word in words.split(",")]
    unknown = [word for word in picked if word not in ROWS and word not in {row[0] for row in ROWS}]
    if unknown:
        sys.exit(f"no such row: {', '.join(unknown)}")
    return [row for row in ROWS if row in picked or row[0] in picked]


def private() -> None:
    """Become the same program in namespaces of its own; does not return."""
    command = ["setpriv", "--pdeathsig", "KILL", "timeout", "-s", "KILL", str(LIMIT)]
    command += ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork"]
    command += ["--kill-child=KILL", "--mount-proc", "--propagation", "private"]
    command += ["sh", "-c", PRIVATE, "sh", sys.executable, "-m", "conformance", *sys.argv[1:]]
    os.environ.update(LAB="netns")
    os.chdir(Path(__file__).resolve().parents[1])
    os.execvp(command[0], command)


def progress(result: Result) -> None:
    """One line to the standard error as it comes."""
    sys.stderr.write(f"{result.row} {result.cell} [{result.seconds:.1f} s]\n")


def main(arguments: Sequence[str]) -> int:
    """The program; 0 when no row deviates (but for our documented departures) or was left untested."""
    parser = argparse.ArgumentParser(prog="conformance", description="the VRRP ledger, tried on running speakers")
    parser.add_argument("--speaker", default="agent", help=f"one or several of {', '.join(speakers.NAMES)}")
    parser.add_argument("--rows", default="", help="row ids or letters, with commas; all unless given")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    parser.add_argument("--workers", type=int, default=8, help="links at a time")
    parser.add_argument("--packets", type=int, default=1_000_000, help="how many random packets row X07 sends")
    parser.add_argument("--beside", type=Path, help="JSON of an earlier run, to put beside this one's")
    parser.add_argument("--breaks", action="store_true", help="break the agent for each row and see the row fail")
    parser.add_argument("--vmac", action="store_true", help="every row with use_vmac, where the speaker has it")
    options = parser.parse_args(arguments)
    names = options.speaker.split(",")
    if set(names) - set(speakers.NAMES):
        parser.error(f"speakers are {', '.join(speakers.NAMES)}")
    rows = chosen(options.rows)
    if options.vmac:
        os.environ["LEDGER_VMAC"] = "1"  # for the guests too
    if "LAB" not in os.environ:
        private()
    os.environ["LEDGER_PACKETS"] = str(options.packets)
    place = Path("/run/ledger")
    place.mkdir()
    if options.breaks:
        from . import breaks

        return breaks.show(rows, place, options.workers)
    tables: Dict[str, Dict[str, Result]] = {}
    bad, numbers = 0, itertools.count(1)
    for name in names:
        speaker = speakers.speaker(name)
        started = time.monotonic()
        tables[speaker.title()] = Run(speaker, place / name, progress, numbers=numbers).table(rows, options.workers)
        allowed = DEPARTURES if name == "agent" else {}
        wrong = {row for row, result in tables[speaker.title()].items() if result.verdict in BAD}
        bad += len(wrong - set(allowed))
        print(f"{speaker.title()}: {len(rows)} rows in {time.monotonic() - started:.0f} s", file=sys.stderr)
    shown = dict(tables)
    if options.beside:
        shown.update(report.read(options.beside.read_text(encoding="utf-8")))
    print(report.render(shown, options.format))
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
