# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a line of virtual_ipaddress or static_ipaddress to a link.state value. Pure."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING, Optional

from .link.state import Address

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

_SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}
_HOME, _NODAD, _MNGTMPADDR, _NOPREFIXROUTE, _AUTOJOIN = 0x10, 0x02, 0x100, 0x200, 0x400
_FOREVER = 0xFFFFFFFF


def address(item: model.VirtualAddress, interface: str) -> Address:
    """The address as it is set on `interface`."""
    packed = ip_address(item.address).packed
    six = len(packed) == 16
    whole = len(packed) * 8
    prefixlen = whole if item.prefixlen is None else item.prefixlen
    flags = (
        _HOME * item.home
        | _MNGTMPADDR * item.mngtmpaddr
        | _NOPREFIXROUTE * item.noprefixroute
        | _AUTOJOIN * item.autojoin
        # detecting duplicates would leave a VIP unusable after a split; `-nodad` asks for the detection
        | _NODAD * (six and not item.nodad)
    )
    preferred = item.preferred_lft
    if preferred is None and six and prefixlen == whole:
        preferred = 0  # as keepalived: deprecated, so that it is nobody's source address
    return Address(
        address=packed,
        prefixlen=prefixlen,
        interface=interface,
        scope=0 if six else _scope(item.scope),
        label="" if six else item.label or "",
        broadcast=_broadcast(item.brd, packed, prefixlen),
        peer=ip_address(item.peer).packed if item.peer else None,
        flags=flags,
        preferred=preferred if six and preferred is not None and 0 <= preferred < _FOREVER else None,
    )


def _scope(text: Optional[str]) -> int:
    if not text:
        return 0
    return _SCOPES[text] if text in _SCOPES else int(text)


def _broadcast(text: Optional[str], packed: bytes, prefixlen: int) -> Optional[bytes]:
    if not text or len(packed) == 16:
        return None
    network = ip_interface((packed, prefixlen)).network
    named = {"+": network.broadcast_address, "-": network.network_address}
    return (named[text] if text in named else ip_address(text)).packed
