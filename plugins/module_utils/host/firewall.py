# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director's firewall gets for VRRP and for the connection synchronisation, limited to its peers; pure.

nftables: a table of our own, which drops what comes from others, before any other rule; nothing is opened by it, as an
accept in one table ends no other. firewalld, ufw: what comes from the peers is let in.
VRRP over IPv6 comes from link-local addresses, so there every neighbour is a peer. AH is only looked at where it
carries VRRP (RFC 2338 section 5.3.6.3: to 224.0.0.18), as IPsec may use it too.
"""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from .settings import Kind, Setting, Want

FOLDER = "/etc/lvs-cluster"
RULES = f"{FOLDER}/director.nft"
UNITS = "/etc/systemd/system"
UNIT = "lvs-firewall.service"
TABLE = "inet lvs_director"
LINK_LOCAL = "fe80::/10"
_HEAD = "# Written by the Ansible collection lvs.cluster; changes here are lost.\n"
_UNIT = f"""\
{_HEAD}[Unit]
Description=VRRP and LVS connection synchronisation from the directors only
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service nftables.service
Before=network-pre.target
Wants=network-pre.target
# A start, a restart and a reload of nftables.service empty all tables.
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {RULES}
ExecReload=/usr/sbin/nft -f {RULES}

[Install]
WantedBy=multi-user.target nftables.service
"""


class Passage(NamedTuple):
    """Packets of one kind (vrrp, ah, sync) on one interface, and who may send them; port: of sync."""

    kind: str
    interface: str
    family: int
    sources: Tuple[str, ...]
    port: int = 0


def passages(needs: Mapping[str, Any], networks: Mapping[str, Sequence[str]]) -> Tuple[List[Passage], List[str]]:
    """(what is to be limited, the interfaces on which no peer is known). needs: as the module has it; networks: of each
    interface its addresses with length. A peer counts on an interface when its address is in one of its networks."""
    found: List[Passage] = []
    unknown: List[str] = []
    for router in needs.get("routers") or ():
        interface, family = str(router["interface"]), int(router.get("family") or 4)
        peers = [str(one) for one in router.get("peers") or ()]
        if not peers and family == 6:
            peers = [LINK_LOCAL]
        sources = peers or _near(needs.get("peers") or (), networks.get(interface, ()), family)
        if not sources:
            unknown.append(interface)
            continue
        kinds = ("vrrp", "ah") if router.get("ah") else ("vrrp",)
        found.extend(Passage(kind, interface, family, tuple(sorted(sources))) for kind in kinds)
    sync = needs.get("sync")
    if sync:
        interface = str(sync["interface"])
        sources = _near(needs.get("peers") or (), networks.get(interface, ()), 4)
        if sources:
            found.append(Passage("sync", interface, 4, tuple(sorted(sources)), int(sync.get("port") or 8848)))
        else:
            unknown.append(interface)
    return sorted(set(found)), sorted(set(unknown))


def _near(peers: Sequence[str], own: Sequence[str], family: int) -> List[str]:
    networks = [ipaddress.ip_network(address, strict=False) for address in own]
    near = [ipaddress.ip_address(peer) for peer in peers]
    return [str(peer) for peer in near if peer.version == family and any(peer in network for network in networks)]


def nftables(found: Sequence[Passage], systemd: bool = True) -> Want:
    """The table, the file that makes it, and the unit that does so at boot and whenever nftables.service empties all.

    systemd: whether it runs here, so that the unit can be active, as it has to be to hear of nftables.service.
    """
    if not found:
        return {}
    rules = "".join(f"    {_drop(passage)}\n" for passage in found)
    digest = hashlib.sha256(rules.encode()).hexdigest()[:16]
    text = (
        f"{_HEAD}table {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n  chain digest_{digest} {{\n  }}\n"
        f"  chain input {{\n    type filter hook input priority -10; policy accept;\n{rules}  }}\n}}\n"
    )
    return {
        Setting(Kind.FILE, RULES): text,
        Setting(Kind.FILE, f"{UNITS}/{UNIT}"): _UNIT,
        Setting(Kind.SYMLINK, f"{UNITS}/multi-user.target.wants/{UNIT}"): f"{UNITS}/{UNIT}",
        Setting(Kind.SYMLINK, f"{UNITS}/nftables.service.wants/{UNIT}"): f"{UNITS}/{UNIT}",
        Setting(Kind.TABLE, f"{TABLE} {RULES}"): digest,
        **({Setting(Kind.UNIT, UNIT): "active"} if systemd else {}),
    }


def _drop(passage: Passage) -> str:
    words = {4: "ip", 6: "ip6"}[passage.family]
    sources = ", ".join(passage.sources)
    what = {
        "vrrp": "meta l4proto vrrp",
        "ah": "meta l4proto ah ip daddr 224.0.0.18",
        "sync": f"udp dport {passage.port}",
    }[passage.kind]
    nfproto = {4: "ipv4", 6: "ipv6"}[passage.family]
    return f'iifname "{passage.interface}" meta nfproto {nfproto} {what} {words} saddr != {{ {sources} }} counter drop'


def firewalld(found: Sequence[Passage], zones: Mapping[str, str]) -> Want:
    """Rich rules, now and at boot, of each interface's zone (zones), of the default zone where none is known."""
    want: Dict[Setting, str] = {}
    for passage in found:
        for source in passage.sources:
            what = f'port port="{passage.port}" protocol="udp"'
            if passage.kind != "sync":
                what = f'protocol value="{passage.kind}"'
            rule = f'rule family="ipv{passage.family}" source address="{source}" {what} accept'
            zone = zones.get(passage.interface)
            want[Setting(Kind.RICH_RULE, f"zone={zone} {rule}" if zone else rule)] = "present"
    return want


def ufw(found: Sequence[Passage]) -> Want:
    """Rules of ufw as `ufw show added` lists them; ufw keeps them itself. It knows vrrp since 0.36.2."""
    want: Dict[Setting, str] = {}
    for passage in found:
        for source in passage.sources:
            rule = f"in on {passage.interface} from {source}"
            sync = passage.kind == "sync"
            rule += f" to any port {passage.port} proto udp" if sync else f" proto {passage.kind}"
            want[Setting(Kind.UFW_RULE, rule)] = "present"
    return want


BACKENDS = ("nftables", "firewalld", "ufw")
