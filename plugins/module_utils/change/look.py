# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director sees: its engine, its addresses, its kernel's table, the segment. Looks only, changes nothing."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import time
from typing import Any, Dict, FrozenSet, List, Optional, Sequence, Set, Tuple

from ..drill.loop import Loop
from ..drill.wire import Wire
from ..host.real_server import LINKS
from ..service.plan import ENGINES
from ..service.port import ask_agent
from . import kernel_table
from .judge import NOBODY, SELF, Expected, View

IP_VS = "/proc/net/ip_vs"
ASK = 0.4
"""Seconds between two questions who has an address."""
PROBE_PATIENCE = 0.8
_PROPERTIES = "Id,ActiveState,SubState,MainPID,NRestarts"


def run(words: Sequence[str]) -> Tuple[int, str, str]:
    """Run a program to its end. AnsibleModule's run_command would end the guard where a program is missing."""
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            list(words), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, "", str(error)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def text_of(path: str) -> str:
    """A file's text, '' when it is not there."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Eyes:
    """Looks at this director again and again; keeps its ears on the segment open meanwhile."""

    def __init__(self, expected: Expected, interfaces: Sequence[str]) -> None:
        self.expected = expected
        self._seen: Dict[Tuple[str, str, str], float] = {}
        self._heard: Dict[Tuple[str, str], float] = {}
        self._loop = Loop(lambda _late: None)
        self._wires: List[Wire] = []
        for name in dict.fromkeys(interfaces):
            try:
                self._wires.append(Wire(self._loop, name, expected.addresses, ASK, self._log(name)))
            except OSError:
                continue  # an interface that is not there has nobody on it

    def _log(self, interface: str) -> Any:
        def log(kind: str, when: float, **seen: Any) -> None:
            if kind == "arp" and seen["how"] == "reply":
                self._seen[seen["ip"], interface, seen["mac"]] = when
            elif kind == "adv" and seen["prio"]:
                family = 6 if ":" in seen["src"] else 4
                self._heard[f"{interface}/{family}/{seen['vrid']}", seen["src"]] = when

        return log

    def look(self, seconds: float) -> View:
        """Listen for `seconds` and tell what is so at the end of them."""
        probes = [Probe(name) for name in self.expected.probes]
        self._loop.stopped = ""
        self._loop.at(time.monotonic() + seconds, lambda _now: self._loop.stop("look"))
        self._loop.run()
        now = time.monotonic()
        recent = max(2 * ASK, seconds) + 0.3
        window = 3 * self.expected.advert_int + 1.0
        engine, deaths, ill, instances = engine_view()
        own, table = own_addresses(), text_of(IP_VS)
        holders = {
            f"{address} {wire.segment.interface}": self._holders(address, wire.segment.interface, now - recent)
            | ({SELF} if address in own else NOBODY)
            for address in self.expected.addresses
            for wire in self._wires
        }
        return View(
            engine,
            deaths,
            ill,
            instances,
            holders,
            {router: self._masters(router, now, window) for router in self.expected.routers},
            kernel_table.up(table),
            kernel_table.local(table, own),
            {probe.name: probe.answered(now) for probe in probes},
        )

    def _holders(self, address: str, interface: str, since: float) -> FrozenSet[str]:
        """The MAC addresses that answered for an address on an interface."""
        found = self._seen.items()
        return frozenset(mac for (ip, name, mac), when in found if (ip, name) == (address, interface) and when >= since)

    def _masters(self, router: str, now: float, window: float) -> FrozenSet[str]:
        """Who advertises a router: all heard within two intervals; when there is nobody, who was within `window`."""
        last = {source: when for (name, source), when in self._heard.items() if name == router}
        recent = {source for source, when in last.items() if now - when <= 1.5 * self.expected.advert_int + 0.2}
        return frozenset(recent) or frozenset(source for source, when in last.items() if now - when <= window) or NOBODY

    def close(self) -> None:
        """Listen no more."""
        for wire in self._wires:
            wire.close()


class Probe:
    """One connection to a virtual service, begun with the look."""

    def __init__(self, name: str) -> None:
        self.name, self._socket = name, None
        address, port = name.split()
        sock: Optional[socket.socket] = None
        try:
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.connect_ex((address, int(port)))
        except OSError:
            if sock is not None:
                sock.close()
            sock = None
        self._began, self._socket = time.monotonic(), sock

    def answered(self, now: float) -> bool:
        """Whether it was accepted; waits for what is left of its patience."""
        if self._socket is None:
            return False
        left = max(0.0, self._began + PROBE_PATIENCE - now)
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLOUT)
        good = bool(poll.poll(int(left * 1000))) and not self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._socket.close()
        return good


def own_addresses() -> Set[str]:
    """All addresses of this host, but for those that it has as a real server."""
    status, out, _error = run(["ip", "-json", "address", "show"])
    try:
        rows = json.loads(out or "[]") if status == 0 else []
    except ValueError:
        rows = []
    return {
        entry["local"]
        for row in rows
        for entry in row.get("addr_info", ())
        if "local" in entry and row["ifname"] not in LINKS
    }


def engine_view() -> Tuple[str, int, Tuple[str, ...], Dict[str, str]]:
    """(who runs, how often it died, what it says is wrong with it, the states of its VRRP instances)."""
    engine, deaths = _unit()
    if engine != "agent":
        return engine, deaths, (), {}
    answer = ask_agent("status")
    if not answer or not answer.get("ok"):
        return engine, deaths, ("lvs-agent does not answer on its socket",), {}
    status = answer["status"]
    ill = []
    for name, process in status.get("processes", {}).items():
        deaths += process.get("deaths", 0)
        if process.get("silent") or not process.get("ready"):
            ill.append(f"lvs-agent's {name} process is not ready")
    instances = (status.get("vrrp") or {}).get("instances") or {}
    kernel = (status.get("checker") or {}).get("kernel", "ok")
    if kernel != "ok":
        ill.append(f"lvs-agent cannot set the kernel's table: {kernel}")
    return engine, deaths, tuple(ill), {name: _state(each) for name, each in instances.items()}


def _state(instance: Dict[str, Any]) -> str:
    state = str(instance.get("state", ""))
    faults = ", ".join(str(fault) for fault in instance.get("faults", ()))
    return f"{state} on {instance.get('interface')} ({faults})" if faults else state


def _unit() -> Tuple[str, int]:
    """The engine whose unit is active, and how often systemd started that again."""
    _status, out, _error = run(["systemctl", "show", f"--property={_PROPERTIES}", *ENGINES.values()])
    names = {service: engine for engine, service in ENGINES.items()}
    for block in out.strip().split("\n\n"):
        of = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        # "activating" with a process is one that has not said that it is ready, or that waits to be started again.
        if of.get("ActiveState") in ("active", "reloading") and of.get("Id") in names:
            return names[of["Id"]], int(of.get("NRestarts") or 0)
    return "", 0


def saved_table() -> Optional[str]:
    """The kernel's table as `ipvsadm -Sn` prints it; None when nothing here can tell."""
    if not kernel_table.services(text_of(IP_VS)):
        return ""
    for words in (["lvs-agent", "ipvs", "save"], ["ipvsadm", "-Sn"]):
        program = next(
            (f"{folder}/{words[0]}" for folder in _FOLDERS if os.access(f"{folder}/{words[0]}", os.X_OK)), ""
        )
        status, out, _error = run([program, *words[1:]]) if program else (1, "", "")
        if status == 0:
            return out
    return None


_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def connections() -> Dict[str, Tuple[int, int]]:
    """Active and inactive connections by `service -> destination`."""
    return {
        f"{row.service} -> {row.destination}": (row.active, row.inactive) for row in kernel_table.rows(text_of(IP_VS))
    }


__all__ = ["Eyes", "connections", "own_addresses", "run", "saved_table", "text_of"]
