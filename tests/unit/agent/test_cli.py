# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: exit statuses, what is printed where, and never a traceback."""

from __future__ import annotations

import json

import pytest

from lvs_agent import cli
from lvs_agent.options import parse

GOOD = """\
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        192.0.2.1
    }
}
"""
WARNED = GOOD.replace("virtual_router_id 51", "virtual_router_id 51\n    virtual_router_id 51")
BAD = GOOD + "virtual_servr 192.0.2.1 80 { }\n"


@pytest.mark.parametrize(
    ("text", "arguments", "status", "verdict"),
    [
        (GOOD, [], 0, "valid"),
        (GOOD, ["--strict"], 0, "valid"),
        (WARNED, [], 0, "1 warning"),
        (WARNED, ["--strict"], 1, "1 warning"),
        (BAD, [], 2, "1 error"),
        (BAD, ["--strict"], 2, "1 error"),
    ],
)
def test_check(tmp_path, capsys, text: str, arguments: list, status: int, verdict: str) -> None:
    path = tmp_path / "k.conf"
    path.write_text(text)
    assert cli.main(["check", str(path), *arguments]) == status
    said = capsys.readouterr()
    assert said.out == f"{path}: {verdict}\n"
    assert (f"{path}:8:1: error[unknown-keyword]" in said.err) is (text is BAD)


def test_check_of_many_files_gives_the_worst(tmp_path, capsys) -> None:
    (tmp_path / "good").write_text(GOOD)
    (tmp_path / "bad").write_text(BAD)
    assert cli.main(["check", str(tmp_path / "good"), str(tmp_path / "bad")]) == 2
    assert cli.main(["check", str(tmp_path / "bad"), str(tmp_path / "none"), str(tmp_path / "good")]) == 3
    assert "none: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("other", "arguments", "status", "verdict", "says"),
    [
        (GOOD.replace("51", "51\n    priority 90"), [], 0, "valid", ""),
        (GOOD, [], 2, "1 error", "two.conf:1:15: error[priority-equal]: VI_1 has priority 100 on"),
        (GOOD.replace("VI_1", "VI_9").replace("51", "52"), [], 0, "2 warnings", "two.conf:1:15: warning[router-alone]"),
        (GOOD.replace("VI_1", "VI_9").replace("51", "52"), ["--strict"], 1, "2 warnings", "[router-alone]"),
        (BAD, [], 2, None, "error[unknown-keyword]"),
    ],
)
def test_check_of_a_cluster(tmp_path, capsys, other: str, arguments: list, status: int, verdict, says: str) -> None:
    one, two = tmp_path / "one.conf", tmp_path / "two.conf"
    one.write_text(GOOD)
    two.write_text(other)
    assert cli.main(["check", "--cluster", str(one), str(two), *arguments]) == status
    said = capsys.readouterr()
    assert says in said.err
    assert (f"cluster: {verdict}" in said.out) is (verdict is not None)


def test_a_shared_file_is_read_as_each_director_reads_it(tmp_path, capsys) -> None:
    shared = GOOD.replace("51", "51\n@d1 priority 150\n@d2 priority 100")
    paths = [tmp_path / "d1.conf", tmp_path / "d2.conf"]
    for path in paths:
        path.write_text(shared)
    assert cli.main(["check", "--cluster", *map(str, paths)]) == 0
    assert capsys.readouterr().out.endswith("cluster: valid\n")


def test_check_for_programs(tmp_path, capsys) -> None:
    path = tmp_path / "k.conf"
    path.write_text(BAD)
    assert cli.main(["check", str(path), "--format", "json"]) == 2
    said = capsys.readouterr()
    (finding,) = json.loads(said.out)
    assert (finding["line"], finding["column"], finding["level"]) == (8, 1, "error")
    assert "virtual_server" in finding["help"]
    assert said.err == ""


