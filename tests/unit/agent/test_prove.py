# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`prove`: every kind of check against every fault, on loopback; what stays green, and what is told of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model, write

from lvs_agent import cli, prove
from lvs_agent.checks.port import TASKS
from lvs_agent.prove import Fault, described

URL, DIGEST = model.HttpUrl(path="/"), "0" * 32
LOGIN = {"login": "me", "passwd": "pw"}
WRONG, SILENT, SLOW, PAGE = Fault.WRONG, Fault.SILENT, Fault.SLOW, Fault.PAGE
# Each check, and the faults that it does not see.
CHECKS = {
    "TCP_CHECK": (model.TcpCheck(), [WRONG, SILENT, SLOW]),
    "HTTP_GET /": (model.HttpGet(urls=(URL,)), [PAGE]),
    "HTTP_GET /d (digest)": (model.HttpGet(urls=(model.HttpUrl(path="/d", digest=DIGEST),)), []),
    "HTTP_GET /r (regex)": (model.HttpGet(urls=(model.HttpUrl(path="/r", regex="agent|me"),)), [PAGE]),
    "SSL_GET /": (model.SslGet(urls=(model.SslUrl(path="/"),)), [PAGE]),
    "SMTP_CHECK": (model.SmtpCheck(), []),
    "DNS_CHECK A a.example": (model.DnsCheck(type="A", name="a.example"), []),
    "UDP_CHECK": (model.UdpCheck(), [WRONG, SILENT]),
    "SIMPLETCP_CHECK '.'": (model.SimpletcpCheck(receive="."), [WRONG, SLOW]),
    "SIMPLETCP_CHECK '^220 '": (model.SimpletcpCheck(receive="^220 "), []),
    "FTP_CHECK as me": (model.FtpCheck(**LOGIN), []),
    "IMAP_CHECK as me": (model.ImapCheck(tls=True, tls_verify=True, **LOGIN), []),
    "POP_CHECK": (model.PopCheck(), []),
    "LDAP_CHECK": (model.LdapCheck(), []),
    "NNTP_CHECK": (model.NntpCheck(), []),
    "MYSQL_CHECK": (model.MysqlCheck(), []),
    "MYSQL_CHECK as me": (model.MysqlCheck(request="SELECT 1", **LOGIN), []),
    "PGSQL_CHECK": (model.PgsqlCheck(), []),
    "PGSQL_CHECK as me": (model.PgsqlCheck(**LOGIN), []),
    "RADIUS_CHECK as me": (model.RadiusCheck(secret="s", **LOGIN), []),
    "SIP_CHECK": (model.SipCheck(), []),
    "SIP_CHECK as me": (model.SipCheck(transport="UDP", login="me"), []),
    "PING_CHECK": (model.PingCheck(), None),
    "FILE_CHECK /run/n": (model.FileCheck(track_file="n"), None),
    "BFD_CHECK b": (model.BfdCheck(name="b"), None),
}


def document(*checks: object, servers: int = 2) -> model.Document:
    reals = tuple(model.RealServer(f"10.0.0.{number}", 80, checks=checks) for number in range(1, servers + 1))
    dr = model.Forwarding("DR")
    block = model.VirtualServer("192.0.2.1", 80, protocol="TCP", lvs_sched="rr", lvs_method=dr, real_servers=reals)
    return model.Document(virtual_servers=(block,), track_files=(model.TrackFile("n", file="/run/n"),))


@pytest.fixture(scope="module", autouse=True)
def impatient():
    before, prove.LIMIT = prove.LIMIT, 0.25
    yield
    prove.LIMIT = before


@pytest.fixture(scope="module")
def proofs(impatient):
    return {described(one.check): one for one in prove.prove(document(*(check for check, _green in CHECKS.values())))}


@pytest.mark.parametrize("name", CHECKS)
def test_what_each_check_does_not_see(proofs, name):
    green = CHECKS[name][1]
    proof = proofs[name]
    assert len(proof.servers) == 2
    if green is None:
        assert proof.open
        assert proof.seen == {}
    else:
        assert proof.green == green, proof.seen
        assert Fault.CLOSED in proof.seen


def test_there_is_a_proof_for_every_kind_of_check(proofs):
    assert set(proofs) == set(CHECKS)
    proven = {type(proof.check) for proof in proofs.values()}
    assert {kind.__name__ for kind in set(TASKS) - proven} == {"MiscCheck"}


def test_each_url_is_proven_by_itself_and_once(proofs):
    check = model.HttpGet(urls=(URL, model.HttpUrl(path="/d", digest=DIGEST)))
    found = prove.prove(document(check, check, servers=3))
    assert [(described(one.check), one.green, len(one.servers)) for one in found] == [
        ("HTTP_GET /", [PAGE], 3),
        ("HTTP_GET /d (digest)", [], 3),
    ]


@pytest.mark.parametrize(
    ("words", "mode", "path", "why"),
    [
        ({"script_user": model.UserGroup("nobody")}, 0o755, "asks", "the script runs as nobody"),
        ({}, 0o755, "asks", "the script runs as keepalived_script"),
        ({"script_user": model.UserGroup("root"), "enable_script_security": True}, 0o777, "asks", "not run it as root"),
        ({"script_user": model.UserGroup("root")}, 0o755, "absent", "there is no such script"),
    ],
)
def test_a_script_is_not_run_as_root_where_the_daemon_does_not(tmp_path, monkeypatch, words, mode, path, why):
    monkeypatch.setattr("pwd.getpwnam", lambda _name: None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    script = tmp_path / "asks"
    script.write_text(f"#!/bin/sh\nid -u > {tmp_path}/ran\n")
    script.chmod(mode)
    check = model.MiscCheck(misc_path=model.Script((str(tmp_path / path),)))
    (proof,) = prove.prove(replace(document(check), global_defs=model.GlobalDefs(**words)))
    assert why in proof.open
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("checks", "status"), [((model.TcpCheck(),), 1), ((model.DnsCheck(),), 0)])
def test_the_command(tmp_path, capsys, checks, status):
    path = tmp_path / "keepalived.conf"
    path.write_text(write(document(*checks, servers=5)))
    assert cli.main(["prove", str(path)]) == status
    text = capsys.readouterr().out
    assert text.endswith(f"1 different check: {1 - status} see every fault, {status} stay green, 0 not proven\n")
    if status:
        assert text.startswith(
            "stays green\n  TCP_CHECK  wrong answer, no answer, dripping answer\n    under [10.0.0.1]:tcp:80 of "
        )
        assert " and 2 more\n    it sees only that connections are taken" in text
    assert cli.main(["prove", "--format", "json", str(path)]) == status
    (told,) = json.loads(capsys.readouterr().out)
    assert len(told["servers"]) == 5
    assert told["green"] == ["wrong", "silent", "slow"] * status
    assert told["faults"]["closed"]["green"] is False


def test_files_that_cannot_be_proven(tmp_path, capsys):
    path = tmp_path / "keepalived.conf"
    assert cli.main(["prove", str(path)]) == 3
    path.write_text("virtual_servr 10.0.0.1 80 {\n}\n")
    assert cli.main(["prove", str(path)]) == 2
    assert "unknown-keyword" in capsys.readouterr().err
    path.write_text("")
    assert cli.main(["prove", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 0 different checks: 0 see every fault, 0 stay green, 0 not proven\n"
