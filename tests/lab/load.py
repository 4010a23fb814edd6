# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""load.py ADDRESS PORT RATE PATIENCE OUT - so many HTTP requests a second, each on a connection of its own, until SIGTERM.

Writes to OUT, as JSON: `asked`, `failed` (a list of [second of the run, why]), `slow` (answered after more than half a
second), `longest` (seconds), `by` (answers by who gave them). A request fails without an answer within PATIENCE seconds.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path


async def request(address: str, port: int) -> str:
    """The body of one answer; raises OSError, TimeoutError, ValueError."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read(65536)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise ValueError(f"no answer but {answer[:40]!r}")
        return answer.rsplit(b"\r\n", 1)[1].decode()
    finally:
        writer.close()


async def main(address: str, port: int, rate: float, patience: float) -> dict[str, object]:
    begin = time.monotonic()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    failed: list[tuple[float, str]] = []
    took: list[float] = []
    by: Counter[str] = Counter()

    async def one() -> None:
        asked = time.monotonic()
        try:
            by[await asyncio.wait_for(request(address, port), patience)] += 1
            took.append(time.monotonic() - asked)
        except (OSError, asyncio.TimeoutError, ValueError) as error:
            failed.append((round(asked - begin, 2), f"{type(error).__name__} {error}"))

    running: set[asyncio.Task[None]] = set()
    number = 0
    while not stopped.is_set():
        task = asyncio.create_task(one())
        running.add(task)
        task.add_done_callback(running.discard)
        number += 1
        await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
    await asyncio.gather(*running)
    seconds = time.monotonic() - begin
    found = {"asked": number, "seconds": round(seconds, 1), "failed": failed, "by": by}
    return found | {"slow": sum(each > 0.5 for each in took), "longest": round(max(took, default=0.0), 3)}


if __name__ == "__main__":
    done = asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
    Path(sys.argv[5]).write_text(json.dumps(done))
