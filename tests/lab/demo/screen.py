# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo shows: aligned lines with a figure each, and what is going on meanwhile.

On a terminal the work under way is one line that changes, in colour; elsewhere it is a plain line every 10 s.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import Callable, Iterator

LABEL = 34  # columns of a line's label
BEAT = 10.0  # s between two signs of life where there is no terminal


class Screen:
    """Prints lines; counts those that did not hold."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self.began = time.monotonic()
        self.failures = 0
        self._lock = threading.Lock()

    def _print(self, text: str) -> None:
        with self._lock:
            print(f"\r\033[K{text}" if self.terminal else text, flush=True)

    def _colour(self, code: int, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.terminal else text

    def heading(self, text: str) -> None:
        """A line above others."""
        self._print(self._colour(1, text))

    def line(self, label: str, figure: str, held: bool = True) -> None:
        """One result: what, its figure, and whether it is as it should be."""
        self.failures += not held
        sign = self._colour(32, "ok  ") if held else self._colour(31, "FAIL")
        self._print(f"{sign} {label:<{LABEL}} {self._colour(1, figure) if held else figure}")

    def quote(self, text: str, lines: int = 25) -> None:
        """The end of what somebody else said."""
        for line in text.strip().splitlines()[-lines:]:
            self._print(f"     | {line[:200]}")

    @contextmanager
    def work(self, what: str, detail: Callable[[], str] = str) -> Iterator[None]:
        """While the block runs: what is being done, for how long, and a detail that is asked for anew each time."""
        begin = time.monotonic()
        done = threading.Event()

        def beat() -> None:
            while not done.wait(0.2 if self.terminal else BEAT):
                text = f"  .. {what} ({time.monotonic() - begin:.0f} s) {detail()}"
                with self._lock:
                    if self.terminal:
                        print(f"\r\033[K{self._colour(2, text[:110])}", end="", flush=True)
                    else:
                        print(text, flush=True)

        if not self.terminal:
            self._print(f"  .. {what}")
        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            if self.terminal:
                print("\r\033[K", end="", flush=True)
