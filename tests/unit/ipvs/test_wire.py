# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our requests beside those that ipvsadm and keepalived sent for the same thing, and as pyroute2 reads them."""

from __future__ import annotations

import shlex
from socket import AF_INET, IPPROTO_TCP

import pytest
from pyroute2.netlink.generic import ipvs

from lvs_agent.ipvs import genl, restore, wire
from lvs_agent.ipvs.stats import STATE_BACKUP, STATE_MASTER, Daemon, Timeouts
from lvs_agent.ipvs.table import Destination, Forward, Service, ServiceKey, Tunnel
from lvs_agent.ipvs.wire import Command

from . import vectors

IPVSADM = vectors.sent("ipvsadm-sent.txt")
KEEPALIVED = [message for _, message in vectors.sent("keepalived-sent.txt")]
KEEPALIVED_TABLE = restore.read(vectors.text("keepalived-table.save"))
WEB = ServiceKey(AF_INET, IPPROTO_TCP, "192.0.2.1", 80)
START_BACKUP = next(line for line, _ in IPVSADM if line.startswith("--start-daemon backup"))
# What ipvsadm writes that keepalived and we do not: tunnel fields of destinations that are no tunnels.
TUNNEL_KINDS = {wire.DEST_TUN_TYPE, wire.DEST_TUN_PORT, wire.DEST_TUN_FLAGS}


def only(command):
    return {line: message for line, message in IPVSADM if line.split()[0] == command}


def tree(message):
    """The nested attributes of a request: {kind: {kind: bytes}}."""
    outer = genl.attributes(memoryview(message)[4:])
    return {kind: {k: bytes(v) for k, v in genl.attributes(value).items()} for kind, value in outer.items()}


def entry(line):
    """Service and, on an -a line, destination of a command line."""
    words = shlex.split(line)
    service = line if "-A" in words else "-A " + line[3 : line.index(" -r ")]
    table = restore.read(service + "\n" + ("" if service == line else line))
    (found,) = table.values()
    return found


@pytest.mark.parametrize(("line", "message"), only("-A").items(), ids=list(only("-A")))
def test_new_service_is_ipvsadms_byte_for_byte(line, message):
    assert wire.service(Command.NEW_SERVICE, entry(line).service) == message


@pytest.mark.parametrize(("line", "message"), only("-E").items(), ids=list(only("-E")))
def test_set_service_is_ipvsadms_byte_for_byte(line, message):
    assert wire.service(Command.SET_SERVICE, entry(line.replace("-E", "-A")).service) == message


@pytest.mark.parametrize(
    ("line", "message", "command"),
    [
        *((line, message, Command.NEW_DEST) for line, message in only("-a").items()),
        *((line, message, Command.SET_DEST) for line, message in only("-e").items()),
        *((line, message, Command.DEL_DEST) for line, message in only("-d").items()),
    ],
)
def test_destination_says_what_ipvsadm_says(line, message, command):
    found = entry("-a" + line[2:])
    (destination,) = found.destinations
    ours, theirs = (
        tree(wire.destination(command, wire.service_name(found.service.key), destination)),
        tree(message),
    )
    if destination.family == AF_INET:  # ipvsadm leaves bytes of the service's address behind an IPv4 one
        theirs[wire.CMD_ATTR_DEST][wire.DEST_ADDR] = theirs[wire.CMD_ATTR_DEST][wire.DEST_ADDR][:4] + bytes(12)
    ignored = TUNNEL_KINDS - set(ours[wire.CMD_ATTR_DEST])
    assert message[0] == command
    assert ours[wire.CMD_ATTR_DEST] == {k: v for k, v in theirs[wire.CMD_ATTR_DEST].items() if k not in ignored}
    # We name the service by what the kernel looks it up by, ipvsadm sends an empty scheduler and the rest along.
    assert ours[wire.CMD_ATTR_SERVICE].items() <= theirs[wire.CMD_ATTR_SERVICE].items()


def test_destinations_are_keepalived_s_byte_for_byte():
    ours = {
        wire.destination(Command.NEW_DEST, b"", destination)
        for _, destinations in KEEPALIVED_TABLE.values()
        for destination in destinations
    }
    theirs = {message[:4] + _destination(message) for message in KEEPALIVED if message[0] == Command.NEW_DEST}
    # ipvsadm -S does not save the thresholds that the configuration had.
    limited = Destination("10.0.0.2", 80, Forward.DR, 1, upper=100, lower=50)
    unlimited = wire.destination(Command.NEW_DEST, b"", Destination("10.0.0.2", 80, Forward.DR, 1))
    assert len(theirs) == 6
    assert ours - {unlimited} | {wire.destination(Command.NEW_DEST, b"", limited)} == theirs


