# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""track_process: the processes of this host, read from /proc a few at a time; one's end is told at once (pidfd)."""

from __future__ import annotations

import os
from typing import Dict, List, Optional, Tuple

_MOST = 4096


def pids() -> List[int]:
    """Those that there are now."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def name(pid: int) -> Optional[str]:
    """The kernel's name of a process; None when it is gone."""
    text = _read(f"/proc/{pid}/comm")
    return None if text is None else text.decode(errors="surrogateescape").rstrip("\n")


def command_line(pid: int) -> Tuple[str, ...]:
    """Program and arguments; () when it is gone, or is a kernel thread."""
    text = (_read(f"/proc/{pid}/cmdline") or b"").decode(errors="surrogateescape")
    return tuple(text.rstrip("\0").split("\0")) if text else ()


def _read(path: str) -> Optional[bytes]:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(_MOST)
    except OSError:
        return None


class Ends:
    """Descriptors of processes; one becomes readable when its process ends."""

    def __init__(self) -> None:
        self._descriptors: Dict[int, int] = {}

    def watch(self, pid: int) -> Optional[int]:
        """The descriptor to watch; None when the process is gone or the kernel is too old."""
        if pid not in self._descriptors:
            try:
                self._descriptors[pid] = os.pidfd_open(pid)
            except (OSError, AttributeError):  # Python was built for an older kernel
                return None
        return self._descriptors[pid]

    def forget(self, pid: int) -> Optional[int]:
        """No longer; the descriptor, still open, for the loop to forget: give it back to `close`."""
        return self._descriptors.pop(pid, None)

    def close(self, descriptor: int) -> None:
        """Give it back."""
        os.close(descriptor)
