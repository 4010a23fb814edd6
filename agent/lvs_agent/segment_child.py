# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that looks at the segments every so often: who else has the addresses, whose adverts come.

A look takes seconds in which nothing else may wait, so each is a process of its own. A finding counts when two looks
in a row have it: what is seen once may be a handing over.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.drill import alone
from ansible_collections.lvs.cluster.plugins.module_utils.drill.observe import ObserveError, observe

from . import plan_segment
from .control import events
from .loop import Loop

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

    from .channel import Channel

log = logging.getLogger("lvs-agent")

LONG = 3.3
"""Seconds of one look: three adverts at an advert_int of 1."""
ASK = 0.5
"""Seconds between two questions for each address."""
AGAIN = 1.0
"""Seconds until a finding is looked for a second time."""
Row = Dict[str, str]


def run(channel: Channel, document: model.Document, _carried: Mapping[str, str]) -> int:
    """The child's body: until ("stop",), SIGTERM, or the parent is gone."""
    loop = Loop()
    watcher = Watcher(loop, document)

    def told(message: object) -> None:
        kind, *rest = message if isinstance(message, tuple) else (None,)
        if kind == "reload":
            watcher.adopt(rest[0])
            channel.send(("reloaded",))
        elif kind == "status":
            channel.send(("status", rest[0], watcher.status()))
        elif kind == "stop":
            loop.stop()

    channel.attach(loop, told, loop.stop)
    loop.on_signal(signal.SIGTERM, loop.stop)
    watcher.adopt(document)
    channel.send(("ready",))
    loop.run()
    watcher.stop()
    return 0


class Watcher:
    """One look after the other; `findings` are those that two in a row had."""

    def __init__(self, loop: Loop, document: model.Document) -> None:
        self.loop, self.document = loop, document
        self.findings: List[Row] = []
        self.failed = ""
        self.looks, self.last = 0, 0.0
        self._doubtful: List[Row] = []
        self._pid = 0
        self._inbox = b""

    def adopt(self, document: model.Document) -> None:
        """Look by this document from now on."""
        self.document = document
        self._in(0.2)

    def _in(self, seconds: float) -> None:
        self.loop.wake("look", self.loop.now() + seconds, lambda _now: self._look())

    def _look(self) -> None:
        if self._pid:
            return
        reader, writer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.alarm(60)
            try:
                said = {"findings": look(self.document)}
            except (ObserveError, OSError, ValueError) as error:
                said = {"failed": str(error)}  # type: ignore[dict-item]
            os.write(writer, json.dumps(said).encode()[:60000])
            os._exit(0)
        os.close(writer)
        self._inbox = b""
        self.loop.watch(reader, select.EPOLLIN, lambda _events: self._read(reader))

    def _read(self, reader: int) -> None:
        part = os.read(reader, 65536)
        if part:
            self._inbox += part
            return
        self.loop.forget(reader)
        os.close(reader)
        os.waitpid(self._pid, 0)
        self._pid = 0
        self.looks, self.last = self.looks + 1, self.loop.now()
        try:
            said = json.loads(self._inbox)
        except ValueError:
            said = {"failed": "the look did not come to its end"}
        self._judge(said.get("findings"), said.get("failed", ""))

    def _judge(self, found: Optional[List[Row]], failed: str) -> None:
        """Compare with the look before; say what is new and what is over."""
        if failed and failed != self.failed:
            log.error("the segment cannot be looked at: %s", failed)
        self.failed = failed
        period = plan_segment.period(self.document) or 60.0
        if found is None:
            self._in(period)
            return
        known = [_key(row) for row in self.findings]
        before = known + [_key(row) for row in self._doubtful]
        certain = [row for row in found if _key(row) in before]
        self._doubtful = [row for row in found if _key(row) not in before]
        for row in certain:
            if _key(row) not in known:
                log.warning(events.SEGMENT_FINDING, row["code"], row["host"] or "unknown", row["what"], row["mend"])
        for row in self.findings:
            if _key(row) not in [_key(other) for other in certain]:
                log.info(events.SEGMENT_OVER, row["code"], row["host"] or "unknown", row["what"])
        self.findings = certain
        self._in(AGAIN if self._doubtful else period)

    def status(self) -> Dict[str, Any]:
        """JSON-able; age in seconds."""
        age = round(self.loop.now() - self.last, 3) if self.looks else None
        return {"findings": self.findings, "looks": self.looks, "age": age, "failed": self.failed}

    def stop(self) -> None:
        """End a look that is under way."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _key(row: Row) -> Tuple[str, str, str]:
    return row["code"], row["host"], row["address"]


def look(document: model.Document, seconds: float = LONG) -> List[Row]:
    """One look at every segment, one after the other. Raises ObserveError, OSError."""
    found: List[Row] = []
    wanted = plan_segment.servers(document)
    for interface, routers in plan_segment.routers(document).items():
        asked = [address for router in routers for address in (*router.addresses, *router.others)]
        view = observe(_run, interface, asked, seconds, ASK)
        near = [(address, mac) for address, mac in neighbours(interface) if mac != view["mac"] and address not in asked]
        servers = {mac: address for address, mac in near if address in wanted}
        others = {mac: address for address, mac in near if address not in wanted}
        own = alone.Own(os.uname().nodename, routers, servers, others)
        found += [vars(each) for each in alone.judge(own, view)]
    return found


def neighbours(interface: str) -> List[Tuple[str, str]]:
    """Addresses and MAC addresses that the kernel knows there."""
    status, output, _error = _run(["ip", "-json", "neighbour", "show", "dev", interface])
    rows = json.loads(output or "[]") if status == 0 else []
    return [(row["dst"], row["lladdr"]) for row in rows if "lladdr" in row]


def _run(words: List[str]) -> Tuple[int, str, str]:
    environment = dict(os.environ, PATH=f"/usr/sbin:/sbin:/usr/bin:/bin:{os.environ.get('PATH', '')}")
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20, env=environment)
    return done.returncode, done.stdout, done.stderr


def command(document: model.Document, seconds: float, *, as_json: bool) -> int:
    """The command `segment`; its exit status: 0 when nothing is wrong, 1 when something is, 3 when it cannot look."""
    try:
        found = look(document, seconds)
    except (ObserveError, OSError) as error:
        print(f"lvs-agent: the segment cannot be looked at: {error}", file=sys.stderr)
        return 3
    if as_json:
        print(json.dumps(found, indent=1))
        return 1 if found else 0
    for row in found:
        print(f"{row['code']}: {row['what']}\n  mend{' on ' + row['host'] if row['host'] else ''}: {row['mend']}")
    if not found:
        print("nothing is wrong as far as this director sees")
    return 1 if found else 0
