# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks by the way of the data: what they connect to, the private services, their marks, the source address."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read

from lvs_agent import plan_checks, plan_paths
from lvs_agent.checks.path.port import another
from lvs_agent.ipvs import save

BLOCK = """virtual_server {vip} 80 {{
protocol TCP
lvs_sched rr
lvs_method {method}
delay_loop 3
{real}
}}
"""
REAL = "real_server {address} 8080 {{\nweight 3\nuthreshold 9\nTCP_CHECK {{\n@lvs_agent data_path\n{more}\n}}\n}}\n"


def file(vip="192.0.2.1", method="DR", address="10.0.0.2", more="", real=REAL) -> str:
    return BLOCK.format(vip=vip, method=method, real=real.format(address=address, more=more))


def planned(text: str):
    reading = read(text, "x.conf")
    assert [one.render() for one in reading.findings if one.level == "error"] == []
    return plan_checks.plan(reading.document)


def table(text: str) -> list:
    made = planned(text)
    return save.write(plan_checks.desired(made, plan_checks.starting_states(made))).splitlines()


@pytest.mark.parametrize(
    ("text", "end", "private"),
    [
        (file(), ("192.0.2.1", 80, "10.0.0.2"), "-r 10.0.0.2:0 -g -w 1"),
        (file(method="TUN type gue port 6080"), ("192.0.2.1", 80, "10.0.0.2"), "-r 10.0.0.2:0 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum"),
        (file("2001:db8::1", address="2001:db8::2"), ("2001:db8::1", 80, "2001:db8::2"), "-6 -r [2001:db8::2]:0 -g -w 1"),
        (file(more="connect_port 443"), ("192.0.2.1", 443, "10.0.0.2"), "-r 10.0.0.2:0 -g -w 1"),
        (file("fwmark", more="connect_ip 192.0.2.7\nconnect_port 25"), ("192.0.2.7", 25, "10.0.0.2"), "-r 10.0.0.2:0 -g -w 1"),
    ],
)  # fmt: skip
def test_the_check_and_its_private_service(text, end, private):
    made = planned(text)
    ((_schedule, check),) = made.checks.values()
    assert (check.endpoint.address, check.endpoint.port, check.endpoint.toward) == end
    assert check.endpoint.fwmark >= plan_paths.BASE
    lines = table(text)
    assert lines[-2:] == [
        f"-A -f {check.endpoint.fwmark}{' -6' * ('-6' in private)} -s rr",
        f"-a -f {check.endpoint.fwmark} {private}",
    ]
    assert len(lines) == 4


def test_it_goes_with_its_virtual_server():
    (service,) = planned(file()).services.values()
    assert len(service.keys) == 2
    assert planned(file().replace("@lvs_agent data_path", "")).services[service.name].paths == ()


def test_marks_stay_and_never_meet():
    text = file() + file("192.0.2.2") + file(address="10.0.0.3").replace("192.0.2.1 80", "192.0.2.3 80")
    marks = [check.endpoint.fwmark for _schedule, check in planned(text).checks.values()]
    assert len(set(marks)) == 3
    assert [check.endpoint.fwmark for _schedule, check in planned(file()).checks.values()] == marks[:1]
    taken = plan_paths.mark("a", "b", ())
    assert plan_paths.mark("a", "b", {taken}) != taken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (file(method="NAT"), "a server of NAT has not"),
        (file("fwmark"), "needs connect_ip"),
        (file("fwmark", more="connect_ip 192.0.2.7"), "needs connect_port"),
        (file(method="TUN", address="2001:db8::2"), "needs bindto"),
        (file(more="").replace("TCP_CHECK", "PING_CHECK"), "a ping is not forwarded"),
    ],
)
def test_data_paths_that_lead_nowhere(text, said):
    (found,) = [one for one in read(text, "x.conf").findings if one.code == "no-data-path"]
    assert said in found.message
    assert found.level == "error"


IF_INET6 = """fd000000000000000000000000000100 02 80 00 80     eth0
fe800000000000006c00cefffeeb6b6b 02 40 20 80     eth0
fd000000000000000000000000000200 02 80 00 a0     eth0
fd000000000000000000000000000253 02 40 00 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""


@pytest.mark.parametrize(("address", "other"), [("fd00::100", "fd00::253"), ("::1", "::1"), ("fd00::9", "fd00::9")])
def test_another_address_of_the_interface(address, other):
    assert another(IF_INET6, address) == other
