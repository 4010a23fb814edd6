# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FILE_CHECK: read the file."""

from __future__ import annotations

import os

from ..task import Task

_MOST = 128


class FileTask(Task):
    """One FILE_CHECK. A look is over at once, so nothing is ever in flight."""

    __slots__ = ()

    def start(self, now: float) -> None:
        """Read and judge."""
        self.started = now
        self.end(self.check.judge(read(self.check.path)))

    def _due(self, now: float) -> None:
        """Never suspended, as with keepalived."""
        self.start(now)

    def late(self, _now: float) -> None:
        """Never set."""
        raise AssertionError(self.key)

    def abandon(self) -> None:
        """Nothing to drop."""


def read(path: str) -> str:
    """The beginning of the file; '' for one that cannot be read. A FIFO does not stop the loop."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(descriptor, _MOST).decode("ascii", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)
