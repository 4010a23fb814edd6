# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which interfaces of their own virtual routers have: use_vmac, use_vmac_addr, use_ipvlan. Pure.

Names are keepalived's: vrrp.VRID for IPv4 and vrrp6.VRID for IPv6 (vmac_prefix for vrrp) on the instance's interface;
vrrp1.VRID and so on (vmac_addr_prefix) for single addresses on others. MAC addresses are RFC 9568 7.3's.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Dict, Iterable, Iterator, Mapping, Optional, Set, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from .link.state import IPVLAN_BRIDGE, IPVLAN_PRIVATE, IPVLAN_VEPA, Address, Device, Raised, Thing

_IPVLAN = {"bridge": IPVLAN_BRIDGE, "private": IPVLAN_PRIVATE, "vepa": IPVLAN_VEPA}
_NODAD = 0x02


@dataclass(frozen=True)
class Own:
    """What one instance has. `vmac` is the MAC that its adverts carry, b"" for the interface's own.

    `by_place` names the interface that an address goes to, by (interface, family) and by interface alone. `hears` are
    the interfaces where adverts may arrive. `holds` is there as long as the instance is, `raises` while it is MASTER.
    """

    hears: Tuple[str, ...] = ()
    holds: Tuple[Thing, ...] = ()
    raises: Tuple[Raised, ...] = ()
    vmac: bytes = b""
    by_place: Tuple[Tuple[Tuple[str, int], str], ...] = ()
    source: Optional[bytes] = None


def own(document: model.Document) -> Mapping[str, Own]:
    """By the name of the instance."""
    taken = {name for block in document.vrrp_instances for name in _given(block)}
    return {block.name: _own(document, block, taken) for block in document.vrrp_instances}


def _given(block: model.VrrpInstance) -> Iterator[str]:
    for line in (block.use_vmac, block.use_ipvlan):
        if line is not None and line.name:
            yield line.name


def virtual_mac(family: int, vrid: int) -> bytes:
    """RFC 9568 7.3."""
    return bytes((0, 0, 0x5E, 0, 1 if family == 4 else 2, vrid))


def group(text: Optional[str]) -> int:
    """The number of an interface group. Raises ValueError for a name that is not `default`."""
    return 0 if text in (None, "default") else int(text or "", 0)


def _own(document: model.Document, block: model.VrrpInstance, taken: Set[str]) -> Own:
    base, family, vrid = block.interface or block.vrf or "", effective.family(block), block.virtual_router_id or 0
    prefix = effective.global_defs(document).vmac_prefix or "vrrp"
    usual = f"{prefix}{'6' if family == 6 else ''}.{vrid}"
    if block.use_ipvlan is not None:
        return _ipvlan(block.use_ipvlan, base, block.use_ipvlan.name or _free(usual, prefix, vrid, taken))
    places: Dict[Tuple[str, int], Device] = {}
    line = block.use_vmac
    macs = {4: virtual_mac(4, vrid), 6: virtual_mac(6, vrid)}
    if line is not None:
        name = line.name or _free(usual, prefix, vrid, taken)
        if line.mac and not effective.strict(document, block):
            macs[family] = _mac(line.mac, vrid)
        places[base, 0] = Device(name, base, macs[family], group=group(line.group))
    elsewhere = effective.global_defs(document).vmac_addr_prefix or prefix
    for item in (*block.virtual_ipaddress, *block.virtual_ipaddress_excluded):
        kind, on = 6 if ":" in item.address else 4, item.dev or base
        other = on != base or kind != family or line is None
        if other and (item.use_vmac or (block.use_vmac_addr and line is not None)) and (on, kind) not in places:
            places[on, kind] = Device(_free("", elsewhere, vrid, taken), on, macs[kind])
    first = places.get((base, 0))
    unicast = bool(block.unicast_peer)
    return Own(
        hears=(base, first.name) if first is not None and not unicast else (base,),
        holds=tuple(places.values()),
        raises=tuple(Raised(device.name) for device in places.values()),
        vmac=first.mac if first is not None and not unicast and not _from_base(document, block) else b"",
        by_place=tuple((place, device.name) for place, device in places.items()),
    )


def _from_base(document: model.Document, block: model.VrrpInstance) -> bool:
    return bool(block.vmac_xmit_base) and not effective.strict(document, block)


def _ipvlan(line: model.UseIpvlan, base: str, name: str) -> Own:
    device = Device(name, base, b"", _IPVLAN[line.mode or "bridge"], group(line.group))
    holds: Tuple[Thing, ...] = (device, Raised(name))
    source = None
    if line.address:
        where = ip_interface(line.address)
        source = where.ip.packed
        holds += (Address(source, where.network.prefixlen, name, flags=_NODAD * (where.version == 6)),)
    return Own(hears=(name,), holds=holds, by_place=(((base, 0), name),), source=source)


def place(own: Own, item: model.VirtualAddress, interface: str) -> str:
    """The interface that an address goes to."""
    on, kind = item.dev or interface, 6 if ":" in item.address else 4
    places = dict(own.by_place)
    return places.get((on, kind)) or places.get((on, 0)) or on


def _free(usual: str, prefix: str, vrid: int, taken: Set[str]) -> str:
    """The usual name, or the first of the counted ones that nothing has yet."""
    counted = (f"{prefix}{number}.{vrid}" for number in itertools.count(1))
    name = next(each for each in itertools.chain([usual] if usual else [], counted) if each not in taken)
    taken.add(name)
    return name


def _mac(text: str, vrid: int) -> bytes:
    """Six octets, or five and the VRID is the last."""
    octets = bytes(int(octet, 16) for octet in text.rstrip(":").split(":"))
    return octets if len(octets) == 6 else octets + bytes((vrid,))


def settings(owns: Iterable[Own]) -> Mapping[str, int]:
    """What has to be set, at least, below /proc/sys/net on the interfaces under macvlans.

    They answer ARP for their own addresses alone, and ask with them: the virtual ones are behind the virtual MAC.
    """
    devices = (each for own in owns for each in own.holds if isinstance(each, Device) and each.mac)
    words = (("arp_ignore", 1), ("arp_announce", 2))
    bases = sorted({device.base for device in devices})
    return {f"ipv4/conf/{base}/{word}": least for base in bases for word, least in words}
