# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: TC001 - key() declares a keyword and returns a dataclass field; annotations are for readers

"""virtual_server, real_server, sorry_server and virtual_server_group."""

from __future__ import annotations

from typing import Optional

from ..blocks import Blocks, Checks
from ..fields import Declared, declared, key
from ..kinds import Choice, Flag, GranularityLine, Int, OnOff, Seconds, Word
from ..lines import AddressPortLine, ForwardingLine, ScriptLine
from ..schedulers import Scheduler
from ..values import AddressPort, Forwarding, GroupMember, Script
from .check import Check

_U32 = 0xFFFFFFFF
_U31 = 0x7FFFFFFF
SCHEDULERS = (
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos",
)  # fmt: skip


@declared
class RealServer(Declared):
    """real_server ADDRESS PORT { ... }; port 0 or absent: the virtual server's."""

    address: str
    port: Optional[int]
    weight: Optional[int] = key(Int(0, _U31), "weight in the IPVS table", default=1)
    lvs_method: Optional[Forwarding] = key(ForwardingLine(), "NAT, DR or TUN", legacy=("lb_kind",))
    uthreshold: Optional[int] = key(Int(0, _U32), "most connections (0: no limit)", default=0)
    lthreshold: Optional[int] = key(Int(0, _U32), "connections below which it gets new ones again", default=0)
    inhibit_on_failure: Optional[bool] = key(OnOff(), "weight 0 instead of removal when down")
    notify_up: Optional[Script] = key(ScriptLine(), "script run when the server comes up")
    notify_down: Optional[Script] = key(ScriptLine(), "script run when the server goes down")
    alpha: Optional[bool] = key(OnOff(), "down until the checks succeed")
    retry: Optional[int] = key(Int(1, _U32), "default of its checks")
    delay_before_retry: Optional[float] = key(Seconds(0), "default of its checks")
    warmup: Optional[float] = key(Seconds(0), "default of its checks")
    connect_timeout: Optional[float] = key(Seconds(0.000001, 4294), "default of its checks")
    delay_loop: Optional[float] = key(Seconds(0.000001), "default of its checks")
    smtp_alert: Optional[bool] = key(OnOff(), "mail when it goes up or down")
    virtualhost: Optional[str] = key(Word(), "Host header of its HTTP checks")
    snmp_name: Optional[str] = key(Word(), "its name in SNMP")
    checks: tuple[object, ...] = key(Checks(), "checkers, all must succeed", many=True)


@declared
class VirtualServer(Declared):
    """virtual_server ADDRESS [PORT] | fwmark MARK | group NAME { ... }: exactly one of the three is set."""

    address: Optional[str] = None
    port: Optional[int] = None
    fwmark: Optional[int] = None
    group: Optional[str] = None
    ip_family: Optional[str] = key(Choice(("inet", "inet6")), "family of a firewall mark service")
    retry: Optional[int] = key(Int(1, _U32), "default of the checks")
    delay_before_retry: Optional[float] = key(Seconds(0), "default of the checks")
    warmup: Optional[float] = key(Seconds(0), "default of the checks")
    connect_timeout: Optional[float] = key(Seconds(0.000001, 4294), "default of the checks", default=5.0)
    delay_loop: Optional[float] = key(Seconds(0.000001), "default of the checks", default=60.0)
    inhibit_on_failure: Optional[bool] = key(Flag(), "default of its real servers")
    lvs_sched: Optional[str] = key(Scheduler(SCHEDULERS), "scheduler", default="wlc", legacy=("lb_algo",))
    hashed: Optional[bool] = key(Flag(), "obsolete, means nothing")
    ops: Optional[bool] = key(Flag(), "one packet scheduling (UDP)")
    flag_1: Optional[bool] = key(Flag(), "first flag of the scheduler", word="flag-1")
    flag_2: Optional[bool] = key(Flag(), "second flag of the scheduler", word="flag-2")
    flag_3: Optional[bool] = key(Flag(), "third flag of the scheduler", word="flag-3")
    sh_port: Optional[bool] = key(Flag(), "sh: the source port counts too", word="sh-port")
    sh_fallback: Optional[bool] = key(Flag(), "sh: another server when the chosen one is down", word="sh-fallback")
    mh_port: Optional[bool] = key(Flag(), "mh: the source port counts too", word="mh-port")
    mh_fallback: Optional[bool] = key(Flag(), "mh: another server when the chosen one is down", word="mh-fallback")
    lvs_method: Optional[Forwarding] = key(
        ForwardingLine(), "NAT, DR or TUN, default of its real servers", legacy=("lb_kind",)
    )
    persistence_engine: Optional[str] = key(Word(15), "persistence engine (sip)")
    persistence_timeout: Optional[int] = key(Int(1, 2678400, bare=360), "seconds a client stays on its server")
    persistence_granularity: Optional[str] = key(
        GranularityLine(), "netmask (IPv4) or prefix length (IPv6) of a client"
    )
    protocol: Optional[str] = key(
        Choice(("TCP", "UDP", "SCTP"), fold=True), "protocol; none written means UDP", default="UDP"
    )
    ha_suspend: Optional[bool] = key(Flag(), "no checks while the address is not here")
    smtp_alert: Optional[bool] = key(OnOff(), "mail when servers go up or down or the quorum changes")
    virtualhost: Optional[str] = key(Word(), "Host header of HTTP checks")
    snmp_name: Optional[str] = key(Word(), "its name in SNMP")
    alpha: Optional[bool] = key(Flag(), "all servers down until their checks succeed")
    omega: Optional[bool] = key(Flag(), "run the down and quorum scripts at stop as well")
    quorum_up: Optional[Script] = key(ScriptLine(), "script run when the quorum is gained")
    quorum_down: Optional[Script] = key(ScriptLine(), "script run when the quorum is lost")
    quorum: Optional[int] = key(Int(1, _U32), "least sum of the weights of servers that are up", default=1)
    hysteresis: Optional[int] = key(
        Int(0, _U32), "quorum is lost below quorum - this, gained at quorum + this", default=0
    )
    weight: Optional[int] = key(Int(0, _U31), "default of its real servers", default=1)
    sorry_server: Optional[AddressPort] = key(AddressPortLine(), "server used when the quorum is lost")
    sorry_server_inhibit: Optional[bool] = key(Flag(), "weight 0 instead of removal when it is not needed")
    sorry_server_lvs_method: Optional[Forwarding] = key(ForwardingLine(), "NAT, DR or TUN for the sorry server")
    slow_start: Optional[float] = key(
        Seconds(0, 86400), "a server that comes back reaches its weight in so many seconds", default=0.0, agent=True
    )
    floor: Optional[int] = key(
        Int(0, _U32), "so many servers, the last that fail, are not taken out by checks", default=0, agent=True
    )
    real_servers: tuple[RealServer, ...] = key(Blocks(RealServer), "servers", word="real_server", many=True)


@declared
class VirtualServerGroup(Declared):
    """virtual_server_group NAME { ... }: addresses, ranges and firewall marks that share one definition."""

    name: str
    members: tuple[GroupMember, ...] = ()


__all__ = ["SCHEDULERS", "Check", "RealServer", "VirtualServer", "VirtualServerGroup"]
