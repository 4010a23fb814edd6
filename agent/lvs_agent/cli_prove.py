# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lvs-agent prove FILE`: which checks cannot fail."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any, Dict, List, Sequence

from .prove import Proof, described, mended, prove
from .reading import Unreadable, load

SEES_ALL, STAYS_GREEN, ERRORS, UNREADABLE = 0, 1, 2, 3
"""Exit statuses: every check that could be proven sees every fault; some do not; the file has errors; unreadable."""

_MOST_SERVERS = 3


def main(arguments: List[str]) -> int:
    """Run every check of FILE against made-up servers with faults; tell which stay green."""
    p = argparse.ArgumentParser(
        prog="lvs-agent prove",
        description="Run every check of FILE against a closed port, a wrong answer or page, no answer and a dripping "
        "one, on loopback ports, and list those that stay green. No real server is asked; scripts run in a network of "
        "their own.",
        epilog="exit status: 0 all fail as they should, 1 some stay green, 2 the file has errors, 3 it cannot be read",
    )
    p.add_argument("file")
    p.add_argument("--format", choices=("text", "json"), default="text")
    p.add_argument("-i", "--config-id", metavar="ID", help="the id of @ID lines (the short host name)")
    options = p.parse_args(arguments)
    try:
        config = load(options.file, options.config_id)
    except Unreadable as error:
        print(f"lvs-agent: {error}", file=sys.stderr)
        return UNREADABLE
    if config.document is None or config.errors:
        for finding in config.findings:
            print(finding.render(sys.stderr.isatty() and "NO_COLOR" not in os.environ), file=sys.stderr)
        return ERRORS
    proofs = prove(config.document)
    if options.format == "json":
        print(json.dumps([_told(proof) for proof in proofs], indent=1))
    else:
        print("\n".join(_lines(options.file, proofs, sys.stdout.isatty() and "NO_COLOR" not in os.environ)))
    return STAYS_GREEN if any(proof.green for proof in proofs) else SEES_ALL


def _told(proof: Proof) -> Dict[str, Any]:
    return {
        "check": described(proof.check),
        "servers": [{"real_server": server, "virtual_server": service} for server, service in proof.servers],
        "faults": {fault.name.lower(): {"green": ok, "text": text} for fault, (ok, text) in proof.seen.items()},
        "green": [fault.name.lower() for fault in proof.green],
        "not_proven": proof.open,
    }


def _lines(file: str, proofs: Sequence[Proof], colour: bool) -> List[str]:
    green = [proof for proof in proofs if proof.green]
    open_ = [proof for proof in proofs if proof.open]
    good = [proof for proof in proofs if not proof.green and not proof.open]
    lines = []
    for title, code, group in (
        ("stays green", "33", green),
        ("not proven", "36", open_),
        ("fails as it should", "32", good),
    ):
        if not group:
            continue
        lines.append(f"\033[1;{code}m{title}\033[0m" if colour else title)
        width = max(len(described(proof.check)) for proof in group)
        for proof in group:
            what = proof.open or ", ".join(fault.value for fault in (proof.green or proof.seen))
            lines.append(f"  {described(proof.check):<{width}}  {what}")
            if proof.green:
                lines.append(f"    under {_servers(proof)}")
                lines.append(f"    {mended(proof)}")
        lines.append("")
    total = f"{len(proofs)} different check{'s' * (len(proofs) != 1)}"
    lines.append(f"{file}: {total}: {len(good)} see every fault, {len(green)} stay green, {len(open_)} not proven")
    return lines


def _servers(proof: Proof) -> str:
    shown = ", ".join(f"{server} of {service}" for server, service in proof.servers[:_MOST_SERVERS])
    more = len(proof.servers) - _MOST_SERVERS
    return f"{shown} and {more} more" if more > 0 else shown
