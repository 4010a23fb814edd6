# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two directors with the whole agent before two real servers (DR) and a client, as namespaces of one guest."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from netns import Host, bridge, get, plug, wait
from speaker import ENVIRONMENT

from lvs_agent.control import unix

LOAD = Path(__file__).parent / "hosts" / "load"
VIP = "192.168.140.140"
SERVERS = {"rs1": "192.168.140.137", "rs2": "192.168.140.139"}

CONF = """
global_defs {{ router_id {name} }}
vrrp_instance VI_1 {{
    state {state}
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        192.168.140.140
    }}
}}
virtual_server 192.168.140.140 80 {{
    delay_loop 1
    lb_algo wrr
    lb_kind DR
    protocol TCP
    real_server 192.168.140.137 80 {{
        weight {weight}
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
    real_server 192.168.140.139 80 {{
        weight 1
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
}}
"""


class Director(Host):
    """A namespace with the agent in it."""

    def __init__(self, name: str, address: str, state: str, priority: int) -> None:
        super().__init__(name)
        plug(self, "eth0", "br0", address)
        self.facts = {"name": name, "state": state, "priority": priority}
        self.folder = Path("/run") / name
        self.folder.mkdir(exist_ok=True)
        self.conf, self.socket = str(self.folder / "keepalived.conf"), str(self.folder / "control.sock")
        self.write()

    def write(self, weight: int = 1, after: str = "") -> None:
        Path(self.conf).write_text(CONF.format(weight=weight, **self.facts) + after)

    def agent(self, *arguments: str) -> tuple:
        return ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *arguments)

    def up(self) -> None:
        self.program = self.start(
            *self.agent("run", "-n", "-l", "-D", "-f", self.conf, "--socket", self.socket), log=f"{self.folder}/log"
        )

    def killed(self) -> None:
        """The parent dies, and is started again a second later, as the service manager does it."""
        os.kill(self.program.pid, signal.SIGKILL)
        self.program.wait()
        self.programs.remove(self.program)
        time.sleep(1)
        self.up()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def status(self) -> dict:
        return json.loads(self.run(*self.agent("status", "--json", "--socket", self.socket)))

    def serves(self) -> bool:
        """The agent answers, with a checker. A killed one leaves its socket behind."""
        try:
            return bool(unix.ask({"command": "status"}, self.socket, 5)["status"].get("checker"))
        except OSError:
            return False

    def child(self, name: str) -> int:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                ours = f"PPid:\t{self.program.pid}\n" in (entry / "status").read_text()
                if ours and (entry / "comm").read_text().strip() == f"lvs-{name}":
                    return int(entry.name)
            except OSError:
                continue
        return 0


class Cluster:
    def __init__(self) -> None:
        os.system("modprobe -a ip_vs ip_vs_wrr")
        # Below the ports that the kernel chooses: a connection that IPVS remembers goes to its old server.
        self.port = 10000
        bridge("br0")
        self.client = Host("client")
        plug(self.client, "eth0", "br0", "192.168.140.10/24")
        self.servers = []
        for name, address in SERVERS.items():
            server = Host(name)
            plug(server, "eth0", "br0", f"{address}/24")
            server.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
            server.batch(f"addr add {VIP}/32 dev lo")
            server.web()
            server.start(str(LOAD), "serve", name, "0.0.0.0", "8080", log=f"/run/{name}-load.log")
            self.servers.append(server)
        self.d1 = Director("d1", "192.168.140.141/24", "MASTER", 101)
        self.d2 = Director("d2", "192.168.140.143/24", "BACKUP", 100)

    def answers(self, count: int) -> list:
        with self.client:
            ports = range(self.port, self.port + count)
            self.port += count
            return [get(VIP, timeout=5, source_port=port) for port in ports]

    def settled(self) -> bool:
        return self.d1.has(VIP) and not self.d2.has(VIP) and all(len(d.real_servers()) == 2 for d in (self.d1, self.d2))

    def close(self) -> None:
        for host in (self.client, self.d1, self.d2, *self.servers):
            host.close()
        os.system("ip link del br0")


class Load:
    """The program `load` at the client: requests to the VIP at a steady rate, whether earlier ones were answered or not."""

    def __init__(self, client: Host, address: str = VIP, rate: int = 200, port: int = 80) -> None:
        self.client, self.file = client, Path(f"/run/{client.name}-load.json")
        words = (str(rate), address, str(port), str(self.file))
        self.file.unlink(missing_ok=True)
        self.program = client.start(str(LOAD), *words, log=f"/run/{client.name}-load.log")
        assert wait(self.file.exists, 20, 0.05) is not None, "the load does not begin"

    def stop(self) -> dict:
        """Ask no more: how many were asked and failed, how many a second, the longest one took, and who answered."""
        self.client.stop(self.program, limit=30)
        return json.loads(self.file.read_text())
