# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipvsadm's save text, written and read, against ipvsadm's own and by hypothesis."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP

import pytest
from hypothesis import given

from lvs_agent.ipvs import save
from lvs_agent.ipvs.restore import SaveError, read
from lvs_agent.ipvs.table import Destination, Entry, Forward, Service, ServiceKey, Tunnel

from . import vectors
from .test_diff import tables

# What ipvsadm 1.31 printed in the same guest for services made by hand, in its order.
SORTED = """\
-A -t 192.0.2.1:80 -s rr
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1
-A -t 192.0.2.1:443 -s wlc
-A -t 1.1.1.1:1 -s wlc -p 50 -M 255.0.255.0
-A -t 1.1.1.1:2 -s wlc -p 50 -M 0.0.0.0
-A -t 10.0.0.9:80 -s wlc
-A -t 10.0.0.10:80 -s wlc
-A -t [ff::1]:80 -s wlc
-A -t [2001:db8::1:2]:80 -s wlc
-A -t [2001:db8::ff:1]:80 -s wlc
-A -t [2001:db8:1::1]:80 -s wlc
-A -f 20 -6 -s wlc -p 300
-A -f 256 -s wlc -p 50 -M 255.0.0.0
-A -f 300 -s wlc
"""


@pytest.mark.parametrize(
    "text",
    [
        vectors.text("ipvsadm-table.save"),
        vectors.text("keepalived-table.save"),
        SORTED,
        "-A -u 1.1.1.1:80 -s mh -p 50 -M 255.255.0.0 --pe sip -o -b mh-port\n",
    ],
)
def test_ipvsadms_text_is_read_and_written_again(text):
    assert save.write(read(text)) == text


@given(tables)
def test_read_of_write(table):
    unsaid = (Forward.LOCALNODE, Forward.BYPASS)  # ipvsadm has no words for these
    sayable = {
        key: Entry(
            entry.service,
            tuple(sorted((d for d in entry.destinations if d.forward not in unsaid), key=save.destination_order)),
        )
        for key, entry in table.items()
    }
    assert read(save.write(sayable)) == sayable


@pytest.mark.parametrize(
    ("line", "service"),
    [
        ("-A -t 192.0.2.1:80", Service(ServiceKey(AF_INET, IPPROTO_TCP, "192.0.2.1", 80), "wlc")),
        ("-A -u 192.0.2.1 -s rr -p", Service(ServiceKey(AF_INET, IPPROTO_UDP, "192.0.2.1", 0), "rr", timeout=360)),
        ("-A -p -t 192.0.2.1:80", Service(ServiceKey(AF_INET, IPPROTO_TCP, "192.0.2.1", 80), "wlc", timeout=360)),
        (
            "--add-service --tcp-service [2001:DB8:0::1]:80 --scheduler mh --persistent 60 --netmask 64 --sched-flags flag-2",
            Service(ServiceKey(AF_INET6, IPPROTO_TCP, "2001:db8::1", 80), "mh", 0x10, 60, 64),
        ),
        ("-A -f 5 --ipv6 --ops", Service(ServiceKey(AF_INET6, fwmark=5), "wlc", 4)),
    ],
)
def test_service_lines(line, service):
    assert read(f"# by hand\n\n{line}\n") == {service.key: Entry(service)}


@pytest.mark.parametrize(
    ("line", "destination"),
    [
        ("-r 10.0.0.1", Destination("10.0.0.1", 0, Forward.DR, 1)),
        ("--real-server 10.0.0.1:80 --masquerading --weight 0", Destination("10.0.0.1", 80, Forward.MASQ, 0)),
        ("-r 10.0.0.1:80 -i", Destination("10.0.0.1", 80, Forward.TUN, 1)),
        ("-r 10.0.0.1:80 -g -x 9 -y 3", Destination("10.0.0.1", 80, Forward.DR, 1, 9, 3)),
        (
            "-r [2001:db8::9]:80 -i --tun-type gue --tun-port 6080 --tun-remcsum",
            Destination("2001:db8::9", 80, Forward.TUN, 1, 0, 0, Tunnel.GUE, 6080, 2),
        ),
    ],
)
def test_destination_lines(line, destination):
    (entry,) = read(f"-A -f 1\n-a -f 1 {line}").values()
    assert entry.destinations == (destination,)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-A -t 192.0.2.9:80 --frob", "2:20: unknown option '--frob'"),
        ("-t 192.0.2.9:80", "2:1: one service (-A) or one destination (-a) is wanted"),
        ("-A -s rr", "2:1: exactly one of -t, -u, --sctp-service and -f is wanted"),
        ("-A -t 192.0.2.9:80 -s", "2:20: -s needs a value"),
        ("-A -t www:80", "2:7: 'www:80' is no numeric address:port"),
        ("-A -t 192.0.2.999:80", "2:7: '192.0.2.999' does not appear to be an IPv4 or IPv6 address"),
        ("-A -t 192.0.2.9:65536", "2:7: port 65536 is above 65535"),
        ("-A -f 0", "2:7: -f 0: a firewall mark is above 0"),
        ("-A -f 2 -s sh -b mh-port", "2:18: -b mh-port: scheduler sh has sh-fallback, sh-port, flag-3"),
        ("-A -f 1", "2:1: this service is there already"),
        ("-a -f 2 -r 10.0.0.1", "2:1: its service has no -A line above"),
        ("-a -f 1", "2:1: a destination needs -r address:port"),
        ("-a -f 1 -r 10.0.0.1 -w -1", "2:24: -w -1: a number up to 2147483647 is wanted"),
        ("  -a -f 1 -r 10.0.0.1 -A", "2:3: one service (-A) or one destination (-a) is wanted"),
        ("-A -f 2 -s a-very-long-scheduler", "2:12: -s a-very-long-scheduler: the kernel has 15 bytes for it"),
        ("-A -f 2 -p 5 -M 255.255", "2:17: Expected 4 octets in '255.255'"),
        ("-A -f 2 -s 'rr", "2:12: 'rr: a quotation without an end"),
        ("-a -f 1 -r 10.0.0.1 -i --tun-type vxlan", "2:35: --tun-type vxlan: ipip, gue or gre is wanted"),
    ],
)
def test_what_cannot_be_read(line, words):
    with pytest.raises(SaveError) as error:
        read(f"-A -f 1\n{line}\n")
    assert str(error.value) == words
    assert f"{error.value.line}:{error.value.column}: {error.value.message}" == words


def test_a_destination_twice():
    with pytest.raises(SaveError, match="3:12: this destination is there already"):
        read("-A -f 1\n-a -f 1 -r 10.0.0.1\n-a -f 1 -r 10.0.0.1 -m\n")


def test_thresholds_are_saved():
    line = "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1 -x 9 -y 3"
    assert save.write(read(f"-A -t 192.0.2.1:80 -s rr\n{line}")).splitlines()[1] == line
