# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts run by the helper process: real programs, real statuses; and what script security lets pass."""

from __future__ import annotations

import os
import pwd
import select
import signal
from typing import TYPE_CHECKING, Iterator, List, Tuple

import pytest

from lvs_agent.notify.scripts import NOT_STARTED, TIMED_OUT, Job, Scripts
from lvs_agent.notify.security import insecure

if TYPE_CHECKING:
    import pathlib


@pytest.fixture
def scripts() -> Iterator[Scripts]:
    made = Scripts()
    yield made
    made.close()
    os.waitpid(made.pid, 0)


def results(scripts: Scripts, count: int) -> List[Tuple[str, int]]:
    found: List[Tuple[str, int]] = []
    while len(found) < count and select.select([scripts], [], [], 10)[0]:
        found += scripts.results()
    return sorted(found)


def test_statuses_come_back(scripts: Scripts) -> None:
    scripts.start(Job(("/bin/true",), ident="good"))
    scripts.start(Job(("/bin/sh", "-c", "exit 7"), ident="bad"))
    scripts.start(Job(("/bin/sh", "-c", "kill -9 $$"), ident="killed"))
    scripts.start(Job(("/nowhere/at/all",), ident="missing"))
    scripts.start(Job(("/bin/true",), user="no-such-user", ident="nobody"))
    assert results(scripts, 5) == [
        ("bad", 7), ("good", 0), ("killed", -9), ("missing", NOT_STARTED), ("nobody", NOT_STARTED),
    ]  # fmt: skip


def test_what_is_started_before_the_helper_waits_for_it() -> None:
    scripts = Scripts(late=True)
    scripts.start(Job(("/bin/true",), ident="early"))
    assert scripts.pid == 0
    scripts.launch()
    assert results(scripts, 1) == [("early", 0)]
    scripts.close()
    os.waitpid(scripts.pid, 0)


def test_a_late_script_is_ended_with_its_children(scripts: Scripts) -> None:
    scripts.start(Job(("/bin/sh", "-c", "sleep 60 & wait"), timeout=0.05, ident="late"))
    assert results(scripts, 1) == [("late", TIMED_OUT)]


def test_a_script_gets_its_arguments_a_clean_environment_and_no_descriptors(scripts: Scripts, tmp_path) -> None:
    os.environ["SECRET"] = "x"
    out = tmp_path / "out"
    code = f'{{ echo "$@"; env; ls /proc/self/fd | wc -l; }} > {out}'
    scripts.start(Job(("/bin/sh", "-c", code, "notify", "INSTANCE", "VI_1", "MASTER", "100"), user="root", ident="x"))
    assert results(scripts, 1) == [("x", 0)]
    said = out.read_text()
    assert said.startswith("INSTANCE VI_1 MASTER 100\n")
    assert "SECRET" not in said
    assert said.splitlines()[-1] == "4", "0, 1, 2 and the folder that ls reads"


def test_a_script_ignores_no_signal(scripts: Scripts) -> None:
    scripts.start(Job(("/bin/sh", "-c", "kill -TERM $$"), ident="told"))
    scripts.start(Job(("/bin/sh", "-c", "trap 'exit 9' HUP; kill -HUP $$; exit 1"), ident="trapped"))
    assert results(scripts, 2) == [("told", -signal.SIGTERM), ("trapped", 9)]


def test_the_helper_outlives_the_signals_that_end_its_owner(scripts: Scripts) -> None:
    scripts.start(Job(("/bin/true",), ident="before"))
    assert results(scripts, 1) == [("before", 0)]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        os.kill(scripts.pid, number)
    scripts.start(Job(("/bin/true",), ident="after"))
    assert results(scripts, 1) == [("after", 0)]


