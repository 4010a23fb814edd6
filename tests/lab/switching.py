# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pair of directors whose mastership is moved under 200 new connections a second, by requests or as keepalived does.

The scheduler is mh on the port as well, and the kernel takes up connections that it does not know (sloppy_tcp): both
directors send one connection to one server, so that a request that is under way goes on; while the kernel makes mh's
table anew, another server is taken. As the role has it, a port that is taken again is a connection of its own
(conn_reuse_mode). No program is started at the moment that is measured: the one processor of a guest would be busy
with that.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any, Dict

from agent_cluster import VIP, Cluster, Director, Load
from netns import wait

from lvs_agent.control import unix

SERVED = """virtual_server 192.168.140.140 8080 {
    delay_loop 1
    lvs_sched mh
    mh-port
    mh-fallback
    lvs_method DR
    protocol TCP
    real_server 192.168.140.137 8080 {
        TCP_CHECK {
            connect_timeout 1
        }
    }
    real_server 192.168.140.139 8080 {
        TCP_CHECK {
            connect_timeout 1
        }
    }
}
"""


def holds(director: Director) -> bool:
    """The VIP is local; without starting a program."""
    return f"-- {VIP}\n" in director.read("/proc/thread-self/net/fib_trie")


def _first(pid: int) -> None:
    """Clients and servers are other machines elsewhere: here they come before all of the directors but VRRP itself."""
    os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(5))


class Pair:
    """The cluster with one engine on each of its directors: agent or keepalived."""

    def __init__(self, d1: str = "agent", d2: str = "agent") -> None:
        self.cluster = Cluster()
        self.directors = {"d1": self.cluster.d1, "d2": self.cluster.d2}
        self.engines: Dict[str, str] = {}
        for server in self.cluster.servers:
            for program in server.programs:
                _first(program.pid)
        self.run(d1, d2)

    def run(self, d1: str, d2: str) -> None:
        """These engines from now on, with d1 as master and full tables."""
        for name, engine in (("d1", d1), ("d2", d2)):
            director = self.directors[name]
            if name in self.engines:
                director.stop(director.program)
            director.write(after=SERVED)
            if engine == "agent":
                director.up()
            else:
                self.keepalived(name)
            self.engines[name] = engine
        self.wait_settled()
        for director in self.directors.values():
            director.sysctl(**{"net/ipv4/vs/sloppy_tcp": 1, "net/ipv4/vs/conn_reuse_mode": 3})

    def keepalived(self, name: str) -> None:
        """Start Debian's on the director's own file."""
        director, run = self.directors[name], str(self.directors[name].folder)
        pids = ["-p", f"{run}/pid", "-r", f"{run}/vrrp", "-c", f"{run}/checkers"]
        director.program = director.start("keepalived", "-n", "-l", "-f", director.conf, *pids, log=f"{run}/log")

    def wait_settled(self) -> None:
        """Until d1 is master and all servers are in both tables."""
        assert wait(self.settled, 40, 0.1) is not None, [d.log()[-2000:] for d in self.directors.values()]

    def settled(self, master: str = "d1") -> bool:
        """That one alone has the VIP, and both have full tables."""
        held = {name for name, director in self.directors.items() if holds(director)}
        return held == {master} and all(
            len(d.ipvs()) == 2 and len(d.real_servers()) == 4 for d in self.directors.values()
        )

    def ask(self, name: str, **request: Any) -> Dict[str, Any]:
        """One request to the agent there."""
        return unix.ask(request, self.directors[name].socket, 30)

    def moved(self, to: str, name: str, **request: Any) -> Dict[str, Any]:
        """Ask it under load: the load's figures, how long the answer took, what it was.

        `switch` is the longest pause from the request until 0.3 s after the answer, 5 ms when there was none above.
        """
        load = Load(self.cluster.client, port=8080)
        _first(load.program.pid)
        time.sleep(1.2)
        begin = time.monotonic()
        if request:
            answer = self.ask(name, **request)
        else:  # a graceful stop
            self.directors[name].stop(self.directors[name].program, signal.SIGTERM)
            answer = {"ok": True}
        took = time.monotonic() - begin
        time.sleep(0.8)
        assert wait(lambda: [n for n, d in self.directors.items() if holds(d)] == [to], 5) is not None
        figures = load.stop()
        switch = [pause for end, pause in figures.pop("pauses") if begin <= end <= begin + took + 0.3]
        return {**figures, "switch": max(switch, default=0.005), "took": round(took, 3), "answer": answer}

    def status(self, name: str) -> Dict[str, Any]:
        """What the agent says of itself."""
        return self.ask(name, command="status")["status"]

    def close(self) -> None:
        """Logs to the output, everything away."""
        for name, director in self.directors.items():
            print(f"--- {name}\n{Path(director.folder, 'log').read_text()[-3000:]}")
        self.cluster.close()


SWITCHES = (
    ("d2", "d2", {"command": "takeover", "seconds": 60}),
    ("d1", "d2", {"command": "end"}),
    ("d2", "d1", {"command": "standby", "seconds": 60}),
    ("d1", "d1", {"command": "end"}),
)
"""Who has it then, who is asked, and what: all the planned switches there are."""
