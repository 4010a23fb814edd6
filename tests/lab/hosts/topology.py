# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster of lab hosts is made of: hosts, their addresses, the bridges between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple


@dataclass(frozen=True)
class HostSpec:
    """A host: its name, and for eth0, eth1, ... the bridge and the address with prefix length. ssh uses eth0's."""

    name: str
    nets: Tuple[Tuple[str, str], ...]

    @property
    def address(self) -> str:
        """The address of eth0."""
        return self.nets[0][1].split("/")[0]


@dataclass(frozen=True)
class Topology:
    """Hosts, and the addresses that the cluster's namespace itself (the client) has on bridges."""

    hosts: Tuple[HostSpec, ...]
    client: Tuple[Tuple[str, str], ...]
    memory: str = "192M"


DEMO = Topology(
    hosts=(
        HostSpec("d1", (("lan", "192.168.140.141/24"),)),
        HostSpec("d2", (("lan", "192.168.140.143/24"),)),
        HostSpec("r1", (("lan", "192.168.140.137/24"),)),
        HostSpec("r2", (("lan", "192.168.140.139/24"),)),
    ),
    client=(("lan", "192.168.140.10/24"),),
)


def mac(address: str) -> str:
    """The last four bytes of a host's MAC address, from its IPv4 address with prefix length."""
    return ":".join(f"{int(part):02x}" for part in address.split("/", maxsplit=1)[0].split("."))


def network(topology: Topology) -> List[str]:
    """The shell lines that make the bridges and the hosts' tap devices in the cluster's namespace."""
    lines = ["ip link set lo up"]
    names = dict.fromkeys(net[0] for host in topology.hosts for net in host.nets)
    lines += [f"ip link add {name} type bridge forward_delay 0; ip link set {name} up" for name in names]
    lines += [f"ip address add {address} dev {name}" for name, address in topology.client]
    for host in topology.hosts:
        for i, (name, _) in enumerate(host.nets):
            tap = f"{host.name}-{i}"
            lines += [f"ip tuntap add {tap} mode tap; ip link set {tap} master {name} up"]
            # UML's vector driver drops the merged TCP frames that a tap hands it by default: ssh would hang.
            lines += [f"ethtool -K {tap} tso off gso off gro off tx off >/dev/null"]
    return lines