def test_a_script_runs_as_its_user(scripts: Scripts, tmp_path: pathlib.Path) -> None:
    tmp_path.chmod(0o777)
    for parent in list(tmp_path.parents)[:3]:
        parent.chmod(0o755)
    out = tmp_path / "who"
    scripts.start(Job(("/bin/sh", "-c", f"id -u > {out}"), user="nobody", ident="x"))
    assert results(scripts, 1) == [("x", 0)]
    assert int(out.read_text()) == pwd.getpwnam("nobody").pw_uid


def test_what_was_asked_for_is_started_although_the_owner_leaves_at_once(tmp_path: pathlib.Path) -> None:
    scripts = Scripts()
    for number in range(20):
        scripts.start(Job(("/bin/touch", str(tmp_path / str(number))), user="root"))
    scripts.close()
    assert os.waitpid(scripts.pid, 0)[1] == 0
    for _ in range(200):
        if len(list(tmp_path.iterdir())) == 20:
            break
        select.select([], [], [], 0.02)
    assert len(list(tmp_path.iterdir())) == 20


def test_an_unread_result_costs_no_job(tmp_path: pathlib.Path) -> None:
    scripts = Scripts()
    os.kill(scripts.pid, signal.SIGSTOP)
    os.waitpid(scripts.pid, os.WUNTRACED)
    scripts.start(Job(("/nowhere/at/all",), ident="told at once"))
    scripts.start(Job(("/bin/true",), ident="told later"))
    os.kill(scripts.pid, signal.SIGCONT)
    assert select.select([scripts], [], [], 10)[0]
    os.kill(scripts.pid, signal.SIGSTOP)
    os.waitpid(scripts.pid, os.WUNTRACED)
    scripts.start(Job(("/bin/touch", str(tmp_path / "last")), user="root"))
    scripts.close()
    os.kill(scripts.pid, signal.SIGCONT)
    assert os.waitpid(scripts.pid, 0)[1] == 0
    assert any((tmp_path / "last").exists() or select.select([], [], [], 0.02)[0] for _ in range(200))


def test_a_dead_helper_is_noticed_and_replaced(scripts: Scripts) -> None:
    os.kill(scripts.pid, signal.SIGKILL)
    os.waitpid(scripts.pid, 0)
    select.select([scripts], [], [], 5)
    with pytest.raises(EOFError):
        scripts.results()
    scripts.start(Job(("/bin/true",), ident="waits"))
    scripts.revive()
    scripts.flush()
    assert results(scripts, 1) == [("waits", 0)]


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "owner", "reason"),
    [
        (0o755, 0o755, (0, 0), ""),
        (0o755, 0o757, (0, 0), "everybody may write"),
        (0o777, 0o755, (0, 0), "everybody may write"),
        (0o1777, 0o755, (0, 0), ""),
        (0o755, 0o775, (0, 0), ""),
        (0o755, 0o775, (0, 7), "group 7 may write"),
        (0o755, 0o755, (9, 0), "belongs to user 9"),
    ],
)
def test_script_security(tmp_path, folder_mode: int, file_mode: int, owner: tuple, reason: str) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(file_mode)
    os.chown(script, *owner)
    tmp_path.chmod(folder_mode)
    said = insecure(str(script))
    assert reason in (said or "") if reason else said is None, said


def test_script_security_looks_behind_symbolic_links(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "target"
    target.write_text("#!/bin/sh\n")
    target.chmod(0o757)
    link = tmp_path / "link"
    link.symlink_to(target)
    assert "everybody may write" in (insecure(str(link)) or "")
    assert insecure("/bin/true") is None, "a merged /usr is no reason to refuse (keepalived 2.3.0 does)"
    assert "No such file" in (insecure(str(tmp_path / "gone")) or "")


def test_an_insecure_script_is_not_run_as_root(scripts: Scripts, tmp_path: pathlib.Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o777)
    scripts.start(Job((str(script),), user="root", ident="refused", secure=True))
    scripts.start(Job((str(script),), user="root", ident="run"))
    assert results(scripts, 2) == [("refused", NOT_STARTED), ("run", 0)]