@pytest.mark.parametrize(
    "raw", [b"\x00\x01\xff", b"\xfe\xff", b"", b"{" * 1000, b"}" * 1000, b'"' * 999, b"vrrp_instance", b"include /\n"]
)
def test_nothing_in_a_file_is_a_traceback(tmp_path, capsys, raw: bytes) -> None:
    path = tmp_path / "k.conf"
    path.write_bytes(raw)
    assert cli.main(["check", str(path)]) in (0, 2)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ([], 2, "lvs-agent check FILE"),
        (["help"], 0, "lvs-agent check FILE"),
        (["chek"], 2, "no command 'chek'"),
        (["status", "--socket", "/nonexistent/socket"], 3, "no agent answers at /nonexistent/socket"),
        (["reload", "--socket", "/nonexistent/socket"], 3, "no agent answers"),
        (["check", "/nonexistent/file"], 3, "/nonexistent/file: No such file"),
        (["run", "-n", "-l", "-f", "/nonexistent/file"], 6, "/nonexistent/file: No such file"),
        (["run", "-n", "-l", "-s", "no-such-namespace"], 2, "no network namespace no-such-namespace"),
        (["-v"], 0, "lvs-agent 0."),
        (["-t", "-f", "/nonexistent/file"], 3, "/nonexistent/file: No such file"),
    ],
)
def test_main(capfd, arguments: list, status: int, says: str) -> None:
    assert cli.main(arguments) == status
    said = capfd.readouterr()
    assert says in said.out + said.err


def test_run_refuses_a_file_with_errors(tmp_path, capfd) -> None:
    path = tmp_path / "k.conf"
    path.write_text(BAD)
    assert cli.main(["run", "-n", "-l", "-f", str(path)]) == 2
    assert "is refused; nothing was started" in capfd.readouterr().err


def test_segment_of_a_file_with_errors_and_of_an_interface_that_is_not_there(tmp_path, capfd) -> None:
    path = tmp_path / "k.conf"
    path.write_text(BAD)
    assert cli.main(["segment", str(path)]) == 2
    assert "error[" in capfd.readouterr().err
    there = "vrrp_instance A {{\n interface {}\n virtual_router_id 1\n virtual_ipaddress {{\n 192.0.2.80\n }}\n}}\n"
    path.write_text(there.format("nowhere0"))
    assert cli.main(["segment", str(path), "--for", "0.1"]) == 3
    assert "the segment cannot be looked at: nowhere0: " in capfd.readouterr().err


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("-f a -n -l -D", {"file": "a", "dont_fork": True, "log_console": True, "log_detail": True}),
        ("--use-file=a --dont-fork", {"file": "a", "dont_fork": True}),
        ("-P", {"vrrp": True, "check": False}),
        ("-C -I -V -R", {"check": True, "dont_release_ipvs": True, "dont_release_vrrp": True, "dont_respawn": True}),
        ("-p a -r b -c c", {"pid": "a", "vrrp_pid": "b", "checkers_pid": "c"}),
        ("-i lb1 -s red -u 027 -S 3", {"config_id": "lb1", "namespace": "red", "umask": 0o27, "log_facility": 3}),
        ("-x -m -b pid", {"ignored": ["--snmp", "--core-dump", "pid"]}),
        ("-t", {"config_test": ""}),
        ("--config-test=/tmp/x", {"config_test": "/tmp/x"}),
    ],
)
def test_keepalived_s_options(line: str, want: dict) -> None:
    options = vars(parse(line.split()))
    assert {key: options[key] for key in want} == want


