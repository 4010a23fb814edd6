# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that run elsewhere are reported as what they were there, and none is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")
HEAD = """
import os, signal, time
import pytest
pytestmark = pytest.mark.{mark}(limit={limit})
"""
ORDINARY = """
def test_good(): assert os.environ["LAB"] == "{mark}"
def test_bad(): assert 1 + 1 == 3, "said inside"
def test_skipped(): pytest.skip("reason given")
@pytest.fixture
def broken(): raise RuntimeError("fixture")
def test_error(broken): pass
"""
DIES = """
def test_before(): pass
def test_dies(): {death}
def test_after(): pass
"""
PANIC = 'open("/proc/sysrq-trigger", "w").write("c")'


def outer(folder: Path, mark: str, body: str, limit: int = 60) -> str:
    """What a pytest of its own prints about a file of marked tests."""
    (folder / "conftest.py").write_text(CONFTEST.read_text())
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  uml\n  netns\n")
    (folder / "test_it.py").write_text((HEAD + body).format(mark=mark, limit=limit))
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", str(folder)]
    environment = dict(os.environ, PYTHONPATH=str(CONFTEST.parent))
    environment.pop("CI", None)  # with it pytest's summary repeats every failure whole
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("mark", ["netns", "uml"])
def test_outcomes_are_those_of_the_inner_run(tmp_path, mark):
    printed = outer(tmp_path, mark, ORDINARY)
    assert "1 failed, 1 passed, 1 skipped, 1 error in" in printed
    for line in ("PASSED test_it.py::test_good", "FAILED test_it.py::test_bad", "ERROR test_it.py::test_error"):
        assert line in printed
    assert "said inside" in printed
    assert "reason given" in printed


@pytest.mark.parametrize(
    ("mark", "death", "status"),
    [
        ("netns", "os._exit(0)", 0),
        ("netns", "os.kill(os.getpid(), signal.SIGABRT)", 134),
        ("uml", PANIC, 125),
    ],
)
def test_a_dead_run_fails_all_its_tests_that_are_left(tmp_path, mark, death, status):
    printed = outer(tmp_path, mark, DIES.replace("{death}", death))
    assert "2 failed, 1 passed in" in printed
    assert printed.count(f"the run there ended with status {status}") == 2


@pytest.mark.parametrize(("mark", "limit", "status"), [("netns", 3, -9), ("uml", 6, 124)])
def test_a_run_over_its_time_fails_all_its_tests_that_are_left(tmp_path, mark, limit, status):
    printed = outer(tmp_path, mark, DIES.replace("{death}", "time.sleep(60)"), limit)
    for test in ("test_dies", "test_after"):
        assert f"FAILED test_it.py::{test}" in printed
    assert f"the run there ended with status {status}" in printed


def test_nothing_to_import_inside_fails_every_test(tmp_path):
    body = 'if "LAB" in os.environ: raise RuntimeError("not here")\ndef test_one(): pass\ndef test_two(): pass\n'
    printed = outer(tmp_path, "netns", body)
    assert "2 failed in" in printed
    assert "not here" in printed
