# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was there before the first change is kept once, and put back as it was."""

from __future__ import annotations

import os

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import first


@pytest.fixture
def etc(tmp_path, monkeypatch):
    monkeypatch.setattr(first, "FOLDER", str(tmp_path / "lib" / "before"))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "host.json").write_text("somebody else's")
    return tmp_path / "etc"


def made(etc, kind):
    """A file of each kind that may be there before us."""
    path = etc / "keepalived.conf"
    if kind != "nothing at all":
        etc.mkdir()
    if kind == "a file":
        path.write_bytes(b"# \xff hand-written\r\n")
        path.chmod(0o604)
        os.chown(path, -1, 1 if os.geteuid() == 0 else os.getgid())
    elif kind == "a link":
        (etc / "real.conf").write_text("x")
        path.symlink_to("real.conf")
    elif kind == "a link to nothing":
        path.symlink_to("none.conf")
    return path


def seen(folder):
    """Everything there, with modes and owners."""
    return {
        str(path): (
            path.lstat().st_mode,
            path.lstat().st_gid,
            os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes(),
        )
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("kind", ["nothing at all", "a folder", "a file", "a link", "a link to nothing"])
def test_it_is_put_back(etc, kind):
    path = made(etc, kind)
    before = seen(etc.parent)
    was = first.look(str(path))
    assert first.remember(str(path), was)
    assert not first.remember(str(path), first.File("another", folder=True)), "the first one stays"
    record = next((etc.parent / "lib" / "before").iterdir())
    assert record.stat().st_mode & 0o777 == 0o600
    etc.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text("ours")
    assert first.file(str(path)) == was
    first.put_back(str(path))
    assert seen(etc.parent) == before
    first.put_back(str(path))
    assert seen(etc.parent) == before, "nothing is kept, nothing is done"


def test_a_folder_with_somebody_else_s_files_stays(etc):
    path = made(etc, "nothing at all")
    first.remember(str(path), first.look(str(path)))
    etc.mkdir()
    (etc / "other").write_text("")
    first.put_back(str(path))
    assert (etc / "other").exists()


def test_how_keepalived_was(etc):
    assert first.service() is None
    assert first.remember_service(first.Service(enabled=True, ran=False))
    assert not first.remember_service(first.Service(enabled=False, ran=True))
    assert first.service() == first.Service(enabled=True, ran=False)
    first.forget(first.KEEPALIVED)
    assert first.service() is None
    assert not (etc.parent / "lib" / "before").exists()