def test_explain(capsys) -> None:
    assert cli.main(["explain", "unknown-keyword"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("unknown-keyword\n")
    assert "Wrong:" in said
    assert "Right:" in said
    assert cli.main(["explain", "unknown-keywrd"]) == 2
    assert "did you mean 'unknown-keyword'?" in capsys.readouterr().err
    assert cli.main(["explain"]) == 0
    assert "unknown-keyword" in capsys.readouterr().out.splitlines()


def test_dump_reads_back(tmp_path, capsys) -> None:
    (tmp_path / "a.conf").write_text(GOOD)
    assert cli.main(["dump", str(tmp_path / "a.conf")]) == 0
    (tmp_path / "a.json").write_text(capsys.readouterr().out)
    assert cli.main(["dump", str(tmp_path / "a.json")]) == 0
    assert capsys.readouterr().out == (tmp_path / "a.json").read_text()
    assert cli.main(["dump", str(tmp_path / "a.json"), "--format", "conf"]) == 0
    (tmp_path / "b.conf").write_text(capsys.readouterr().out)
    assert cli.main(["dump", str(tmp_path / "b.conf")]) == 0
    assert capsys.readouterr().out == (tmp_path / "a.json").read_text()


@pytest.mark.parametrize(
    ("name", "text", "status", "says"),
    [
        ("a.conf", BAD, 2, "error[unknown-keyword]"),
        ("a.json", "{", 2, "no JSON"),
        ("a.json", '{"vrrp_instances": [{"name": "a", "priority": 999}]}', 2, "vrrp_instances[0].priority"),
        ("none", None, 3, "No such file"),
    ],
)
def test_dump_of_what_is_wrong(tmp_path, capsys, name: str, text: str, status: int, says: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    assert cli.main(["dump", str(tmp_path / name)]) == status
    assert says in capsys.readouterr().err


def test_dump_masks(tmp_path, capsys) -> None:
    (tmp_path / "a.conf").write_text(
        GOOD.replace(
            "interface", "authentication {\n        auth_type PASS\n        auth_pass geheim\n    }\n    interface"
        )
    )
    assert cli.main(["dump", str(tmp_path / "a.conf"), "--mask"]) == 0
    assert "geheim" not in capsys.readouterr().out


UNLAID = "# mine\nvrrp_instance VI_1 { # first\n  interface   eth0\n virtual_router_id 51\n virtual_ipaddress { 192.0.2.1 }\n}\n"


def test_fmt(tmp_path, capsys) -> None:
    path = tmp_path / "a.conf"
    path.write_text(UNLAID)
    path.chmod(0o640)
    assert cli.main(["fmt", str(path)]) == 0
    laid = capsys.readouterr().out
    assert "# mine" in laid
    assert "# first" in laid
    assert path.read_text() == UNLAID
    assert cli.main(["fmt", "--check", str(path)]) == 1
    assert cli.main(["fmt", "-w", str(path)]) == 0
    assert path.read_text() == laid
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.conf"]
    assert cli.main(["fmt", "--check", str(path)]) == 0
    assert cli.main(["fmt", str(tmp_path / "none")]) == 3


@pytest.mark.parametrize("line", ["auth_pass SuperSecret", "auth_pas geheimnis"])
def test_the_journal_gets_no_secrets(tmp_path, capfd, line: str) -> None:
    path = tmp_path / "k.conf"
    path.write_text(f"{BAD}vrrp_instance V2 {{\n  authentication {{\n    auth_type PASS\n    {line}\n  }}\n}}\n")
    assert cli.main(["run", "-n", "-l", "-f", str(path)]) == 2
    said = capfd.readouterr().err
    assert "is refused" in said
    assert "SuperSec" not in said
    assert "geheimnis" not in said


def test_the_config_id_reaches_the_check(tmp_path) -> None:
    path = tmp_path / "k.conf"
    path.write_text(GOOD + "@other virtual_servr 192.0.2.1 80 { }\n")
    assert cli.main(["-t", "-f", str(path), "-i", "mine"]) == 0
    assert cli.main(["-t", "-f", str(path), "-i", "other"]) == 2


@pytest.mark.parametrize(("there", "status", "says"), [(True, 0, "warning[unknown-scheduler]"), (False, 2, "error[")])
def test_a_scheduler_that_linux_has_not_is_the_kernels_to_know(
    tmp_path, capsys, monkeypatch, there: bool, status: int, says: str
) -> None:
    monkeypatch.setattr("lvs_agent.ipvs.port.has_scheduler", lambda name: there and name == "carousel")
    file = tmp_path / "k.conf"
    file.write_text(
        "virtual_server 10.0.0.1 80 {\n    lvs_sched carousel\n    lvs_method DR\n    protocol TCP\n"
        "    real_server 10.0.0.2 80 {\n        TCP_CHECK {\n        }\n    }\n}\n"
    )
    assert cli.main(["check", str(file)]) == status
    out = capsys.readouterr()
    assert f"{file}:2:15: {says}" in out.out + out.err
    assert cli.main(["dump", str(file), "--format", "conf"]) == 0
    assert "lvs_sched carousel" in capsys.readouterr().out