def _destination(message):
    """The bytes behind the service: the nested destination."""
    length = int.from_bytes(message[4:6], "little")
    return message[4 + length :]


def test_services_are_keepalived_s_byte_for_byte():
    ours = {wire.service(Command.NEW_SERVICE, service) for service, _ in KEEPALIVED_TABLE.values()}
    assert ours == {message for message in KEEPALIVED if message[0] == Command.NEW_SERVICE}


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("-Z", genl.payload(Command.ZERO)),
        ("-C", genl.payload(Command.FLUSH)),
        ("--set 900 120 300", wire.set_timeouts(Timeouts(900, 120, 300))),
        ("--set 0 60 0", wire.set_timeouts(Timeouts(tcp_fin=60))),
        (
            "--start-daemon master --mcast-interface v0 --syncid 7",
            wire.start_daemon(Daemon(STATE_MASTER, "v0", 7)),
        ),
        (
            START_BACKUP,
            wire.start_daemon(Daemon(STATE_BACKUP, "v0", 8, 1400, "224.0.0.99", 9000, 3)),
        ),
        (
            "--start-daemon master --mcast-interface v0 --mcast-group ff02::99",
            wire.start_daemon(Daemon(STATE_MASTER, "v0", group="ff02::99")),
        ),
    ],
)
def test_other_commands_say_what_ipvsadm_says(line, ours):
    theirs = dict(IPVSADM)[line]
    assert ours[0] == theirs[0]
    if "daemon" in line:
        assert tree(ours) == tree(theirs)
    else:
        assert ours == theirs


@pytest.mark.parametrize(
    ("line", "command", "key"),
    [
        ("-Z -t 192.0.2.1:80", Command.ZERO, WEB),
        ("-D -f 5", Command.DEL_SERVICE, ServiceKey(AF_INET, fwmark=5)),
    ],
)
def test_named_services_are_named_as_ipvsadm_does(line, command, key):
    ours, theirs = wire.of_service(command, key), dict(IPVSADM)[line]
    assert ours[0] == theirs[0]
    assert tree(ours)[1].items() <= tree(theirs)[1].items()


@pytest.mark.parametrize("state", [STATE_MASTER, STATE_BACKUP])
def test_stopped_daemon_is_named_by_its_state(state):
    role = {STATE_MASTER: "master", STATE_BACKUP: "backup"}[state]
    theirs = tree(dict(IPVSADM)[f"--stop-daemon {role}"])
    assert tree(wire.stop_daemon(state))[3].items() <= theirs[3].items()


def test_pyroute2_reads_a_destination():
    destination = Destination("10.0.0.2", 8080, Forward.TUN, 7, 9, 3, Tunnel.GUE, 6080, 1)
    body = wire.destination(Command.NEW_DEST, wire.service_name(WEB), destination)
    message = ipvs.ipvsmsg(genl.frame(30, genl.REQUEST, 5, body))
    message.decode()
    assert (message["cmd"], message["header"]["type"], message["header"]["sequence_number"]) == (5, 30, 5)
    service, read = message.get_attr("IPVS_CMD_ATTR_SERVICE"), message.get_attr("IPVS_CMD_ATTR_DEST")
    wanted = {"AF": AF_INET, "PROTOCOL": IPPROTO_TCP, "ADDR": "192.0.2.1", "PORT": 80}
    assert {name: service.get_attr(f"IPVS_SVC_ATTR_{name}") for name in wanted} == wanted
    wanted = {"ADDR": "10.0.0.2", "PORT": 8080, "FWD_METHOD": 2, "WEIGHT": 7, "U_THRESH": 9, "L_THRESH": 3}
    wanted.update({"TUN_TYPE": 1, "TUN_FLAGS": 1})
    assert {name: read.get_attr(f"IPVS_DEST_ATTR_{name}") for name in wanted} == wanted


@pytest.mark.parametrize(
    ("netmask", "wanted"),
    [(32, "ffffffff"), (24, "ffffff00"), (0, "00000000"), (-0xFF00FF00, "ff00ff00"), (128, "ffffffff")],
)
def test_netmask_of_ipv4_is_a_mask(netmask, wanted):
    assert wire.netmask_bytes(Service(WEB, "rr", timeout=50, netmask=netmask)).hex() == wanted
