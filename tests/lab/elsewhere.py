# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests marked `uml` or `netns` run elsewhere, and are reported here as what they were there.

Collected on the machine as any other test, never run on it: the chosen tests of one file and one
mark are run by a second pytest inside one User Mode Linux guest, or inside one set of fresh
network, mount and pid namespaces. That pytest (same plugin, `LAB` is set there) writes every
report as a line of JSON; this one waits for the lines of each test in turn and logs them as its
own. A test without a complete set of reports fails, and so does the last test of a file when the
inner pytest's exit status does not fit the outcomes: nothing is lost silently.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import pytest

HERE = Path(__file__).parent
LIMIT = 600  # s for all the tests of one file, unless the mark says limit=...
MEMORY = "512M"  # of a guest, unless the mark says mem=...
LOST = "the test's report never came: {why}\n\nLast words from there:\n{tail}"

# Its own /run holds `ip netns` names, its own /sys shows the namespace's devices. The shell stays:
# a process id 1 does not get the signals that it has no handler for.
PRIVATE = """set -e; mount -t tmpfs -o mode=755 tmpfs /run; mkdir -p /run/netns /run/lock
mount -t sysfs sys /sys; ip link set lo up; "$@" || exit $? """


def place(item: pytest.Item) -> Optional[pytest.Mark]:
    """The mark that sends a test elsewhere, or None when its place is here."""
    if "LAB" in os.environ:
        return None
    return item.get_closest_marker("uml") or item.get_closest_marker("netns")


class Run:
    """One inner pytest: the tests of one file and mark, run in one guest or one private namespace."""

    def __init__(self, mark: pytest.Mark, items: List[pytest.Item]) -> None:
        self.config = items[0].config
        self.todo = {item.nodeid for item in items}
        self.failed = False
        self.limit = int(mark.kwargs.get("limit", LIMIT))
        self.out = Path(tempfile.mkdtemp(prefix=f"lvs-lab-{mark.name}-"))
        self.reports: Dict[str, List[pytest.TestReport]] = {}
        self._read = 0
        inner = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "--rootdir", str(self.config.rootpath)]
        inner += [str(self.config.rootpath / nodeid) for nodeid in (item.nodeid for item in items)]
        if mark.name == "uml":
            memory = str(mark.kwargs.get("mem", MEMORY))
            command = [str(HERE / "uml" / "uml-run"), "-t", str(self.limit), "-m", memory, "-o", str(self.out)]
            command += ["-C", str(self.config.rootpath), "-e", "PYTHONPATH", "--", *inner]
            environment = dict(os.environ)
        else:
            command = ["setpriv", "--pdeathsig", "KILL", "timeout", "-s", "KILL", str(self.limit)]
            command += ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork"]
            command += ["--kill-child=KILL", "--mount-proc", "--propagation", "private"]
            command += ["sh", "-c", PRIVATE, "sh", *inner]
            environment = dict(os.environ, LAB="netns", OUT=str(self.out))
        with open(self.out / "output", "wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=self.config.rootpath,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _more(self) -> None:
        """Take in the complete lines that were written since the last look."""
        path = self.out / "reports"
        if not path.exists():
            return
        with open(path, "rb") as lines:
            lines.seek(self._read)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                report = self.config.hook.pytest_report_from_serializable(config=self.config, data=json.loads(line))
                # JSON has no tuples; pytest's own code insists on them.
                report.location = tuple(report.location)
                if isinstance(report.longrepr, list):
                    report.longrepr = tuple(report.longrepr)
                self.reports.setdefault(report.nodeid, []).append(report)

    def _ended(self, limit: float) -> Optional[int]:
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            return None

    def take(self, item: pytest.Item) -> List[pytest.TestReport]:
        """Wait for all reports of one test; a failed one stands in for those that never came."""
        while True:
            ended = self.process.poll() is not None
            self._more()
            reports = self.reports.get(item.nodeid, [])
            if ended or any(report.when == "teardown" for report in reports):
                break
            time.sleep(0.02)
        self.todo.discard(item.nodeid)
        self.failed |= any(report.failed for report in reports)
        if not any(report.when == "teardown" for report in reports):
            reports = [*reports, self._error(item, f"the run there ended with status {self.process.returncode}")]
        elif not self.todo:
            status = self._ended(30)
            if status != int(self.failed):
                reports = [*reports, self._error(item, f"the run there ended with status {status}")]
        if not self.todo:
            self.close()
        return reports

    def _error(self, item: pytest.Item, why: str) -> pytest.TestReport:
        self.failed = True
        tail = b""
        for name in ("output", "kernel.log"):
            if (self.out / name).exists():
                tail += (self.out / name).read_bytes()[-3000:]
        text = LOST.format(why=why, tail=tail.decode(errors="replace"))
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")

    def close(self) -> None:
        """End it (a guest or a namespace ends with its runner) and remove its files."""
        if self.process.poll() is None:
            self.process.terminate()
            if self._ended(5) is None:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.out, ignore_errors=True)


class Elsewhere:
    """The machine's side: starts a run when its first test's turn has come, logs its reports."""

    def __init__(self) -> None:
        self.runs: Dict[Tuple[Path, str], Run] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Optional[bool]:
        mark = place(item)
        if mark is None:
            return None
        if os.geteuid() != 0:
            raise pytest.UsageError("tests marked uml or netns make namespaces: run them as root")
        key = (item.path, mark.name)
        if key not in self.runs:
            near = [other for other in item.session.items if other.path == item.path]
            self.runs[key] = Run(mark, [other for other in near if (place(other) or mark).name == mark.name])
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self.runs[key].take(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def pytest_sessionfinish(self) -> None:
        for run in self.runs.values():
            run.close()


class Inside:
    """The side in the guest or namespace: every report becomes a line of OUT/reports."""

    def __init__(self, config: pytest.Config, out: Path) -> None:
        self.config = config
        self.path = out / "reports"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        with open(self.path, "a") as lines:
            lines.write(json.dumps(data) + "\n")


def plugin(config: pytest.Config) -> object:
    """The side that this process is on."""
    return Inside(config, Path(os.environ["OUT"])) if "LAB" in os.environ else Elsewhere()
