# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own that outlives who started it: a session of its own, no descriptors but its own."""

from __future__ import annotations

import os
from typing import Callable

Told = Callable[[str], None]


class DetachError(Exception):
    """The process ended, or gave up, before it was ready; the message says why."""


def detach(work: Callable[[Told], None]) -> str:
    """Fork `work` off and wait until it says one thing with the function that it is given; returns what it said.

    `work` runs with no standard streams, in `/`. What it raises before it said anything is raised here
    as DetachError; later it is lost, so it must say it elsewhere. Works once more after the program
    file that started it is gone: nothing may be imported late.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _serve(work, writer)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        words = pipe.read()
    kind, _space, rest = words.partition(" ")
    if kind != "ready":
        raise DetachError(rest or "it ended before it was ready")
    return rest


def _serve(work: Callable[[Told], None], writer: int) -> None:
    """In the child: fork again, so that nobody waits for it, and work. Never returns."""
    told = False

    def tell(words: str) -> None:
        nonlocal told
        told = True
        os.write(writer, f"ready {words}".encode())
        os.close(writer)

    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        # An inherited pipe would keep whoever waits for its end waiting for this process's.
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) != writer:
                try:
                    os.close(int(name))
                except OSError:
                    pass
        work(tell)
    except BaseException as error:  # noqa: BLE001
        if not told:
            os.write(writer, f"failed {error or type(error).__name__}".encode())
    finally:
        os._exit(0)
