# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Debian's keepalived prints of its running checker configuration (-C -d), which takes a kernel with ip_vs: the
same of every vector and of what we write of it. (Its VRRP configuration: test_keepalived_oracle.py.)
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read, write

from lvs_agent import plan_checks

if TYPE_CHECKING:
    from lvs_agent.checks.endpoint import Endpoint
    from lvs_agent.checks.scheduler import Schedule

pytestmark = pytest.mark.uml(limit=200)

FOLDER = Path(__file__).parents[1] / "vectors" / "conf"
FILES = [file for file in sorted(FOLDER.rglob("*.conf")) if "virtual_server" in file.read_text()]
MODULES = ("ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_wlc", "ip_vs_sh", "ip_vs_mh", "ip_vs_sed", "ip_vs_lblcr")
LAST = re.compile(r"------< (Health checkers|Checker track files) >------")
STATE = re.compile(r"(?i)time of|last|pid|socket|fd|thread|transition|run at|next")


@pytest.fixture(scope="module", autouse=True)
def kernel() -> None:
    """What the files need of the machine."""
    subprocess.run(["modprobe", "-a", *MODULES, "ip_vs_pe_sip", "dummy"], check=True)
    for number, name in enumerate(("lo", "eth0", "eth1")):
        if name != "lo":
            subprocess.run(["ip", "link", "add", name, "type", "dummy"], check=True)
            subprocess.run(["ip", "addr", "add", f"192.0.2.{number}/24", "dev", name], check=True)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)


def dumped(text: str, folder: Path) -> list[str]:
    """The lines about the configuration that a keepalived prints at its start."""
    path = folder / "dumped.conf"
    path.write_text(text)
    command = ["keepalived", "-C", "-n", "-l", "-d", "-f", str(path), "-p", str(folder / "1"), "-c", str(folder / "2")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    said, last, end = [b""], False, time.monotonic() + 20
    assert process.stdout is not None
    # the whole is printed when nothing has come for a while behind its last part
    while time.monotonic() < end and select.select([process.stdout], [], [], 0.5 if last else 5)[0]:
        said.append(process.stdout.read1(65536))
        last = last or b"LVS Topology" in said[-1]
    os.killpg(process.pid, signal.SIGKILL)  # an orderly end takes longer than all the rest
    process.wait()
    process.stdout.close()
    lines = [re.sub(r"^\w{3} \w{3} +\d+ [\d:]+ \d{4}: ", "", line) for line in b"".join(said).decode().splitlines()]
    starts = [number for number, line in enumerate(lines) if line.startswith("------<")]
    assert starts, lines
    assert any(LAST.search(line) for line in lines), lines[-5:]
    stated = [line for line in lines[starts[0] :] if line.startswith((" ", "------<"))]
    return [line for line in stated if not STATE.search(line)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_both_files_are_one_configuration(file: Path, tmp_path: Path) -> None:
    original = file.read_text()
    assert dumped(write(read(original, file.name).document), tmp_path) == dumped(original, tmp_path)


def test_what_is_compared_says_what_the_file_says(tmp_path: Path) -> None:
    text = (FOLDER / "whole" / "checkers.conf").read_text()
    told = "\n".join(dumped(text, tmp_path))
    for what in ("initial weight = 5", "Dest = [198.51.100.12]:8080", "Type = MX", "Timeout = 1.25"):
        assert what in told, what


# keepalived 2.2.7 gives a host without connect_timeout none at all, and it fails at once: each has one here.
HOSTS = """virtual_server 10.0.0.100 25 {
 delay_loop 30
 lvs_sched rr
 lvs_method NAT
 protocol TCP
 real_server 10.0.0.1 25 {
  SMTP_CHECK {
   retry 7
   host {
    connect_ip 10.0.0.2
    connect_timeout 3
    delay_loop 11
    alpha
    log_all_failures
   }
   host {
    connect_port 26
    bindto 10.0.0.9
    connect_timeout 4
    retry 4
    warmup 3
   }
  }
 }
 real_server 10.0.0.2 25 {
  SMTP_CHECK {
   connect_timeout 9
   bindto 10.0.0.8
   fwmark 5
   host {
    connect_ip 10.0.0.3
    connect_timeout 2
    delay_before_retry 6
   }
  }
 }
}
"""
TOLD = re.compile(
    r" +((?:Alpha|Delay loop|Warmup|Retries|Delay before retry|Log all failures|Dest|Bind to|Mark|Timeout) = .*)"
)


def as_told(schedule: Schedule, end: Endpoint) -> list[str]:
    """A check of ours in keepalived's words."""
    lines = [f"Alpha = {'yes' if schedule.alpha else 'no'}"]
    lines += [
        f"{name} = {value * 1e6:.0f} us"
        for name, value in (("Delay loop", schedule.delay_loop), ("Warmup", schedule.warmup))
    ]
    lines += [f"Retries = {schedule.retry}", f"Delay before retry = {schedule.delay_before_retry * 1e6:.0f} us"]
    lines += [
        f"Log all failures = {'yes' if schedule.log_all_failures else 'no'}",
        f"Dest = [{end.address}]:{end.port}",
    ]
    lines += [f"Bind to = [{end.bindto}]:{end.bind_port}"] if end.bindto else []
    lines += [f"Mark = {end.fwmark}"] if end.fwmark else []
    return [*lines, f"Timeout = {end.timeout:f}"]


def test_the_hosts_of_an_smtp_check(tmp_path: Path) -> None:
    """Where each connects to and when: the hosts' places by themselves, their times for the whole check."""
    lines = dumped(HOSTS, tmp_path)
    lines = lines[lines.index("------< Health checkers >------") :]
    told = [found[1] for found in map(TOLD.fullmatch, lines) if found]
    checks = plan_checks.plan(read(HOSTS, "keepalived.conf").document).checks
    assert len(checks) == 4
    assert told == [line for schedule, check in checks.values() for line in as_told(schedule, check.endpoint)]
