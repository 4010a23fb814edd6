# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes a change back when its guard is gone: the script as a shell runs it, and what is left of all that."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.change import port, undo, watch
from ansible_collections.lvs.cluster.plugins.module_utils.package import layout

OLD = b"old \xff\n"
AGENT, KEEPALIVED = "lvs-agent.service", "keepalived.service"
RELOAD, RESTART, RESET = "--no-block reload-or-restart", "--no-block restart", "reset-failed"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A director's files below a folder, and a systemctl and a systemd-run that write down what they are told."""
    folder = tmp_path / "lib" / "lvs-cluster" / "unconfirmed"
    monkeypatch.setattr(undo, "FOLDER", str(folder))
    monkeypatch.setattr(undo, "SCRIPT", f"{folder}/take-back")
    monkeypatch.setattr(undo, "OLD", f"{folder}/old.conf")
    monkeypatch.setattr(undo, "UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(layout, "TOP", str(tmp_path / "agent"))
    monkeypatch.setattr(layout, "CURRENT", str(tmp_path / "agent" / "current"))
    (tmp_path / "lib").mkdir()
    (tmp_path / "agent").mkdir()
    os.symlink("new", layout.CURRENT)
    (tmp_path / "bin").mkdir()
    for name in ("systemctl", "systemd-run"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/told\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return tmp_path


def told(place):
    """What systemctl was told since the last time."""
    lines = (place / "told").read_text().splitlines()
    (place / "told").unlink()
    return [line.removeprefix("systemctl ") for line in lines]


def files(place):
    """All that is there below /var/lib and of units."""
    return sorted(
        str(path.relative_to(place))
        for name in ("lib", "units")
        for path in (place / name).rglob("*")
        if path.is_file()
    )


@pytest.mark.parametrize(
    ("engine", "was", "program", "orders", "current"),
    [
        ("agent", "agent", "/x/new", [f"{RESET} {AGENT}", f"{RELOAD} {AGENT}"], "new"),
        ("agent", "agent", None, [f"{RESET} {AGENT}", f"{RELOAD} {AGENT}"], "new"),
        ("agent", "agent", "/x/old", [f"{RESET} {AGENT}", f"{RESTART} {AGENT}"], "old"),
        ("keepalived", "keepalived", None, [f"{RESET} {KEEPALIVED}", f"{RELOAD} {KEEPALIVED}"], "new"),
        ("keepalived", "agent", "/x/new",
         [f"disable --now {KEEPALIVED}", f"enable {AGENT}", f"{RESET} {AGENT}", f"{RELOAD} {AGENT}"], "new"),
        ("agent", "keepalived", None,
         [f"disable --now {AGENT}", f"enable {KEEPALIVED}", f"{RESET} {KEEPALIVED}", f"{RELOAD} {KEEPALIVED}"], "new"),
        ("agent", None, None, [f"disable --now {AGENT}"], "new"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("old", [OLD, None])
def test_the_script_brings_back_file_program_and_engine_and_goes(place, engine, was, program, orders, current, old):
    path, state = place / "etc" / "a b.conf", place / "run" / "change.json"
    path.parent.mkdir()
    path.write_bytes(b"new\n")
    undo.arm(undo.script(str(path), old is not None, engine, was, program, str(state)), old, "/lock")
    waits = f"systemd-run --quiet --collect --unit={undo.WAITER} flock /lock systemctl start {undo.UNIT}"
    assert told(place) == [waits]
    assert undo.armed()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (place / "lib").rglob("*") if path.is_file()}
    assert set(modes.values()) == {0o600}, "the old file has secrets"

    done = subprocess.run(["sh", undo.SCRIPT], check=False, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (path.read_bytes() if path.exists() else None) == old
    assert sorted(os.listdir(path.parent)) == (["a b.conf"] if old else [])
    if old is not None:
        assert path.stat().st_mode & 0o777 == 0o640
    assert told(place) == orders
    assert os.readlink(layout.CURRENT) == current
    said = json.loads(state.read_text())
    assert (said["state"], said["reasons"]) == (watch.BACK, [undo.REASON])
    assert undo.left() == []
    assert os.listdir(place / "lib") == []


def test_what_the_guard_said_of_a_change_that_it_took_back_itself_stays(place):
    state = place / "change.json"
    state.write_text('{"state": "back", "reasons": ["worse"]}')
    undo.arm(undo.script(str(place / "a.conf"), False, "agent", "agent", None, str(state)), None, "/lock")
    subprocess.run(["sh", undo.SCRIPT], check=True)
    assert json.loads(state.read_text())["reasons"] == ["worse"]


def test_a_file_that_cannot_be_put_back_keeps_all_for_the_next_time(place):
    undo.arm(undo.script(str(place / "none" / "a.conf"), True, "agent", "agent", None, "/none"), OLD, "/lock")
    assert subprocess.run(["sh", undo.SCRIPT], check=False, capture_output=True).returncode
    assert undo.armed()
    assert len(undo.left()) == 4
    with pytest.raises(undo.UndoError):
        undo.take_back()


def test_the_next_run_has_it_taken_back_and_waits_for_the_engine(place):
    undo.arm(undo.script(str(place / "a.conf"), True, "agent", "agent", None, str(place / "state")), OLD, "/lock")
    # One that starts the unit, and has a job for the engine for a while.
    jobs = f'case "$*" in "start {undo.UNIT}") sh {undo.SCRIPT} ;; list-jobs)'
    jobs += f" test -e {place}/asked || echo 1 {AGENT} start running; touch {place}/asked ;; esac\n"
    with (place / "bin" / "systemctl").open("a") as program:
        program.write(jobs)
    undo.take_back()
    assert (place / "a.conf").read_bytes() == OLD
    assert not undo.armed()
    assert told(place).count("list-jobs") == 2


def test_disarmed_nothing_is_left_but_what_is_not_ours(place):
    (place / "lib" / "lvs-cluster").mkdir()
    (place / "lib" / "lvs-cluster" / "host.json").touch()
    undo.arm("", OLD, "/lock")
    assert len(files(place)) == 5
    told(place)
    undo.disarm(str(place), "/none")
    assert files(place) == ["lib/lvs-cluster/host.json"]
    assert told(place) == [f"stop {undo.WAITER}", "daemon-reload"]
    undo.disarm()


def test_a_change_is_not_begun_when_nothing_would_wait_for_its_guard(place, monkeypatch):
    (place / "bin" / "systemd-run").write_text("#!/bin/sh\necho no flock >&2; exit 1\n")
    director = object.__new__(port.Director)
    director.change = port.Change(str(place / "a.conf"), b"new", OLD, (), "agent", "agent", None, None, None)
    with pytest.raises(port.ChangeError, match="no flock"):
        director.arm()
    assert files(place) == []


def test_the_unit_runs_before_both_engines_when_there_is_a_script(place):
    undo.arm("", None, "/lock")
    lines = (place / "units" / undo.UNIT).read_text().splitlines()
    assert f"Before={AGENT} {KEEPALIVED}" in lines
    assert "ConditionPathExists=/var/lib/lvs-cluster/unconfirmed/take-back" in lines
    assert "ExecStart=/bin/sh /var/lib/lvs-cluster/unconfirmed/take-back" in lines
    assert (place / "units" / "multi-user.target.wants" / undo.UNIT).resolve() == place / "units" / undo.UNIT
