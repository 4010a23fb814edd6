# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A named pipe that tells whoever reads it, a line an event, in keepalived's words. Writing never waits.

A pipe that nobody reads fills up; what does not fit any more is dropped and counted, as in keepalived.
"""

from __future__ import annotations

import grp
import logging
import os
import pwd
import stat
from typing import Optional

log = logging.getLogger("lvs-agent")


class Fifo:
    """One pipe: made unless it is there, opened for both directions so that a missing reader is no error."""

    def __init__(self, path: str, user: Optional[str] = None, group: Optional[str] = None) -> None:
        self.path, self.dropped = path, 0
        self._made = False
        self._descriptor = -1
        try:
            self._open(user, group)
        except (OSError, KeyError) as error:
            log.error("notify pipe %s cannot be used: %s", path, error)

    def _open(self, user: Optional[str], group: Optional[str]) -> None:
        try:
            os.mkfifo(self.path, 0o644)
            self._made = True
        except FileExistsError:
            pass
        descriptor = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError("it is no pipe")
        self._descriptor = descriptor
        if user is not None and os.geteuid() == 0:
            entry = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
            gid = entry.pw_gid
            if group is not None:
                gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
            os.fchown(descriptor, entry.pw_uid, gid)

    def write(self, line: str) -> None:
        """One line; a newline is added."""
        if self._descriptor < 0:
            return
        try:
            os.write(self._descriptor, line.encode("utf-8", "surrogateescape") + b"\n")
        except OSError:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("nobody reads notify pipe %s: lines are dropped", self.path)

    def close(self) -> None:
        """Close it, and remove it when it was made here."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._made:
            try:
                os.unlink(self.path)
            except OSError as error:
                log.warning("notify pipe %s stays: %s", self.path, error.strerror)
