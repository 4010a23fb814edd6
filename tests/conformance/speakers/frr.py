# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FRR's vrrpd with a zebra of its own; the macvlan that it wants to find is made here, as its manual says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, List, Optional

from conformance.facts import DEVICE
from conformance.frames import virtual_mac

from .speaker import Refused, Running

if TYPE_CHECKING:
    from netns import Host

    from conformance.facts import Counters, Facts

HOME = Path("/usr/lib/frr")


def configuration(facts: Facts) -> str:
    """vrrpd.conf."""
    vrid, family = facts.vrid, "ip" if facts.family == 4 else "ipv6"
    lines = ["log stdout", f"interface {DEVICE}", f" vrrp {vrid} version {facts.version}"]
    lines += [
        f" vrrp {vrid} priority {facts.priority}",
        f" vrrp {vrid} advertisement-interval {facts.interval * 1000:.0f}",
    ]
    lines += [f" {'' if facts.preempt else 'no '}vrrp {vrid} preempt"]
    lines += [f" vrrp {vrid} {family} {address}" for address in facts.vips]
    return "\n".join(lines) + "\n!\n"


class Frr:
    """Debian's package."""

    name = "frr"

    def title(self) -> str:
        """From its own mouth."""
        said = subprocess.run([str(HOME / "vrrpd"), "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        found = re.search(r"version ([\d.]+)", said)
        return f"FRR vrrpd {found.group(1) if found else '?'}"

    def lacks(self, facts: Facts) -> str:
        """What its command line has no words for."""
        if facts.priority == 255:
            return "no owner role: its command line admits priorities 1 to 254"
        if facts.peers:
            return "no unicast mode"
        if facts.password or facts.hmac:
            return "no authentication"
        if facts.accept is not None or facts.message_checksum or facts.loser_unanswered:
            return "no such setting"
        return ""

    def start(self, host: Host, facts: Facts, place: Path) -> Running:
        """zebra first, then vrrpd, both in the foreground; they write below /run/frr/<name>."""
        name = place.name
        run = Path("/run/frr") / name
        run.mkdir(parents=True, exist_ok=True)
        shutil.chown(run, "frr", "frr")
        place.chmod(0o755)
        device, prefix = f"vrrp{facts.family}-{facts.vrid}", 24 if facts.family == 4 else 64
        if device not in host.run("ip", "-o", "link"):
            host.sysctl(**{"net/ipv6/conf/default/accept_dad": 0})  # its link-local address serves at once
            host.batch(
                f"link add {device} link {DEVICE} type macvlan mode bridge",
                f"link set {device} address {virtual_mac(facts.family, facts.vrid)}",
                f"link set {device} addrgenmode {'random' if facts.family == 6 else 'none'}",
                f"link set {device} up",  # first: the link-local address it makes itself is to be its source
                *(
                    f"addr add {address}/{prefix} dev {device}{' nodad' * (facts.family == 6)}"
                    for address in facts.vips
                ),
            )
        (place / "conf").write_text(configuration(facts))
        (place / "zebra.conf").write_text("log stdout\n")
        common = ["-N", name, "-u", "frr", "-g", "frr", "-z", str(run / "zserv.api"), "--vty_socket", str(run)]
        # Each writes its process id to /run/frr/<name>/ by itself.
        programs = [
            host.start(str(HOME / "zebra"), *common, "-f", str(place / "zebra.conf"), log=str(place / "zebra.log"))
        ]
        end = time.monotonic() + 10
        while time.monotonic() < end and not (run / "zserv.api").exists():
            time.sleep(0.05)
        time.sleep(0.2)
        vrrpd = host.start(str(HOME / "vrrpd"), *common, "-f", str(place / "conf"), log=str(place / "log"))
        running = RunningFrr(host, [vrrpd, *programs], place)
        time.sleep(0.5)
        if not running.alive():
            raise Refused(running.log[-300:])
        return running


class RunningFrr(Running):
    """What vtysh tells."""

    def vtysh(self, command: str) -> str:
        """One command to vrrpd."""
        asked: List[str] = ["vtysh", "--vty_socket", f"/run/frr/{self.place.name}", "-d", "vrrpd", "-c", command]
        return subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout

    def counters(self) -> Optional[Counters]:
        try:
            routers = json.loads(self.vtysh("show vrrp json"))
        except ValueError:
            return None
        found: Counters = {}
        for router in routers:
            for family in ("v4", "v6"):
                found.update({k: v for k, v in router.get(family, {}).get("stats", {}).items() if isinstance(v, int)})
        return found or None
