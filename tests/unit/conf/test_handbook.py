# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the handbooks read without errors, mean what they say, and are written back."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import ERROR, model, read, write

FOLDER = Path(__file__).parents[2] / "vectors" / "conf" / "handbook"
FILES = sorted(FOLDER.glob("*.conf"))


def document(name: str) -> model.Document:
    return read((FOLDER / name).read_text(), name).document


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_reads_without_errors(file: Path) -> None:
    assert [found.render() for found in read(file.read_text(), file.name).findings if found.level == ERROR] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_written_is_clean_and_the_same(file: Path) -> None:
    first = read(file.read_text(), file.name)
    again = read(write(first.document), "written.conf")
    assert again.document == first.document
    assert {found.code for found in again.findings}.isdisjoint({"legacy-keyword", "legacy-value", "gone-keyword"})


def test_the_dr_example() -> None:
    conf = document("dr_director_master.conf")
    (instance,) = conf.vrrp_instances
    assert instance == model.VrrpInstance(
        "VI_1",
        state="MASTER",
        interface="eth0",
        virtual_router_id=51,
        priority=101,
        advert_int=1.0,
        authentication=model.Authentication("PASS", "1111"),
        virtual_ipaddress=(model.VirtualAddress("192.168.140.140"),),
    )
    (server,) = conf.virtual_servers
    assert (server.address, server.port, server.lvs_sched, server.protocol) == ("192.168.140.140", 80, "wrr", "TCP")
    assert server.lvs_method == model.Forwarding("DR")
    assert server.persistence_timeout is None
    assert [real.address for real in server.real_servers] == ["192.168.140.137", "192.168.140.139"]
    assert server.real_servers[0].checks == (
        model.TcpCheck(connect_timeout=10.0, delay_before_retry=3.0, connect_port=80),
    )


def test_the_backup_director_differs_in_state_and_priority() -> None:
    (instance,) = document("dr_director_backup.conf").vrrp_instances
    assert (instance.state, instance.priority) == ("BACKUP", 100)


def test_the_nat_case_study() -> None:
    conf = document("nat_case_study_master.conf")
    assert [(group.name, group.group) for group in conf.vrrp_sync_groups] == [
        ("VG1", ("VI_1", "VI_2")),
        ("VG2", ("VI_3", "VI_4")),
    ]
    assert [one.state for one in conf.vrrp_instances] == ["MASTER", "MASTER", "BACKUP", None]
    assert conf.vrrp_instances[2].authentication == model.Authentication("AH", "example")
    web = conf.virtual_servers[0]
    assert web.sorry_server == model.AddressPort("192.168.100.100", 80)
    assert web.real_servers[0].checks == (
        model.HttpGet(
            connect_timeout=3.0,
            retry=3,
            delay_before_retry=2.0,
            urls=(
                model.HttpUrl("/testurl/test.jsp", "ec90a42b99ea9a2f5ecbe213ac9eba03"),
                model.HttpUrl("/testurl2/test.jsp", "640205b7b0fc66c1ea91c463fac6334c"),
            ),
        ),
    )
    assert conf.virtual_servers[1].real_servers[1].checks == (
        model.SslGet(connect_timeout=3.0, urls=(model.SslUrl("/", status_code=((200, 200),)),)),
    )


def test_scripts_with_their_arguments_and_owners() -> None:
    conf = document("script_tracking.conf")
    (instance,) = conf.vrrp_instances
    assert conf.vrrp_scripts[0].script == model.Script(("/usr/bin/killall", "-0", "haproxy"))
    assert instance.notify_backup == model.Script(("/etc/keepalived/notify.sh", "backup"), "nobody", "nogroup")
    assert instance.notify == model.Script(("/etc/keepalived/all.sh", "two words"))
    assert instance.track_interface == (model.Track("ens4"), model.Track("ens5", -20))
    assert instance.virtual_routes == (
        model.Route("10.9.0.0/16", src="10.1.0.100", via="10.1.0.254", dev="ens3"),
        model.Route("10.66.0.0/16", type="blackhole"),
    )


def test_groups_marks_and_the_other_checks() -> None:
    conf = document("mail_dns_misc.conf")
    assert conf.virtual_server_groups[0].members == (
        model.GroupMember("10.0.0.10", port=25),
        model.GroupMember("10.0.0.20", end="22", port=25),
        model.GroupMember(fwmark=9),
    )
    assert conf.virtual_servers[0].group == "PUBLIC"
    assert conf.virtual_servers[1].fwmark == 7
    udp = conf.virtual_servers[1].real_servers[1].checks[0]
    assert isinstance(udp, model.UdpCheck)
    assert (udp.payload, udp.require_reply) == ("000102ff", "ffxx")
