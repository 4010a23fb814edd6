# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notify pipes: made, written without waiting, removed again; nobody else's file is touched."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from lvs_agent.notify.fifo import Fifo

if TYPE_CHECKING:
    import pathlib


def test_lines_come_out_and_the_pipe_goes_with_its_owner(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "pipe"
    fifo = Fifo(str(path), "root")
    assert stat.S_ISFIFO(path.stat().st_mode)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fifo.write('INSTANCE "VI_1" MASTER 100')
    assert os.read(reader, 100) == b'INSTANCE "VI_1" MASTER 100\n'
    os.close(reader)
    fifo.close()
    assert not path.exists()


def test_a_full_pipe_drops_and_counts_and_does_not_wait(tmp_path: pathlib.Path) -> None:
    fifo = Fifo(str(tmp_path / "pipe"))
    for _ in range(3000):
        fifo.write("x" * 99)
    assert fifo.dropped > 2000
    fifo.close()


def test_a_pipe_that_was_there_stays(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    Fifo(str(path)).close()
    assert path.exists()


def test_a_file_is_no_pipe_and_stays_as_it_is(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "file"
    path.write_text("precious")
    fifo = Fifo(str(path))
    fifo.write("line")
    fifo.close()
    assert path.read_text() == "precious"


def test_a_link_is_not_followed(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "target")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    fifo = Fifo(str(tmp_path / "link"))
    reader = os.open(tmp_path / "target", os.O_RDWR | os.O_NONBLOCK)
    fifo.write("line")
    try:
        assert os.read(reader, 10) == b""
    except BlockingIOError:
        pass
    os.close(reader)
    fifo.close()
