# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sync protocol's bytes beside a real ip_vs: what its master daemon sends is read, what we write its backup takes."""

from __future__ import annotations

import socket
import subprocess
import time

import pytest
from netns import Host, bridge, get, plug, wait

from lvs_agent.ipvs import sync
from lvs_agent.ipvs.diff import diff
from lvs_agent.ipvs.port import Ipvs
from lvs_agent.ipvs.restore import read
from lvs_agent.ipvs.stats import STATE_BACKUP, STATE_MASTER, Daemon
from lvs_agent.ipvs.table import Forward

pytestmark = pytest.mark.uml(limit=120)

GROUP, PORT = "224.0.0.81", 8848
ESTABLISHED = 1  # IP_VS_TCP_S_ESTABLISHED


@pytest.fixture(scope="module", autouse=True)
def modules():
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_rr"], check=True)


@pytest.fixture
def hosts():
    bridge("lan")
    made = {name: Host(name) for name in ("client", "director", "server", "listener")}
    for number, host in enumerate(made.values(), 10):
        plug(host, "eth0", "lan", f"10.1.0.{number}/24", f"2001:db8::{number}/64")
        host.batch("route add default dev eth0")
    yield made
    for host in made.values():
        host.close()
    subprocess.run(["ip", "link", "del", "lan"], check=True)


def test_what_the_master_daemon_sends(hosts):
    director, server = hosts["director"], hosts["server"]
    director.batch("addr add 10.1.0.100/32 dev eth0")
    server.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
    server.batch("addr add 10.1.0.100/32 dev lo")
    server.web()
    with hosts["listener"]:
        heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        heard.bind((GROUP, PORT))
        heard.setsockopt(
            socket.IPPROTO_IP,
            socket.IP_ADD_MEMBERSHIP,
            socket.inet_aton(GROUP) + socket.inet_aton("10.1.0.13"),
        )
    heard.settimeout(6)
    with director, Ipvs() as ipvs:
        table = "-A -t 10.1.0.100:80 -s rr -p 60\n-a -t 10.1.0.100:80 -r 10.1.0.12:80 -g\n"
        assert ipvs.apply(diff({}, read(table))) == ()
        ipvs.start_daemon(Daemon(STATE_MASTER, "eth0", 7))
    with hosts["client"]:
        assert [get("10.1.0.100") for _ in range(5)] == ["server"] * 5
    records, raw = [], []
    while len({(record.client_port) for record in records}) < 6:  # five connections and their template
        datagram = heard.recv(65535)
        syncid, found = sync.read(datagram)
        assert syncid == 7
        raw.append(datagram)
        records += found
    heard.close()
    # Byte for byte what we would have sent.
    for datagram in raw:
        assert list(sync.datagrams(7, sync.read(datagram)[1], 1472)) == [datagram]
    with director, Ipvs() as ipvs:
        known = {(entry.client, entry.client_port, entry.destination) for entry in ipvs.connections()}
        ipvs.stop_daemon(STATE_MASTER)
    assert {(record.client, record.client_port, record.destination) for record in records} == known
    templates = [record for record in records if record.flags & sync.F_TEMPLATE]
    assert {(record.client, record.client_port, record.virtual_port) for record in templates} == {("10.1.0.10", 0, 80)}
    assert {record.flags & 7 for record in records} == {Forward.DR}


def test_the_backup_daemon_takes_what_we_write(hosts):
    director, listener = hosts["director"], hosts["listener"]
    with director, Ipvs() as ipvs:
        ipvs.start_daemon(Daemon(STATE_BACKUP, "eth0", 9))
    common = sync.F_NOOUTPUT | Forward.DR
    sent = [
        sync.Record(6, "10.0.0.1", 4000 + n, "10.1.0.100", 80, "10.1.0.12", 80, common, ESTABLISHED, 0, 900)
        for n in range(60)
    ]
    sent.append(sync.Record(6, "10.0.0.1", 0, "10.1.0.100", 80, "10.1.0.12", 80, common | sync.F_TEMPLATE, 0, 0, 360))
    sent.append(
        sync.Record(6, "2001:db8::1", 5000, "2001:db8::64", 80, "2001:db8::12", 80, common, ESTABLISHED, 0, 900)
    )
    deltas = sync.Sequences(1, 2, 3, 4, 5, 6)
    flags = sync.F_IN_SEQ | sync.F_OUT_SEQ | Forward.MASQ
    sent.append(sync.Record(6, "10.0.0.2", 6000, "10.1.0.100", 21, "10.1.0.12", 21, flags, ESTABLISHED, 0, 900, deltas))
    datagrams = list(sync.datagrams(9, sent, 1472))
    assert len(datagrams) == 2
    assert max(map(len, datagrams)) <= 1472
    with listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.1.0.13"))
        for datagram in datagrams:
            # Of another cluster's id, and cut short: dropped.
            out.sendto(datagram[:1] + b"\5" + datagram[2:], (GROUP, PORT))
            out.sendto(datagram[:-1], (GROUP, PORT))
        time.sleep(0.3)
    with director, Ipvs() as ipvs:
        assert list(ipvs.connections()) == []
    with listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.1.0.13"))
        for datagram in datagrams:
            out.sendto(datagram, (GROUP, PORT))
    with director, Ipvs() as ipvs:
        assert wait(lambda: len(list(ipvs.connections())) == len(sent), 10), list(ipvs.connections())
        have = {
            (entry.client, entry.client_port, entry.virtual, entry.virtual_port, entry.destination, entry.state)
            for entry in ipvs.connections()
        }
        ipvs.stop_daemon(STATE_BACKUP)
    assert have == {
        (
            record.client,
            record.client_port,
            record.virtual,
            record.virtual_port,
            record.destination,
            "ESTABLISHED" if record.state else "NONE",
        )
        for record in sent
    }
