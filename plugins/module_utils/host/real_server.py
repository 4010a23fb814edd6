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

No network settings of the distribution are touched: a unit of its own, ordered before the network comes up, sets
the same things again at boot.
"""

from __future__ import annotations

import ipaddress
import shlex
from typing import Dict, List, Sequence, Tuple

from .settings import Kind, Setting, Want

METHODS = ("DR", "TUN")
UNITS = "/etc/systemd/system"
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


class AddressError(ValueError):
    """A virtual address that is none. The message says which and why."""


def live(virtual_ipaddress: Sequence[str], lvs_method: str) -> Want:
    """The settings of the running host for these virtual addresses (each `address` or `address/prefix length`
    with the full length); raises AddressError."""
    want: Dict[Setting, str] = {}
    for text in virtual_ipaddress:
        address, version = _address(text)
        link = "lo"
        if version == 4:
            want.update({Setting(Kind.SYSCTL, key): value for key, value in _ARP.items()})
        if lvs_method == "TUN":
            link = "tunl0" if version == 4 else "ip6tnl0"
            want[Setting(Kind.MODULE, "ipip" if version == 4 else "ip6_tunnel")] = "loaded"
            want[Setting(Kind.LINK, link)] = "up"
            if version == 4:
                want.update({Setting(Kind.SYSCTL, key): value for key, value in _TUNNEL.items()})
        want[Setting(Kind.ADDRESS, f"{address} {link}")] = "present"
    return want


def at_boot(name: str, settings: Want) -> Want:
    """The files that make `settings` again at boot: one unit, and the link that enables it."""
    unit = f"lvs-real-server@{name}.service"
    return {
        Setting(Kind.FILE, f"{UNITS}/{unit}"): _unit(name, settings),
        Setting(Kind.SYMLINK, f"{UNITS}/multi-user.target.wants/{unit}"): f"{UNITS}/{unit}",
    }


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


def _unit(name: str, settings: Want) -> str:
    lines = "\n".join(f"ExecStart=/bin/sh -ec {shlex.quote(line)}" for line in _commands(settings))
    return f"""\
# Written by the Ansible collection lvs.cluster; changes here are lost.
[Unit]
Description=Virtual addresses of the real servers of LVS cluster {name}
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service systemd-sysctl.service
# No link that could ask by ARP is up before this is done.
Before=network-pre.target
Wants=network-pre.target
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
# Each line only after the one before it was right: without its sysctls no address goes up.
{lines}

[Install]
WantedBy=multi-user.target
"""


def _commands(settings: Want) -> List[str]:
    """The shell commands of one kind of setting on one line, the kinds in their order."""
    words: Dict[Kind, List[str]] = {}
    for setting, value in sorted(settings.items()):
        words.setdefault(setting.kind, []).append(_command(setting, value))
    return ["; ".join(commands) for commands in words.values()]


def _command(setting: Setting, value: str) -> str:
    if setting.kind is Kind.MODULE:
        return f"modprobe {setting.name}"
    if setting.kind is Kind.SYSCTL:
        return f"echo {value} >/proc/sys/{setting.name.replace('.', '/')}"
    if setting.kind is Kind.LINK:
        return f"ip link set {setting.name} {value}"
    address, link = setting.name.split()
    return f"ip address replace {address} dev {link}{' nodad' if ':' in address else ''}"
