# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lvs-agent explain`, `fmt` and `dump`: the language for who asks at a prompt."""

from __future__ import annotations

import argparse
import os
import stat
import sys
import tempfile
from typing import List

from ansible_collections.lvs.cluster.plugins.module_utils.conf import explain as catalogue
from ansible_collections.lvs.cluster.plugins.module_utils.conf import layout, mapping, port, suggest, write


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


def fmt(arguments: List[str]) -> int:
    """The file in its canonical layout on stdout, or in its place (-w); with --check status 1 when it would change."""
    p = argparse.ArgumentParser(prog="lvs-agent fmt", description="FILE in its canonical layout; comments stay.")
    p.add_argument("file")
    p.add_argument("-w", "--write", action="store_true", help="replace the file, in one step")
    p.add_argument("--check", action="store_true", help="print nothing; status 1 when the layout is another one")
    options = p.parse_args(arguments)
    try:
        text = port.read_text(options.file)
        laid = layout.fmt(text, options.file)
        if options.check:
            return 0 if laid == text else 1
        if not options.write:
            print(laid, end="")
        elif laid != text:
            _replace(options.file, laid)
    except layout.CannotFormat as error:
        print(f"lvs-agent: {options.file}: left as it is: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"lvs-agent: {options.file}: {error.strerror}", file=sys.stderr)
        return 3
    return 0


def _replace(path: str, text: str) -> None:
    """The new text under the old name, mode and owner. Raises OSError; then the old file is as it was."""
    path = os.path.realpath(path)
    was = os.stat(path)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), prefix=".lvs-agent-", delete=False) as file:
        try:
            os.fchmod(file.fileno(), stat.S_IMODE(was.st_mode))
            os.fchown(file.fileno(), was.st_uid, was.st_gid)
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


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
