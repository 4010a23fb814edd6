# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lvs-agent explain` and `lvs-agent dump`: the language for who asks at a prompt."""

from __future__ import annotations

import argparse
import sys
from typing import List

from ansible_collections.lvs.cluster.plugins.module_utils.conf import explain as catalogue
from ansible_collections.lvs.cluster.plugins.module_utils.conf import mapping, port, suggest, write


def explain(arguments: List[str]) -> int:
    """The long form of one code, or the list of all; status 2 for a code that does not exist."""
    p = argparse.ArgumentParser(prog="lvs-agent explain", description="What a finding's code means.")
    p.add_argument("code", nargs="?", help="the word in the brackets of a finding; none lists them all")
    code = p.parse_args(arguments).code
    if code is None:
        print("\n".join(catalogue.codes()))
        return 0
    found = catalogue.explain(code)
    if found is None:
        near = suggest.nearest(code, catalogue.codes())
        hint = f"did you mean {near!r}?" if near else "lvs-agent explain lists them all"
        print(f"lvs-agent: no finding has the code {code!r}; {hint}", file=sys.stderr)
        return 2
    print(found.render())
    return 0


def dump(arguments: List[str]) -> int:
    """The model of a file as JSON, or back; findings go to stderr, status 2 with errors, 3 when it cannot be read."""
    p = argparse.ArgumentParser(prog="lvs-agent dump", description="FILE as it was understood.")
    p.add_argument("file", help="a keepalived.conf, or a .json that was dumped before")
    p.add_argument("--format", choices=("json", "conf"), default="json", help="json (default), or keepalived.conf anew")
    p.add_argument("--mask", action="store_true", help="give no passwords and keys out")
    options = p.parse_args(arguments)
    try:
        if options.file.endswith(".json"):
            document, wrong = mapping.from_json(port.read_text(options.file))
            said = [str(finding) for finding in wrong]
        else:
            reading = port.read_file(options.file, ask_machine=False)
            document = None if reading.errors else reading.document
            said = [finding.render(colour=False) for finding in reading.errors]
    except OSError as error:
        print(f"lvs-agent: {options.file}: {error.strerror}", file=sys.stderr)
        return 3
    for line in said:
        print(line, file=sys.stderr)
    if document is None:
        return 2
    print(mapping.to_json(document, mask=options.mask) if options.format == "json" else write(document), end="")
    return 0
