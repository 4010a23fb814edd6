# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manners of the processes whose timers must not be late: real-time priority and locked memory."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import resource
import signal
from typing import TYPE_CHECKING, Dict

if TYPE_CHECKING:
    from . import plan_process

log = logging.getLogger("lvs-agent")

RT_PRIORITY = 10
"""SCHED_FIFO priority unless the file says another: above everything ordinary, below the kernel's own threads."""


def real_time(process: plan_process.Process) -> Dict[str, str]:
    """Take priority and lock memory, as far as permitted; {what: how it went} for the status."""
    said: Dict[str, str] = {}
    priority = RT_PRIORITY if process.rt_priority is None else process.rt_priority
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
        said["scheduler"] = f"SCHED_FIFO {priority}"
    except OSError as error:
        said["scheduler"] = f"SCHED_OTHER: real-time priority {priority} refused: {error.strerror}"
    if process.nice is not None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, process.nice)
    if process.cpus:
        try:
            os.sched_setaffinity(0, process.cpus)
        except OSError as error:
            said["cpu_affinity"] = f"refused: {error.strerror}"
    if process.rttime:
        signal.signal(signal.SIGXCPU, _busy)
        resource.setrlimit(resource.RLIMIT_RTTIME, (process.rttime, resource.RLIM_INFINITY))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(1 | 2 | 4) == 0:  # MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT
        said["memory"] = "locked"
    else:
        said["memory"] = f"not locked: {os.strerror(ctypes.get_errno())}"
    for what, how in said.items():
        log.info("%s: %s", what, how)
    return said


def _busy(_number: int, _frame: object) -> None:
    """Keepalived dies of it; a word is enough, and its time is seen in the status as lateness."""
    log.warning("longer busy without a wait than its limit on real-time work (rlimit_rttime)")
