# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where log lines go: the console, the journal (with priorities), or syslog, as keepalived's -l, -S and systemd say."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys

_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class _Journal(logging.Formatter):
    """sd-daemon(3): `<N>` in front of a line is its syslog priority."""

    def format(self, record: logging.LogRecord) -> str:
        """Every line of one record carries the priority."""
        prefix = f"<{_PRIORITY.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in super().format(record).splitlines())


def set_up(*, console: bool, detail: bool, facility: int) -> None:
    """Configure the root logger once. `facility` is the number of LOG_LOCALn, as keepalived's -S takes it."""
    handler: logging.Handler
    if os.environ.get("JOURNAL_STREAM"):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Journal("%(message)s"))
    elif console or not os.path.exists("/dev/log"):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    else:
        handler = logging.handlers.SysLogHandler(
            "/dev/log", facility=logging.handlers.SysLogHandler.LOG_LOCAL0 + facility
        )
        handler.setFormatter(logging.Formatter("lvs-agent[%(process)d]: %(message)s"))
    logging.raiseExceptions = False  # a full disk or a gone journal must not stop a director
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if detail else logging.INFO)
