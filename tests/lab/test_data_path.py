# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks with data_path on a real ip_vs: a real server that has lost the virtual address leaves, DR and TUN, IPv4 and
IPv6, on the director in charge (the address is its own) and on one in waiting.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from netns import Host, bridge, get, plug, wait
from speaker import ENVIRONMENT

pytestmark = pytest.mark.uml(limit=240)

VIP, VIP6 = "10.0.0.100", "fd00::100"
SERVERS = {"r1": ("10.0.0.1", "fd00::1"), "r2": ("10.0.0.2", "fd00::2")}
# where a server has the address, by method and family
PLACES = {("DR", 4): ("r1", f"{VIP}/32 dev lo"), ("DR", 6): ("r1", f"{VIP6}/128 dev lo"),
          ("TUN", 4): ("r2", f"{VIP}/32 dev tunl0"), ("TUN", 6): ("r2", f"{VIP6}/128 dev ip6tnl0")}  # fmt: skip
HTTP = "HTTP_GET {\n @lvs_agent data_path\n connect_timeout 2\n url {\n path /\n }\n }"
TCP = "TCP_CHECK {\n connect_timeout 2\n @lvs_agent data_path\n }"
METHODS = {"r1": ("DR", TCP), "r2": ("TUN", HTTP)}


def configuration() -> str:
    """A virtual server a family. alpha: up only by a success."""
    text = ""
    for family, vip in enumerate((VIP, VIP6)):
        text += f"virtual_server {vip} 80 {{\n alpha\n protocol TCP\n lvs_sched rr\n lvs_method DR\n"
        text += " delay_loop 1\n warmup 0\n retry 1\n delay_before_retry 0.2\n"
        for name, (method, check) in METHODS.items():
            text += f" real_server {SERVERS[name][family]} 80 {{\n lvs_method {method}\n {check}\n }}\n"
        text += "}\n"
    return text


class Director(Host):
    """A namespace with the agent's checker."""

    def up(self, text: str) -> None:
        folder = Path("/run") / self.name
        folder.mkdir(exist_ok=True)
        (folder / "conf").write_text(text)
        self.log = str(folder / "log")
        self.socket = f"{folder}/control.sock"
        run = ("run", "-C", "-n", "-l", "-D", "-f", str(folder / "conf"), "--socket", self.socket)
        self.daemon = self.start("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", *run, log=self.log)

    def served(self) -> set:
        """The real servers of the virtual server's address, by family."""
        lines = self.run("ipvsadm", "-Sn").splitlines()
        return {line.split()[4].rpartition(":")[0].strip("[]") for line in lines if line.startswith(("-a -t",))}

    def marks(self) -> list:
        return [line for line in self.run("ipvsadm", "-Sn").splitlines() if line.startswith("-A -f")]

    def accepts_local(self) -> str:
        with self:
            return Path("/proc/sys/net/ipv4/conf/eth0/accept_local").read_text().strip()


@pytest.fixture(scope="module")
def lab():
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_rr", "ipip", "ip6_tunnel"], check=True)
    bridge("sw")
    servers = {name: Host(name) for name in SERVERS}
    for name, host in servers.items():
        plug(host, "eth0", "sw", f"{SERVERS[name][0]}/24", f"{SERVERS[name][1]}/64 nodad")
        host.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
    servers["r2"].batch("link set tunl0 up", "link set ip6tnl0 up")
    servers["r2"].sysctl(**{f"net/ipv4/conf/{name}/rp_filter": 0 for name in ("all", "tunl0")})
    for name, place in PLACES.values():
        servers[name].batch(f"addr add {place}{' nodad' * ('::' in place)}")
    for host in servers.values():
        host.web("::")
    directors = (Director("d1"), Director("d2"))
    for number, director in enumerate(directors, 253):
        plug(director, "eth0", "sw", f"10.0.0.{number}/24", f"fd00::{number}/64 nodad")
        director.sysctl(**{"net/ipv4/conf/all/rp_filter": 1, "net/ipv4/conf/eth0/rp_filter": 1})
    # Deprecated, as keepalived has it: else the kernel takes it for the source of tunnels, and their other end, which
    # has it too, drops the packets of clients and of checks alike.
    directors[0].batch(f"addr add {VIP}/32 dev eth0", f"addr add {VIP6}/128 dev eth0 nodad preferred_lft 0")
    client = Host("client")
    plug(client, "eth0", "sw", "10.0.0.9/24", "fd00::9/64 nodad")
    for director in directors:
        director.up(configuration())
    yield servers, directors, client
    for host in (*servers.values(), *directors, client):
        host.close()


EVERY = {address for pair in SERVERS.values() for address in pair}


def settled(directors, wanted: set) -> None:
    if wait(lambda: all(director.served() == wanted for director in directors), 30, 0.3) is None:
        for director in directors:
            print(director.name, director.run("ipvsadm", "-Sn"), Path(director.log).read_text()[-5000:])
        pytest.fail(str([director.served() for director in directors]))


def served_by(client, vip: str, names: set) -> None:
    with client:
        assert wait(lambda: {get(vip) for _turn in range(4)} == names, 10, 0.1) is not None


def test_every_server_is_reached_by_the_way_of_the_data(lab):
    _servers, directors, client = lab
    settled(directors, EVERY)
    for director in directors:
        assert len(director.marks()) == 4
        assert director.accepts_local() == "1"
    for vip in (VIP, VIP6):
        served_by(client, vip, {"r1", "r2"})


@pytest.mark.parametrize(("method", "family"), PLACES)
def test_a_server_without_the_address_leaves_and_returns(lab, method, family):
    servers, directors, client = lab
    name, place = PLACES[method, family]
    address = SERVERS[name][0 if family == 4 else 1]
    servers[name].batch(f"addr del {place}")
    assert get_of(servers[name], address) == name  # the service itself is well
    settled(directors, EVERY - {address})
    served_by(client, VIP if family == 4 else VIP6, {"r1", "r2"} - {name})
    servers[name].batch(f"addr add {place}{' nodad' * (family == 6)}")
    settled(directors, EVERY)


def get_of(host: Host, address: str):
    with host:
        return get(address)


def test_an_agent_that_was_killed_has_its_setting_put_back_by_the_next(lab):
    director = lab[1][1]
    director.stop(director.daemon, signal.SIGKILL)
    director.run("pkill", "-9", "-f", f"/run/{director.name}/conf", check=False)
    assert director.accepts_local() == "1"
    director.up(configuration())
    assert wait(lambda: Path(director.log).read_text().count("4 checks") == 2, 20) is not None
    settled(lab[1], EVERY)
    assert director.accepts_local() == "1"


def test_nothing_is_left_behind(lab):
    for director in lab[1]:
        director.stop(director.daemon, signal.SIGTERM)
        assert director.run("ipvsadm", "-Sn") == ""
        assert director.accepts_local() == "0"
