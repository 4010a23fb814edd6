# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ipvs_info beside ipvsadm, on a guest's kernel."""

from __future__ import annotations

import contextlib
import subprocess

import pytest
from one_module import play

pytestmark = pytest.mark.uml(limit=120)

# Made by ipvsadm's own reading of these lines, which are how it saves a table.
TABLE = """\
-A -t 10.1.0.100:80 -s wrr -p 50 -M 255.255.255.0
-a -t 10.1.0.100:80 -r 10.1.0.1:8080 -m -w 3
-a -t 10.1.0.100:80 -r 127.0.0.1:80 -m -w 1
-A -u 10.1.0.100:53 -s rr -o
-a -u 10.1.0.100:53 -r 10.1.0.2:53 -g -w 0
-A -t [2001:db8::100]:443 -s sh -p 50 -M 64
-a -t [2001:db8::100]:443 -r [2001:db8::1]:443 -i -w 1
-A -f 5 -6 -s lc
-a -f 5 -6 -r [2001:db8::2]:0 -g -w 1
-A -f 6 -s wlc
"""


def saved(service):
    """A service as ipvsadm saves it."""
    flag = {"TCP": "-t", "UDP": "-u", None: "-f"}[service["protocol"]]
    head = f"{flag} {place(service) if service['fwmark'] is None else service['fwmark']}"
    if service["fwmark"] is not None and service["ip_family"] == "inet6":
        head += " -6"
    line = f"-A {head} -s {service['lvs_sched']}"
    if service["persistent"]:
        line += " -p 50"
    if service["persistence_granularity"]:
        line += f" -M {service['persistence_granularity']}"
    yield line + (" -o" if service["ops"] else "")
    for server in service["real_servers"]:
        method = {"NAT": "-m", "DR": "-g", "TUN": "-i"}[server["lvs_method"]]
        yield f"-a {head} -r {place(server)} {method} -w {server['weight']}"


def place(item):
    address = f"[{item['address']}]" if ":" in item["address"] else item["address"]
    return f"{address}:{item['port']}"


def test_it_says_what_ipvsadm_says():
    host = contextlib.nullcontext()
    assert play(host, module="ipvs_info")[0]["loaded"] is False
    subprocess.run(["modprobe", "-a", "ip_vs", "ipip"], check=True)
    for line in TABLE.splitlines():
        subprocess.run(["ipvsadm", *line.split()], check=True)
    found, _shown = play(host, module="ipvs_info")
    assert found["loaded"]
    assert found["sysctls"]["expire_nodest_conn"] == "0"
    lines = [line for service in found["virtual_servers"] for line in saved(service)]
    assert sorted(lines) == sorted(TABLE.splitlines())
