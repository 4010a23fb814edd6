# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The small values inside keyword lines: addresses, routes, rules, scripts, tracked things. Plain frozen data."""

from __future__ import annotations

from typing import Optional

from .fields import Declared, declared


@declared
class Script(Declared):
    """A command with its arguments, and the user and group it runs as (None: the default script user)."""

    argv: tuple[str, ...]
    user: Optional[str] = None
    group: Optional[str] = None


@declared
class UserGroup(Declared):
    """A user and an optional group (a leading ':' on the group asks for the supplementary groups as well)."""

    user: str
    group: Optional[str] = None


@declared
class Fifo(Declared):
    """A named pipe for notifications and who owns it."""

    path: str
    user: Optional[str] = None
    group: Optional[str] = None


@declared
class HostPort(Declared):
    """A mail server: host name or address, and a port number or service name (None: 25)."""

    host: str
    port: Optional[str] = None


@declared
class LvsTimeouts(Declared):
    """IPVS connection timeouts in seconds; None leaves the kernel's value."""

    tcp: Optional[int] = None
    tcpfin: Optional[int] = None
    udp: Optional[int] = None


@declared
class LvsSyncDaemon(Declared):
    """IPVS connection synchronisation: interface, the instance it follows, sync id, and multicast options."""

    interface: str
    instance: Optional[str] = None
    id: Optional[int] = None
    maxlen: Optional[int] = None
    port: Optional[int] = None
    ttl: Optional[int] = None
    group: Optional[str] = None


@declared
class GarpExtraIf(Declared):
    """Gratuitous ARPs on other interfaces every `interval` seconds; all: on those that do not use a VMAC too."""

    interval: Optional[int] = None
    all: bool = False


@declared
class Forwarding(Declared):
    """lvs_method: NAT, DR or TUN, and for TUN the encapsulation (ipip, gue, gre), its port and checksum mode."""

    method: str
    tunnel_type: Optional[str] = None
    tunnel_port: Optional[int] = None
    checksum: Optional[str] = None


@declared
class AddressPort(Declared):
    """An address and a port (None: any port)."""

    address: str
    port: Optional[int] = None


@declared
class VirtualAddress(Declared):
    """One line of virtual_ipaddress, virtual_ipaddress_excluded or static_ipaddress.

    prefixlen None: /32 or /128. preferred_lft: seconds, or -1 for 'forever'. dev None: the instance's interface.
    """

    address: str
    prefixlen: Optional[int] = None
    dev: Optional[str] = None
    brd: Optional[str] = None
    scope: Optional[str] = None
    label: Optional[str] = None
    peer: Optional[str] = None
    home: bool = False
    nodad: bool = False
    mngtmpaddr: bool = False
    noprefixroute: bool = False
    autojoin: bool = False
    preferred_lft: Optional[int] = None
    no_track: bool = False
    track_group: Optional[str] = None
    use_vmac: bool = False


@declared
class UseVmac(Declared):
    """A macvlan for the virtual router: its name, its MAC (None: the RFC's), kernel interface group."""

    name: Optional[str] = None
    mac: Optional[str] = None
    netlink_notify_msg: bool = False
    group: Optional[str] = None


@declared
class UseIpvlan(Declared):
    """An ipvlan for the virtual router: its name, source address, mode (bridge, private, vepa), interface group."""

    name: Optional[str] = None
    address: Optional[str] = None
    mode: Optional[str] = None
    group: Optional[str] = None


@declared
class UnicastPeer(Declared):
    """One unicast peer and the TTL its advertisements must arrive with."""

    address: str
    min_ttl: Optional[int] = None
    max_ttl: Optional[int] = None


@declared
class Track(Declared):
    """One tracked interface, script, file, process or BFD instance.

    weight None: the tracked object's own; 0: FAULT when it is down. reverse None: the tracked object's own.
    """

    name: str
    weight: Optional[int] = None
    reverse: Optional[bool] = None


@declared
class TrackWeight(Declared):
    """The default weight of a tracked object and whether it counts the other way round."""

    weight: int
    reverse: bool = False


@declared
class HmacKey(Declared):
    """One key of auth_hmac: id 1-255 and value as written (hex:..., file:PATH, or the ASCII characters)."""

    id: int
    value: str


