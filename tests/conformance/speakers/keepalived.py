# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distribution's keepalived; the text of its configuration serves the agent too."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING, List, Optional

from conformance.facts import DEVICE

from .speaker import Refused, Running

if TYPE_CHECKING:
    from pathlib import Path

    from netns import Host

    from conformance.facts import Counters, Facts

# USR1 and USR2 write to /tmp by fixed names: a /tmp for each.
OWN_TMP = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /tmp; exec "$@"')


def configuration(facts: Facts) -> str:
    """keepalived.conf for the facts; everything not said is the speaker's default."""
    lines: List[str] = ["global_defs {", "    router_id ledger", "}", "vrrp_instance L {"]
    if facts.check_peers:
        lines.insert(2, "    vrrp_check_unicast_src")
    if facts.garp_once:
        lines[2:2] = ["    vrrp_garp_master_repeat 1", "    vrrp_garp_master_delay 0"]
    lines += [
        f"    state {'MASTER' if facts.master else 'BACKUP'}",
        f"    interface {DEVICE}",
        f"    virtual_router_id {facts.vrid}",
        f"    priority {facts.priority}",
        f"    advert_int {facts.interval:g}",
        f"    version {facts.version}",
    ]
    if not facts.preempt:
        lines.append("    nopreempt")
    if facts.loser_unanswered:
        lines.append("    lower_prio_no_advert")
    if facts.vmac:
        lines.append("    use_vmac")
    if facts.accept is not None:
        lines.append("    accept" if facts.accept else "    no_accept")
    if facts.message_checksum:
        lines.append("    v3_checksum_as_v2")
    if facts.peers:
        lines += [f"    unicast_src_ip {facts.source}", "    unicast_peer {"]
        lines += [f"        {peer}" for peer in facts.peers] + ["    }"]
    if facts.password:
        lines += ["    authentication {", "        auth_type PASS", f"        auth_pass {facts.password}", "    }"]
    if facts.hmac:
        lines += ["    auth_hmac {"]
        lines += [f"        key {number} hex:{key.hex()}" for number, key in facts.hmac.keys]
        lines += [f"        active_key {facts.hmac.active}", f"        mode {facts.hmac.mode}"]
        lines += [f"        anti_replay {facts.hmac.anti_replay}", "    }"]
    lines += ["    virtual_ipaddress {", *(f"        {address}" for address in facts.vips), "    }", "}"]
    return "\n".join(lines) + "\n"


class Keepalived:
    """Debian's package."""

    name = "keepalived"

    def title(self) -> str:
        """From its own mouth."""
        said = subprocess.run(["keepalived", "--version"], stderr=subprocess.PIPE, text=True, check=True).stderr
        found = re.search(r"v([\d.]+)", said)
        return f"keepalived {found.group(1) if found else '?'}"

    def lacks(self, facts: Facts) -> str:
        """auth_hmac came with 2.4.0."""
        return "no auth_hmac before 2.4.0" if facts.hmac and self.title() < "keepalived 2.4" else ""

    def start(self, host: Host, facts: Facts, place: Path) -> Running:
        """In the foreground, VRRP only, logging to a file."""
        (place / "conf").write_text(configuration(facts))
        (place / "tmp").mkdir(exist_ok=True)
        for left in place.glob("*pid"):  # of one that was killed: nobody reaps it here, and it would count as running
            left.unlink()
        command = ["keepalived", "-n", "-l", "-D", "-G", "-P", "-f", str(place / "conf")]
        command += ["-p", str(place / "pid"), "-r", str(place / "vrrp.pid"), "-c", str(place / "check.pid")]
        program = host.start(*OWN_TMP, str(place / "tmp"), *command, log=str(place / "log"))
        running = RunningKeepalived(host, [program], place)
        time.sleep(0.3)
        if not running.alive():
            raise Refused(running.log[-300:])
        return running


class RunningKeepalived(Running):
    """keepalived's signals and its statistics file."""

    def reload(self, facts: Facts) -> None:
        (self.place / "conf").write_text(configuration(facts))
        self.programs[0].send_signal(signal.SIGHUP)
        time.sleep(0.5)

    def counters(self) -> Optional[Counters]:
        statistics = self.place / "tmp" / "keepalived.stats"
        if statistics.exists():
            statistics.unlink()
        self.programs[0].send_signal(signal.SIGUSR2)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if statistics.exists() and "Priority Zero" in statistics.read_text():
                time.sleep(0.02)
                return _numbers(statistics.read_text())
            time.sleep(0.02)
        return None


def _numbers(text: str) -> Counters:
    """`Packet Errors:` and below it `TTL: 3` become "packet errors ttl": 3."""
    found: Counters = {}
    section = ""
    for line in text.splitlines():
        match = re.match(r"\s+([A-Za-z ]+): *(\d*)$", line)
        if match and match.group(2):
            found[f"{section} {match.group(1)}".strip().lower()] = int(match.group(2))
        elif match:
            section = match.group(1)
    return found
