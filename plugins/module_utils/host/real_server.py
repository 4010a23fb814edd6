# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real server needs of its host for each lvs_method; pure.

DR (direct routing): the director hands over the frame unchanged, so the real server must own the virtual address
and must never say so on the wire. Address/32 on lo; arp_ignore=1 (answer only for addresses of the interface that
was asked) and arp_announce=2 (never use the virtual address as an ARP sender).
TUN: packets come wrapped in IPIP, so the address is on tunl0, which is up, and rp_filter is off: an unwrapped
packet's source is routed elsewhere. The kernel takes the larger of `all` and the link's own value, hence both.
IPv6 needs no sysctl: neighbour discovery answers only for addresses of the link that was asked.
NAT: the answer must pass the director again. With the route `policy` (the default) only answers from the served port
do: a table of its own has the director as its default gateway, and a rule before it keeps to the networks that the
main table knows better than by a default route. With `default` everything does, by the same table and rules from all
addresses, so that the host's own default route stays as it is; of two such pairs the one that came first counts.

A director that is a real server of its own cluster: as a backup it must leave to its own server what the master sends
it, by the kernel's backup_only, for as long as it is one.

No network settings of the distribution are touched: see units.py for what sets the same things again at boot.
"""

from __future__ import annotations

import ipaddress
import zlib
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Set, Tuple

from .settings import Kind, Record, Setting, Want

METHODS = ("DR", "TUN", "NAT")
ROUTES = ("policy", "default", "none")
PREFERENCE = 18480  # of the rule that keeps to known networks; the next number leads to the director
_TABLES = 20000  # the first of 10,000 routing tables, one a gateway
_ARP = {
    "net.ipv4.conf.all.arp_ignore": "1",
    "net.ipv4.conf.lo.arp_ignore": "1",
    "net.ipv4.conf.all.arp_announce": "2",
    "net.ipv4.conf.lo.arp_announce": "2",
}
_TUNNEL = {
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.tunl0.rp_filter": "0",
}
DIRECTOR: Want = {
    Setting(Kind.MODULE, "ip_vs"): "loaded",
    Setting(Kind.SYSCTL, "net.ipv4.vs.backup_only"): "1",
}
"""What a director needs beside that."""
# By the versions of virtual address and real server's address: module and link.
_TUNNELS = {(4, 4): ("ipip", "tunl0"), (6, 6): ("ip6_tunnel", "ip6tnl0"), (6, 4): ("sit", "sit0")}
LINKS = ("lo", *(link for _module, link in _TUNNELS.values()))
"""The links of a real server's virtual addresses."""
OWNER = "real_server "
"""What stands before a cluster's name in the record of its real server."""
Service = Mapping[str, Any]


class AddressError(ValueError):
    """An address that is none, or lacks. The message says which and why."""


def live(services: Sequence[Service], route: str = "policy") -> Want:
    """The settings of the running host for services as the options of the module real_server have them; raises
    AddressError."""
    want: Dict[Setting, str] = {}
    for service in services:
        method = service.get("lvs_method") or "DR"
        if method == "NAT":
            want.update(_way_back(service, route))
            continue
        for text in service.get("virtual_ipaddress") or ():
            want.update(_virtual(text, method, service.get("address")))
    return want


def _virtual(text: str, method: str, own: Any) -> Want:
    """A virtual address of a service by DR or TUN."""
    want: Dict[Setting, str] = {}
    address, version = _address(text)
    link = "lo"
    if version == 4:
        want.update({Setting(Kind.SYSCTL, key): value for key, value in _ARP.items()})
    if method == "TUN":
        outer = _parsed(own).version if own else version
        if (version, outer) not in _TUNNELS:
            raise AddressError(f"{text!r}: an IPv4 address by tunnel to the IPv6 address {own!r} is not supported")
        module, link = _TUNNELS[version, outer]
        want[Setting(Kind.MODULE, module)] = "loaded"
        want[Setting(Kind.LINK, link)] = "up"
        if version == 4:
            want.update({Setting(Kind.SYSCTL, key): value for key, value in _TUNNEL.items()})
    want[Setting(Kind.ADDRESS, f"{address} {link}")] = "present"
    return want


def _way_back(service: Service, route: str) -> Want:
    """The routes and rules that lead a NAT service's answers through the director; none without a gateway."""
    gateway = service.get("gateway")
    if not gateway or route == "none":
        return {}
    way = _parsed(gateway)
    family = way.version
    table = _TABLES + zlib.crc32(str(way).encode()) % 10000
    chosen = "from all" if route == "default" else _answers(service, family)
    return {
        Setting(Kind.ROUTE, f"{family} table {table} default via {way}"): "present",
        Setting(Kind.RULE, f"{family} {PREFERENCE} {chosen} lookup main suppress_prefixlength 0"): "present",
        Setting(Kind.RULE, f"{family} {PREFERENCE + 1} {chosen} lookup {table}"): "present",
    }


def _answers(service: Service, family: int) -> str:
    """What a rule says of the packets that a service answers with."""
    if not service.get("address"):
        raise AddressError("NAT by policy routing needs the real server's own address")
    own = _parsed(service["address"])
    if own.version != family:
        raise AddressError(
            f"the gateway {service['gateway']!r} and the address {service['address']!r} are of different families"
        )
    ports = service.get("port") and service.get("protocol")
    return f"from {own} ipproto {service['protocol']} sport {service['port']}" if ports else f"from {own}"


def owners(record: Record) -> List[str]:
    """The clusters that the host of a record is a real server of."""
    return sorted(name[len(OWNER) :] for name in record.owners if name.startswith(OWNER))


def one_way(wants: Iterable[Want], route: str) -> None:
    """Raises AddressError where all that the host sends would have to go two ways."""
    ways: Dict[str, Set[str]] = {}
    for setting in (one for want in wants for one in want if one.kind is Kind.ROUTE):
        ways.setdefault(setting.name[0], set()).add(setting.name.rsplit(" ", 1)[1])
    for family, gateways in ways.items() if route == "default" else ():
        if len(gateways) > 1:
            both = " and by ".join(sorted(gateways))
            raise AddressError(
                f"route: default leads all IPv{family} to one director, but the way back is by {both}: use policy"
            )


def _parsed(text: Any) -> Any:
    try:
        return ipaddress.ip_address(str(text).strip())
    except ValueError as error:
        raise AddressError(f"{text!r} is not an address: {error}") from error


def _address(text: str) -> Tuple[str, int]:
    try:
        interface = ipaddress.ip_interface(text.strip())
    except ValueError as error:
        raise AddressError(f"{text!r} is not an address: {error}") from error
    address = interface.ip
    if interface.network.prefixlen != address.max_prefixlen:
        raise AddressError(
            f"{text!r}: a virtual address on a real server has /{address.max_prefixlen}, its network is"
            " the real server's own"
        )
    if address.is_loopback or address.is_multicast or address.is_unspecified:
        raise AddressError(f"{text!r} cannot be a virtual address")
    return f"{address}/{address.max_prefixlen}", address.version
