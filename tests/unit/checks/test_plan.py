# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From virtual_server blocks to checks, pools and the table, against what ipvsadm -Sn prints after keepalived."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model, read

from lvs_agent import plan_checks
from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.http import HttpCheck, Url
from lvs_agent.checks.misc import MiscCheck
from lvs_agent.checks.scheduler import Schedule
from lvs_agent.checks.tcp import TcpCheck
from lvs_agent.checks.tls.settings import Tls
from lvs_agent.ipvs import save
from lvs_agent.ipvs.table import Destination, Entry, Forward, table
from lvs_agent.pool import roster

NAT, DR, TUN = model.Forwarding("NAT"), model.Forwarding("DR"), model.Forwarding("TUN")


def real(address: str = "10.0.0.1", port: int = 80, **words) -> model.RealServer:
    return model.RealServer(address, port, **words)


def virtual(address="192.0.2.1", port=80, **words) -> model.VirtualServer:
    words.setdefault("protocol", "TCP")
    words.setdefault("real_servers", (real(),))
    return model.VirtualServer(address, port, **words)


def saved(*blocks: model.VirtualServer, **document) -> str:
    """What ipvsadm -Sn prints of the table that a first start makes."""
    planned = plan_checks.plan(model.Document(virtual_servers=blocks, **document))
    return save.write(plan_checks.desired(planned, plan_checks.starting_states(planned)))


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (virtual(lvs_sched="wrr", lvs_method=DR), ["-A -t 192.0.2.1:80 -s wrr", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1"]),
        (
            virtual(real_servers=(real(weight=3, port=8080), real("10.0.0.2", 0, lvs_method=TUN))),
            [
                "-A -t 192.0.2.1:80 -s wlc",
                "-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3",
                "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -i -w 1 --tun-type ipip",
            ],
        ),
        # DR cannot change the port.
        (virtual(lvs_method=DR, real_servers=(real(port=8080),)), ["-A -t 192.0.2.1:80 -s wlc", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1"]),
        (
            virtual(persistence_timeout=50, persistence_granularity="255.255.255.0", lvs_sched="rr"),
            ["-A -t 192.0.2.1:80 -s rr -p 50 -M 255.255.255.0", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1"],
        ),
        (virtual(port=0, lvs_sched="rr", lvs_method=DR, real_servers=(real(port=0),)), ["-A -t 192.0.2.1:0 -s rr -p 360", "-a -t 192.0.2.1:0 -r 10.0.0.1:0 -g -w 1"]),
        (
            virtual("2001:db8::1", lvs_sched="rr", real_servers=(real("2001:db8::10"),)),
            ["-A -t [2001:db8::1]:80 -s rr", "-a -t [2001:db8::1]:80 -r [2001:db8::10]:80 -m -w 1"],
        ),
        (virtual(protocol="UDP", ops=True), ["-A -u 192.0.2.1:80 -s wlc -o", "-a -u 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1"]),
        (virtual(protocol=None), ["-A -u 192.0.2.1:80 -s wlc", "-a -u 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1"]),
        (virtual(protocol="TCP", ops=True), ["-A -t 192.0.2.1:80 -s wlc", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1"]),
        (
            virtual(lvs_sched="sh", sh_port=True, sh_fallback=True),
            ["-A -t 192.0.2.1:80 -s sh -b sh-fallback,sh-port", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1"],
        ),
        (virtual(lvs_sched="wlc", sh_port=True), ["-A -t 192.0.2.1:80 -s wlc", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1"]),
        (
            virtual(real_servers=(real(uthreshold=100, lthreshold=50),)),
            ["-A -t 192.0.2.1:80 -s wlc", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1 -x 100 -y 50"],
        ),
        (
            model.VirtualServer(fwmark=5, lvs_sched="rr", lvs_method=DR, real_servers=(real(port=80),)),
            ["-A -f 5 -s rr", "-a -f 5 -r 10.0.0.1:0 -g -w 1"],
        ),
        (
            model.VirtualServer(fwmark=5, lvs_sched="rr", real_servers=(real("2001:db8::10"),)),
            ["-A -f 5 -6 -s rr", "-a -f 5 -6 -r [2001:db8::10]:80 -m -w 1"],
        ),
        # The first of two equal real servers stands.
        (virtual(real_servers=(real(weight=1), real(weight=2))), ["-A -t 192.0.2.1:80 -s wlc", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1"]),
        # Without real servers there is no service, as in keepalived.
        (virtual(real_servers=()), []),
        # alpha: nothing until a check succeeded, so the sorry server.
        (
            virtual(alpha=True, sorry_server=model.AddressPort("10.0.0.9", 80), real_servers=(real(checks=(model.TcpCheck(),)),)),
            ["-A -t 192.0.2.1:80 -s wlc", "-a -t 192.0.2.1:80 -r 10.0.0.9:80 -m -w 1"],
        ),
        # alpha has no meaning for a server that nobody checks.
        (virtual(alpha=True), ["-A -t 192.0.2.1:80 -s wlc", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1"]),
    ],
)  # fmt: skip
def test_table(block: model.VirtualServer, expected):
    assert saved(block).splitlines() == expected


def test_a_group_makes_a_service_of_every_address_and_mark():
    group = model.VirtualServerGroup(
        "G",
        (
            model.GroupMember("192.0.2.1", port=80),
            model.GroupMember("192.0.2.5", end="6", port=443),
            model.GroupMember("192.0.2.8", end="192.0.2.9", port=80),
            model.GroupMember(fwmark=7),
        ),
    )
    block = model.VirtualServer(group="G", protocol="TCP", lvs_sched="rr", lvs_method=DR, real_servers=(real(port=80),))
    assert saved(block, virtual_server_groups=(group,)).splitlines() == [
        "-A -t 192.0.2.1:80 -s rr",
        "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1",
        "-A -t 192.0.2.5:443 -s rr",
        "-a -t 192.0.2.5:443 -r 10.0.0.1:443 -g -w 1",
        "-A -t 192.0.2.6:443 -s rr",
        "-a -t 192.0.2.6:443 -r 10.0.0.1:443 -g -w 1",
        "-A -t 192.0.2.8:80 -s rr",
        "-a -t 192.0.2.8:80 -r 10.0.0.1:80 -g -w 1",
        "-A -t 192.0.2.9:80 -s rr",
        "-a -t 192.0.2.9:80 -r 10.0.0.1:80 -g -w 1",
        "-A -f 7 -s rr",
        "-a -f 7 -r 10.0.0.1:0 -g -w 1",
    ]


def checks_of(block: model.VirtualServer, **document):
    planned = plan_checks.plan(model.Document(virtual_servers=(block,), **document))
    return [(key.server, schedule, check) for key, (schedule, check) in planned.checks.items()]


END = Endpoint("10.0.0.1", 80)


@pytest.mark.parametrize(
    ("check", "schedule", "made"),
    [
        (model.TcpCheck(), Schedule(), TcpCheck(END)),
        (
            model.TcpCheck(
                delay_loop=6.0, retry=3, delay_before_retry=2.0, warmup=1.0, alpha=True, connect_timeout=10.0, log_all_failures=True
            ),
            Schedule(6.0, 2.0, 3, 1.0, True, log_all_failures=True),
            TcpCheck(Endpoint("10.0.0.1", 80, 10.0)),
        ),
        (
            model.TcpCheck(connect_ip="10.9.9.9", connect_port=81, bindto="10.0.0.250", bind_port=99, bind_if="eth1", fwmark=7),
            Schedule(),
            TcpCheck(Endpoint("10.9.9.9", 81, 5.0, "10.0.0.250", 99, "eth1", 7)),
        ),
        (
            model.HttpGet(urls=(model.HttpUrl(path="/a", digest="ab", status_code=((200, 204),)), model.HttpUrl(path="/b", virtualhost="v"))),
            Schedule(delay_before_retry=3.0, urls=2),
            HttpCheck(END, (Url("/a", "ab", ((200, 204),)), Url("/b", None, ((200, 299),), "v"))),
        ),
        (
            model.SslGet(urls=(model.SslUrl(path="/"),), virtualhost="w", enable_sni=True, http_protocol="1.0c", fast_recovery=True),
            Schedule(delay_before_retry=3.0, urls=1, fast_recovery=True),
            HttpCheck(END, (Url("/"),), "w", "1.0C", Tls(True, None, "/ca.pem")),
        ),
        (
            model.MiscCheck(misc_path=model.Script(("/bin/check", "-x")), misc_timeout=3.0, misc_dynamic=True),
            Schedule(retry=0, from_start=True),
            MiscCheck(("/bin/check", "-x"), 3.0, True, "nobody", None),
        ),
        (
            model.MiscCheck(misc_path=model.Script(("/bin/check",)), user=model.UserGroup("me", "us")),
            Schedule(retry=0, from_start=True),
            MiscCheck(("/bin/check",), 60.0, False, "me", "us"),
        ),
    ],
)  # fmt: skip
def test_checks(check, schedule: Schedule, made):
    block = virtual(real_servers=(real(checks=(check,)),))
    document = model.Document(virtual_servers=(block,), ssl=model.Ssl(ca="/ca.pem"))
    planned = plan_checks.plan(document, model.UserGroup("nobody"))
    assert [(key.server, *rest) for key, rest in planned.checks.items()] == [("[10.0.0.1]:tcp:80", schedule, made)]


def test_two_equal_checks_are_two():
    block = virtual(real_servers=(real(checks=(model.TcpCheck(), model.TcpCheck())),))
    assert len(checks_of(block)) == 2


def test_words_that_are_not_done_are_errors():
    block = virtual(
        real_servers=(real(checks=(model.HttpGet(urls=(model.HttpUrl(path="/", regex="a"),), http_protocol="1.1K"),)),),
    )
    found = plan_checks.unsupported(model.Document(virtual_servers=(block,)), "file")
    assert [(finding.level, finding.message.split(": ")[-1]) for finding in found] == [
        ("error", "http_protocol 1.1K is not done by this version"),
    ]


def adopt(block: model.VirtualServer, *destinations: Destination, drained: dict[str, bool] | None = None):
    planned = plan_checks.plan(model.Document(virtual_servers=(block,)))
    (service,) = planned.services.values()
    have = table([(service.services[0], destinations)])
    return plan_checks.known_up(service, have, lambda address, _port: (drained or {}).get(address))


def there(address: str, weight: int) -> Destination:
    return Destination(address, 80, Forward.MASQ, weight)


SORRY = {"sorry_server": model.AddressPort("10.0.0.9", 80)}


@pytest.mark.parametrize(
    ("words", "kernel", "expected"),
    [
        ({}, (), [False, False]),
        ({}, (there("10.0.0.1", 1),), [True, False]),
        ({}, (there("10.0.0.1", 1), there("10.0.0.2", 0)), [True, True]),
        ({"inhibit_on_failure": True}, (there("10.0.0.1", 1), there("10.0.0.2", 0)), [True, False]),
        ({"inhibit_on_failure": True, "weight": 0}, (there("10.0.0.1", 0),), [True, False]),
        # Other servers only: the file is another one, and the service begins anew.
        ({}, (there("10.0.0.9", 1),), None),
        (SORRY, (there("10.0.0.8", 1),), None),
        # The sorry server alone: all are down. With no weight it stands in for nobody.
        (SORRY, (there("10.0.0.9", 1),), [False, False]),
        ({**SORRY, "sorry_server_inhibit": True}, (there("10.0.0.8", 1), there("10.0.0.9", 0)), None),
    ],
)
def test_adoption_takes_the_kernels_word(words, kernel, expected):
    block = virtual(real_servers=(real(), real("10.0.0.2")), **words)
    known = adopt(block, *kernel)
    assert (known and list(known.values())) == expected


@pytest.mark.parametrize(
    ("words", "kernel", "over", "expected"),
    [
        ({}, (there("10.0.0.1", 1),), True, [True, True]),
        ({}, (there("10.0.0.1", 1),), False, [True, False]),
        ({}, (there("10.0.0.1", 1), there("10.0.0.2", 0)), False, [True, True]),
        ({"inhibit_on_failure": True}, (there("10.0.0.1", 0), there("10.0.0.2", 0)), False, [False, True]),
        ({}, (), True, [False, True]),
        ({}, (there("10.0.0.8", 1),), True, None),
    ],
)
def test_a_drained_server_counts_as_up_at_adoption(words, kernel, over, expected):
    block = virtual(real_servers=(real(), real("10.0.0.2")), **words)
    known = adopt(block, *kernel, drained={"10.0.0.2": over})
    assert (known and list(known.values())) == expected


def test_nothing_is_known_of_a_service_that_the_kernel_has_not():
    planned = plan_checks.plan(model.Document(virtual_servers=(virtual(),)))
    (service,) = planned.services.values()
    assert plan_checks.known_up(service, {}) is None


def test_adopted_servers_without_checks_are_up():
    planned = plan_checks.plan(model.Document(virtual_servers=(virtual(),)))
    (service,) = planned.services.values()
    failed = plan_checks.failed_checks(service, {"[10.0.0.1]:tcp:80": False})
    state, _effects = roster.begin(service.pool, failed)
    (entry,) = plan_checks.entries_of(service, state)
    assert entry == Entry(service.services[0], (there("10.0.0.1", 1),))


def test_a_virtual_server_said_twice_has_the_checks_of_the_first_only():
    first = virtual(real_servers=(real(checks=(model.TcpCheck(),)),))
    again = virtual(real_servers=(real("10.0.0.2", checks=(model.TcpCheck(),)),))
    planned = plan_checks.plan(model.Document(virtual_servers=(first, again)))
    assert [(key.service, key.server) for key in planned.checks] == [("[192.0.2.1]:tcp:80", "[10.0.0.1]:tcp:80")]


@pytest.mark.parametrize("name", [".example.com", "a..b", "x" * 64 + ".example", "b\udcff"])
@pytest.mark.parametrize("place", ["check", "url", "block"])
def test_a_name_that_tls_cannot_send_is_an_error(name: str, place: str):
    url = model.SslUrl(path="/", virtualhost=name if place == "url" else None)
    check = model.SslGet(urls=(url,), enable_sni=True, sni_name=name if place == "check" else None)
    block = virtual(real_servers=(real(checks=(check,)),), virtualhost=name if place == "block" else None)
    found = plan_checks.unsupported(model.Document(virtual_servers=(block,)), "file")
    assert [(finding.level, " cannot be sent as a TLS server name" in finding.message) for finding in found] == [
        ("error", True)
    ]


def test_a_virtual_host_that_tls_need_not_send_is_none():
    check = model.SslGet(urls=(model.SslUrl(path="/", virtualhost=".example.com"),))
    block = virtual(real_servers=(real(checks=(check,)),))
    assert plan_checks.unsupported(model.Document(virtual_servers=(block,)), "file") == []


HOSTS = """virtual_server 192.0.2.1 25 {
delay_loop 30
protocol TCP
lvs_sched rr
real_server 10.0.0.1 25 {
SMTP_CHECK {
%s
host {
connect_ip 10.0.0.2
%s
}
host {
connect_port 26
bindto 10.0.0.9
connect_timeout 4
%s
}
}
}
}
"""
FIRST = Endpoint("10.0.0.2", 25, 5.0)
SECOND = Endpoint("10.0.0.1", 26, 4.0, "10.0.0.9")


@pytest.mark.parametrize(
    ("words", "places", "schedule"),
    [
        (("", "", ""), [FIRST, SECOND], Schedule(30.0, 1.0, 1, 30.0)),
        (("helo_name x\nretry 7", "delay_loop 11\nalpha", "warmup 3"), [FIRST, SECOND], Schedule(11.0, 1.0, 7, 3.0, alpha=True)),
        (("", "retry 4\ndelay_before_retry 6", "retry 2\nlog_all_failures"), [FIRST, SECOND], Schedule(30.0, 6.0, 2, 30.0, log_all_failures=True)),
        (("bindto 10.0.0.8\nfwmark 5", "", ""), [Endpoint("10.0.0.1", 25, 5.0, "10.0.0.8", fwmark=5), FIRST, SECOND], Schedule(30.0, 1.0, 1, 30.0)),
    ],
)  # fmt: skip
def test_the_hosts_of_an_smtp_check(words, places, schedule):
    """A host has its own place, and what it lacks is the real server's; its times are those of the whole."""
    document = read(HOSTS % words, "keepalived.conf").document
    checks = plan_checks.plan(document).checks
    assert [key.check.endpoint for key in checks] == places
    assert {made for made, _check in checks.values()} == {schedule}
