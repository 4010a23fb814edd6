# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a staged keepalived.conf is not to be taken: the language asks this host, keepalived tests its own."""

from __future__ import annotations

from typing import Callable, List, Tuple

from . import port, secret

RUNS_ANYHOW = 5  # keepalived's exit status for "errors, but it will run"
Run = Callable[[List[str]], Tuple[int, str, str]]
"""Runs a program: exit status, output, error output (AnsibleModule.run_command)."""


def refusals(run: Run, staged: str, path: str, text: str, engine: str) -> Tuple[List[str], List[str]]:
    """(errors, warnings) of the file `staged`, which is to become `path` with the content `text`; secrets masked."""
    # Only now: most runs change nothing, and need not pay for the language.
    from ..conf.port import read_file  # noqa: PLC0415

    # Here, unlike on the controller, it is known which scripts there are.
    findings = read_file(staged).findings
    shown = [(finding.level, finding.code, finding.render().replace(staged, path)) for finding in findings]
    errors = [line for level, _code, line in shown if level == "error"]
    warnings = [line for _level, code, line in shown if code == "missing-script"]
    if engine == "keepalived" and not errors:
        refused, odd = _keepalived(run, staged, path)
        errors += refused
        warnings += odd
    return [secret.masked_as_in(line, text) for line in errors], [secret.masked_as_in(line, text) for line in warnings]


def _keepalived(run: Run, staged: str, path: str) -> Tuple[List[str], List[str]]:
    program = port.keepalived()
    if program is None:
        return ["keepalived is not installed on this host"], []
    status, out, error = run(port.config_test(program, staged))
    said = f"{out}{error}".replace(staged, path).strip()
    if status == RUNS_ANYHOW:
        return [], [f"{program} --config-test: {said}"]
    if status < 0 and not said:
        # Debian's 2.2.7 ends itself so as soon as a script runs as another user (mended in 2.2.8).
        return [], [f"{program} --config-test ended by signal {-status} and said nothing; the file is taken untested"]
    return ([f"{program} --config-test: exit {status}: {said}"], []) if status else ([], [])