@declared
class Encap(Declared):
    """Light-weight tunnel of a route: type (ip, ip6, mpls, ila, ...) and its options as written."""

    type: str
    id: Optional[str] = None
    dst: Optional[str] = None
    src: Optional[str] = None
    tos: Optional[str] = None
    ttl: Optional[str] = None
    flags: Optional[str] = None
    tc: Optional[str] = None
    hoplimit: Optional[str] = None
    labels: Optional[str] = None


@declared
class Nexthop(Declared):
    """One next hop of a multipath route."""

    via: Optional[str] = None
    dev: Optional[str] = None
    weight: Optional[int] = None
    onlink: bool = False
    encap: Optional[Encap] = None
    realms: Optional[str] = None


@declared
class Metric(Declared):
    """A metric of a route (mtu, rtt, ...) and whether path discovery may not change it."""

    value: str
    lock: bool = False


@declared
class Route(Declared):
    """One line of virtual_routes or static_routes, in the words of ip-route(8). `to`: address/len or 'default'."""

    to: str
    family: Optional[str] = None
    type: Optional[str] = None
    src: Optional[str] = None
    via: Optional[str] = None
    or_via: Optional[str] = None
    from_: Optional[str] = None
    tos: Optional[str] = None
    table: Optional[str] = None
    protocol: Optional[str] = None
    scope: Optional[str] = None
    metric: Optional[int] = None
    dev: Optional[str] = None
    onlink: bool = False
    encap: Optional[Encap] = None
    expires: Optional[int] = None
    mtu: Optional[Metric] = None
    hoplimit: Optional[int] = None
    advmss: Optional[Metric] = None
    rtt: Optional[Metric] = None
    rttvar: Optional[Metric] = None
    reordering: Optional[Metric] = None
    window: Optional[int] = None
    cwnd: Optional[Metric] = None
    ssthresh: Optional[Metric] = None
    realms: Optional[str] = None
    rto_min: Optional[Metric] = None
    initcwnd: Optional[int] = None
    initrwnd: Optional[int] = None
    features: Optional[str] = None
    quickack: Optional[bool] = None
    congctl: Optional[Metric] = None
    pref: Optional[str] = None
    ttl_propagate: Optional[bool] = None
    fastopen_no_cookie: Optional[bool] = None
    as_: Optional[str] = None
    vrf: Optional[str] = None
    placing: Optional[str] = None
    nexthops: tuple[Nexthop, ...] = ()
    no_track: bool = False
    track_group: Optional[str] = None


@declared
class Rule(Declared):
    """One line of virtual_rules or static_rules, in the words of ip-rule(8)."""

    family: Optional[str] = None
    not_: bool = False
    from_: Optional[str] = None
    to: Optional[str] = None
    table: Optional[str] = None
    preference: Optional[int] = None
    tos: Optional[str] = None
    fwmark: Optional[str] = None
    realms: Optional[str] = None
    suppress_prefixlength: Optional[int] = None
    suppress_ifgroup: Optional[str] = None
    iif: Optional[str] = None
    oif: Optional[str] = None
    tunnel_id: Optional[int] = None
    uidrange: Optional[str] = None
    l3mdev: bool = False
    protocol: Optional[str] = None
    ipproto: Optional[str] = None
    sport: Optional[str] = None
    dport: Optional[str] = None
    type: Optional[str] = None
    goto: Optional[int] = None
    nop: bool = False
    no_track: bool = False
    track_group: Optional[str] = None


@declared
class Linkbeat(Declared):
    """One line of linkbeat_interfaces: interface and the way to ask it (MII, ETHTOOL, IOCTL; None: what works)."""

    interface: str
    type: Optional[str] = None


@declared
class UpDownDelay(Declared):
    """One line of interface_up_down_delays: seconds before an interface counts as down, and as up."""

    interface: str
    down: float
    up: Optional[float] = None


@declared
class GroupMember(Declared):
    """One line of virtual_server_group: an address, a range A-B, or a firewall mark.

    prefixlen: all addresses of a network. end: what stands after the '-' of a range, the last part of an address or a
    whole one. family: of a mark (inet, inet6).
    """

    address: Optional[str] = None
    prefixlen: Optional[int] = None
    end: Optional[str] = None
    port: Optional[int] = None
    fwmark: Optional[int] = None
    family: Optional[str] = None
